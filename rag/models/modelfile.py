"""Whether a file that calls itself GGUF is one: every part of it where its head says, inside the file.

llama.cpp reads what it is given in C++; a file from anywhere is looked at here first. Never loads a model.
"""

from __future__ import annotations

import struct
from functools import cache
from math import prod
from pathlib import Path
from typing import BinaryIO

from rag.errors import ModelCorrupt
from rag.models.memory import MAGIC, head_of

VERSIONS = (2, 3)
MOST_TENSORS = 1 << 17
MOST_DIMENSIONS = 4
LONGEST_NAME = 256  # bytes


def check_model_file(path: Path) -> None:
    """Raises ModelCorrupt unless the file at `path` is a GGUF file of a known version, whole. OSError if unreadable."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError("it does not begin as one")
            _check(file, path.stat().st_size)
    except (ValueError, struct.error, KeyError, OverflowError, MemoryError) as error:
        why = str(error) if type(error) is ValueError else "its head is cut off or damaged"
        raise ModelCorrupt(
            f"{path} is no GGUF file that llama.cpp could load: {why}.",
            remedy="Download it again, or name another file in llama.cpp's format, which ends in .gguf",
        ) from error


def _check(file: BinaryIO, size: int) -> None:
    version, tensors, head = head_of(file)
    if version not in VERSIONS:
        raise ValueError(f"it is of version {version}")
    if not 0 < tensors <= MOST_TENSORS:
        raise ValueError(f"it says that it has {tensors:,} tensors")
    if "general.architecture" not in head:
        raise ValueError("it does not say of what architecture it is")
    alignment = int(head.get("general.alignment", 32))
    if alignment <= 0 or alignment & (alignment - 1):
        raise ValueError("its alignment is no power of two")
    ends = [_end_of_tensor(file) for _ in range(tensors)]
    start = -(-file.tell() // alignment) * alignment
    if start + max(ends) > size:
        raise ValueError(f"it is cut off at {size:,} of {start + max(ends):,} bytes")


def _end_of_tensor(file: BinaryIO) -> int:
    """Where the next tensor of the list ends, in bytes from the first one's beginning."""
    (length,) = _unpack(file, "Q")
    if length > LONGEST_NAME:
        raise ValueError("a tensor's name is too long")
    file.read(length)
    (dimensions,) = _unpack(file, "I")
    if dimensions > MOST_DIMENSIONS:
        raise ValueError(f"a tensor has {dimensions:,} dimensions")
    shape = _unpack(file, f"{dimensions}Q")
    kind, offset = _unpack(file, "IQ")
    return int(offset) + _bytes(prod(shape), int(kind))


def _bytes(values: int, kind: int) -> int:
    """Size of so many values; of a type that is not known here, nothing is known of it."""
    per_block, block_bytes = _sizes().get(kind, (1, 0))
    return values // per_block * block_bytes


@cache
def _sizes() -> dict[int, tuple[int, int]]:
    """Type -> values in a block, bytes of a block."""
    from gguf.constants import GGML_QUANT_SIZES  # slow to import, and only needed for a file of the owner's own

    return {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(f"<{layout}", file.read(struct.calcsize(f"<{layout}")))
