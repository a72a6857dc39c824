"""Matrices change their type and nothing else does, against gguf's own reading of the file."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from rag.models.requantize import to_q8_0

Q4_1, Q8_0, F32 = gguf.GGMLQuantizationType.Q4_1, gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.F32
MATRIX = np.random.default_rng(3).normal(size=(4, 64)).astype(np.float32)
NORM = np.arange(6, dtype=np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_1)
    writer.add_token_list(["a", "é", "<|x|>"])
    writer.add_token_types([1, 1, 3])
    writer.add_add_bos_token(False)
    writer.add_layer_norm_rms_eps(1e-5)
    for name, kind in (("blk.0.ffn_up.weight", Q4_1), ("token_embd.weight", Q8_0)):
        writer.add_tensor(name, gguf.quants.quantize(MATRIX, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", NORM)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def fields(path: Path) -> dict[str, object]:
    return {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}


def tensors(path: Path) -> dict[str, gguf.ReaderTensor]:
    return {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}


def test_only_slow_matrices_change(model: Path, tmp_path: Path) -> None:
    to_q8_0(model, tmp_path / "out.gguf")
    before, after = tensors(model), tensors(tmp_path / "out.gguf")
    assert list(before) == list(after)
    assert [after[name].tensor_type for name in after] == [Q8_0, Q8_0, F32]
    for name in ("token_embd.weight", "output_norm.weight"):
        np.testing.assert_array_equal(before[name].data, after[name].data)
    name = "blk.0.ffn_up.weight"
    was = gguf.quants.dequantize(before[name].data, Q4_1)
    now = gguf.quants.dequantize(after[name].data, Q8_0)
    np.testing.assert_allclose(now, was, atol=np.abs(was).max() / 127)
    assert now.shape == MATRIX.shape


def test_what_the_file_says_of_itself_stays(model: Path, tmp_path: Path) -> None:
    to_q8_0(model, tmp_path / "out.gguf")
    changed = {"general.file_type": int(gguf.LlamaFileType.MOSTLY_Q8_0)}
    assert fields(tmp_path / "out.gguf") == fields(model) | changed


def test_the_same_bytes_every_time(model: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        to_q8_0(model, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"words, not weights, and quite a few of them")
    with pytest.raises(ValueError, match="magic"):
        to_q8_0(tmp_path / "m.gguf", tmp_path / "out.gguf")
