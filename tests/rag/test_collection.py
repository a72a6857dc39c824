"""Folders below the notes that are indexed by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.collection import are_apart, data_of, in_notes, indexed, is_name, keep_indexed, notes_of
from rag.errors import IndexMissing


@pytest.mark.parametrize("name", ["friends", "Friends & co", "größe", "2024", "a.b"])
def test_a_folder_can_be_called_so(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "a\\b", "..\\a", "a\0", "x\u202ey", "x\u200by", " a", "a.", "a:b", "x" * 81],
)
def test_what_could_lead_elsewhere_is_no_name(tmp_path: Path, name: str) -> None:
    assert not is_name(name)
    for place in (notes_of, data_of):
        with pytest.raises(IndexMissing):
            place(tmp_path, name)


def test_collections_are_folders_directly_below_the_notes_and_no_links_out(tmp_path: Path) -> None:
    notes, outside = tmp_path / "notes", tmp_path / "outside"
    for folder in (notes / "work" / "deep", notes / "Play", notes / ".git", outside):
        folder.mkdir(parents=True)
    (notes / "bees.txt").write_text("a bee")
    (notes / "out").symlink_to(outside, target_is_directory=True)
    assert in_notes(notes) == ("Play", "work")
    assert in_notes(tmp_path / "nowhere") == ()


def test_only_those_that_are_wanted_are_kept(tmp_path: Path) -> None:
    keep_indexed(tmp_path, ["work", "play"])
    (data_of(tmp_path, "play") / "current").write_text("x")
    assert indexed(tmp_path) == ("play", "work")
    keep_indexed(tmp_path, ["work"])
    assert indexed(tmp_path) == ("work",)
    assert not data_of(tmp_path, "play").exists()


def test_that_notes_are_set_apart_is_known_without_a_database(tmp_path: Path) -> None:
    assert not are_apart(tmp_path)
    keep_indexed(tmp_path, [], apart=True)
    assert are_apart(tmp_path)
    keep_indexed(tmp_path, ["work"])
    assert are_apart(tmp_path)
    keep_indexed(tmp_path, [])
    assert not are_apart(tmp_path)
