"""What those who run the bot have set about asking: where, by whom, how often a day, and how readily it is answered.

Kept as settings, so it survives a restart. Direct messages have settings of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from bot.state import settings
from bot.state.database import Database
from rag.certainty import Answers

Where = Literal["here", "not here", "only here", "everywhere"]

EVERYWHERE = 0  # the id under which is kept what holds in direct messages, and how readily to answer anybody
ELSEWHERE = "else"  # beside channels' ids: whether questions are answered in those that are not named


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds in a server, or in direct messages.

    Attributes:
        channels: whether questions are answered in a channel, by its id as text, and `ELSEWHERE`.
        role: who may ask; None: everybody.
        daily: questions that one person may ask a day; None: any number.
    """

    channels: Mapping[str, bool] = field(default_factory=dict)
    role: int | None = None
    daily: int | None = None

    def allows(self, *channels: int) -> bool:
        """Whether questions are answered in a channel; of a thread, the channel that it is in comes second."""
        said = (self.channels.get(str(channel)) for channel in channels)
        return next((each for each in said if each is not None), self.channels.get(ELSEWHERE, True))


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be set; None leaves a thing as it is.

    Attributes:
        channel: which one `where` is about.
        role: 0: everybody may ask.
        daily: 0: any number.
    """

    answers: Answers | None = None
    where: Where | None = None
    channel: int = 0
    role: int | None = None
    daily: int | None = None


def rules(db: Database, guild: int | None) -> Rules:
    """What holds in a server, or in direct messages."""
    found = settings.get(db, "guild", guild or EVERYWHERE)
    return Rules(**{name: found[name] for name in ("channels", "role", "daily") if name in found})


def answers(db: Database) -> Answers | None:
    """How readily to answer, everywhere; None where that has not been set."""
    found = settings.get(db, "guild", EVERYWHERE).get("answers")
    return found if found in get_args(Answers) else None


def change(db: Database, guild: int | None, wanted: Change) -> Rules:
    """Set what is wanted for a server or for direct messages; returns what holds from now on."""
    of = guild or EVERYWHERE
    if wanted.answers:
        settings.put(db, "guild", EVERYWHERE, "answers", wanted.answers)
    if wanted.where:
        settings.put(db, "guild", of, "channels", _channels(rules(db, guild).channels, wanted.where, wanted.channel))
    if wanted.role is not None:
        settings.put(db, "guild", of, "role", wanted.role or None)
    if wanted.daily is not None:
        settings.put(db, "guild", of, "daily", wanted.daily or None)
    return rules(db, guild)


def asked_since(db: Database, user: int, guild: int | None, since: float) -> int:
    """How many questions that are kept somebody has asked openly in a server, or in direct messages; `since` 1970."""
    found = db.rows(
        "SELECT COUNT(*) AS asked FROM turns WHERE user = :user AND guild IS :guild AND asked_at >= :since",
        user=user,
        guild=guild,
        since=since,
    )
    return int(found[0]["asked"])


def _channels(before: Mapping[str, bool], where: Where, channel: int) -> Mapping[str, bool] | None:
    if where == "everywhere":
        return None
    if where == "only here":
        return {ELSEWHERE: False, str(channel): True}
    return {**before, str(channel): where == "here"}
