from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.paths import facts, show_of


@pytest.mark.parametrize(
    ("file", "show", "number", "title", "date"),
    [
        ("Huberman Lab/Episode 12 - Sleep/notes.txt", "Huberman Lab", "12", "Sleep", None),
        ("transcripts/Syntax308.srt", "Syntax", "308", None, None),
        ("oxide-and-friends/2021_05_17.md", "Oxide and Friends", None, None, "2021-05-17"),
        ("show_notes/410.md", None, "410", None, None),
        ("410-entering-the-core.vtt", None, "410", "Entering the core", None),
        ("podcast/the-changelog-594.md", "The Changelog", "594", None, None),
        ("chaincode-podcast/2020-11-09-wallets.md", "Chaincode Podcast", None, "Wallets", "2020-11-09"),
        ("docs/self-hosted/2024/episode-138.md", "Self Hosted", "138", None, None),
        ("Lex Fridman/sleep/notes.md", "Lex Fridman Podcast", None, "Sleep", None),
        ("My Pod/S2/Ep 3.txt", "My Pod", "3", None, None),
        ("Lenny's Podcast #12 - Growth.md", "Lenny's Podcast", "12", "Growth", None),
        ("export.zip/Huberman Lab/ep. 7.md", "Huberman Lab", "7", None, None),
        ("Daily Notes/2023-07-06.md", None, None, None, "2023-07-06"),
        ("Notes/2024/bees.txt", None, None, None, None),
        ("01 bees.txt", None, None, None, None),
        ("000_bd517cc6001931b3.txt", None, None, None, None),
        ("2024.md", None, None, None, None),
        ("2024-13-40.md", None, None, None, None),
    ],
)
def test_what_a_path_says(file: str, show: str | None, number: str | None, title: str | None, date: str | None) -> None:
    said = facts(file)
    assert (said.show, said.number, said.title, said.date) == (show, number, title, date)
    assert set(said.origins) == {name for name in ("show", "number", "title", "date") if getattr(said, name)}


def test_a_number_is_sure_where_it_is_called_one() -> None:
    assert facts("Episode 12.md").sure_number
    assert facts("Syntax308.srt").sure_number
    assert not facts("308 - gatsby.md").sure_number


def test_the_origin_is_the_part_of_the_path() -> None:
    assert facts("Huberman Lab/12 - Sleep.md").origins == {
        "show": "folder",
        "number": "file name",
        "title": "file name",
    }


def test_a_file_about_many_episodes_is_of_the_show_its_folder_names() -> None:
    assert show_of("Huberman Lab/2024/log.md") == "Huberman Lab"
    assert show_of("Someone/log.md") is None
    assert show_of("Episode 3.md") is None


@given(st.text(max_size=60))
def test_any_path_is_survived(file: str) -> None:
    said = facts(file)
    assert said.title is None or said.title.strip()
    show_of(file)
