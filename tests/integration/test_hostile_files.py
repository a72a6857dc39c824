"""Ten files that mean no good among the notes: each is named with a reason, and costs only itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.terminal.notes_report import rows
from rag.reading.library import read_library
from rag.types import Library
from scripts import hostile_notes

SECONDS = 60.0  # on a quiet machine it takes two

SAID = {
    "aliases.md": "YAML aliases, which are not expanded",
    "binary.txt": "This is not a text file",
    "bomb.zip/notes.txt": "times its packed size",
    "bomb.zip/outside.txt": "leads out of the archive",
    "link-out.txt": "leads out of the notes folder",
    "locked.pdf": "encrypted",
    "macros.docx": "macros; they were ignored",
    "nesting.json": "nested too deeply",
    "one-line.txt": "50 MB; files above",
    "scanned.pdf": "no text, only pictures",
    "gate-\u202etxt.seton.txt": "Some bytes mean nothing in utf-16-le",
}
READ = {"aliases.md", "gate-\u202etxt.seton.txt", "honest.txt", "macros.docx"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "notes"
    hostile_notes.write(path)
    return path


@pytest.fixture(scope="module")
def library(folder: Path) -> Library:
    started = time.monotonic()
    library = read_library(folder)
    assert time.monotonic() - started < SECONDS
    return library


@pytest.mark.parametrize("file", SAID)
def test_each_is_named_with_its_reason(library: Library, file: str) -> None:
    reasons = [warning.reason for warning in library.warnings if warning.file == file]
    assert any(SAID[file] in reason for reason in reasons), reasons
    assert all(reason.endswith(".") for reason in reasons)


def test_none_costs_more_than_itself(library: Library) -> None:
    assert {note.file for note in library.notes} == READ
    assert any("seventeen hinges" in p.text for p in library.passages if p.note_file == hostile_notes.HONEST)
    assert not any("root:" in passage.text for passage in library.passages)


def test_every_file_is_in_the_table(library: Library) -> None:
    assert {row.file for row in rows(library)} == {*SAID, hostile_notes.HONEST}
