from __future__ import annotations

from datetime import date

import pytest

from bot.since import since_day
from rag.errors import QuestionError

TODAY = date(2024, 5, 31)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2024", "2024"),
        ("2024-05", "2024-05"),
        (" 2024-05-01 ", "2024-05-01"),
        ("7d", "2024-05-24"),
        ("2 weeks", "2024-05-17"),
        ("2 Weeks ago", "2024-05-17"),
        ("last week", "2024-05-24"),
        ("in the last 3 months", "2024-03-02"),
        ("yesterday", "2024-05-30"),
        ("May 3, 2024", "2024-05-03"),
    ],
)
def test_a_day_is_written_in_many_ways(typed: str, day: str) -> None:
    assert since_day(typed, today=TODAY) == day


@pytest.mark.parametrize("typed", ["", "x", "🎉", "soon", "sep 10", "9999y", "0x7d"])
def test_what_is_no_day_is_turned_away_with_examples(typed: str) -> None:
    with pytest.raises(QuestionError, match=r"is no day in the past\. Write it like 2024"):
        since_day(typed, today=TODAY)
