"""The catalogue, and telling a sound model file from a missing, cut or altered one."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from rag.catalog import STAMP_FILE, ModelEntry, find, load_catalog, model_path, verify
from rag.errors import ModelCorrupt, ModelError, ModelMissing

BYTES = b"weights" * 100
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def entry() -> ModelEntry:
    return replace(find("all-minilm-l6-v2"), file="m.gguf", bytes=len(BYTES), sha256=hashlib.sha256(BYTES).hexdigest())


@pytest.fixture
def path(tmp_path: Path, entry: ModelEntry) -> Path:
    path = model_path(tmp_path, entry)
    path.write_bytes(BYTES)
    return path


def test_the_starter_set_has_one_embedder_and_one_language_model() -> None:
    assert sorted(entry.role for entry in load_catalog() if entry.starter) == ["embed", "rank/write"]


def test_every_entry_says_where_it_comes_from_and_under_which_licence() -> None:
    for entry in load_catalog():
        assert len(entry.sha256) == 64
        assert entry.bytes > 0
        assert entry.memory_mb > 0
        assert entry.licence
        assert entry.prompt
        if entry.source:
            assert len(entry.source.sha256) == 64
            assert entry.source.members


def test_a_model_without_a_source_is_part_of_footnote() -> None:
    for entry in load_catalog():
        if entry.source is None:
            verify(entry, model_path(MODELS, entry), full=True)
            assert "git checkout models/" in entry.remedy


def test_names_and_files_are_unique() -> None:
    entries = load_catalog()
    assert len({entry.name for entry in entries}) == len({entry.file for entry in entries}) == len(entries)


def test_find_knows_a_name_and_lists_the_others() -> None:
    assert find("all-minilm-l6-v2").role == "embed"
    with pytest.raises(ModelError, match="no model called gpt; it has footnote-minilm-l6, all-minilm-l6-v2, smollm2"):
        find("gpt")


@pytest.mark.parametrize("text", ["[[model]", "x = 1", '[[model]]\nname = "m"\n', "model = 3"])
def test_a_broken_catalogue_is_named(tmp_path: Path, text: str) -> None:
    broken = tmp_path / "catalog.toml"
    broken.write_text(text)
    with pytest.raises(ModelError, match=r"catalog\.toml cannot be read"):
        load_catalog(broken)


def test_a_sound_file_passes(entry: ModelEntry, path: Path) -> None:
    verify(entry, path)


def test_a_missing_file_names_the_command(entry: ModelEntry, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=rf"m\.gguf is missing\. Run: footnote models pull {entry.name}"):
        verify(entry, tmp_path / "m.gguf")


def test_a_cut_file_is_missing_its_rest(entry: ModelEntry, path: Path) -> None:
    path.write_bytes(BYTES[:-1])
    with pytest.raises(ModelMissing, match="699 bytes, the catalogue says 700"):
        verify(entry, path)


def test_a_longer_file_is_corrupt(entry: ModelEntry, path: Path) -> None:
    path.write_bytes(BYTES + b"!")
    with pytest.raises(ModelCorrupt, match="701 bytes"):
        verify(entry, path)


def test_an_altered_file_of_the_right_size_is_corrupt(entry: ModelEntry, path: Path) -> None:
    verify(entry, path)
    path.write_bytes(b"W" + BYTES[1:])
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelCorrupt, match="sha256"):
        verify(entry, path)


def test_the_hash_is_computed_once_unless_asked_for_in_full(entry: ModelEntry, path: Path) -> None:
    """An alteration that keeps size and time is seen by the full check alone: the quick one reads no content."""
    verify(entry, path)
    before = path.stat()
    path.write_bytes(b"W" + BYTES[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    verify(entry, path)
    with pytest.raises(ModelCorrupt):
        verify(entry, path, full=True)


def test_another_hash_in_the_catalogue_voids_the_remembered_one(entry: ModelEntry, path: Path) -> None:
    verify(entry, path)
    with pytest.raises(ModelCorrupt):
        verify(replace(entry, sha256="0" * 64), path)


@pytest.mark.parametrize("stamps", ["", "[]", "{", json.dumps({"m.gguf": 3})])
def test_damaged_stamps_only_cost_time(entry: ModelEntry, path: Path, stamps: str) -> None:
    (path.parent / STAMP_FILE).write_text(stamps)
    verify(entry, path)
