"""Dates as people write them, to ISO 8601, possibly partial: `2023-07-06`, `2023-07`, `--09-10`.

Pure functions on strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_WRITTEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_YEAR}[-/.](?P<month>[01]?\d)(?:[-/.](?P<day>[0-3]?\d))?(?!\d)",
        rf"\b{_MONTH}\s+{_DAY},?\s+{_YEAR}\b",
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}\b",
        rf"\b{_MONTH},?\s+{_YEAR}\b",
        rf"\b{_MONTH}\s+{_DAY}\b(?!,?\s*\d{{2}})",
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?!\w)",
    )
)
_NUMERIC = re.compile(
    r"(?<![\d/.])(?P<a>\d{1,2})(?P<mark>[/.])(?P<b>\d{1,2})(?:(?P=mark)(?P<year>(?:19|20)?\d\d))?(?![\d/])"
)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")


def parse(text: str, *, day_first: bool = False) -> str | None:
    """The first date in `text`, or None. `day_first` reads `9/10` as the ninth of October."""
    if _EPOCH.fullmatch(text.strip()):
        return datetime.fromtimestamp(int(text.strip()[:10]), UTC).date().isoformat()
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            if found := _written(match.groupdict()):
                return found
    return next(filter(None, (_numeric(m, day_first) for m in _NUMERIC.finditer(text))), None)


def impossible(text: str) -> str | None:
    """The first date in `text` that is written out in full and does not exist, such as `2024-02-30`."""
    matches = (match for pattern in _WRITTEN[:3] for match in pattern.finditer(text))
    return next((m[0] for m in matches if m.groupdict().get("day") and _written(m.groupdict()) is None), None)


def is_date(text: str) -> bool:
    """Whether `text` is a date and nothing else."""
    bare = text.strip(" \t()[].,")
    if not 3 <= len(bare) <= 30 or parse(bare) is None:
        return False
    return any(p.fullmatch(bare) for p in (*_WRITTEN, _NUMERIC, _EPOCH)) or bool(re.fullmatch(r"\w+day,? .*", bare))


def day_first(texts: Iterable[str]) -> bool | None:
    """Which order the numeric dates of a file are in: None where nothing settles it."""
    pairs = [(int(m["a"]), int(m["b"]), m["mark"]) for text in texts for m in _NUMERIC.finditer(text)]
    if any(a > 12 >= b for a, b, _ in pairs) or any(mark == "." for *_, mark in pairs):
        return True
    return False if any(b > 12 >= a for a, b, _ in pairs) else None


def are_ratings(texts: Iterable[str]) -> bool:
    """Whether what looks like dates is marks out of five, ten or a hundred: several, all with that bottom."""
    pairs = [(int(m["a"]), int(m["b"])) for text in texts for m in _NUMERIC.finditer(text)]
    bottoms = {b for _, b in pairs}
    return len(pairs) > 1 and len(bottoms) == 1 and bottoms <= {5, 10} and all(a <= b for a, b in pairs)


def agree(one: str | None, other: str | None) -> bool:
    """Whether two dates can be of one day; what one leaves open the other may fill."""
    if one is None or other is None:
        return True
    pairs = zip(_parts(one), _parts(other), strict=True)
    return all(a is None or b is None or a == b for a, b in pairs)


def has_day(iso: str) -> bool:
    """Whether the date names a day."""
    return _parts(iso)[2] is not None


def fullest(known: Iterable[str | None]) -> str | None:
    """The date that says most."""
    return max(filter(None, known), key=lambda d: sum(part is not None for part in _parts(d)), default=None)


def _parts(iso: str) -> tuple[str | None, str | None, str | None]:
    if iso.startswith("--"):
        return None, iso[2:4], iso[5:7]
    return iso[:4], iso[5:7] or None, iso[8:10] or None


def _written(found: dict[str, str | None]) -> str | None:
    name, month = found.get("name"), found.get("month")
    number = _MONTHS.index(name[:3].lower()) + 1 if name else int(month or 0)
    return _iso(found.get("year"), number, found.get("day"))


def _numeric(match: re.Match[str], day_first: bool) -> str | None:
    a, b, year = int(match["a"]), int(match["b"]), match["year"]
    if match["mark"] == "." and year is None:
        return None
    if a > 12 or (day_first and b <= 12) or match["mark"] == ".":
        a, b = b, a
    return _iso(f"20{year}" if year and len(year) == 2 else year, a, str(b))


def _iso(year: str | None, month: int, day: str | None) -> str | None:
    try:
        date(int(year or 2000), month, int(day or 1))
    except ValueError:
        return None
    tail = f"-{int(day):02}" if day else ""
    return f"{year}-{month:02}{tail}" if year else f"--{month:02}{tail}" if day else None
