"""The conversion on a tiny invented encoder: names, shapes, types, vocabulary, and the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGMLQuantizationType, GGUFReader, LlamaFileType, dequantize

from rag.models.embedder_gguf import Precision, convert, gguf_piece, gguf_tensor_name, read_safetensors

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "sleep", "##ing", "#", "a\u2028b")
WIDTH, INNER, POSITIONS = 32, 64, 16
CONFIG = {
    "max_position_embeddings": POSITIONS,
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "intermediate_size": INNER,
    "num_attention_heads": 2,
    "layer_norm_eps": 1e-12,
    "vocab_size": len(PIECES),
}
SHAPES = {
    "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
    "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
    "embeddings.token_type_embeddings.weight": (2, WIDTH),
    "embeddings.LayerNorm.weight": (WIDTH,),
    "encoder.layer.0.attention.self.query.weight": (WIDTH, WIDTH),
    "encoder.layer.0.intermediate.dense.weight": (INNER, WIDTH),
    "encoder.layer.0.output.dense.bias": (WIDTH,),
    "pooler.dense.weight": (WIDTH, WIDTH),
}


def write_safetensors(path: Path, tensors: dict[str, npt.NDArray[np.float32]]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    header["embeddings.position_ids"] = {"dtype": "I64", "shape": [1], "data_offsets": [offset, offset + 8]}
    text = json.dumps(header).encode()
    path.write_bytes(
        len(text).to_bytes(8, "little") + text + b"".join(t.tobytes() for t in tensors.values()) + bytes(8)
    )


@pytest.fixture
def tensors() -> dict[str, npt.NDArray[np.float32]]:
    random = np.random.default_rng(7)
    return {name: random.standard_normal(shape, dtype=np.float32) for name, shape in SHAPES.items()}


@pytest.fixture
def folder(tmp_path: Path, tensors: dict[str, npt.NDArray[np.float32]]) -> Path:
    write_safetensors(tmp_path / "model.safetensors", tensors)
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def converted(folder: Path, name: str = "m.gguf", precision: Precision = "f16") -> Path:
    convert(
        weights=folder / "model.safetensors",
        vocabulary=folder / "vocab.txt",
        config=folder / "config.json",
        target=folder / name,
        precision=precision,
    )
    return folder / name


def test_safetensors_are_read_as_they_were_written(folder: Path, tensors: dict[str, npt.NDArray[np.float32]]) -> None:
    read = read_safetensors(folder / "model.safetensors")
    assert read.keys() == tensors.keys()
    assert all(np.array_equal(read[name], tensors[name]) for name in tensors)


def test_matrices_become_half_precision_and_everything_else_stays(
    folder: Path, tensors: dict[str, npt.NDArray[np.float32]]
) -> None:
    found = {tensor.name: tensor for tensor in GGUFReader(converted(folder)).tensors}
    assert found.keys() == {gguf_tensor_name(name) for name in tensors if not name.startswith("pooler")}
    for name, tensor in tensors.items():
        if name.startswith("pooler"):
            continue
        half = tensor.ndim == 2 and "position" not in name and "token_type" not in name
        stored = found[gguf_tensor_name(name)]
        assert stored.tensor_type == (GGMLQuantizationType.F16 if half else GGMLQuantizationType.F32)
        assert np.array_equal(stored.data, tensor.astype(np.float16) if half else tensor)


def test_matrices_can_be_stored_in_eight_bits(folder: Path, tensors: dict[str, npt.NDArray[np.float32]]) -> None:
    reader = GGUFReader(converted(folder, precision="q8_0"))
    found = {tensor.name: tensor for tensor in reader.tensors}
    assert reader.fields["general.file_type"].contents() == LlamaFileType.MOSTLY_Q8_0
    assert found["position_embd.weight"].tensor_type == GGMLQuantizationType.F16
    assert found["token_types.weight"].tensor_type == GGMLQuantizationType.F32
    query = found["blk.0.attn_q.weight"]
    assert query.tensor_type == GGMLQuantizationType.Q8_0
    restored = dequantize(query.data, GGMLQuantizationType.Q8_0)
    original = tensors["encoder.layer.0.attention.self.query.weight"]
    assert np.abs(restored - original).max() <= np.abs(original).max() / 127


def test_what_llama_cpp_must_know_is_written(folder: Path) -> None:
    fields = GGUFReader(converted(folder)).fields
    values = {name: field.contents() for name, field in fields.items()}
    assert values["general.architecture"] == "bert"
    assert values["bert.pooling_type"] == 1
    assert values["bert.attention.causal"] is False
    assert values["bert.attention.layer_norm_epsilon"] == pytest.approx(1e-12)
    assert values["tokenizer.ggml.tokens"] == [*PIECES[:5], "\u2581sleep", "ing", "\u2581#", "\u2581a\u2028b"]
    assert values["tokenizer.ggml.token_type"] == [3] * 5 + [1] * 4
    assert values["tokenizer.ggml.bos_token_id"] == 2
    assert values["tokenizer.ggml.seperator_token_id"] == 3


def test_the_same_input_gives_the_same_bytes(folder: Path) -> None:
    assert converted(folder, "a.gguf").read_bytes() == converted(folder, "b.gguf").read_bytes()


@pytest.mark.parametrize(
    ("piece", "spelt"),
    [("sleep", "\u2581sleep"), ("##ing", "ing"), ("[SEP]", "[SEP]"), ("#", "\u2581#"), ("[", "\u2581[")],
)
def test_pieces_are_spelt_as_llama_cpp_wants(piece: str, spelt: str) -> None:
    assert gguf_piece(piece) == spelt


def test_a_foreign_tensor_is_named() -> None:
    with pytest.raises(ValueError, match=r"lm_head\.weight does not belong"):
        gguf_tensor_name("lm_head.weight")


def test_a_vocabulary_of_the_wrong_size_is_named(folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join(PIECES[:5]) + "\n")
    with pytest.raises(ValueError, match=r"vocab\.txt has 5 pieces, the model expects 9"):
        converted(folder)


@pytest.mark.parametrize("data", [b"", b"\xff" * 8, b"\x00" * 20])
def test_a_file_without_a_header_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(data)
    with pytest.raises(ValueError, match=r"model\.safetensors has no safetensors header"):
        read_safetensors(tmp_path / "model.safetensors")
