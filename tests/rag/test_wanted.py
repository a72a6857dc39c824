from __future__ import annotations

import pytest

from rag.topics.wanted import MOST_POINTS, POINTS, wanted, within_reason


@pytest.mark.parametrize(
    ("said", "topic", "points"),
    [
        ("five things about sleep", "sleep", 5),
        ("Top 3 takeaways from the moon landing", "the moon landing", 3),
        ("give me the ten most important points about bread and salt", "bread and salt", 10),
        ("one fact about Venus", "Venus", 1),
        ("sleep", "sleep", None),
        ("three body problem", "three body problem", None),
        ("things about sleep", "things about sleep", None),
        ("five things", "five things", None),
        ("", "", None),
    ],
)
def test_how_many_points_of_what(said: str, topic: str, points: int | None) -> None:
    assert wanted(said) == (topic, points)


def test_nobody_gets_none_or_a_thousand() -> None:
    assert [within_reason(n) for n in (None, 0, 3, 1_000)] == [POINTS, 1, 3, MOST_POINTS]
