"""Every number, date and unit of a sentence stands in what it cites: "two million" is 2M is 2,000,000."""

from __future__ import annotations

import re

from rag.quantities import Quantity, numbers
from rag.words import stem
from rag.writing.checks.claim import Claim

_MEASURES = (
    ("second", "sec"),
    ("minute", "min"),
    ("hour", "hr"),
    ("day",),
    ("week",),
    ("month",),
    ("year", "yr"),
    ("decade",),
    ("century",),
    ("kilometer", "kilometre"),
    ("mile",),
    ("meter", "metre"),
    ("foot", "feet"),
    ("inch", "inches"),
    ("kilogram",),
    ("pound",),
    ("dollar", "$"),
    ("euro", "€"),
    ("percent", "%"),
    ("degree",),
    ("token",),
    ("parameter",),
)
_MEASURE = {form: forms[0] for forms in _MEASURES for name in forms for form in (name, stem(name), stem(f"{name}s"))}
_CLOCK = re.compile(r"(?<!\d)\d{1,3}:\d\d(?::\d\d)?(?!\d)")
_MONTH = re.compile(
    r"\b(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?\s+\d{1,4}\b"
    r"|\b(?:\d{1,2}(?:st|nd|rd|th)?(?:\s+of)?|in|since|until|by|last|next)\s+"
    r"(?P<other>january|february|march|april|may|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SHORT_YEAR = re.compile(r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* ['’]?(?P<year>\d\d)\b")
_ISO = re.compile(r"(?:\b\d{4}|-)-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d\d))?\b")


def wrong_number(claim: Claim) -> str:
    """The first number, minute, month or weekday that no cited span has; "" without one."""
    told = (
        [end for quantity in numbers(claim.said) for end in _ends(quantity)]
        + _iso_days(claim.said)
        + _short_years(claim.said)
    )
    counted = [quantity for quantity in numbers(claim.said) if quantity.unit]
    for quantity in numbers(claim.text):
        if _counts_other(quantity, counted):
            return f"“{quantity.written}” is of something else in what it cites"
        if not all(any(_agree(end, other) for other in told) for end in _ends(quantity)):
            return f"“{quantity.written}” is not a number of what it cites"
    return _wrong_date(claim)


def _counts_other(quantity: Quantity, counted: list[Quantity]) -> bool:
    """Whether the evidence has another number of what this one counts, and this number of other things only."""
    same = {other.unit for other in counted if other.low <= quantity.low <= other.high}
    here = [other for other in counted if other.unit == quantity.unit]
    return bool(quantity.unit and same and here) and quantity.unit not in same


def _wrong_date(claim: Claim) -> str:
    for minute in _CLOCK.findall(claim.text):
        if minute not in claim.said:
            return f"“{minute}” is no minute of what it cites"
    if missing := _months(claim.text) - _months(claim.said) - {_MONTHS[int(m["month"]) - 1] for m in _iso(claim.said)}:
        return f"the month “{min(missing)}” is not in what it cites"
    missing = {day[0].casefold() for day in _DAY.finditer(claim.text)} - set(re.findall(r"\w+", claim.said.casefold()))
    return f"“{min(missing)}” is not in what it cites" if missing else ""


def _ends(quantity: Quantity) -> set[tuple[float, str]]:
    unit = _MEASURE.get(quantity.unit, "")
    return {(quantity.low, unit), (quantity.high, unit)}


def _agree(one: tuple[float, str], other: tuple[float, str]) -> bool:
    """The same value, and not of two measures."""
    return abs(one[0] - other[0]) <= 1e-9 * abs(one[0]) and (one[1] == other[1] or not (one[1] and other[1]))


def _months(text: str) -> set[str]:
    return {(match["month"] or match["other"])[:3].casefold() for match in _MONTH.finditer(text)} | {
        word[:3].casefold() for word in re.findall(r"\b(?:January|February|April|June|July|August|September|October"
                                                   r"|November|December)\b", text)
    }  # fmt: skip


def _iso(text: str) -> list[re.Match[str]]:
    return list(_ISO.finditer(text))


def _iso_days(text: str) -> list[tuple[float, str]]:
    return [(float(match["day"]), "") for match in _iso(text) if match["day"]]


def _short_years(text: str) -> list[tuple[float, str]]:
    """ "15 Jul 19" is of 2019."""
    return [(2000.0 + int(match["year"]), "") for match in _SHORT_YEAR.finditer(text)]
