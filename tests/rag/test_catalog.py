"""The catalogue, and telling a sound model file from a missing, cut or altered one."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from rag.answer import MULTILINGUAL
from rag.errors import ModelCorrupt, ModelError, ModelMissing
from rag.models.catalog import STAMP_FILE, TIERS, ModelEntry, Role, choose, find, load_catalog, model_path, verify
from tests.rag.gguf_files import gguf_file

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
        assert entry.bytes > 0
        assert entry.licence
        assert entry.languages
        assert entry.prompt
        assert entry.speed
        assert entry.tier in TIERS
        assert not (entry.source and entry.hub)
        if entry.source:
            assert len(entry.source.sha256) == 64
            assert entry.source.members


def test_a_hash_is_left_open_only_where_the_hub_is_asked_for_it() -> None:
    for entry in load_catalog():
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256) or (entry.hub and not entry.sha256)


def test_memory_is_either_measured_or_computed() -> None:
    for entry in load_catalog():
        assert bool(entry.memory_mb) != bool(entry.shape)
        assert entry.memory > (0 if entry.memory_mb else entry.bytes / 1e6)


def test_memory_grows_with_what_stands_in_it() -> None:
    """28 layers of 1,024 numbers, keys and values, two bytes each, for each of 6,144 tokens; scratch twice, words."""
    entry = find("qwen3-1.7b")
    kept, scratch, words = 28 * 1024 * 2 * 2 * 6144, 2 * 512 * 6 * 4 * 6144, 800 * 151_936
    assert entry.memory == round((entry.bytes + kept + scratch + words) / 1e6)


def test_every_tier_has_a_language_model_and_somebody_an_embedder_for_other_languages() -> None:
    entries = load_catalog()
    assert {entry.tier for entry in entries if entry.role == "rank/write"} == set(TIERS)
    multilingual = [entry for entry in entries if entry.multilingual]
    assert {entry.role for entry in multilingual} == {"embed"}
    assert multilingual[0].name == MULTILINGUAL
    assert all(entry.parameters_m for entry in entries if entry.role == "rank/write")


def test_a_model_without_a_source_is_part_of_footnote() -> None:
    for entry in load_catalog():
        if entry.source is None and entry.hub is None:
            verify(entry, model_path(MODELS, entry), full=True)
            assert f"footnote models pull {entry.name}" in entry.remedy


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


def test_a_model_is_chosen_by_its_name(tmp_path: Path) -> None:
    with model_path(tmp_path, find("footnote-minilm-l6")).open("wb") as file:
        file.write((MODELS / "footnote-minilm-l6.Q8_0.gguf").read_bytes())
    chosen = choose("footnote-minilm-l6", "embed", tmp_path)
    assert chosen.path == tmp_path / "footnote-minilm-l6.Q8_0.gguf"
    assert chosen.sha256 == find("footnote-minilm-l6").sha256


def test_any_gguf_file_is_chosen_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    written = gguf_file(path)
    chosen = choose(str(path), "rank/write", tmp_path / "models")
    assert (chosen.path, chosen.sha256) == (path, hashlib.sha256(written).hexdigest())
    assert choose(str(path), "embed", tmp_path).sha256 == chosen.sha256


def test_the_hash_of_ones_own_file_is_computed_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    gguf_file(path, name="one")
    first = choose(str(path), "embed", tmp_path).sha256
    before = path.stat()
    written = gguf_file(path, name="two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert choose(str(path), "embed", tmp_path).sha256 == first, "size and time tell nothing, so nothing is read"
    os.utime(path, ns=(1, 1))
    assert choose(str(path), "embed", tmp_path).sha256 == hashlib.sha256(written).hexdigest()


def test_a_path_that_is_not_there_or_holds_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"gone\.gguf cannot be read: No such file or directory\. Check the path"):
        choose(str(tmp_path / "gone.gguf"), "embed", tmp_path)
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(ModelCorrupt, match=r"page\.gguf is no GGUF file"):
        choose(str(tmp_path / "page.gguf"), "embed", tmp_path)


def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    gguf_file(tmp_path / "mine.gguf")
    assert choose("~/mine.gguf", "embed", tmp_path).path == tmp_path / "mine.gguf"


@pytest.mark.parametrize(
    ("name", "role", "says"),
    [
        ("bge-m3", "rank/write", "bge-m3 cannot be used here: it turns texts into vectors, and a model is wanted that"),
        ("qwen3-1.7b", "embed", "it ranks and writes, and a model is wanted that turns texts into vectors"),
        ("bge-reranker-v2-m3", "rank/write", "it ranks pairs"),
        ("gpt", "embed", "has no model called gpt"),
    ],
)
def test_a_model_for_something_else_is_not_chosen(tmp_path: Path, name: str, role: Role, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        choose(name, role, tmp_path)
