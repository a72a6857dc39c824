"""A BERT encoder's forward pass over plain dicts of weights, for training. Knows nothing of data or losses."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

HEADS = 12
WARMUP = 0.1
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
