"""A file that is not a whole GGUF file is refused before llama.cpp sees it."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ModelCorrupt
from rag.models.catalog import load_catalog, model_path
from rag.models.modelfile import check_model_file
from tests.conftest import MODELS
from tests.rag.gguf_files import gguf_file

TENSORS, KEYS = 8, 16  # where the head counts them


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ModelCorrupt) as caught:
        check_model_file(path)
    return str(caught.value)


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    return gguf_file(tmp_path / "whole.gguf")


def test_a_whole_file_passes(tmp_path: Path, whole: bytes) -> None:
    check_model_file(tmp_path / "whole.gguf")


def test_the_models_on_disk_pass() -> None:
    found = [path for path in (model_path(MODELS, entry) for entry in load_catalog()) if path.exists()]
    assert found
    for path in found:
        check_model_file(path)


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, whole: bytes) -> None:
    for length in range(0, len(whole), 97):
        assert "is no GGUF file that llama.cpp could load" in refused(tmp_path / "cut.gguf", whole[:length])
    assert f"it is cut off at {len(whole) - 1:,} of" in refused(tmp_path / "cut.gguf", whole[:-1])


@pytest.mark.parametrize("count", [0, 2, 1 << 20, (1 << 64) - 1])
def test_a_wrong_count_of_tensors_is_refused(tmp_path: Path, whole: bytes, count: int) -> None:
    """A count that the file does not have sends a reader past its end."""
    refused(tmp_path / "m.gguf", whole[:TENSORS] + struct.pack("<Q", count) + whole[TENSORS + 8 :])


@pytest.mark.parametrize("count", [0, 1 << 20, (1 << 64) - 1])
def test_a_wrong_count_of_keys_is_refused(tmp_path: Path, whole: bytes, count: int) -> None:
    refused(tmp_path / "m.gguf", whole[:KEYS] + struct.pack("<Q", count) + whole[KEYS + 8 :])


def test_a_tensor_outside_the_file_is_refused(tmp_path: Path, whole: bytes) -> None:
    at = whole.index(b"output.weight") + len("output.weight") + 4
    huge = whole[:at] + struct.pack("<QQ", 1 << 40, 1 << 40) + whole[at + 16 :]
    assert "cut off" in refused(tmp_path / "m.gguf", huge)


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"<html>", b"PK\x03\x04" + b"\0" * 100, b"GGUF\x01\0\0\0" + b"\0" * 64]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    refused(tmp_path / "m.gguf", content)


@given(st.data())
def test_no_damage_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    content = bytearray(gguf_file(path))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        check_model_file(path)
    except ModelCorrupt as error:
        assert error.remedy


def test_a_text_that_says_it_is_longer_than_any_file_is_refused(tmp_path: Path, whole: bytes) -> None:
    """The highest byte of a length, of all that could be one: seeking there is an error of the operating system's."""
    for at in range(len(whole.partition(b"output.weight")[0])):
        damaged = bytearray(whole)
        damaged[at] = 0x80
        (tmp_path / "m.gguf").write_bytes(damaged)
        with suppress(ModelCorrupt):
            check_model_file(tmp_path / "m.gguf")
