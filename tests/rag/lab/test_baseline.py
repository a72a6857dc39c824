"""The question-only model: it finds what the form gives away, and nothing where there is nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rag.lab.baseline import question_only
from rag.lab.logistic import fit
from rag.lab.statistics import auroc


def questions(count: int, opener: str, seed: int) -> list[str]:
    chance = random.Random(seed)
    words = ["bees", "tides", "rye", "ships", "bread", "moons", "drones", "seas"]
    return [f"{opener} {' '.join(chance.sample(words, 4))}?" for _ in range(count)]


def test_a_form_that_betrays_itself_is_found() -> None:
    asked = [*questions(60, "why do", 1), *questions(60, "who invented", 2)]
    truth = np.arange(120) < 60
    scores = question_only(asked, truth)
    assert (auroc(scores[truth], scores[~truth]) or 0) > 0.95


def test_words_on_both_sides_are_chance_to_the_digit() -> None:
    """Equal questions must be in one fold: in two, each would be told by the other's label, upside down."""
    asked = questions(50, "why do", 3)
    truth = np.arange(100) < 50
    scores = question_only([*asked, *asked], truth)
    assert auroc(scores[truth], scores[~truth]) == 0.5


def test_a_form_that_gives_nothing_away_is_near_chance_with_few_questions_too() -> None:
    """With folds drawn blindly, 14 of one kind among 60 came out at .24: each fold's odds were told by the others'."""
    scores = []
    for seed in range(20):
        truth = np.arange(60) < 46
        found = question_only(questions(60, "why do", seed), truth)
        scores.append(auroc(found[truth], found[~truth]) or 0.0)
    assert 0.4 < float(np.mean(scores)) < 0.6


def test_the_fit_is_where_the_penalised_likelihood_is_level() -> None:
    chance = np.random.default_rng(5)
    x = chance.standard_normal((80, 3))
    y = (x[:, 0] + chance.standard_normal(80) > 0).astype(float)
    weights, bias = fit(x, y, penalty=2.0)
    p = 1 / (1 + np.exp(-(x @ weights + bias)))
    np.testing.assert_allclose(x.T @ (p - y) + 2.0 * weights, 0, atol=1e-6)
    assert (p - y).sum() == pytest.approx(0, abs=1e-6)


def test_more_columns_than_rows_gives_the_same_fit() -> None:
    chance = np.random.default_rng(6)
    x = chance.standard_normal((20, 50))
    y = (x[:, 0] > 0).astype(float)
    weights, bias = fit(x, y)
    p = 1 / (1 + np.exp(-(x @ weights + bias)))
    np.testing.assert_allclose(x.T @ (p - y) + weights, 0, atol=1e-6)
