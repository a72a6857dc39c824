"""Conversations: what was asked where, and what came of it. Never an answer's text, only the places that it cited.

A conversation is a thread, a direct message, or a chain of replies. Everything else that is kept about a question
hangs from its turn here, and goes when it goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Literal

from bot.state.database import Database, Row
from rag.map_types import TopicSummary
from rag.types import Answer, Citation, NotCovered, Outcome, Turn

Kind = Literal["ask", "topic"]

REMEMBERED_TURNS = 6  # what a question can lean on


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is asked.

    Attributes:
        user: who asks.
        guild: the server; None in a direct message.
        thread: whether the channel is a thread.
        parent: the channel that a thread is in.
        replied_to: the message that it replies to.
        hidden: only the asker sees what is shown, though others are there.
    """

    user: int
    channel: int
    guild: int | None = None
    thread: bool = False
    parent: int | None = None
    replied_to: int | None = None
    hidden: bool = False

    @property
    def private(self) -> bool:
        """Whether what is shown there is the asker's alone."""
        return self.guild is None or self.hidden


@dataclass(frozen=True, kw_only=True)
class Cited:
    """Where a citation stands, without its text; fields as in `Citation`."""

    n: int
    episode_id: str
    passage_id: str
    note_file: str
    line_start: int
    line_end: int
    counted: str = "line"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question with what came of it."""

    place: Place
    kind: Kind
    question: str
    searched: str
    outcome: Outcome
    cited: tuple[Cited, ...]
    build: str = ""

    @classmethod
    def of(cls, place: Place, result: Answer | NotCovered | TopicSummary, *, kind: Kind, build: str) -> Asked:
        """What is kept of a result."""
        citations = result.closest if isinstance(result, NotCovered) else result.citations
        return cls(
            place=place,
            kind=kind,
            question=result.topic if isinstance(result, TopicSummary) else result.question,
            searched="" if isinstance(result, TopicSummary) else result.searched,
            outcome=result.outcome,
            cited=_without_text(citations),
            build=build,
        )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A turn as it is stored; `message` is None until the bot has posted what came of it."""

    id: int
    asked: Asked
    message: int | None
    asked_at: float


def _without_text(citations: Iterable[Citation]) -> tuple[Cited, ...]:
    names = [field.name for field in fields(Cited)]
    return tuple(Cited(**{name: getattr(citation, name) for name in names}) for citation in citations)


def conversation(db: Database, place: Place) -> str | None:
    """The name of the conversation that goes on there; None where a new one begins."""
    if place.hidden:
        return f"hidden:{place.channel}:{place.user}"
    if place.guild is None:
        return f"dm:{place.channel}"
    if place.thread:
        return f"thread:{place.channel}"
    if place.replied_to is None:
        return None
    known = db.rows(
        "SELECT place FROM turns WHERE message = :message AND guild = :guild AND channel = :channel",
        message=place.replied_to,
        guild=place.guild,
        channel=place.channel,
    )
    return str(known[0]["place"]) if known else None


def history(db: Database, place: Place) -> tuple[Turn, ...]:
    """The latest questions of the conversation there, oldest first: what `Assistant.ask` takes."""
    latest = db.rows(
        "SELECT question, searched, cited FROM turns WHERE place = :name AND kind = 'ask' ORDER BY id DESC LIMIT :most",
        name=conversation(db, place),
        most=REMEMBERED_TURNS,
    )
    return tuple(
        Turn(question=row["question"], searched=row["searched"], episodes=_episodes(_cited(row)))
        for row in reversed(latest)
    )


def remember(db: Database, asked: Asked, now: float) -> int:
    """Keep a question; returns the id of its turn. `now`: seconds since 1970."""
    place = asked.place
    turn = db.rows(
        """INSERT INTO turns (place, guild, server, channel, parent, user, kind, question, searched, outcome, cited,
            build, asked_at)
        VALUES (:name, :guild, :server, :channel, :parent, :user, :kind, :question, :searched, :outcome, :cited, :build,
            :now)
        RETURNING id""",
        name=conversation(db, place) or "",
        guild=None if place.hidden else place.guild,
        server=place.guild,
        parent=place.parent,
        channel=place.channel,
        user=place.user,
        kind=asked.kind,
        question=asked.question,
        searched=asked.searched,
        outcome=asked.outcome,
        cited=_written(asked.cited),
        build=asked.build,
        now=now,
    )[0]["id"]
    db.rows("UPDATE turns SET place = 'chain:' || id WHERE id = :turn AND place = ''", turn=turn)
    return int(turn)


def posted(db: Database, turn: int, message: int) -> None:
    """The bot has shown what came of it in this message: a reply to it goes on with the conversation."""
    db.rows("UPDATE turns SET message = :message WHERE id = :turn", turn=turn, message=message)


def recite(db: Database, turn: int, citations: Iterable[Citation], build: str) -> None:
    """What is shown of a turn now comes from this build of the index, and cites these; no change if it did before."""
    db.rows(
        "UPDATE turns SET cited = :cited, build = :build WHERE id = :turn AND cited != :cited",
        turn=turn,
        cited=_written(_without_text(citations)),
        build=build,
    )


def find(db: Database, turn: int) -> Kept | None:
    """A turn by its id; None once it is forgotten."""
    found = db.rows("SELECT * FROM turns WHERE id = :turn", turn=turn)
    return _kept(found[0]) if found else None


def forget(db: Database, turn: int) -> int:
    """Forget what the asker of this turn has asked in its conversation; returns how many questions that were.

    What others asked there is theirs. What the asker wanted to be told about those questions goes, too.
    """
    own = "(SELECT m.id FROM turns m, turns t WHERE t.id = :turn AND m.place = t.place AND m.user = t.user)"
    db.rows(f"DELETE FROM subscriptions WHERE turn IN {own}", turn=turn)  # noqa: S608  (no value is put in)
    return len(db.rows(f"DELETE FROM turns WHERE id IN {own} RETURNING id", turn=turn))  # noqa: S608


def latest(db: Database, place: Place) -> int | None:
    """The latest turn that this person has in the conversation there."""
    found = db.rows(
        "SELECT id FROM turns WHERE place = :name AND user = :user ORDER BY id DESC LIMIT 1",
        name=conversation(db, place),
        user=place.user,
    )
    return int(found[0]["id"]) if found else None


def _kept(row: Row) -> Kept:
    place = Place(
        user=row["user"],
        channel=row["channel"],
        guild=row["server"],
        thread=row["place"].startswith("thread:"),
        parent=row["parent"],
        hidden=row["place"].startswith("hidden:"),
    )
    asked = Asked(
        place=place,
        kind=row["kind"],
        question=row["question"],
        searched=row["searched"],
        outcome=row["outcome"],
        cited=_cited(row),
        build=row["build"],
    )
    return Kept(id=row["id"], asked=asked, message=row["message"], asked_at=row["asked_at"])


def _written(cited: Iterable[Cited]) -> str:
    return json.dumps([asdict(each) for each in cited])


def _cited(row: Row) -> tuple[Cited, ...]:
    return tuple(Cited(**each) for each in json.loads(row["cited"]))


def _episodes(cited: Iterable[Cited]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.episode_id for each in cited))
