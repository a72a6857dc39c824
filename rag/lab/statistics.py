"""The statistics of the laboratory, over plain arrays: shares, AUROC, risk and coverage, reliability, the bootstrap.

Every interval is a 95% percentile interval of a seeded bootstrap: the same figures give the same interval.
Knows nothing of questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Figure = Callable[[Rows], float | None]
"""A figure of the questions whose row numbers are given; a number may come more than once."""

RESAMPLES = 1000
RISK = 0.10
BINS = 8
SEED = 7
_ENDS = (0.025, 0.975)


def share(values: npt.NDArray[Any]) -> dict[str, Any]:
    """Mean of booleans with its 95% bootstrap interval: {"value", "low", "high", "n"}."""
    if len(values) == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    chance = np.random.default_rng(SEED)
    sample = values[chance.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(sample, _ENDS)
    return {"value": float(values.mean()), "low": float(low), "high": float(high), "n": len(values)}


def auroc(positive: Numbers, negative: Numbers) -> float | None:
    """Probability that a positive scores above a negative, ties half (Mann and Whitney 1947)."""
    if not len(positive) or not len(negative):
        return None
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / 2 / len(negative))


def answered_at_risk(positive: Numbers, negative: Numbers, risk: float = RISK) -> float | None:
    """Largest share of positives answered by a threshold that answers at most `risk` of the negatives."""
    if not len(positive) or not len(negative):
        return None
    allowed = int(risk * len(negative))
    ordered = np.sort(negative)[::-1]
    bar = ordered[allowed] if allowed < len(ordered) else -np.inf
    return float((positive > bar).mean())


def risk_coverage(positive: Numbers, negative: Numbers) -> list[dict[str, float | None]]:
    """Share of positives answered for each share of the negatives answered, in steps of 0.05."""
    return [
        {"risk": round(r, 2), "answered": answered_at_risk(positive, negative, r)} for r in np.arange(0, 0.55, 0.05)
    ]


def reliability(p: Numbers, truth: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """Up to eight groups of equal size by rising `p`: {"p": mean of it, "share": of them true, "n"}."""
    if not len(p):
        return []
    groups = np.array_split(np.argsort(p, kind="stable"), min(BINS, len(p)))
    return [{"p": float(p[g].mean()), "share": float(truth[g].mean()), "n": len(g)} for g in groups]


def interval(figure: Figure, *groups: Rows) -> tuple[float, float] | None:
    """95% bootstrap interval of a figure; rows are drawn within each group. None where there is nothing to draw."""
    chance = np.random.default_rng(SEED)
    if not all(len(group) for group in groups):
        return None
    drawn = (np.concatenate([chance.choice(group, len(group)) for group in groups]) for _ in range(RESAMPLES))
    values = [value for value in map(figure, drawn) if value is not None]
    if not values:
        return None
    low, high = np.quantile(values, _ENDS)
    return float(low), float(high)
