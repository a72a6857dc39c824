"""A Llama's forward pass over the tensors of a GGUF file, with low-rank adapters. Knows nothing of data or losses.

Sequences that begin alike are computed once: they form a tree of tokens, and each token attends to those it stems from.
Adapters are LoRA (Hu et al. 2021): beside a frozen matrix W the product of two thin ones is learnt, and added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

ADAPTED = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
DOWN, UP = "lora_a", "lora_b"  # into the few dimensions, and out of them; llama.cpp's names

Weights = dict[str, Tensor]


@dataclass(kw_only=True)
class Tree:
    """Sequences of tokens, stored once as far as they begin alike. Parent of a first token: -1."""

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    _known: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, sequence: Sequence[int]) -> list[int]:
        """Rows of a sequence's tokens."""
        rows, parent = [], -1
        for token in sequence:
            row = self._known.setdefault((parent, token), len(self.tokens))
            if row == len(self.tokens):
                self.tokens.append(token)
                self.parents.append(parent)
            rows.append(row)
            parent = row
        return rows

    def mask(self) -> Tensor:
        """Which tokens each attends to: itself and those before it in its sequences. Shape (tokens, tokens)."""
        mask = np.eye(len(self.tokens), dtype=bool)
        for row, parent in enumerate(self.parents):
            if parent >= 0:
                mask[row] |= mask[parent]
        return torch.from_numpy(mask)


@dataclass(frozen=True, kw_only=True)
class Llama:
    """A model's tensors by their names in the file, less ".weight", and what its head says of them."""

    weights: Weights
    layers: int
    heads: int
    kv_heads: int
    rope_base: float
    epsilon: float

    @classmethod
    def read(cls, path: Path, dtype: torch.dtype = torch.bfloat16) -> Llama:
        """The model of a GGUF file of any quantization, its matrices as `dtype`."""
        reader = gguf.GGUFReader(path)

        def said(key: str) -> float:
            return reader.get_field(f"llama.{key}").contents()

        def tensor(data: np.ndarray) -> Tensor:
            return torch.from_numpy(np.array(data)).to(dtype if data.ndim > 1 else torch.float32)

        held = {t.name.removesuffix(".weight"): gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
        return cls(
            weights={name: tensor(data) for name, data in held.items()},
            layers=int(said("block_count")),
            heads=int(said("attention.head_count")),
            kv_heads=int(said("attention.head_count_kv")),
            rope_base=said("rope.freq_base"),
            epsilon=said("attention.layer_norm_rms_epsilon"),
        )

    def new_adapter(self, rank: int, seed: int) -> Weights:
        """An adapter of every matrix that changes nothing yet."""
        torch.manual_seed(seed)
        adapter = {}
        for name in (f"blk.{n}.{part}" for n in range(self.layers) for part in ADAPTED):
            out, width = self.weights[name].shape
            adapter[f"{name}.{DOWN}"] = torch.randn(rank, width) / width**0.5
            adapter[f"{name}.{UP}"] = torch.zeros(out, rank)
        return adapter

    def states(self, tree: Tree, adapter: Weights, scale: float) -> Tensor:
        """Token states after the last layer, shape (tokens, width). An adapter's product counts `scale` times."""
        x = F.embedding(torch.tensor(tree.tokens), self.weights["token_embd"]).float()
        mask, turns = tree.mask(), self._turns(tree)

        def linear(name: str, x: Tensor) -> Tensor:
            y = F.linear(x, self.weights[name])
            if f"{name}.{DOWN}" not in adapter:
                return y
            return y + scale * F.linear(F.linear(x, adapter[f"{name}.{DOWN}"]), adapter[f"{name}.{UP}"])

        for n in (f"blk.{n}" for n in range(self.layers)):
            h = self._norm(f"{n}.attn_norm", x)
            q, k, v = (linear(f"{n}.attn_{part}", h).unflatten(-1, (-1, turns[0].shape[-1] * 2)) for part in "qkv")
            q, k, v = (part.transpose(0, 1)[None] for part in (turned(q, turns), turned(k, turns), v))
            k, v = (part.repeat_interleave(self.heads // self.kv_heads, dim=1) for part in (k, v))
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[0].transpose(0, 1).flatten(-2)
            x = x + linear(f"{n}.attn_output", attended)
            h = self._norm(f"{n}.ffn_norm", x)
            x = x + linear(f"{n}.ffn_down", F.silu(linear(f"{n}.ffn_gate", h)) * linear(f"{n}.ffn_up", h))
        return self._norm("output_norm", x)

    def log_probabilities(self, states: Tensor) -> Tensor:
        """Of every word of the vocabulary as the next, shape (states, words)."""
        return F.linear(states, self.weights.get("output", self.weights["token_embd"])).float().log_softmax(-1)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weights[name], eps=self.epsilon)

    def _turns(self, tree: Tree) -> tuple[Tensor, Tensor]:
        """Cosine and sine of each token's angles, shape (tokens, 1, half of a head)."""
        depth: list[int] = []
        for parent in tree.parents:
            depth.append(depth[parent] + 1 if parent >= 0 else 0)
        half = self.weights["blk.0.attn_q"].shape[0] // self.heads // 2
        angles = torch.tensor(depth)[:, None] * self.rope_base ** (-torch.arange(half) / half)
        return angles.cos()[:, None], angles.sin()[:, None]


def turned(x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """Heads, shape (tokens, heads, width), with each pair of neighbouring numbers turned by its token's angle.

    The file's order: its converter moves the pairs, which are half a head apart as published, next to each other.
    """
    (cos, sin), (even, odd) = turns, x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2).to(x.dtype)


def write_adapter(path: Path, adapter: Weights, scale: float) -> None:
    """The adapter as a GGUF file that llama.cpp loads, in half precision."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    rank = next(t.shape[0] for n, t in adapter.items() if n.endswith(DOWN))
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, scale * rank)
    for name, tensor in adapter.items():
        matrix, half = name.rsplit(".", 1)
        writer.add_tensor(f"{matrix}.weight.{half}", tensor.detach().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
