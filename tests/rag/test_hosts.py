"""Who is a host and who a guest, where no table knows the show."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.reading.library import read_library

SAID = ("Welcome back.", "Thank you.", "Why bread?", "It is slow.", "And then?", "You wait.")


def talk(host: str, guest: str) -> str:
    turns = zip((host, guest) * 3, SAID, strict=True)
    return "".join(f"{who} (00:0{minute}:10): {words}\n\n" for minute, (who, words) in enumerate(turns))


def people(folder: Path, texts: list[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    show = folder / "Long Table Podcast"
    show.mkdir()
    for number, text in enumerate(texts, start=1):
        (show / f"Episode {number} - Bread {number}.txt").write_text(text)
    return sorted((episode.guests, episode.hosts) for episode in read_library(folder).episodes)


def test_who_speaks_in_every_episode_of_a_show_is_its_host(tmp_path: Path) -> None:
    """Hosts of shows that are in no table were listed as guests."""
    found = people(tmp_path, [talk("Ines Moreau", guest) for guest in ("Karl Vogt", "Mia Sand", "Tom Reed")])
    assert found == [((guest,), ("Ines Moreau",)) for guest in ("Karl Vogt", "Mia Sand", "Tom Reed")]


def test_two_episodes_are_too_few_to_tell(tmp_path: Path) -> None:
    found = people(tmp_path, [talk("Ines Moreau", guest) for guest in ("Karl Vogt", "Mia Sand")])
    assert [hosts for _, hosts in found] == [(), ()]


@pytest.mark.parametrize(
    "said",
    ["I'm your host, Ines Moreau.", "I’m Ines Moreau, your host.", "Hosted by Ines Moreau.", "Your host Ines Moreau."],
)
def test_a_host_who_says_so(tmp_path: Path, said: str) -> None:
    text = talk("Ines Moreau", "Karl Vogt").replace("Welcome back.", f"Welcome back. {said}")
    assert people(tmp_path, [text]) == [(("Karl Vogt",), ("Ines Moreau",))]


@pytest.mark.parametrize("key", ["Host", "Interviewer"])
def test_a_host_whom_the_header_names(tmp_path: Path, key: str) -> None:
    text = f"Title: Bread\n{key}: Ines Moreau\n\n{talk('Ines Moreau', 'Karl Vogt')}"
    assert people(tmp_path, [text]) == [(("Karl Vogt",), ("Ines Moreau",))]
