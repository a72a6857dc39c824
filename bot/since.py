"""A day in the past as people say it: a date, or how long ago. Pure functions."""

from __future__ import annotations

import re
from datetime import date, timedelta

from rag.errors import QuestionError
from rag.phrase import Phrase
from rag.reading.readers import dates

NO_DAY = Phrase("“{typed}” is no day in the past.")
REMEDY = Phrase("Write it like 2024, 2024-05, 2024-05-31, 7d, 2 weeks, 3 months or yesterday.")
_ISO = re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_AGO = re.compile(r"(?:(?:in )?(?:the )?last )?(?P<n>\d{1,4})? ?(?P<unit>d|w|m|y|days?|weeks?|months?|years?)(?: ago)?")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_NAMED = {"today": 0, "yesterday": 1}


def since_day(typed: str, *, today: date) -> str:
    """The day that is meant, ISO 8601; of a year or a month that alone. Raises QuestionError."""
    text = " ".join(typed.casefold().split())
    if _ISO.fullmatch(text):
        return text
    if text in _NAMED:
        return (today - timedelta(days=_NAMED[text])).isoformat()
    ago = _AGO.fullmatch(text)
    days = int(ago["n"] or 1) * _DAYS[ago["unit"][0]] if ago else 0
    if ago and days < today.toordinal():
        return (today - timedelta(days=days)).isoformat()
    found = dates.parse(typed)
    if found is None or found.startswith("-"):
        raise QuestionError(NO_DAY.format(typed=typed.strip()[:40]), remedy=REMEDY)
    return found
