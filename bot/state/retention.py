"""Deletes what is older than it is kept for. Settings stay until they are changed."""

from __future__ import annotations

from collections.abc import Mapping

from bot.state.database import Database
from bot.state.subscriptions import LASTS_DAYS

DAY = 86_400.0

_AHEAD = (  # written while the clock was: nothing is kept for longer than from now on
    "UPDATE turns SET asked_at = :now WHERE asked_at > :now",
    "UPDATE views SET expires_at = :now + :kept WHERE expires_at > :now + :kept",
    "UPDATE subscriptions SET expires_at = :now + :lasts WHERE expires_at > :now + :lasts",
)
_OLD = {
    "subscriptions": "DELETE FROM subscriptions WHERE expires_at <= :now RETURNING 1",
    "views": "DELETE FROM views WHERE expires_at <= :now RETURNING 1",
    "turns": "DELETE FROM turns WHERE asked_at <= :now - :kept RETURNING 1",
    "asked": "DELETE FROM asked WHERE day < CAST(:now / 86400 AS INTEGER) RETURNING 1",
}


def expire(db: Database, days: float, now: float) -> Mapping[str, int]:
    """Delete questions asked `days` ago or earlier, with all that hangs from them, and whatever has expired by itself.

    Returns how many rows of each table that were.
    """
    for sql in _AHEAD:
        db.rows(sql, now=now, kept=days * DAY, lasts=LASTS_DAYS * DAY)
    return {table: len(db.rows(sql, now=now, kept=days * DAY)) for table, sql in _OLD.items()}
