"""Notes in other people's formats, against what a careful human reads in them. Skipped where they are absent.

`python -m tests.integration.test_wild_notes` prints the table, file by file.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rag.reading.library import read_library
from rag.reading.readers import shows
from rag.types import Episode, Library

WILD = Path(__file__).parents[2] / "../shared/notes-wild"
pytestmark = pytest.mark.skipif(not WILD.is_dir(), reason="the shared notes are not here")

FILES_RIGHT = 14
"""Files whose show, title or number, and date are as the human reads them; what another note of the same episode
says counts, as that is what a reader is shown."""


@cache
def library() -> Library:
    return read_library(WILD)


def expected() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((WILD / "manifest.json").read_text(encoding="utf-8"))
    return found


def episode_of(file: str) -> Episode:
    return next(episode for episode in library().episodes for entry in episode.entries if entry.note_file == file)


def loose(text: str) -> str:
    return re.sub(r"\W+", " ", text.replace("’", "'").replace("'", "")).casefold().strip()


def show_right(got: Episode, wanted: dict[str, Any]) -> bool:
    bare = re.sub(r"\s*\(.*", "", wanted["podcast"])
    return got.show is not None and loose(shows.key(got.show)) == loose(shows.key(bare))


def title_right(got: Episode, wanted: dict[str, Any]) -> bool:
    """The title; where the human only has a number, the number."""
    said = loose(wanted["episode_title"])
    number = re.match(r"(?:episode )?(\d+)\b", said)
    if number and ("number only" in said or "only in the transcript" in said):
        return got.number == number[1]
    return bool(got.title) and loose(got.title) in said and (not number or got.number == number[1])


def date_right(got: Episode, wanted: dict[str, Any]) -> bool:
    said = wanted["episode_date"]
    if said is None:
        return got.date is None or len({e.note_file for e in got.entries}) > 1
    if "no year" in said:
        return got.date == "--11-18"
    return got.date == str(said).removeprefix("recorded ")


def rows() -> list[tuple[str, Episode, dict[str, Any], tuple[bool, bool, bool]]]:
    found = []
    for wanted in expected():
        got = episode_of(wanted["file"])
        right = (show_right(got, wanted), title_right(got, wanted), date_right(got, wanted))
        found.append((wanted["file"], got, wanted, right))
    return found


def test_as_many_files_are_right_as_were() -> None:
    wrong = [(file, right) for file, _, _, right in rows() if not all(right)]
    assert len(expected()) - len(wrong) >= FILES_RIGHT, wrong


def test_every_file_is_read_and_every_passage_is_its_bytes() -> None:
    encodings = {note.file: note.encoding for note in library().notes}
    texts = {file: (WILD / file).read_bytes().decode(encoding) for file, encoding in encodings.items()}
    assert {wanted["file"] for wanted in expected()} == {*texts}
    for passage in library().passages:
        text = texts[passage.note_file]
        assert passage.raw == text[passage.char_start : passage.char_end]
        assert passage.line_start == text.count("\n", 0, passage.char_start) + 1


def test_captions_have_minutes_and_voices_are_no_words() -> None:
    captions = [p for p in library().passages if p.note_file.endswith((".vtt", ".srt"))]
    assert len(captions) > 300
    assert all(p.seconds is not None for p in captions)
    assert not any("-->" in p.text or "<v" in p.text for p in captions)


def table() -> str:
    lines = []
    for file, got, wanted, right in rows():
        marks = " ".join("ok" if fine else "NO" for fine in right)
        lines.append(f"{marks}  {file[-60:]}")
        lines.append(f"    got  {got.show} | {got.number} | {got.title} | {got.date}")
        lines.append(f"    want {wanted['podcast']} | {wanted['episode_title']} | {wanted['episode_date']}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
