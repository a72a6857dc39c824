"""Memory is told before a model is loaded: from the head of its file, against what is free."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from rag.errors import NotEnoughMemory
from rag.models.memory import (
    MIB,
    EngineOptions,
    MemoryNeed,
    _room_in_group,
    available_memory,
    check_fits,
    memory_need,
    read_head,
)


def model(path: Path, *, kv_heads: int | list[int] = 2, head_size: int | None = None) -> Path:
    """A model of 4 layers and 64 dimensions, as far as its head tells."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "bee", "§"] * 700)
    writer.add_token_types([1] * 2_100)
    writer.add_context_length(2048)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(256)
    writer.add_block_count(4)
    writer.add_head_count(8)
    writer.add_head_count_kv(kv_heads)
    if head_size:
        writer.add_key_length(head_size)
        writer.add_value_length(head_size)
    writer.add_tensor("output.weight", np.zeros((64, 64), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def need(path: Path, options: EngineOptions | None = None, ranking_tokens: int = 0) -> MemoryNeed:
    found = memory_need(path, options or EngineOptions(context_tokens=1024), ranking_tokens=ranking_tokens)
    assert found
    return found


def test_the_head_says_its_numbers_and_counts_its_words(tmp_path: Path) -> None:
    head = read_head(model(tmp_path / "m.gguf"))
    assert head["general.architecture"] == "llama"
    assert (head["llama.block_count"], head["tokenizer.ggml.tokens"]) == (4, 2_100)


def test_the_context_is_keys_and_values_of_every_token_and_layer(tmp_path: Path) -> None:
    path = model(tmp_path / "m.gguf")
    plain = need(path)
    assert plain.weights == path.stat().st_size
    assert plain.context == 1024 * 4 * 2 * 8 * 2 * 2  # tokens, layers, heads, size of a head, keys and values, bytes
    assert need(path, EngineOptions(context_tokens=2048)).context == 2 * plain.context
    assert need(path, EngineOptions(context_tokens=1 << 20)).context == 2 * plain.context  # it was trained for no more
    assert need(path, ranking_tokens=1024).context == 2 * plain.context
    assert need(path, EngineOptions(context_tokens=1024, kv_type="q8_0")).context == plain.context * 34 / 64
    assert need(model(tmp_path / "wide.gguf", head_size=32)).context == 4 * plain.context
    assert plain.total == plain.weights + plain.context + plain.scratch


def test_layers_without_a_memory_of_each_token_cost_none(tmp_path: Path) -> None:
    mixed = need(model(tmp_path / "m.gguf", kv_heads=[2, 0, 0, 2]))
    assert mixed.context * 2 == need(model(tmp_path / "n.gguf")).context


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model" * 1000, b"GGUF" + b"\xff" * 64, b"GGUF" + b"\x00" * 64])
def test_what_is_no_model_is_left_to_llama_cpp(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(content)
    assert memory_need(tmp_path / "m.gguf", EngineOptions()) is None
    assert memory_need(tmp_path / "missing.gguf", EngineOptions()) is None


def test_every_cut_of_a_file_is_told_or_unknown(tmp_path: Path) -> None:
    whole = model(tmp_path / "m.gguf").read_bytes()
    for size in range(0, 400, 7):
        (tmp_path / "cut.gguf").write_bytes(whole[:size])
        assert memory_need(tmp_path / "cut.gguf", EngineOptions()) is None


def test_what_does_not_fit_is_refused_with_the_numbers(tmp_path: Path) -> None:
    big = MemoryNeed(weights=2_000 * MIB, context=500 * MIB, scratch=20 * MIB)
    with pytest.raises(NotEnoughMemory) as caught:
        check_fits(Path("big.gguf"), big, 1_000 * MIB)
    for number in ("big.gguf", "2,520 MiB", "2,000 MiB", "500 MiB", "1,000 MiB are free", "FOOTNOTE_CONTEXT_TOKENS"):
        assert number in str(caught.value)
    check_fits(Path("big.gguf"), big, 2_520 * MIB)
    check_fits(Path("big.gguf"), big, None)
    check_fits(Path("big.gguf"), None, 1)


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    assert _room_in_group(tmp_path) is None
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 50\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert _room_in_group(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    assert _room_in_group(tmp_path) == 750


@pytest.mark.skipif(not Path("/proc/meminfo").is_file(), reason="only Linux says what is free")
def test_this_machine_has_some() -> None:
    assert (available_memory() or 0) > 10 * MIB
