"""What somebody who asks for a topic wants: of what, and how many points. Pure functions on words."""

from __future__ import annotations

import re

POINTS = 8
MOST_POINTS = 20

_NUMBERS = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip
_COUNTED = re.compile(
    rf"^(?:(?:give|tell|show|list)(?: me)? )?(?:the )?(?:top )?(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)}) "
    r"(?:(?:main|key|big|biggest|best|most important|important|interesting) )?"
    r"(?:things?|points?|facts?|takeaways?|lessons?|ideas?|insights?)"
    r"(?: (?:that )?(?:they|my notes|the notes|all episodes) say)? (?:about|on|from|of|regarding) (?P<topic>.+)$",
    re.IGNORECASE | re.DOTALL,
)


def wanted(topic: str) -> tuple[str, int | None]:
    """(the topic itself, how many points are asked for): ("sleep", 5) of "five things about sleep"."""
    match = _COUNTED.match(topic.strip())
    if not match:
        return topic, None
    number = match["n"].casefold()
    return match["topic"].strip(), _NUMBERS.index(number) + 1 if number in _NUMBERS else int(number)


def within_reason(points: int | None) -> int:
    """How many points are made where so many are asked for, at least one."""
    return max(1, min(points, MOST_POINTS)) if points is not None else POINTS
