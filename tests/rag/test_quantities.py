"""Numbers in digits and in words, with what they count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.quantities import numbers, quantities


def test_quantities_have_a_unit() -> None:
    told = [(q.low, q.high, q.unit) for q in quantities("4-6k eggs for $3.5 million in 30 months, 7 and GPT-4")]
    assert told == [(4000, 6000, "egg"), (3.5e6, 3.5e6, "$"), (30, 30, "month")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two million users", [(2e6, "user")]),
        ("2M users", [(2e6, "user")]),
        ("2,000,000 users", [(2e6, "user")]),
        ("two hundred and five eggs", [(205, "egg")]),
        ("twenty-five percent", [(25, "%")]),
        ("two or three eggs", [(2, "egg"), (3, "egg")]),
        ("five thirty-second ads", [(5, ""), (30, "")]),
        ("in 2016: all of them", [(2016, "")]),
        ("the 21st of May", [(21, "")]),
        ("one day", []),
        ("GPT-4 at 1:20:00", []),
    ],
)
def test_numbers_are_read_however_they_are_written(text: str, expected: list[tuple[float, str]]) -> None:
    assert [(q.low, q.unit) for q in numbers(text)] == expected


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert all(text[q.start : q.start + len(q.written)] == q.written for q in numbers(text))
