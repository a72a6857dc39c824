"""Hybrid scoring: the vectors' cosines and BM25 become one ranking. Pure functions over arrays.

A convex combination of the two beats reciprocal-rank fusion, because it keeps how much better the best is
(Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rag.pipeline import SHIPPED, Pipeline
from rag.types import FloatArray

LEXICAL_WEIGHT = SHIPPED.lexical


def row_cosine(cosines: Sequence[float]) -> tuple[float, float]:
    """(score, best) of a row from the cosines of its vectors: itself, itself in context, its sentences.

    The score is the mean of the best of its own words (whole or one sentence) and of itself in context;
    the best is what the gate looks at.
    """
    own = max((cosines[0], *cosines[2:]))
    return (own + cosines[1]) / 2, max(own, cosines[1])


def row_cosines(cosines: FloatArray, firsts: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """`row_cosine` of many rows at once: their scores and their best, each of shape (rows,).

    `cosines` holds those of the first row's vectors, then those of the next; `firsts`, shape (rows,), says where each
    starts.
    """
    context = cosines[firsts + 1]
    own = cosines.copy()
    own[firsts + 1] = -np.inf
    best: FloatArray = np.maximum.reduceat(own, firsts)
    return np.asarray((best + context) / 2, dtype=np.float32), np.maximum(best, context)


def fuse(cosine: FloatArray, bm25: FloatArray, ceiling: float, *, pipeline: Pipeline = SHIPPED) -> FloatArray:
    """Hybrid score of each candidate, shape (candidates,).

    `cosine` and `bm25` have that shape too; `ceiling` is the most that BM25 can give for the question. Measured
    by the best passage instead, one that holds a single word of the question would count as much as one that
    holds them all.
    """
    share = bm25 / ceiling if ceiling > 0 else np.zeros_like(bm25)
    return np.asarray(pipeline.dense * cosine + pipeline.lexical * share, dtype=np.float32)


def highest(scores: FloatArray, count: int) -> npt.NDArray[np.int64]:
    """Indices of the `count` highest scores and of those as high as the last; highest first, equals in order."""
    least = np.partition(scores, -count)[-count] if count < len(scores) else -np.inf
    kept = np.flatnonzero(scores >= least)
    return kept[np.argsort(-scores[kept], kind="stable")]
