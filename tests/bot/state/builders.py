"""Small makers of what the database is given."""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.state.conversations import Asked, Cited, Place, find, remember
from bot.state.database import Database

ANN, BEN = 900_000_000_000_000_001, 900_000_000_000_000_002
NOW = 1_700_000_000.0
DAY = 86_400.0
THREAD = Place(user=ANN, guild=1, channel=20, thread=True)
BEES = Cited(
    n=1, episode_id="garden", passage_id="garden/bees/0", note_file="bees.txt", line_start=3, line_end=4, counted="line"
)


def asked(question: str = "How long does a bee dance?", **more: Any) -> Asked:
    """An answered question in a thread, or as told."""
    plain = {"place": THREAD, "kind": "ask", "searched": "", "outcome": "answer", "cited": (BEES,), "build": "one"}
    return Asked(question=question, **{**plain, **more})


def turn(db: Database, question: str = "How long does a bee dance?", *, now: float = NOW, **more: Any) -> int:
    """The id of such a question, kept."""
    return remember(db, asked(question, **more), now)


def kept_turn(db: Database, turn: int) -> Any:
    """It, read back."""
    found = find(db, turn)
    assert found is not None
    return found


def by(user: int, place: Place = THREAD) -> Place:
    """The same place with somebody else in it."""
    return dataclasses.replace(place, user=user)
