"""Where it is posted each week what the newest notes add. A setting of a server; knows nothing of what is posted."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bot.state import settings
from bot.state.database import Database

NAME = "digest"


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """A server's weekly post.

    Attributes:
        channel: where it is posted.
        parent: the channel that it is a thread of; 0 where it is none.
        posted: the day before which everything has been posted, ISO 8601.
    """

    guild: int
    channel: int
    posted: str
    parent: int = 0


def put(db: Database, guild: int, weekly: Weekly | None) -> None:
    """Post in a server from now on, or no longer."""
    settings.put(db, "guild", guild, NAME, asdict(weekly) if weekly else None)


def get(db: Database, guild: int) -> Weekly | None:
    """What a server has; None where nothing is posted."""
    found = settings.get(db, "guild", guild).get(NAME)
    return Weekly(**found) if found else None


def posted(db: Database, weekly: Weekly, day: str) -> None:
    """It has been posted up to this day, unless it was set to something else meanwhile."""
    if get(db, weekly.guild) == weekly:
        put(db, weekly.guild, Weekly(guild=weekly.guild, channel=weekly.channel, parent=weekly.parent, posted=day))


def due(db: Database, before: str) -> tuple[Weekly, ...]:
    """Those that have not been posted since a day, ISO 8601."""
    known = (Weekly(**each) for each in settings.everywhere(db, "guild", NAME))
    return tuple(weekly for weekly in known if weekly.posted <= before)
