"""Questions that are being answered, so that their askers hear of it if the bot does not live to answer. No words."""

from __future__ import annotations

from bot.state.conversations import Place
from bot.state.database import Database

WORTH_MENTIONING = 86_400.0  # seconds: who asked longer ago has seen that nothing came


def begin(db: Database, place: Place, now: float) -> int:
    """A question is being answered; returns what `end` is given."""
    begun = db.rows(
        """INSERT INTO pending (user, guild, channel, asked_at)
        VALUES (:user, :guild, :channel, :now) RETURNING id""",
        user=place.user,
        guild=None if place.private else place.guild,
        channel=place.channel,
        now=now,
    )
    return int(begun[0]["id"])


def end(db: Database, question: int) -> None:
    """It was answered, or its asker has heard why not."""
    db.rows("DELETE FROM pending WHERE id = :id", id=question)


def take(db: Database, now: float) -> tuple[Place, ...]:
    """Where an earlier bot has left somebody without an answer, the first first; it is given once."""
    left = db.rows("DELETE FROM pending RETURNING *")
    late = [row for row in sorted(left, key=lambda row: row["id"]) if row["asked_at"] > now - WORTH_MENTIONING]
    return tuple(Place(user=row["user"], guild=row["guild"], channel=row["channel"]) for row in late)
