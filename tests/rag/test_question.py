from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import asks_for_number, holds_number, is_wordless, resolve


@pytest.mark.parametrize(
    "question",
    [
        "How many eggs?",
        "how hot is Venus",
        "When was it?",
        "What year did it start?",
        "how very expensive is it",
        "WHEN",
    ],
)
def test_asks_for_a_number(question: str) -> None:
    assert asks_for_number(question)


@pytest.mark.parametrize("question", ["Who spoke?", "How does rye keep?", "whenever", "Why is it hot?", ""])
def test_asks_for_none(question: str) -> None:
    assert not asks_for_number(question)


@pytest.mark.parametrize("text", ["464 °C", "two thousand eggs", "In May 2023", "half of it", "١٢"])
def test_holds_a_number(text: str) -> None:
    assert holds_number(text)


@pytest.mark.parametrize("text", ["a bee dances", "often", "someone", ""])
def test_holds_none(text: str) -> None:
    assert not holds_number(text)


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("How hot is Venus?", [], "How hot is Venus?"),
        ("Why is it so hot?", ["What is Venus like?"], "Venus: Why is it so hot?"),
        ("And Mars?", ["How hot is Venus?"], "hot Venus: And Mars?"),
        ("Who discovered Pluto in Arizona?", ["How hot is Venus?"], "Who discovered Pluto in Arizona?"),
        ("Does it say so of Venus?", ["How hot is Venus?"], "hot: Does it say so of Venus?"),
        ("Is it?", ["What is the?"], "Is it?"),
        ("and why?", ["is it so hot there?", "How hot is Venus?"], "hot Venus: and why?"),
        ("and him?", ["What did Kepler write?", "Did he marry?"], "Kepler write marry: and him?"),
    ],
)
def test_a_question_that_leans_is_searched_with_what_it_leans_on(
    question: str, history: list[str], expected: str
) -> None:
    resolved = resolve(question, history)
    prefix, _, rest = resolved.rpartition(": ")
    wanted, _, wanted_rest = expected.rpartition(": ")
    assert (sorted(prefix.split()), rest) == (sorted(wanted.split()), wanted_rest)


def test_one_that_names_enough_itself_stands_alone() -> None:
    long = "Does it matter how rye flour, wheat flour, water, salt and yeast are mixed?"
    assert resolve(long, ["How hot is Venus?"]) == long


@given(st.text(), st.lists(st.text(), max_size=5))
def test_whatever_is_asked_ends_with_the_question(question: str, history: list[str]) -> None:
    assert resolve(question, history).endswith(question)


@pytest.mark.parametrize("question", ["", "🙂", "?!", "  "])
def test_wordless(question: str) -> None:
    assert is_wordless(question)


@pytest.mark.parametrize("question", ["what is the", "月", "7"])
def test_not_wordless(question: str) -> None:
    assert not is_wordless(question)
