from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import (
    MOST_LETTERS,
    MOST_WORDS,
    asks_about_episode,
    can_answer,
    first_words,
    holds_asked,
    is_asking,
    is_wordless,
    leans,
    resolve,
)
from rag.types import Turn
from rag.words import content_words


@pytest.mark.parametrize(
    ("question", "able", "unable"),
    [
        ("How many eggs does she lay?", "two thousand eggs on a June day", "she lays eggs in June"),
        ("how hot is Venus", "The surface is at 464 °C", "hotter than Mercury"),
        ("What percentage is nitrogen?", "96.5 percent", "mostly nitrogen"),
        ("HOW OFTEN should I feed it?", "feed it every morning", "feed it with rye"),
        ("How long does it keep?", "keeps for a week", "keeps well"),
        ("how long ago did he start", "forty years, in 1980 or so", "anything: no kind is asked for"),
        ("What year did it launch?", "launched in 1969", "launched at 9:32 from Florida"),
        ("When did it launch?", "on 16 July", "from Florida"),
        ("Which minute is it in?", "(12:30) the oven", "the oven"),
    ],
)
def test_only_a_text_with_the_kind_of_thing_asked_for_can_answer(question: str, able: str, unable: str) -> None:
    assert can_answer(question, able)
    assert can_answer(question, unable) is ("no kind is asked for" in unable)


@pytest.mark.parametrize("question", ["Who spoke?", "How does rye keep?", "Why is it hot?", "whenever", "月は?", ""])
def test_any_text_can_answer_what_asks_for_no_kind(question: str) -> None:
    assert can_answer(question, "some words")


@pytest.mark.parametrize(
    "question",
    [
        "Which episode was it?",
        "what's the link",
        "When did it air?",
        "Who was the guest?",
        "When was the episode with Ines?",
        "when is that oven interview from",
    ],
)
def test_asks_about_the_episode_itself(question: str) -> None:
    assert asks_about_episode(question)


@pytest.mark.parametrize("question", ["Why do bees dance?", "What showers do bees take?", ""])
def test_asks_about_something_else(question: str) -> None:
    assert not asks_about_episode(question)


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("How hot is Venus?", [], "How hot is Venus?"),
        ("Why is it so hot?", ["What is Venus like?"], "Venus: Why is it so hot?"),
        ("And Mars?", ["How hot is Venus?"], "Venus: And Mars?"),
        ("and him?", ["What did Kepler write?", "did he marry?"], "Kepler: and him?"),
        ("and him?", ["What did Kepler write?", "And what of Tycho Brahe?"], "Tycho Brahe: and him?"),
        ("and then?", ["what did kepler write?"], "kepler: and then?"),
        ("and then?", ["What happened in 1969?"], "1969: and then?"),
        ("and why?", ["What of the B52 flights?"], "B52: and why?"),
        ("And Venus?", ["How hot is Venus?"], "And Venus?"),
        ("Who discovered Pluto in Arizona?", ["How hot is Venus?"], "Who discovered Pluto in Arizona?"),
        ("Is it?", ["what is the?"], "Is it?"),
    ],
)
def test_a_question_that_leans_is_led_by_the_names_before_it(question: str, history: list[str], expected: str) -> None:
    assert resolve(question, history, names=frozenset({"kepler"})) == expected


@pytest.mark.parametrize("question", ["and why?", "What about salt?", "Is it hot there?", "why?", "who else"])
def test_leaning(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "How hot is Venus?",
        "Do bees dance when they find clover that is rich?",
        "What did Kepler say to his wife?",
        "And does rye flour, wheat flour, spelt, salt, water or yeast rise first?",
        "",
    ],
)
def test_standing_alone(question: str) -> None:
    assert not leans(question)


@given(st.text(), st.lists(st.text(), max_size=5), st.frozensets(st.text(), max_size=3))
def test_whatever_is_asked_ends_with_the_question(question: str, history: list[str], names: frozenset[str]) -> None:
    assert resolve(question, history, names=names).endswith(question)


@pytest.mark.parametrize("question", ["", "🙂", "?!", "  "])
def test_wordless(question: str) -> None:
    assert is_wordless(question)


@pytest.mark.parametrize("question", ["what is the", "月", "7"])
def test_not_wordless(question: str) -> None:
    assert not is_wordless(question)


GUESTS = {"venus": ("Mara Lind",), "bread": ("Ines", "Jo"), "moon": ()}


@pytest.mark.parametrize(
    ("question", "turns", "expected"),
    [
        (
            "and what does he say about heat?",
            [Turn(question="What did Kepler write?"), Turn(question="why is bread sour?", episodes=("bread", "venus"))],
            "Ines Jo: and what does he say about heat?",
        ),
        (
            "and what does she say?",
            [Turn(question="Is GPT-4 warm?", episodes=("venus",))],
            "Mara Lind GPT-4: and what does she say?",
        ),
        (
            "and what does he say?",
            [Turn(question="What did kepler say?", episodes=("venus",))],
            "kepler: and what does he say?",
        ),
        ("how much is it?", [Turn(question="what is yeast", episodes=("moon",))], "yeast: how much is it?"),
        ("and why?", [Turn(question="is it warm?", searched="Kepler Venus: is it warm?")], "Kepler Venus: and why?"),
        ("any others?", [Turn(question="what rises", episodes=("gone",))], "rises: any others?"),
    ],
)
def test_a_pronoun_stands_for_who_the_answer_cited(question: str, turns: list[Turn], expected: str) -> None:
    """ "and what does he say" after a question that names nobody went back to the guest of an older question."""
    people = lambda episode: GUESTS.get(episode, ())  # noqa: E731
    assert resolve(question, turns, names=frozenset({"kepler"}), people=people) == expected


def test_a_long_question_is_cut() -> None:
    assert first_words("why " * 2_000) == " ".join(["why"] * MOST_WORDS)
    assert first_words("why  so?") == "why  so?"
    assert len(first_words("月" * 5_000)) == MOST_LETTERS


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("Who met Ines?", "She met Ines and then Mara.", True),
        ("Who met Ines?", "She met Ines.", False),
        ("How many eggs?", "two thousand", True),
        ("How many eggs?", "a lot", False),
        ("Why so?", "Mara, 12", False),
    ],
)
def test_a_sentence_that_holds_what_is_asked_for(question: str, text: str, holds: bool) -> None:
    assert holds_asked(question, text) is holds


def test_words_that_only_ask_say_nothing_of_the_matter() -> None:
    asked = content_words("What do they discuss around minute 40 about clover?")
    assert [word.written for word in asked if not is_asking(word)] == ["40", "clover"]
