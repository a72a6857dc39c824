from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.index import Index
from rag.indexing import write_build
from rag.topics.mentions import PLAIN, SPEAKS, Mentions, stands_out
from rag.types import Episode, Library, Note, Passage
from tests.builders import passage
from tests.fakes import FakeEmbedder

PLAINLY = ("Bees dance splendidly.", "Bees dance merrily.")
BESIDE = "A dance lasts ten seconds."
FAR = "Harbours silt up when nobody dredges them."

Open = Callable[..., Mentions]


@pytest.fixture
def open_(tmp_path: Path) -> Iterator[Open]:
    """Builds an index of passages, by their files and episodes, and looks topics up in it."""
    opened: list[Index] = []

    def build(*passages: Passage, embedder: FakeEmbedder | None = None) -> Mentions:
        embedder = embedder or FakeEmbedder()
        files, episodes = (dict.fromkeys(getattr(p, name) for p in passages) for name in ("note_file", "episode_id"))
        library = Library(
            notes=tuple(Note(file=file, sha256="", kind="notes", author=None, reader="plain") for file in files),
            episodes=tuple(Episode(id=episode, show=None, title=episode) for episode in episodes),
            passages=passages,
        )
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        write_build(folder, library, {}, embedder)
        opened.append(Index(folder, embedder=embedder.fingerprint))
        return Mentions(opened[-1], embedder)

    yield build
    for index in opened:
        index.close()


def note(texts: Sequence[str], file: str = "garden", **more: object) -> list[Passage]:
    return [
        passage(text, **{"id": f"{file}/{i}", "episode_id": file, "note_file": file, "position": i, **more})
        for i, text in enumerate(texts)
    ]


def test_what_speaks_of_a_topic_is_told_from_what_does_not(open_: Open) -> None:
    found = open_(*note([*PLAINLY, FAR])).relevant("bees dance")
    assert {mention.passage.text for mention in found.above} == set(PLAINLY)


def test_the_level_rises_with_how_plainly_the_notes_speak(open_: Open) -> None:
    """ "Learn to code" was said to be spoken of by whatever held the word "learn"."""
    faint, plain = open_(*note(["Bees fly.", FAR])), open_(*note([*PLAINLY, FAR]))
    assert faint.relevant("bees dance").level == SPEAKS
    second = sorted(mention.strength for mention in plain.relevant("bees dance").near)[-2]
    assert plain.relevant("bees dance").level == pytest.approx(PLAIN * second)


def test_a_heading_does_not_raise_the_level(open_: Open) -> None:
    found = open_(*note(["Bees dance", "Why do bees dance?", "Bees dance to show where clover grows in May."]))
    assert found.relevant("bees dance").level < 0.8


def test_a_line_beside_one_that_speaks_is_near_and_no_further(open_: Open) -> None:
    lines = [BESIDE, *([FAR] * 6), *PLAINLY, BESIDE]
    near = open_(*note(lines)).relevant("bees dance").near
    assert [mention.row for mention in near if mention.passage.text == BESIDE] == [len(lines) - 1]


def test_a_line_of_another_section_is_not_beside(open_: Open) -> None:
    apart = note([BESIDE], id="x", position=2, section=("Music",))
    sea = note([f"{FAR} {n}." for n in range(6)], "sea")
    near = open_(*note(PLAINLY), *apart, *sea).relevant("bees dance").near
    beside = open_(*note([*PLAINLY, BESIDE]), *sea).relevant("bees dance").near
    strongest = {mention.passage.text: mention.relevance for mention in beside}[BESIDE]
    assert strongest > {mention.passage.text: mention.relevance for mention in near}.get(BESIDE, 0.0)


def test_the_name_of_an_episode_is_not_in_each_of_its_lines(open_: Open) -> None:
    found = open_(*note([FAR, "Fog is worse than storms."], "bees-and-wasps"), *note(PLAINLY)).relevant("bees dance")
    assert {mention.passage.note_file for mention in found.above} == {"garden"}


def test_copies_in_one_episode_are_one_and_in_two_are_two(open_: Open) -> None:
    said = "Bees dance to show where red clover grows at noon."
    once = open_(*note([said, said, *PLAINLY])).relevant("bees dance").near
    twice = open_(*note([said, *PLAINLY]), *note([said], "film")).relevant("bees dance").near
    assert [sum(m.passage.text == said for m in near) for near in (once, twice)] == [1, 2]


def test_another_name_of_the_notes_counts_as_much(open_: Open) -> None:
    found = open_(*note(["BeeDance was invented in Graz.", "BeeDance lasts.", FAR])).relevant("bee dance")
    assert found.ways == ("beedance",)
    assert len(found.above) == 2


def test_a_topic_is_looked_up_once(open_: Open) -> None:
    embedder = FakeEmbedder()
    mentions = open_(*note(PLAINLY), embedder=embedder)
    first = mentions.relevant("bees dance")
    done = len(embedder.calls)
    assert mentions.relevant("bees dance") is first
    assert len(embedder.calls) == done


def test_how_often_the_notes_write_a_phrase(open_: Open) -> None:
    mentions = open_(*note(["Red clover flowers.", "The red clover is red.", "Clover, red."]))
    assert [mentions.writes(phrase) for phrase in ("red clover", "white clover", "")] == [2, 0, 0]


def test_notes_about_nothing_else_still_speak_of_it(open_: Open) -> None:
    """What stands out was measured against the notes: in three lines about bees none did, and all were refused."""
    found = open_(*note([*PLAINLY, "Bees dance in Graz."])).relevant("bees dance")
    assert len(found.above) == 3


def test_an_ending_may_make_another_word(open_: Open) -> None:
    """ "Accessibility" was found wherever somebody has access to something: their stems are one."""
    access = [f"They have access to the old {what} beside a quiet river near Graz." for what in ("mill", "tower")]
    found = open_(*note(["Accessibility helps readers.", "Make it accessible to readers.", *access]))
    assert all(m.strength < 0.5 for m in found.relevant("accessibility").near if m.passage.text in access)
    assert len(found.relevant("accessibility").above) == 2


def test_what_stands_out_does_so_from_what_most_have() -> None:
    most = np.linspace(0.1, 0.3, 101, dtype=np.float32)
    assert stands_out(most) == pytest.approx(0.2 + 1.4826 * 0.05, abs=1e-3)
    few = np.concatenate([most, np.full(5, 0.9, np.float32)])
    assert stands_out(few) == pytest.approx(stands_out(most), abs=0.02), "a few plain ones do not raise it"
