"""Hybrid scoring: the vectors' cosines and BM25 become one ranking. Pure functions over arrays.

A convex combination of the two beats reciprocal-rank fusion, because it keeps how much better the best is
(Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.types import FloatArray

LEXICAL_WEIGHT = 0.3


def row_cosine(cosines: Sequence[float]) -> tuple[float, float]:
    """(score, best) of a row from the cosines of its vectors: itself, itself in context, its sentences.

    The score is the mean of the best of its own words (whole or one sentence) and of itself in context;
    the best is what the gate looks at.
    """
    own = max((cosines[0], *cosines[2:]))
    return (own + cosines[1]) / 2, max(own, cosines[1])


def fuse(cosine: FloatArray, bm25: FloatArray, best_bm25: float) -> FloatArray:
    """Hybrid score of each candidate, shape (candidates,).

    `cosine` and `bm25` have that shape too; `best_bm25` is the best over the whole index, so that a
    candidate's share does not depend on which others were looked at.
    """
    share = bm25 / best_bm25 if best_bm25 > 0 else np.zeros_like(bm25)
    return np.asarray(cosine + LEXICAL_WEIGHT * share, dtype=np.float32)
