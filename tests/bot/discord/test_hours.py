"""Quiet hours by a clock: over midnight, at their ends, and in another zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.discord.hours import hours, quiet_until, zone, zones

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("22-7", "22:00-07:00"),
        (" 22:30 – 6:15 ", "22:30-06:15"),
        ("13:00-14:00", "13:00-14:00"),
        ("22-24", "22:00-00:00"),
        ("7-7", None),
        ("25-7", None),
        ("22:60-7", None),
        ("22", None),
        ("night", None),
    ],
)
def test_a_span_is_understood_as_people_write_it(typed: str, span: str | None) -> None:
    assert hours(typed) == span


@pytest.mark.parametrize(
    ("span", "clock", "end"),
    [
        ("22:00-07:00", "2024-05-31T21:59", None),
        ("22:00-07:00", "2024-05-31T22:00", "2024-06-01T07:00"),
        ("22:00-07:00", "2024-06-01T06:59", "2024-06-01T07:00"),
        ("22:00-07:00", "2024-06-01T07:00", None),
        ("13:00-14:00", "2024-06-01T13:30", "2024-06-01T14:00"),
        ("22:00-00:00", "2024-05-31T23:00", "2024-06-01T00:00"),
        ("", "2024-06-01T03:00", None),
    ],
)
def test_it_is_quiet_from_its_beginning_until_its_end(span: str, clock: str, end: str | None) -> None:
    now = datetime.fromisoformat(clock).replace(tzinfo=BERLIN)
    assert quiet_until(span, now) == (datetime.fromisoformat(end).replace(tzinfo=BERLIN) if end else None)


def test_over_the_change_of_clocks_it_ends_by_the_clock() -> None:
    now = datetime(2024, 3, 30, 23, 0, tzinfo=BERLIN)
    end = quiet_until("22:00-07:00", now)
    assert end is not None
    assert end.timestamp() - now.timestamp() == timedelta(hours=7).total_seconds()


def test_zones_are_known_by_name() -> None:
    assert zone("Europe/Berlin") == BERLIN
    assert [zone(name) for name in ("Middle/Earth", "../etc/passwd", "/etc/passwd")] == [None, None, None]
    assert zone("") is not None
    assert "Europe/Berlin" in zones()
