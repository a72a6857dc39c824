"""Figures from records: each counts the questions it should, and no others."""

from __future__ import annotations

import pytest

from rag.lab.figures import aggregate
from tests.rag.lab.records import record, unanswerable


def test_unlabelled_questions_are_counted_by_kind_and_scored_nowhere() -> None:
    labelled = [record(1), unanswerable(2)]
    partial = record(3, answerable=None, kind="partial", p_answerable=0.0, gold_rank=None)
    figures, without = aggregate([*labelled, partial]), aggregate(labelled)
    assert figures["outcomes_by_kind"]["partial"]["n"] == 1
    for name in ("hit", "mrr", "auroc", "deletion", "question_only", "answered", "reliability"):
        assert figures[name] == without[name]


def test_deletion_is_over_all_questions_and_beside_it_over_those_that_were_found() -> None:
    """Left to the found ones alone, a search that finds little would look like a gate that knows much."""
    lost = record(2, gold_rank=None, p_answerable=0.1, p_without_gold=0.1)
    figures = aggregate([record(1), lost, record(3, gold_rank=11, p_answerable=0.1)])["deletion"]
    assert (figures["n"], figures["found"]["n"]) == (3, 1)
    assert figures["found"]["auroc"] == 1.0
    assert figures["auroc"] < 0.7


def test_a_question_without_passages_to_take_out_is_no_pair() -> None:
    assert aggregate([record(1), record(2, p_without_gold=None)])["deletion"]["n"] == 1


def test_the_question_alone_stands_beside_every_measurement_of_the_gate() -> None:
    records = [*(record(i) for i in range(40)), *(unanswerable(i, question=f"who won game {i}") for i in range(40))]
    alone = aggregate(records)["question_only"]
    assert alone["written"]["auroc"] > 0.9
    assert alone["deletion"]["auroc"] == 0.5


def test_the_minute_is_judged_on_answers_whose_minute_is_known() -> None:
    times = {"gold_seconds": (60.0, 90.0)}
    near, far, elsewhere = (record(i, seconds_off=off, **times) for i, off in enumerate((12.0, 31.0, None)))
    refused = record(3, outcome="closest", seconds_off=0.0, **times)
    figures = aggregate([near, far, elsewhere, refused, record(4)])
    assert figures["minute"]["n"] == 3
    assert figures["minute"]["value"] == pytest.approx(1 / 3)


def test_nothing_at_all_has_figures_too() -> None:
    figures = aggregate([])
    assert figures["auroc"] is None
    assert figures["hit"]["@1"]["value"] is None
    assert figures["deletion"]["auroc_interval"] is None
