from __future__ import annotations

import numpy as np
import pytest

from rag.topics.themes import (
    by_theme,
    companions,
    diverse,
    foremost,
    grouped,
    heading,
    makes_a_point,
    phrases,
    shared_words,
    whole_sentences,
    without_topic,
)
from rag.types import FloatArray, Passage
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
    assert diverse(relevance(0.9, 0.8, 0.1), alike(3, (0, 1, 0.7)), ["a"] * 3, count=3, each=9) == [0, 2]


def test_novelty_outweighs_a_little_relevance() -> None:
    assert diverse(relevance(1.0, 0.8, 0.7, 0.0), alike(4, (0, 1, 0.5)), ["a"] * 4, count=2, each=9) == [0, 2]


def test_no_owner_has_more_than_its_share_while_others_have_any_left() -> None:
    chosen = diverse(relevance(0.9, 0.8, 0.7, 0.1), alike(4), ["a", "a", "a", "b"], count=4, each=1)
    assert chosen == [0, 3, 1, 2]


def test_every_owner_is_heard_before_one_is_heard_again() -> None:
    """Episodes were said to speak of a topic of which not a word was shown."""
    chosen = diverse(relevance(0.9, 0.8, 0.7, 0.1), alike(4), ["a", "a", "a", "b"], count=2, each=9)
    assert chosen == [0, 3]


def test_equal_relevance_and_nothing_at_all() -> None:
    assert diverse(relevance(0.5, 0.5), alike(2), ["a", "a"], count=8, each=9) == [0, 1]
    assert diverse(relevance(), np.zeros((0, 0), np.float32), [], count=8, each=9) == []


TOPIC = np.asarray([1, 0, 0], np.float32)


def about(*rest: tuple[float, float]) -> FloatArray:
    """Unit vectors of shape (n, 3): half of each is the topic, and the rest as told."""
    vectors = np.asarray([(0.6, 0.8 * a, 0.8 * b) for a, b in rest], np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def said(episode: str, speaker: str | None = None) -> Passage:
    return passage(episode_id=episode, speaker=speaker)


def test_a_companion_is_the_nearest_of_another_episode() -> None:
    vectors = about((1, 0), (1, 0.1), (1, 0.6), (1, 0.3))
    assert companions([0], vectors, TOPIC, [said("a"), said("a"), said("b"), said("c")]) == {0: 3}
    assert companions([0], vectors, TOPIC, [said("a")] * 4) == {}


def test_a_companion_may_be_of_another_speaker() -> None:
    vectors = about((1, 0), (1, 0))
    assert companions([0], vectors, TOPIC, [said("a", "Ada"), said("a", "Ben")]) == {0: 1}
    assert companions([0], vectors, TOPIC, [said("a", "Ada"), said("a")]) == {}, "who speaks is not known"


def test_a_companion_serves_one_point_only_and_is_none_itself() -> None:
    vectors = about((1, 0), (1, 0), (1, 0))
    assert companions([0, 1], vectors, TOPIC, [said("a"), said("b"), said("c")]) == {0: 2}


def test_to_speak_of_the_topic_is_not_to_say_the_same() -> None:
    """Everything about a topic is alike: two who like and dislike it were told to say much the same."""
    close = np.asarray([(0.95, 0.31, 0), (0.95, 0, 0.31)], np.float32)
    assert float(close[0] @ close[1]) > 0.9
    assert companions([0], close, TOPIC, [said("a"), said("b")]) == {}


def test_groups_hold_only_what_is_all_alike() -> None:
    """A chain of likenesses is not one matter: its ends have nothing in common."""
    assert grouped(alike(4, (0, 1, 0.6), (1, 2, 0.5), (2, 3, 0.6)), most=2) == [[0, 1], [2, 3]]


def test_there_are_no_more_groups_than_asked_for() -> None:
    assert [len(group) for group in grouped(alike(9), most=3)] == [4, 4, 1]
    assert grouped(alike(3), most=8) == [[0], [1], [2]]


def test_no_group_is_longer_than_a_reader_follows() -> None:
    """Everything being alike made one point with all quotes in it."""
    everything = np.ones((6, 6), dtype=np.float32)
    assert sorted(map(len, grouped(everything, most=2, together=4))) == [2, 4]


def test_what_is_left_over_still_belongs_somewhere() -> None:
    """Five threes could not be joined into four groups of four, and some quotes were lost."""
    threes = np.kron(np.eye(5), np.ones((3, 3))).astype(np.float32)
    groups = grouped(threes, most=4, together=4)
    assert len(groups) == 4
    assert sorted(i for group in groups for i in group) == list(range(15))


def test_the_foremost_is_relevant_central_and_says_something() -> None:
    cosines = alike(3, (0, 1, 0.8), (1, 2, 0.8), (0, 2, 0.1))
    long = "Bees dance in circles when clover flowers near their hive."
    assert foremost(relevance(1.0, 1.0, 1.0), cosines, [long] * 3)[0] == 1
    assert foremost(relevance(2.0, 1.0, 1.0), cosines, [long] * 3)[0] == 0
    assert foremost(relevance(1.0, 1.0, 1.0), cosines, [long, "Bees dance.", long])[-1] == 1


def test_questions_make_nothing_foremost() -> None:
    asks = "What do bees dance about when clover flowers? Why is that?"
    says = "Bees dance about clover."
    assert foremost(relevance(1.0, 1.0), alike(2), [asks, says]) == [1, 0]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("getting all of them wrong. So they trained on. Then it", "So they trained on."),
        ("Whole it is. And this too.", "Whole it is. And this too."),
        ("small letters everywhere. nobody minds them.", "small letters everywhere. nobody minds them."),
        ("one lone bullet without an end", "one lone bullet without an end"),
    ],
)
def test_a_torn_sentence_at_either_end_is_left_out(text: str, kept: str) -> None:
    start, end = whole_sentences(text, (0, len(text)))
    assert text[start:end] == kept


def test_groups_of_one_theme_stand_side_by_side_and_those_without_one_stay_where_they_are() -> None:
    assert by_theme(["a", "b", "c", "d"], ["x", "", "x", ""]) == ["a", "c", "b", "d"]


def test_a_shared_word_stands_in_two_texts() -> None:
    texts = ["Honey tastes of thyme.", "Thyme grows on hills.", "Bees like hills."]
    assert shared_words(texts, without={"hill"}) == ["thyme"]


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
