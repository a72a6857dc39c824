"""How much memory a language model needs, worked out from the head of its file, and how much there is.

Reads GGUF headers and what the system says of its memory. Never loads a model.
"""

from __future__ import annotations

import mmap
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from rag.errors import NotEnoughMemory

KvType = Literal["f16", "q8_0"]

KV_BYTES: dict[KvType, float] = {"f16": 2, "q8_0": 34 / 32}
COMPUTED_AT_ONCE = 512
"""Tokens of a prompt that llama.cpp computes together; its scratch memory grows with them."""
SCRATCH_FLOATS = 6
"""Values of scratch memory a token and dimension, over the widest layer; measured, rounded up."""
WORD_BYTES = 800
"""For each word of the vocabulary: its entry in the tokenizer, and its likelihood wherever ranking looks."""
MIB = 2**20
MAGIC = b"GGUF"

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")
_LONGEST = 1 << 24  # bytes of a text, or entries of an array


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How a language model is loaded.

    Attributes:
        gpu_layers: how many of its layers are computed on the GPU; None: all, where llama.cpp was built for one.
        context_tokens: room for a prompt and what is written after it.
        kv_type: how keys and values of the context are stored; q8_0 halves them.
        mmap: map the file instead of copying it; pages that are not in use can leave memory.
    """

    gpu_layers: int | None = None
    context_tokens: int = 4096
    kv_type: KvType = "f16"
    mmap: bool = True


@dataclass(frozen=True, kw_only=True)
class MemoryNeed:
    """What loading a model takes, in bytes.

    Attributes:
        weights: its file.
        context: keys and values of every token that has room.
        scratch: what is computed in passing.
    """

    weights: int
    context: int
    scratch: int

    @property
    def total(self) -> int:
        return self.weights + self.context + self.scratch

    def __str__(self) -> str:
        parts = f"weights {_mib(self.weights)}, context {_mib(self.context)}, scratch {_mib(self.scratch)}"
        return f"{_mib(self.total)} ({parts})"


def memory_need(path: Path, options: EngineOptions, *, ranking_tokens: int = 0) -> MemoryNeed | None:
    """What loading the GGUF file at `path` takes; None where its head cannot be read.

    `ranking_tokens`: room of a second context, in which the same model ranks.
    """
    try:
        head = read_head(path)
        architecture = head["general.architecture"]
        shape = {key.removeprefix(f"{architecture}."): value for key, value in head.items()}
        per_token = _kv_per_token(shape) * KV_BYTES[options.kv_type]
    except (OSError, struct.error, ValueError, KeyError, TypeError, ArithmeticError):
        return None
    room = min(options.context_tokens, shape.get("context_length", options.context_tokens)) + ranking_tokens
    widest = max(_largest(shape.get("feed_forward_length")), shape["embedding_length"])
    return MemoryNeed(
        weights=path.stat().st_size,
        context=int(room * per_token),
        scratch=COMPUTED_AT_ONCE * SCRATCH_FLOATS * 4 * widest * (2 if ranking_tokens else 1)
        + WORD_BYTES * head.get("tokenizer.ggml.tokens", 0),
    )


def _kv_per_token(shape: dict[str, Any]) -> int:
    """Numbers that the context holds for each token, over all layers."""
    layers, heads = shape["block_count"], _largest(shape["attention.head_count"])
    kv_heads = shape.get("attention.head_count_kv", heads)
    total = sum(kv_heads) if isinstance(kv_heads, list) else kv_heads * layers
    size = shape["embedding_length"] // heads
    return int(total * (shape.get("attention.key_length", size) + shape.get("attention.value_length", size)))


def _largest(value: Any) -> int:  # noqa: ANN401  # a number, or one a layer
    return int(max(value) if isinstance(value, list) else value or 0)


def read_head(path: Path) -> dict[str, Any]:
    """The numbers and short texts in a GGUF file's head, by key; of text arrays (the vocabulary) only how many.

    Raises:
        ValueError, struct.error, OverflowError: it is no such file, or cut off.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path.name} is no GGUF file.")
        return head_of(file)[2]


def head_of(file: BinaryIO) -> tuple[int, int, dict[str, Any]]:
    """Version, number of tensors, and head of a GGUF file that is read up to behind its first four bytes.

    It is left at the list of tensors. Raises as `read_head` does.
    """
    version, tensors, count = _unpack(file, "IQQ")
    return version, tensors, {_text(file): _value(file, *_unpack(file, "I")) for _ in range(_sane(count))}


def _unpack(file: BinaryIO, layout: str) -> tuple[Any, ...]:
    return struct.unpack(f"<{layout}", file.read(struct.calcsize(f"<{layout}")))


def _text(file: BinaryIO) -> str:
    return file.read(_sane(_unpack(file, "Q")[0])).decode("utf-8", "replace")


def _sane(size: int) -> int:
    if size > _LONGEST:
        raise ValueError("The file is damaged.")
    return size


def _value(file: BinaryIO, kind: int) -> Any:  # noqa: ANN401  # as the file has it
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        return _unpack(file, _SCALARS[kind])[0]
    inner, length = _unpack(file, "IQ")
    _sane(length)
    if inner == _STRING:
        _skip_texts(file, length)
        return length
    return list(_unpack(file, f"{length}{_SCALARS[inner]}"))


def _skip_texts(file: BinaryIO, count: int) -> None:
    """Go past so many texts; a vocabulary has some hundred thousand."""
    at = file.tell()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for _ in range(count):
            at += _LENGTH.size + _LENGTH.unpack_from(mapped, at)[0]
        if at > len(mapped):
            raise ValueError("a text in its head is cut off")
    file.seek(at)


def available_memory() -> int | None:
    """Bytes that can be had without swapping; None where the system does not say (only Linux does)."""
    known = [value for value in (_free(), _room_in_group()) if value is not None]
    return min(known, default=None)


def _free() -> int | None:
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024
    return None


def _room_in_group(root: Path = _CGROUP) -> int | None:
    """What a container's limit leaves; pages of files count as free."""
    for limit, used, cache in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        with suppress(OSError, ValueError):  # "max" is no number: there is no limit
            return int((root / limit).read_text()) - int((root / used).read_text()) + _file_pages(root / cache)
    return None


def _file_pages(stat: Path) -> int:
    rows = dict(line.split() for line in stat.read_text().splitlines())
    return int(rows.get("total_inactive_file", rows.get("inactive_file", 0)))


def check_fits(path: Path, need: MemoryNeed | None, available: int | None) -> None:
    """Raises NotEnoughMemory, with the numbers, where `need` is more than there is. Passes where one is unknown."""
    if need is None or available is None or need.total <= available:
        return
    raise NotEnoughMemory(
        f"The model {path.name} needs about {need}, and {_mib(available)} are free.",
        remedy="Choose a smaller model, a lower FOOTNOTE_CONTEXT_TOKENS, or FOOTNOTE_KV_TYPE=q8_0.",
    )


def _mib(size: int) -> str:
    return f"{size / MIB:,.0f} MiB"
