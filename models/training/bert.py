"""A BERT encoder's forward pass over plain dicts of weights, and its training. Knows nothing of data or losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

HEADS = 12
WARMUP = 0.1
WEIGHT_DECAY = 0.01
FROZEN = "embeddings."  # the words' own vectors: half of all weights, and most of the questions' vocabulary

Weights = dict[str, Tensor]


def states(w: Weights, ids: Tensor, mask: Tensor, dropout: float) -> Tensor:
    """Token states after the last layer, shape (texts, tokens, width)."""
    x = F.embedding(ids, w["embeddings.word_embeddings.weight"])
    x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]] + w["embeddings.token_type_embeddings.weight"][0]
    x = F.dropout(_norm(w, "embeddings.LayerNorm", x), dropout)
    for n in range(layers(w)):
        p = f"encoder.layer.{n}"
        attended = linear(w, f"{p}.attention.output.dense", _attention(w, f"{p}.attention.self", x, mask, dropout))
        x = _norm(w, f"{p}.attention.output.LayerNorm", x + F.dropout(attended, dropout))
        inner = F.gelu(linear(w, f"{p}.intermediate.dense", x))
        x = _norm(w, f"{p}.output.LayerNorm", x + F.dropout(linear(w, f"{p}.output.dense", inner), dropout))
    return x


def layers(weights: Weights) -> int:
    """How many layers the encoder has."""
    return 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))


def _attention(w: Weights, name: str, x: Tensor, mask: Tensor, dropout: float) -> Tensor:
    def heads(part: str) -> Tensor:
        return linear(w, f"{name}.{part}", x).unflatten(-1, (HEADS, -1)).transpose(1, 2)

    out = F.scaled_dot_product_attention(
        heads("query"), heads("key"), heads("value"), attn_mask=mask[:, None, None, :], dropout_p=dropout
    )
    return out.transpose(1, 2).flatten(-2)


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def _norm(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps=1e-12)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then linear decay to nothing."""
    warm = max(1, int(WARMUP * steps))
    return peak * min((step + 1) / warm, (steps - step) / max(1, steps - warm))


def train(
    loss_at: Callable[[Weights, int], Tensor],
    start: Weights,
    *,
    out: Path,
    steps: int,
    rate: float,
    every: int,
    seed: int,
    clip: float | None = None,
) -> Iterator[tuple[int, Weights]]:
    """Train, and give (step, weights) at each checkpoint; checkpoints already in `out` are used, not redone.

    `loss_at` computes the loss of a step; `clip` is the most that the norm of a gradient may be.
    """
    weights = {n: t.clone().requires_grad_(not n.startswith(FROZEN)) for n, t in start.items()}
    learnt = {n: t for n, t in weights.items() if t.requires_grad}
    optimiser = torch.optim.AdamW(learnt.values(), lr=rate, weight_decay=WEIGHT_DECAY)

    def one(step: int) -> float:
        optimiser.param_groups[0]["lr"] = learning_rate(step, steps, rate)
        optimiser.zero_grad()
        loss = loss_at(weights, step)
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(learnt.values(), clip)
        optimiser.step()
        return loss.item()

    for first in range(0, steps, every):
        last = min(first + every, steps)
        saved = out / f"step{last:05d}.pt"
        if saved.is_file():
            state = torch.load(saved, weights_only=True)
            optimiser.load_state_dict(state["optimiser"])
            with torch.no_grad():
                for n, t in learnt.items():
                    t.copy_(state["learnt"][n])
        else:
            torch.manual_seed(seed * 1_000_003 + first)
            started = time.monotonic()
            losses = [one(step) for step in range(first, last)]
            seconds = (time.monotonic() - started) / len(losses)
            print(f"step {last}: loss {np.mean(losses):.3f}, {seconds:.2f} s a step", flush=True)
            partial = saved.with_suffix(".part")
            kept = {n: t.detach() for n, t in learnt.items()}
            torch.save({"learnt": kept, "optimiser": optimiser.state_dict()}, partial)
            partial.replace(saved)
        yield last, {n: t.detach().clone() for n, t in weights.items()}
