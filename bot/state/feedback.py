"""What people thought of an answer: a vote each with a reason if they like, and citations they reported as wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.state.database import Database

Vote = Literal[1, -1]


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """A vote or a report with what it is about, for the owner.

    Attributes:
        what: "up", "down", or "report".
        citation: number of the citation that was reported; 0 of a vote.
        at: seconds since 1970.
    """

    what: Literal["up", "down", "report"]
    question: str
    citation: int
    reason: str
    build: str
    at: float


def vote(db: Database, turn: int, user: int, vote: Vote, now: float) -> Vote | None:
    """Count one person's vote, once; returns what they voted before. Nothing is counted of what has been forgotten."""
    before = db.rows("SELECT vote FROM votes WHERE turn = :turn AND user = :user", turn=turn, user=user)
    db.rows(
        """INSERT INTO votes (turn, user, vote, reason, voted_at)
        SELECT id, :user, :vote, '', :now FROM turns WHERE id = :turn
        ON CONFLICT (turn, user) DO UPDATE SET vote = excluded.vote, reason = '', voted_at = excluded.voted_at
        WHERE vote != excluded.vote""",
        turn=turn,
        user=user,
        vote=vote,
        now=now,
    )
    return before[0]["vote"] if before else None


def explain(db: Database, turn: int, user: int, reason: str) -> None:
    """Why they voted so."""
    db.rows(
        "UPDATE votes SET reason = :reason WHERE turn = :turn AND user = :user", turn=turn, user=user, reason=reason
    )


def report(db: Database, turn: int, user: int, citation: int, reason: str, now: float) -> bool:
    """Keep that somebody holds a citation for wrong; False where they have reported it before."""
    kept = db.rows(
        """INSERT INTO reports (turn, user, citation, reason, reported_at)
        SELECT id, :user, :citation, :reason, :now FROM turns WHERE id = :turn
        ON CONFLICT DO NOTHING RETURNING turn""",
        turn=turn,
        user=user,
        citation=citation,
        reason=reason,
        now=now,
    )
    return bool(kept)


def listed(db: Database, *, guild: int | None = None) -> tuple[Feedback, ...]:
    """All votes and reports of one server, or of everywhere; the newest first."""
    found = db.rows(
        """SELECT * FROM (
            SELECT turn, CASE vote WHEN 1 THEN 'up' ELSE 'down' END AS what, 0 AS citation, reason, voted_at AS at
            FROM votes
            UNION ALL SELECT turn, 'report', citation, reason, reported_at FROM reports
        ) given JOIN turns ON turns.id = given.turn
        WHERE :guild IS NULL OR turns.guild = :guild ORDER BY at DESC""",
        guild=guild,
    )
    names = ("what", "question", "citation", "reason", "build", "at")
    return tuple(Feedback(**{name: row[name] for name in names}) for row in found)
