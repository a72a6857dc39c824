from __future__ import annotations

import numpy as np
import pytest

from rag.themes import MOST_THEMES, companions, diverse, grouped, heading, makes_a_point, phrases, without_topic
from rag.types import FloatArray
from tests.builders import passage


def alike(n: int, *pairs: tuple[int, int, float]) -> FloatArray:
    """Cosines of `n` vectors: 1 with themselves, as told for `pairs`, else 0."""
    cosines = np.eye(n, dtype=np.float32)
    for i, j, cosine in pairs:
        cosines[i, j] = cosines[j, i] = cosine
    return cosines


def relevance(*values: float) -> FloatArray:
    return np.asarray(values, dtype=np.float32)


def test_the_most_relevant_come_first() -> None:
    assert diverse(relevance(0.5, 0.9, 0.7), alike(3), ["a"] * 3, count=2, each=9) == [1, 2]


def test_what_is_too_like_a_point_gets_none() -> None:
    assert diverse(relevance(0.9, 0.8, 0.1), alike(3, (0, 1, 0.6)), ["a"] * 3, count=3, each=9) == [0, 2]


def test_novelty_outweighs_a_little_relevance() -> None:
    assert diverse(relevance(1.0, 0.8, 0.7, 0.0), alike(4, (0, 1, 0.5)), ["a"] * 4, count=2, each=9) == [0, 2]


def test_no_owner_has_more_than_its_share_while_others_have_any_left() -> None:
    chosen = diverse(relevance(0.9, 0.8, 0.7, 0.1), alike(4), ["a", "a", "a", "b"], count=4, each=1)
    assert chosen == [0, 3, 1, 2]


def test_equal_relevance_and_nothing_at_all() -> None:
    assert diverse(relevance(0.5, 0.5), alike(2), ["a", "a"], count=8, each=9) == [0, 1]
    assert diverse(relevance(), np.zeros((0, 0), np.float32), [], count=8, each=9) == []


def test_a_companion_is_of_another_file_first() -> None:
    cosines = alike(3, (0, 1, 0.9), (0, 2, 0.7))
    assert companions([0], cosines, ["a", "a", "b"]) == {0: 2}
    assert companions([0], cosines, ["a", "a", "a"]) == {0: 1}


def test_a_companion_serves_one_point_only_and_is_none_itself() -> None:
    cosines = alike(3, (0, 2, 0.9), (1, 2, 0.9), (0, 1, 0.9))
    assert companions([0, 1], cosines, ["a"] * 3) == {0: 2}


def test_what_merely_comes_near_is_no_companion() -> None:
    assert companions([0], alike(2, (0, 1, 0.55)), ["a", "b"]) == {}


def test_groups_hold_only_what_is_all_alike() -> None:
    """A chain of likenesses is not one sub-theme: its ends have nothing in common."""
    assert grouped(alike(4, (0, 1, 0.6), (1, 2, 0.5), (2, 3, 0.6))) == [[0, 1], [2, 3]]


def test_there_are_never_more_groups_than_a_reader_can_follow() -> None:
    assert len(grouped(alike(8))) == MOST_THEMES


def test_the_topic_itself_is_taken_out() -> None:
    topic = np.asarray([1.0, 0.0], np.float32)
    rest = without_topic(np.asarray([[0.6, 0.8], [0.8, -0.6], [1.0, 0.0]], np.float32), topic)
    np.testing.assert_allclose(rest, [[0, 1], [0, -1], [0, 0]], atol=1e-6)


def test_a_heading_names_the_group_if_most_of_it_stands_under_it() -> None:
    under = [passage(section=("Insects", name)) for name in ("Dances:", "Dances:", "Honey")]
    assert heading(under, topic=frozenset()) == "Dances"
    assert heading(under[1:], topic=frozenset()) == ""
    assert heading([passage()], topic=frozenset()) == ""


def test_a_heading_that_repeats_the_topic_names_nothing() -> None:
    assert heading([passage(section=("The dances:",))], topic={"danc", "bee"}) == ""


def test_phrases_stand_in_the_text_and_leave_the_topic_out() -> None:
    text = "Worker bees find red clover, sweet and white clover honey in 2024."
    assert phrases(text, without={"bee"}) == ["find red", "red clover", "white clover", "clover honey"]


@pytest.mark.parametrize("text", ["Tiering system", "Why did nobody do this before?", "sammy mention", "", "🎉 🎉"])
def test_headings_and_bare_questions_make_no_point(text: str) -> None:
    assert not makes_a_point(text)


@pytest.mark.parametrize(
    "text", ["China was 45% of the revenue??", "Why not? Nobody asked the owner before.", "Bees dance on clover"]
)
def test_statements_make_a_point(text: str) -> None:
    assert makes_a_point(text)
