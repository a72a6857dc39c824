"""An index knows whose notes it holds, and a drive that is away is not a deletion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag import build as layout
from rag.errors import NoNotes, NotesError
from rag.indexing import BuildReport, build_index, is_current
from rag.origin import FILE, remembered
from rag.probe import check
from tests.builders import FILES, write_notes
from tests.fakes import FakeEmbedder


def build(notes: Path, data: Path) -> BuildReport:
    return build_index(notes, data, FakeEmbedder(), check=check)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_notes(tmp_path / "notes")
    build(tmp_path / "notes", tmp_path / "data")
    return tmp_path


def emptied(root: Path) -> Path:
    for path in (root / "notes").iterdir():
        path.unlink()
    return root / "notes"


def on_another_drive(data: Path) -> None:
    origin = json.loads((data / FILE).read_text())
    (data / FILE).write_text(json.dumps({**origin, "device": origin["device"] + 1}))


def test_notes_of_another_folder_are_said_to_take_the_place_of_the_first(root: Path) -> None:
    """A wrong --notes used to replace the index without a word."""
    assert build(root / "notes", root / "data").instead_of == ""
    write_notes(root / "others", FILES)
    assert build(root / "others", root / "data").instead_of == str((root / "notes").resolve())
    assert build(root / "others", root / "data").instead_of == ""


def test_an_empty_folder_whose_drive_is_away_is_no_deletion(root: Path) -> None:
    """A mount point without its drive looked like a folder whose notes were deleted, and the index was dropped."""
    on_another_drive(root / "data")
    with pytest.raises(NotesError, match="on another drive") as raised:
        is_current(emptied(root), root / "data", embedder=FakeEmbedder().fingerprint)
    assert not isinstance(raised.value, NoNotes)
    assert "Mount the drive" in raised.value.remedy
    assert layout.current_build(root / "data").is_dir()


def test_an_empty_folder_on_its_own_drive_is_one(root: Path) -> None:
    with pytest.raises(NoNotes):
        is_current(emptied(root), root / "data", embedder=FakeEmbedder().fingerprint)


def test_notes_on_another_drive_are_read_and_their_drive_noted_down(root: Path) -> None:
    before = remembered(root / "data")
    on_another_drive(root / "data")
    assert build(root / "notes", root / "data").unchanged
    assert remembered(root / "data") == before


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"folder": 1'])
def test_a_damaged_memory_is_none(root: Path, content: str) -> None:
    (root / "data" / FILE).write_text(content)
    assert remembered(root / "data") is None
    assert build(root / "notes", root / "data").instead_of == ""
