"""Turns the embedder's published weights (safetensors and a WordPiece vocabulary) into one GGUF file.

The same input always gives the same bytes, so the catalogue can hold the hash of the result. Knows the layout
of a BERT encoder with mean pooling and nothing of where the files came from or where they are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
import numpy.typing as npt

HEADER_LENGTH_BYTES = 8
CONTROL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORD_START = "\u2581"  # how llama.cpp marks a piece that opens a word

_TENSORS = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
_POSITIONS, _TOKEN_TYPES = "position_embd.weight", "token_types.weight"
_LAYER_PREFIX = "encoder.layer."

Precision = Literal["f16", "q8_0"]
Tensors = Mapping[str, npt.NDArray[np.float32]]


def convert(
    *,
    weights: Path,
    vocabulary: Path,
    config: Path,
    target: Path,
    precision: Precision = "f16",
    name: str = "all-MiniLM-L6-v2",
) -> None:
    """Write `target` from a BERT encoder's `weights` (.safetensors, F32), `vocab.txt` and `config.json`.

    `precision` is that of the matrices; "q8_0" makes a file of little more than half the size. `name` is
    what the file says of itself.

    Raises:
        ValueError: a file is not what its name says, or a tensor has no place in the format.
        OSError: reading or writing failed; `target` may then be incomplete.
    """
    shape = json.loads(config.read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.BERT])
    try:
        writer.add_name(name)
        _add_architecture(writer, shape, precision)
        _add_vocabulary(writer, _read_vocabulary(vocabulary, size=shape["vocab_size"]))
        _add_tensors(writer, read_safetensors(weights), precision)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def read_safetensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The F32 tensors of a safetensors file by name, mapped from disk; tensors of other types are left out.

    Raises:
        ValueError: the file is too short, or its header cannot be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(HEADER_LENGTH_BYTES), "little")
        if not 0 < length < path.stat().st_size:
            raise ValueError(f"{path.name} has no safetensors header.")
        header = json.loads(file.read(length))
    data = np.memmap(path, dtype=np.uint8, mode="r", offset=HEADER_LENGTH_BYTES + length)
    return {
        name: data[slice(*entry["data_offsets"])].view("<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def _add_architecture(writer: gguf.GGUFWriter, shape: Mapping[str, int], precision: Precision) -> None:
    writer.add_license("apache-2.0")
    types = {"f16": gguf.LlamaFileType.MOSTLY_F16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
    writer.add_file_type(types[precision])
    writer.add_context_length(shape["max_position_embeddings"])
    writer.add_embedding_length(shape["hidden_size"])
    writer.add_block_count(shape["num_hidden_layers"])
    writer.add_feed_forward_length(shape["intermediate_size"])
    writer.add_head_count(shape["num_attention_heads"])
    writer.add_layer_norm_eps(shape["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)


def _read_vocabulary(path: Path, *, size: int) -> list[str]:
    pieces = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")  # not at rarer breaks
    if len(pieces) != size:
        raise ValueError(f"{path.name} has {len(pieces)} pieces, the model expects {size}.")
    return pieces


def _add_vocabulary(writer: gguf.GGUFWriter, pieces: list[str]) -> None:
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("bert")
    writer.add_token_list([gguf_piece(piece) for piece in pieces])
    writer.add_token_types([control if piece in CONTROL_TOKENS else normal for piece in pieces])
    writer.add_token_type_count(2)
    pad, unknown, cls, sep, mask = (pieces.index(token) for token in CONTROL_TOKENS)
    writer.add_bos_token_id(cls)
    writer.add_eos_token_id(sep)
    writer.add_sep_token_id(sep)
    writer.add_unk_token_id(unknown)
    writer.add_pad_token_id(pad)
    writer.add_mask_token_id(mask)


def gguf_piece(piece: str) -> str:
    """A WordPiece as llama.cpp spells it: `##ing` -> `ing`, `sing` -> `\u2581sing`, `[SEP]` unchanged."""
    if piece.startswith("[") and piece.endswith("]"):
        return piece
    return piece.removeprefix("##") if piece.startswith("##") else WORD_START + piece


def _add_tensors(writer: gguf.GGUFWriter, tensors: Tensors, precision: Precision) -> None:
    for name, tensor in _renamed(tensors):
        kind = _stored_as(name, tensor, precision)
        writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)


def _stored_as(name: str, tensor: npt.NDArray[np.float32], precision: Precision) -> gguf.GGMLQuantizationType:
    if tensor.ndim != 2 or name == _TOKEN_TYPES:
        return gguf.GGMLQuantizationType.F32
    if precision == "q8_0":
        return gguf.GGMLQuantizationType.F16 if name == _POSITIONS else gguf.GGMLQuantizationType.Q8_0
    return gguf.GGMLQuantizationType.F32 if name == _POSITIONS else gguf.GGMLQuantizationType.F16


def _renamed(tensors: Tensors) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Tensors under their GGUF names, in the order of the published names; the unused pooler is left out."""
    for name in sorted(tensors):
        if not name.startswith("pooler."):
            yield gguf_tensor_name(name), tensors[name]


def gguf_tensor_name(name: str) -> str:
    """`encoder.layer.3.output.dense.bias` -> `blk.3.ffn_down.bias`.

    Raises:
        ValueError: the name is none of a BERT encoder's.
    """
    module, _, kind = name.rpartition(".")
    block = ""
    if module.startswith(_LAYER_PREFIX):
        layer, _, module = module.removeprefix(_LAYER_PREFIX).partition(".")
        block = f"blk.{layer}."
    if module not in _TENSORS:
        raise ValueError(f"Tensor {name} does not belong to a BERT encoder.")
    return f"{block}{_TENSORS[module]}.{kind}"
