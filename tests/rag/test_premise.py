from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.premise import correction


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Why does the oven cost $5,000?", "the oven costs $3,000 a month", "$3,000, not $5,000"),
        ("Why are 3,000 words on a page enough?", "4-6k words on a page are enough", "4-6k, not 3,000"),
        ("Why is 40% of the flour rye?", "30 percent of the flour is rye", "30 percent, not 40%"),
        (
            "Why is Venus ahead of Mars?",
            "mars is ahead of venus",
            "“mars is ahead of venus”, not “Venus ahead of Mars”",
        ),
        (
            "Is rye better than wheat?",
            "Rye is worse than wheat",
            "“Rye is worse than wheat”, not “rye better than wheat”",
        ),
    ],
)
def test_what_the_text_says_otherwise(question: str, text: str, expected: str) -> None:
    assert correction(question, text) == expected


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Why does the oven cost $3,000?", "the oven costs $3,000 a month"),
        ("Why are 5,000 words on a page enough?", "4-6k words on a page are enough"),
        ("Why does the oven cost more than $2,000?", "the oven costs $3,000 a month"),
        ("Why does the oven cost about $2,000?", "the oven costs $3,000 a month"),
        ("Why does the oven cost $5,000?", "the mill costs $3,000 a month"),
        ("Why does the oven cost $5,000?", "the oven costs $3,000 or $4,000"),
        ("Why does it take 12 eggs?", "it takes 30 minutes"),
        ("What did GPT-4 cost in 9/10?", "GPT-5 costs 3/10"),
        ("Why is Venus ahead of Mars?", "Venus is ahead of Mars"),
        ("Why is Venus ahead of Mars?", "Mars is ahead of Pluto"),
        ("How hot is it?", "464 °C"),
        ("", ""),
    ],
)
def test_silent_where_nothing_is_sure(question: str, text: str) -> None:
    assert correction(question, text) == ""


def test_the_headings_above_a_passage_count_as_said() -> None:
    question, text = "Why does the slow oven of Ines cost $5,000?", "it costs $3,000"
    assert correction(question, text) == ""
    assert correction(question, text, context=frozenset({"slow", "oven", "ine"})) == "$3,000, not $5,000"


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_texts_can_be_compared(question: str, text: str) -> None:
    assert isinstance(correction(question, text), str)
