"""What was asked in the last days, counted: how often, by how many people, with what outcome. No question is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.state.database import Database

DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day, by UTC.

    Attributes:
        answered, closest, not_covered: questions and topics by what came of them.
        people: how many different ones asked.
    """

    date: date
    answered: int = 0
    closest: int = 0
    not_covered: int = 0
    people: int = 0

    @property
    def asked(self) -> int:
        """All questions and topics."""
        return self.answered + self.closest + self.not_covered


@dataclass(frozen=True, kw_only=True)
class Week:
    """The last days, the oldest first.

    Attributes:
        people: different ones over all days.
        ups, downs, reports: votes and citations reported as wrong.
        cited: ids of the episodes that answers cited, with how many answers did, the most cited first.
    """

    days: Sequence[Day]
    people: int = 0
    ups: int = 0
    downs: int = 0
    reports: int = 0
    cited: Sequence[tuple[str, int]] = field(default_factory=tuple)


def week(db: Database, now: float, *, days: int = DAYS) -> Week:
    """The last `days` days, today included; `now` in seconds since 1970."""
    today = datetime.fromtimestamp(now, UTC).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    counted = {
        row["day"]: Day(
            date=date.fromisoformat(row["day"]),
            answered=row["answered"],
            closest=row["closest"],
            not_covered=row["not_covered"],
            people=row["people"],
        )
        for row in db.rows(
            """SELECT date(asked_at, 'unixepoch') AS day, COUNT(DISTINCT user) AS people,
            SUM(outcome = 'answer') AS answered, SUM(outcome = 'closest') AS closest,
            SUM(outcome = 'not_covered') AS not_covered
            FROM turns WHERE asked_at >= :since GROUP BY day""",
            since=since,
        )
    }
    dates = [first + timedelta(days=n) for n in range(days)]
    votes = db.rows(
        "SELECT SUM(vote = 1) AS ups, SUM(vote = -1) AS downs FROM votes WHERE voted_at >= :since", since=since
    )[0]
    return Week(
        days=[counted.get(each.isoformat(), Day(date=each)) for each in dates],
        people=db.rows("SELECT COUNT(DISTINCT user) AS n FROM turns WHERE asked_at >= :since", since=since)[0]["n"],
        ups=votes["ups"] or 0,
        downs=votes["downs"] or 0,
        reports=db.rows("SELECT COUNT(*) AS n FROM reports WHERE reported_at >= :since", since=since)[0]["n"],
        cited=_cited(db, since),
    )


def _cited(db: Database, since: float) -> Sequence[tuple[str, int]]:
    rows = db.rows("SELECT cited FROM turns WHERE outcome = 'answer' AND asked_at >= :since", since=since)
    counts = Counter(episode for row in rows for episode in {each["episode_id"] for each in json.loads(row["cited"])})
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
