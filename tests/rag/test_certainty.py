"""The exact binomial bound against published values and against its definition."""

from __future__ import annotations

from math import comb
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.certainty import CONFIDENCE, SHARES, Answers, least_trials, upper_bound


@pytest.mark.parametrize(
    ("events", "trials"), [(0, 59), (1, 93), (2, 124), (3, 153), (4, 181), (5, 208), (6, 234), (7, 260)]
)
def test_the_sample_sizes_of_wilks_are_the_least_that_show_one_in_twenty(events: int, trials: int) -> None:
    """Wilks (1941): so many trials with so many failures show 95% with 95% confidence, and one trial less does not."""
    assert upper_bound(events, trials) <= 0.05 < upper_bound(events, trials - 1)


@pytest.mark.parametrize(
    ("events", "trials", "confidence", "bound"),
    [
        (0, 10, 0.975, 0.3085),
        (1, 10, 0.975, 0.4450),
        (5, 10, 0.975, 0.8129),
        (4, 20, 0.975, 0.4366),
        (10, 100, 0.975, 0.1762),
        (1, 10, 0.95, 0.3942),
        (4, 20, 0.95, 0.4010),
    ],
)
def test_upper_ends_of_published_intervals(events: int, trials: int, confidence: float, bound: float) -> None:
    assert upper_bound(events, trials, confidence=confidence) == pytest.approx(bound, abs=0.00006)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_at_the_bound_so_few_events_are_as_rare_as_promised(drawn: tuple[int, int]) -> None:
    events, trials = drawn
    p = upper_bound(events, trials)
    tail = sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(events + 1))
    assert tail == pytest.approx(1 - CONFIDENCE, abs=1e-6)
    assert events / trials < p < 1


def test_nothing_is_proved_where_nothing_was_tried_or_all_went_wrong() -> None:
    assert upper_bound(0, 0) == upper_bound(7, 7) == 1.0


def test_how_many_trials_each_choice_takes() -> None:
    assert [least_trials(share) for share in SHARES.values()] == [59, 29, 14]
    assert tuple(SHARES) == get_args(Answers)
