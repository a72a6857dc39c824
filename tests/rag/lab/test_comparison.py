"""A difference that is there has an interval clear of nothing; none has one around it."""

from __future__ import annotations

from typing import Any

import pytest

from rag.errors import QuestionError
from rag.lab.comparison import Comparison, Difference, compare
from tests.rag.lab.records import record, unanswerable


def named(comparison: Comparison, figure: str) -> Difference:
    return next(row for row in comparison.differences if row.figure == figure)


def measured(wrong: set[int]) -> list[dict[str, Any]]:
    answerable = [record(i, gold_rank=4 if i in wrong else 1) for i in range(50)]
    return [*answerable, *(unanswerable(i) for i in range(50, 80))]


def test_a_measurement_differs_from_itself_in_nothing() -> None:
    comparison = compare(measured({1, 2}), measured({1, 2}))
    assert comparison.count == 80
    assert comparison.won == comparison.lost == ()
    for row in comparison.differences:
        assert (row.difference, row.low, row.high) == (0, 0, 0)


def test_what_was_won_and_lost_is_named_and_counted() -> None:
    comparison = compare(measured({1, 2, 3, 4, 5, 6, 7, 8}), measured({8, 9}))
    assert comparison.won == ("q1", "q2", "q3", "q4", "q5", "q6", "q7")
    assert comparison.lost == ("q9",)
    first = named(comparison, "hit@1")
    assert first.one == pytest.approx(0.84)
    assert first.other == pytest.approx(0.96)
    assert first.low is not None
    assert 0 < first.low < 0.12 < (first.high or 0)
    assert named(comparison, "hit@5").difference == 0


def test_one_question_of_fifty_is_within_chance() -> None:
    row = named(compare(measured({1, 2}), measured({1})), "hit@1")
    assert row.low == 0
    assert (row.difference or 0) == pytest.approx(0.02)


def test_questions_are_paired_by_id_whatever_their_order_and_the_rest_is_left_out() -> None:
    other = [record(99, gold_rank=None), *reversed(measured({3}))]
    comparison = compare(measured({3}), other)
    assert comparison.count == 80
    assert named(comparison, "MRR").difference == 0


def test_a_gate_that_tells_less_is_seen_in_every_figure_of_the_gate() -> None:
    blind = [{**r, "p_answerable": 0.5, "p_without_gold": 0.5} for r in measured(set())]
    comparison = compare(measured(set()), blind)
    for figure in ("AUROC", "AUROC by deletion"):
        assert named(comparison, figure).difference == -0.5
    for figure in ("answered at 10%", "answered at 10% by deletion"):
        assert named(comparison, figure).difference == -1.0


def test_measurements_of_different_questions_cannot_be_compared() -> None:
    with pytest.raises(QuestionError, match="share no labelled question"):
        compare([record(1)], [record(2)])
