from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.rank import CONTEXT_CHARS, EXAMPLES, PREFIX, WEIGHT, context, continuation, prefer, reorder
from rag.types import Hit
from tests.builders import hit


def hits(*scores: float) -> list[Hit]:
    return [hit(f"text {i}", score=score, position=i) for i, score in enumerate(scores)]


def positions(found: list[Hit]) -> list[int]:
    return [item.passage.position for item in found]


def test_what_fits_the_question_is_preferred_and_ties_keep_their_order() -> None:
    found = prefer(hits(0.9, 0.85, 0.85, 0.2), lambda hit: 0.1 if hit.passage.position == 2 else 0.0)
    assert positions(found) == [2, 0, 1, 3]
    assert [item.score for item in found] == pytest.approx([0.95, 0.9, 0.85, 0.2])
    assert prefer(hits(0.5, 0.5), lambda _hit: 0.3) == hits(0.8, 0.8)


def test_what_makes_the_question_likelier_moves_up() -> None:
    found = reorder(hits(0.9, 0.8, 0.7), [-6.0, -2.0, -4.0])
    assert positions(found) == [1, 2, 0]
    assert [item.score for item in found] == pytest.approx([0.8 + 2 * WEIGHT, 0.7, 0.9 - 2 * WEIGHT])
    assert [item.log_likelihood for item in found] == [-2.0, -4.0, -6.0]


def test_a_lead_of_the_search_can_outweigh_the_model() -> None:
    assert positions(reorder(hits(0.9, 0.2), [-3.0, -2.5])) == [0, 1]


def test_the_rest_keeps_its_order_behind_and_no_score_above() -> None:
    found = reorder(hits(0.9, 0.8, 0.79, 0.5), [-9.0, -1.0])
    assert positions(found) == [1, 0, 2, 3]
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert [item.log_likelihood for item in found[2:]] == [None, None]


def test_with_nothing_to_compare_nothing_changes() -> None:
    assert reorder(hits(0.9, 0.8), []) == hits(0.9, 0.8)
    one = reorder(hits(0.9, 0.8), [-3.0])
    assert [(item.passage.position, item.score) for item in one] == [(0, 0.9), (1, 0.8)]
    assert one[0].log_likelihood == -3.0


def test_equal_likelihoods_change_nothing() -> None:
    found = reorder(hits(0.9, 0.9, 0.8), [-3.0] * 3)
    assert positions(found) == [0, 1, 2]
    assert [item.score for item in found] == pytest.approx([0.9, 0.9, 0.8])


@given(st.lists(st.floats(-20, 0), min_size=2, max_size=5), st.floats(-5, 5))
def test_how_likely_the_question_is_in_itself_does_not_matter(values: list[float], shift: float) -> None:
    scores = [1 - 0.37 * i for i in range(len(values))]
    one = reorder(hits(*scores), values)
    other = reorder(hits(*scores), [value + shift for value in values])
    assert [item.score for item in one] == pytest.approx([item.score for item in other])


def test_the_model_reads_examples_then_notes_then_the_question() -> None:
    whole = PREFIX + context("Bees dance.") + continuation("Why?")
    assert whole.endswith("\n\nNotes: Bees dance.\nQuestion: Why?")
    assert whole.count("Notes: ") == whole.count("Question: ") == len(EXAMPLES) + 1


def test_a_long_passage_is_cut() -> None:
    assert len(context("x" * 9_000)) < CONTEXT_CHARS + 30
