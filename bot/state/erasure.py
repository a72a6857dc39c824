"""Erases a person: everything that they asked, voted, reported, subscribed to or set, and says how much that was.

Purge with it (bot/state/database.py), so that no byte stays on the disk. Copies that the owner took are out of its
reach.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.state.database import Database

_OWN = {
    "subscriptions": """DELETE FROM subscriptions
        WHERE user = :user OR asker = :user OR asker IS NULL RETURNING 1""",
    "pending": "DELETE FROM pending WHERE user = :user RETURNING 1",
    "votes": "DELETE FROM votes WHERE user = :user RETURNING 1",
    "reports": "DELETE FROM reports WHERE user = :user RETURNING 1",
    "views": "DELETE FROM views WHERE owner = :user RETURNING 1",
    "turns": "DELETE FROM turns WHERE user = :user RETURNING 1",
    "asked": "DELETE FROM asked WHERE user = :user RETURNING 1",
    "settings": "DELETE FROM settings WHERE scope = 'user' AND id = :user RETURNING 1",
}


def erase(db: Database, user: int) -> Mapping[str, int]:
    """Erase everything of a person; how many rows of each table that were. What hangs from those rows goes, too.

    Whoever else waits for an answer to a question of theirs waits no longer: that holds the question's words. So does
    whoever waits for a question of which nobody knows any longer whose it was.
    """
    return {table: len(db.rows(sql, user=user)) for table, sql in _OWN.items()}
