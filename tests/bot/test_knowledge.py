"""The sample notes are read as their guide promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.reading.library import read_library
from rag.types import Episode, Library

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"


@pytest.fixture(scope="module")
def library() -> Library:
    return read_library(KNOWLEDGE)


def episode(library: Library, title: str) -> Episode:
    return next(episode for episode in library.episodes if episode.title == title)


def test_every_note_is_read_and_the_guide_is_not(library: Library) -> None:
    assert library.warnings == ()
    assert {note.file for note in library.notes} == {path.name for path in KNOWLEDGE.iterdir()} - {"README.md"}
    assert len(library.episodes) == 10
    assert {episode.show for episode in library.episodes} == {
        "The Clear Sky Hour",
        "The Slow Crumb Show",
        "Paper Tape Radio",
    }


def test_the_notes_come_in_several_shapes(library: Library) -> None:
    assert len({note.reader for note in library.notes}) >= 3
    assert {note.kind for note in library.notes} == {"notes", "summary", "transcript"}


@pytest.mark.parametrize(
    ("title", "files", "link"),
    [
        (
            "Venus, the Greenhouse Next Door",
            {"clear-sky-venus-minutes.txt", "clear-sky-venus-notes.txt"},
            "https://www.youtube.com/watch?v=VenusEp0041",
        ),
        (
            "The Six Who Programmed ENIAC",
            {"paper-tape-eniac-minutes.txt", "paper-tape-eniac-notes.txt"},
            "https://www.youtube.com/watch?v=EniacSix012",
        ),
        ("Keeping a Starter Alive", {"listening-log.txt", "slow-crumb-starter-summary.txt"}, None),
    ],
)
def test_two_notes_about_one_episode_are_joined(
    library: Library, title: str, files: set[str], link: str | None
) -> None:
    found = episode(library, title)
    assert {entry.note_file for entry in found.entries} == files
    assert next(iter(found.urls), None) == link


def test_dates_and_minutes(library: Library) -> None:
    assert {e.date for e in library.episodes} >= {"--11-04", "2024-07-16", "2024-03-14", "2023-10-10", "2024-01-12"}
    forgotten = next(passage for passage in library.passages if "Kathy Kleiman" in passage.text)
    assert forgotten.seconds == 4050
