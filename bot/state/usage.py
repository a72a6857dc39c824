"""How many questions each person has asked on a day, by server. Without their words, and gone the day after."""

from __future__ import annotations

from dataclasses import dataclass

from bot.state.database import Database

DIRECT = 0  # stands for the server in direct messages


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one person has asked on a day in a server; None: in direct messages."""

    user: int
    server: int | None
    questions: int


def count(db: Database, user: int, server: int | None, day: int, by: int = 1) -> None:
    """Count so many more questions, or fewer; `day`: since 1970."""
    db.rows(
        """INSERT INTO asked (day, server, user, questions) VALUES (:day, :server, :user, max(:by, 0))
        ON CONFLICT (day, server, user) DO UPDATE SET questions = max(questions + :by, 0)""",
        day=day,
        server=server or DIRECT,
        user=user,
        by=by,
    )


def asked(db: Database, user: int, server: int | None, day: int) -> int:
    """How many questions somebody has asked there on a day."""
    found = db.rows(
        "SELECT questions FROM asked WHERE day = :day AND server = :server AND user = :user",
        day=day,
        server=server or DIRECT,
        user=user,
    )
    return int(found[0]["questions"]) if found else 0


def listed(db: Database, day: int, server: int | None = None) -> tuple[Usage, ...]:
    """Who has asked anything on a day, in one server or anywhere; who asked most first."""
    found = db.rows(
        """SELECT user, NULLIF(server, 0) AS server, questions FROM asked
        WHERE day = :day AND questions > 0 AND (:server IS NULL OR server = :server)
        ORDER BY questions DESC, server, user""",
        day=day,
        server=server,
    )
    return tuple(Usage(**row) for row in found)
