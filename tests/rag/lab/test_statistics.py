"""The statistics are what they say, and the bootstrap holds what it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.lab.statistics import answered_at_risk, auroc, interval, reliability, risk_coverage, share

SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=20).map(np.asarray)


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    assert auroc(np.array([0.9, 0.4]), np.array([0.5, 0.1])) == 0.75
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5
    assert auroc(np.array([]), np.array([0.5])) is None


@given(SCORES, SCORES)
def test_auroc_equals_counting_the_pairs(positive: np.ndarray, negative: np.ndarray) -> None:
    difference = positive[:, None] - negative[None, :]
    assert auroc(positive, negative) == pytest.approx((difference > 0).mean() + (difference == 0).mean() / 2)


def test_answered_at_risk_lets_at_most_that_share_of_the_others_through() -> None:
    others = np.linspace(0.0, 0.9, 10)
    positives = np.array([0.95, 0.85, 0.5, 0.05])
    assert answered_at_risk(positives, others, 0.10) == 0.5  # one of the ten may pass: the bar is 0.8
    assert answered_at_risk(positives, others, 0.0) == 0.25
    assert answered_at_risk(positives, others, 1.0) == 1.0


def test_risk_coverage_never_falls() -> None:
    chance = np.random.default_rng(1)
    curve = [point["answered"] or 0.0 for point in risk_coverage(chance.random(50), chance.random(50))]
    assert curve == sorted(curve)
    assert curve[0] < curve[-1]


def test_share_has_an_interval_around_its_value() -> None:
    figure = share(np.array([True] * 30 + [False] * 10))
    assert figure["value"] == 0.75
    assert 0.55 < figure["low"] < 0.75 < figure["high"] < 0.95
    assert share(np.array([]))["value"] is None


def test_reliability_of_a_true_probability_lies_on_the_diagonal() -> None:
    chance = np.random.default_rng(3)
    p = chance.random(4000)
    for group in reliability(p, chance.random(4000) < p):
        assert group["share"] == pytest.approx(group["p"], abs=0.07)
        assert group["n"] == 500
    assert reliability(np.array([]), np.array([], dtype=bool)) == []


def test_an_interval_draws_within_each_group_and_is_the_same_every_time() -> None:
    values = np.arange(10.0)
    few, many = np.arange(2), np.arange(2, 10)
    sizes = []

    def mean(rows: np.ndarray) -> float:
        sizes.append((int((rows < 2).sum()), len(rows)))
        return float(values[rows].mean())

    first = interval(mean, few, many)
    assert set(sizes) == {(2, 10)}
    assert first == interval(mean, few, many)
    assert first is not None
    assert first[0] < values.mean() < first[1]
    assert interval(mean, few, np.arange(0)) is None
