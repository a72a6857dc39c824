"""Deletes what is older than it is kept for. Settings stay until they are changed."""

from __future__ import annotations

from collections.abc import Mapping

from bot.state.database import Database

DAY = 86_400.0

_OLD = {
    "subscriptions": "DELETE FROM subscriptions WHERE expires_at <= :now RETURNING 1",
    "views": "DELETE FROM views WHERE expires_at <= :now RETURNING 1",
    "turns": "DELETE FROM turns WHERE asked_at <= :now - :kept RETURNING 1",
}


def expire(db: Database, days: float, now: float) -> Mapping[str, int]:
    """Delete questions asked `days` ago or earlier, with all that hangs from them, and whatever has expired by itself.

    Returns how many rows of each table that were.
    """
    return {table: len(db.rows(sql, now=now, kept=days * DAY)) for table, sql in _OLD.items()}
