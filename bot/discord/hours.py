"""Quiet hours: from when to when, every day, by the owner's clock. Pure functions of the time.

Knows nothing of what is quiet then.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_HOURS = re.compile(r"\s*(\d{1,2})(?::(\d\d))?\s*(?:-|–|to|bis)\s*(\d{1,2})(?::(\d\d))?\s*")


def hours(typed: str) -> str | None:
    """ "22-7" as "22:00-07:00"; None where that is no span of a day."""
    found = _HOURS.fullmatch(typed)
    if not found:
        return None
    begin, end = (int(found[n]) * 60 + int(found[n + 1] or 0) for n in (1, 3))
    if begin == end or not all(0 <= minute <= 24 * 60 for minute in (begin, end)):
        return None
    if any(int(found[n] or 0) > 59 for n in (2, 4)):
        return None
    return f"{_shown(begin)}-{_shown(end)}"


def quiet_until(span: str, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now`, which knows its zone, falls; None where it is not quiet.

    `span`: as `hours` gives it; "" is never.
    """
    if not span:
        return None
    begin, end = map(time.fromisoformat, span.split("-"))
    clock = now.time().replace(tzinfo=None)
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return None
    day = now.date() + timedelta(days=clock >= end)
    return datetime.combine(day, end, tzinfo=now.tzinfo)


def zone(name: str) -> tzinfo | None:
    """The time zone with a name such as Europe/Berlin; that of the machine for ""; None where there is none."""
    if not name:
        return datetime.now().astimezone().tzinfo
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones."""
    return tuple(sorted(available_timezones()))


def _shown(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
