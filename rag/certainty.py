"""How readily to answer, and what a handful of trials proves about the rest. Knows nothing of notes or gates."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rag.pipeline import Answers

__all__ = ["CONFIDENCE", "SHARES", "Answers", "least_trials", "upper_bound"]

SHARES: Mapping[Answers, float] = {"cautious": 0.05, "balanced": 0.10, "generous": 0.20}
"""Share of the questions which the notes do not cover that each of them lets through."""

CONFIDENCE = 0.95
_HALVINGS = 60  # of the interval from 0 to 1: beyond what a float can tell apart


def upper_bound(events: int, trials: int, *, confidence: float = CONFIDENCE) -> float:
    """The largest probability under which so few `events` in independent `trials` are not too rare, 0 to 1.

    The one-sided exact bound of Clopper and Pearson (Biometrika 26, 1934): below it lies the true probability in at
    least `confidence` of all repetitions. 1 where there are no trials.
    """
    if events >= trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(events, trials, middle) > 1 - confidence else (low, middle)
    return high


def least_trials(share: float, *, confidence: float = CONFIDENCE) -> int:
    """How many trials without a single event it takes until `upper_bound` is no more than `share`."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - share))


def _at_most(events: int, trials: int, p: float) -> float:
    """Probability of at most so many events in so many trials; 0 < p < 1."""
    ways = math.lgamma(trials + 1)
    logs = (
        ways - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * math.log(p) + (trials - k) * math.log1p(-p)
        for k in range(events + 1)
    )
    return math.fsum(map(math.exp, logs))
