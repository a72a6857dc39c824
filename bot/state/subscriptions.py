"""Who wants to be told when the notes cover a question: asked for by a button, told once, gone after `LASTS_DAYS`."""

from __future__ import annotations

from dataclasses import dataclass, fields

from bot.state.conversations import Kept
from bot.state.database import Database, Row

DAY = 86_400.0
LASTS_DAYS = 90
MOST = 20  # one person can wait for


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One person who waits for one question.

    Attributes:
        guild: the server; None also where only the asker saw the answer: nothing is posted there.
        server: the server, whoever saw the answer; None in a direct message.
        parent: of a thread, the channel that it is in.
        searched: what is asked again: the question, with a follow-up resolved.
        asked_build: of the index that did not cover it.
        subscribed_at: seconds since 1970.
    """

    id: int
    user: int
    guild: int | None
    server: int | None
    channel: int
    parent: int | None
    question: str
    searched: str
    asked_build: str
    subscribed_at: float


def subscribe(db: Database, kept: Kept, user: int, now: float) -> bool:
    """Let somebody wait for what a turn asked, once; False where they wait for `MOST` already."""
    waiting = db.rows("SELECT id FROM subscriptions WHERE user = :user AND expires_at > :now", user=user, now=now)
    if len(waiting) >= MOST:
        return False
    asked = kept.asked
    db.rows(
        """INSERT INTO subscriptions
            (turn, asker, user, guild, server, channel, parent, question, searched, asked_build, subscribed_at,
            expires_at)
        VALUES (:turn, :asker, :user, :guild, :server, :channel, :parent, :question, :searched, :build, :now, :expires)
        ON CONFLICT (user, channel, searched) DO UPDATE SET expires_at = excluded.expires_at""",
        turn=kept.id,
        asker=asked.place.user,
        user=user,
        guild=None if asked.place.hidden else asked.place.guild,
        server=asked.place.guild,
        channel=asked.place.channel,
        parent=asked.place.parent,
        question=asked.question,
        searched=asked.searched or asked.question,
        build=asked.build,
        now=now,
        expires=now + LASTS_DAYS * DAY,
    )
    return True


def due(db: Database, build: str, now: float) -> tuple[Subscription, ...]:
    """What has not been asked of this build of the index, the longest waiting first."""
    found = db.rows(
        "SELECT * FROM subscriptions WHERE asked_build != :build AND expires_at > :now ORDER BY id",
        build=build,
        now=now,
    )
    return tuple(_subscription(row) for row in found)


def still_open(db: Database, subscription: int) -> bool:
    """Whether somebody still waits for it: they may have had it erased meanwhile."""
    return bool(db.rows("SELECT 1 FROM subscriptions WHERE id = :id", id=subscription))


def asked_of(db: Database, subscription: int, build: str) -> None:
    """This build of the index does not cover it either."""
    db.rows("UPDATE subscriptions SET asked_build = :build WHERE id = :id", id=subscription, build=build)


def end(db: Database, subscription: int) -> None:
    """They have been told."""
    db.rows("DELETE FROM subscriptions WHERE id = :id", id=subscription)


def _subscription(row: Row) -> Subscription:
    return Subscription(**{field.name: row[field.name] for field in fields(Subscription)})
