"""The check of a build, in a process of its own as when indexing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag import build as layout
from rag.errors import IndexCorrupt, IndexProblem
from rag.indexing import probe, write_build
from rag.probe import check
from rag.store import VALUES
from tests.builders import library, word_salad
from tests.fakes import FakeEmbedder


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build large enough for Chroma to write its segment to disk; copy it before you harm it."""
    folder = tmp_path_factory.mktemp("build")
    write_build(folder, library(word_salad(400)), {}, FakeEmbedder())
    assert any(path.is_dir() for path in (folder / layout.VECTORS).iterdir())
    return folder


@pytest.fixture
def harmed(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "build"))


def segment(folder: Path) -> Path:
    return next(path for path in (folder / layout.VECTORS).iterdir() if path.is_dir())


def test_a_sound_build_passes(sound: Path) -> None:
    probe(sound)


def test_a_missing_segment_is_found_in_another_process(harmed: Path) -> None:
    """Chroma still counts every vector then."""
    shutil.rmtree(segment(harmed))
    with pytest.raises(IndexCorrupt, match="failed its check"):
        probe(harmed)


@pytest.mark.parametrize("name", ["data_level0.bin", "header.bin"])
def test_a_cut_segment_is_found_even_if_it_crashes_natively(harmed: Path, name: str) -> None:
    path = segment(harmed) / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(IndexCorrupt, match="failed its check"):
        probe(harmed)


def seal_again(folder: Path) -> None:
    """Let the manifest believe that the files are as they should be."""
    layout.write_manifest(folder, replace(layout.read_manifest(folder), parts=layout.seal(folder)))


def test_vectors_of_another_build_are_found(harmed: Path) -> None:
    values = np.load(harmed / layout.VECTORS / VALUES)
    np.save(harmed / layout.VECTORS / VALUES, values[::-1])
    seal_again(harmed)
    with pytest.raises(IndexProblem, match="does not find itself"):
        check(harmed)


def test_passages_of_another_build_are_found(harmed: Path) -> None:
    layout.write_library(harmed, library(word_salad(400, seed=8)))
    seal_again(harmed)
    with pytest.raises(IndexProblem, match="belong to other passages"):
        check(harmed)
