"""Who is ahead of whom: two texts that make one comparison each the other way round. Pure functions on words."""

from __future__ import annotations

import re

from rag.words import stem

_WAYS = (
    ("ahead of", "behind"),
    ("better than", "worse than"),
    ("more than", "less than"),
    ("bigger than", "smaller than"),
    ("larger than", "smaller than"),
    ("higher than", "lower than"),
    ("faster than", "slower than"),
    ("cheaper than", "more expensive than"),
    ("older than", "younger than"),
    ("stronger than", "weaker than"),
    ("before", "after"),
)
_WAY = "|".join(sorted({way for pair in _WAYS for way in pair}, key=len, reverse=True))
_COMPARISON = re.compile(
    rf"\b(?P<one>[\w'-]+)(?:\s+(?:is|are|was|were|being|beats))?(?:\s+(?:much|far|way|slightly|a lot|still))?"
    rf"\s+(?P<way>{_WAY})\s+(?:the\s+|a\s+)?(?P<other>[\w'-]+)",
    re.IGNORECASE,
)


def turned_round(one: str, other: str) -> tuple[str, str] | None:
    """(as `other` has it, as `one` has it) for a comparison that they make each the other way round."""
    for asked in _COMPARISON.finditer(one):
        for told in _COMPARISON.finditer(other):
            if _opposed(asked, told):
                return f"“{told[0]}”", f"“{asked[0]}”"
    return None


def _opposed(asked: re.Match[str], told: re.Match[str]) -> bool:
    one, other = (stem(asked[name]) for name in ("one", "other"))
    way, says = asked["way"].casefold(), told["way"].casefold()
    if (stem(told["one"]), stem(told["other"])) == (other, one):
        return way == says
    return (stem(told["one"]), stem(told["other"])) == (one, other) and says in _opposites(way)


def _opposites(way: str) -> set[str]:
    return {other for pair in _WAYS if way in pair for other in pair if other != way}
