"""Which of 03/04/2024 is the day: told by the other dates of the file, or by those of other files beside it.

Readers take the month first where nothing in the lines they look at settles it; here such a date is turned round
after the fact, and says by what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rag.reading.readers.base import Part, Reading, Source

_DATE = re.compile(r"(?<![\d/.])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<year>(?:19|20)?\d\d))?(?![\d/])")
_LOOKED_AT = 200_000
_HEAD_LINES = 30


def day_first(source: Source) -> bool | None:
    """Whether the file's dates with a year have the day first; None where they do not tell, or contradict."""
    pairs = [(int(m["a"]), int(m["b"])) for m in _DATE.finditer(source.text, 0, _LOOKED_AT) if m["year"]]
    told = {a > 12 for a, b in pairs if (a > 12) != (b > 12) and max(a, b) <= 31}
    return told.pop() if len(told) == 1 else None


def with_day_first(source: Source, reading: Reading, why: str) -> Reading:
    """The reading with the day first in dates that could be read either way; `why` becomes part of their origin."""
    parts = tuple(_turned(source, part, why) for part in reading.parts)
    return replace(reading, parts=parts, warnings=tuple(w for w in reading.warnings if "month/day" not in w.reason))


def _turned(source: Source, part: Part, why: str) -> Part:
    entry = part.entry
    turned = dict(_either_way(source, entry.line_start, entry.line_end)).get(entry.date or "")
    if turned is None:
        return part
    told = tuple((name, f"{origin}, {why}" if name == "date" else origin) for name, origin in entry.origins)
    return replace(part, entry=replace(entry, date=turned, origins=told))


def _either_way(source: Source, line_start: int, line_end: int) -> Iterator[tuple[str, str]]:
    """(month first, day first) of the ambiguous dates in the first of these lines."""
    for line in source.lines[line_start - 1 : min(line_end, line_start + _HEAD_LINES)]:
        for match in _DATE.finditer(line.text[:1_000]):
            a, b, year = int(match["a"]), int(match["b"]), match["year"] or "-"
            if year == "-" and line.number > line_start + 1:
                continue
            if 1 <= a <= 12 and 1 <= b <= 12 and a != b:
                year = f"20{year}" if len(year) == 2 else year
                yield f"{year}-{a:02}-{b:02}", f"{year}-{b:02}-{a:02}"
