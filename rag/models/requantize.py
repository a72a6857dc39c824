"""Stores a language model's matrices in a type that llama.cpp computes faster with.

The same input always gives the same bytes, on any machine, so the catalogue can hold the hash of the result:
numpy rounds alike everywhere, where llama.cpp's own tool depends on the processor it was built for.
Knows the GGUF format and nothing of where the file came from.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

_SLOW = (gguf.GGMLQuantizationType.Q4_1,)  # llama.cpp has no fast matrix kernel for these
_MADE_BY_WRITER = ("GGUF.version", "GGUF.tensor_count", "GGUF.kv_count", gguf.Keys.General.ARCHITECTURE)


def to_q8_0(source: Path, target: Path) -> None:
    """Write `target`: the model of `source` (GGUF) with every Q4_1 matrix as Q8_0, all else unchanged.

    Raises:
        ValueError: `source` is no GGUF file.
        OSError: reading or writing failed; `target` may then be incomplete.
    """
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, _value(reader, gguf.Keys.General.ARCHITECTURE))
    try:
        for field in reader.fields.values():
            if field.name not in _MADE_BY_WRITER:
                _copy(writer, field)
        for tensor in reader.tensors:
            _add(writer, tensor)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _value(reader: gguf.GGUFReader, key: str) -> str:
    field = reader.get_field(key)
    if field is None:
        raise ValueError(f"The file does not say its {key}.")
    return str(field.contents())


def _copy(writer: gguf.GGUFWriter, field: gguf.ReaderField) -> None:
    value = field.contents()
    if field.name == gguf.Keys.General.FILE_TYPE:
        value = int(gguf.LlamaFileType.MOSTLY_Q8_0)
    kind, *inner = field.types
    writer.add_key_value(field.name, value, kind, sub_type=inner[0] if inner else None)


def _add(writer: gguf.GGUFWriter, tensor: gguf.ReaderTensor) -> None:
    kind, data = tensor.tensor_type, tensor.data
    if kind in _SLOW:
        data = gguf.quants.dequantize(data, kind)
        kind = gguf.GGMLQuantizationType.Q8_0
        data = gguf.quants.quantize(data.astype(np.float32), kind)
    writer.add_tensor(tensor.name, data, raw_dtype=kind)
