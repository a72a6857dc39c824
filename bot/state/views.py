"""Buttons that outlive a restart: what stands behind the token in their custom_id. Knows nothing of what they do."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from bot.state.database import Database

TOKEN_BYTES = 12
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class View:
    """The buttons below one message.

    Attributes:
        token: what cannot be guessed in their custom_ids.
        turn: the turn they are about.
        owner: who asked.
        private: whether they are the owner's alone.
        actions: what they do; any other action with this token is forged.
        filters: (kind, label) of what was chosen beside the question, so that it can be asked again.
        language: of the message; "" where that was not kept.
    """

    token: str
    turn: int
    owner: int
    private: bool
    actions: tuple[str, ...]
    filters: tuple[tuple[str, str], ...] = ()
    language: str = ""


def new_token() -> str:
    """A token that nobody can guess, 16 characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def add(db: Database, view: View, now: float, *, days: float) -> None:
    """Keep a view so many days, or until its turn is forgotten."""
    db.rows(
        """INSERT INTO views (token, turn, owner, private, payload, expires_at)
        VALUES (:token, :turn, :owner, :private, :payload, :expires)""",
        token=view.token,
        turn=view.turn,
        owner=view.owner,
        private=view.private,
        payload=_payload(view),
        expires=now + days * DAY,
    )


def find(db: Database, token: str, now: float) -> View | None:
    """The view with this token; None where there is none, or none any longer."""
    found = db.rows("SELECT * FROM views WHERE token = :token AND expires_at > :now", token=token, now=now)
    if not found:
        return None
    row = found[0]
    payload = json.loads(row["payload"])
    return View(
        token=token,
        turn=row["turn"],
        owner=row["owner"],
        private=bool(row["private"]),
        actions=tuple(payload["actions"]),
        filters=tuple((kind, label) for kind, label in payload.get("filters", ())),
        language=str(payload.get("language", "")),
    )


def _payload(view: View) -> str:
    return json.dumps({"actions": view.actions, "filters": view.filters, "language": view.language})
