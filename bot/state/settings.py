"""What was set for a server, a channel or a person, and survives a restart. Knows nothing of what the settings mean."""

from __future__ import annotations

import json
from typing import Any, Literal

from bot.state.database import Database

Scope = Literal["guild", "channel", "user"]


def put(db: Database, scope: Scope, of: int, name: str, value: Any) -> None:  # noqa: ANN401
    """Set `name` for the server, channel or person with the id `of`, to anything JSON can say; None sets it back."""
    if value is None:
        db.rows(
            "DELETE FROM settings WHERE scope = :scope AND id = :id AND name = :name", scope=scope, id=of, name=name
        )
        return
    db.rows(
        """INSERT INTO settings (scope, id, name, value) VALUES (:scope, :id, :name, :value)
        ON CONFLICT (scope, id, name) DO UPDATE SET value = excluded.value""",
        scope=scope,
        id=of,
        name=name,
        value=json.dumps(value),
    )


def get(db: Database, scope: Scope, of: int) -> dict[str, Any]:
    """What is set for the server, channel or person with the id `of`, by name."""
    found = db.rows("SELECT name, value FROM settings WHERE scope = :scope AND id = :id", scope=scope, id=of)
    return {row["name"]: json.loads(row["value"]) for row in found}


def everywhere(db: Database, scope: Scope, name: str) -> tuple[Any, ...]:
    """What `name` is set to, wherever it is."""
    found = db.rows("SELECT value FROM settings WHERE scope = :scope AND name = :name", scope=scope, name=name)
    return tuple(json.loads(row["value"]) for row in found)
