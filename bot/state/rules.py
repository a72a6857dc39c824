"""What those who run the bot have set about asking: where, when, by whom, how often a day, from which notes, and how.

Kept as settings, so it survives a restart. Direct messages have settings of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args

from bot.state import settings
from bot.state.database import Database
from rag.certainty import Answers

Where = Literal["here", "not here", "only here", "everywhere"]
Verbosity = Literal["short", "normal", "long"]

EVERYWHERE = 0  # the id under which is kept what holds in direct messages, and where nothing else is set
ELSEWHERE = "else"  # beside channels' ids: what holds in those that are not named
ALL = "*"  # all notes, where the name of a collection could stand
NOTHING = "-"  # none
UNSET = ""  # in a change: as if nothing had ever been set

PerChannel = Mapping[str, Any]
"""By a channel's id as text, and `ELSEWHERE` for the whole server."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds in a server, or in direct messages.

    Attributes:
        channels: whether questions are answered.
        notes: from which notes: a collection's name, `ALL` or `NOTHING`.
        verbosity: how much of an answer is shown.
        quiet: when open questions are not answered, such as "22:00-07:00".
        role: who may ask; None: everybody.
        roles: who may ask in a channel, whoever may elsewhere; 0: everybody.
        daily: questions that one person may ask a day; None: any number.
        answers: how readily to answer; None: as everywhere.
    """

    channels: Mapping[str, bool] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    verbosity: Mapping[str, Verbosity] = field(default_factory=dict)
    quiet: Mapping[str, str] = field(default_factory=dict)
    role: int | None = None
    roles: Mapping[str, int] = field(default_factory=dict)
    daily: int | None = None
    answers: Answers | None = None

    def role_in(self, *channels: int) -> int | None:
        """Who may ask there; None: everybody."""
        return cast("int | None", said_of(self.roles, channels, self.role)) or None

    def allows(self, *channels: int) -> bool:
        """Whether questions are answered in a channel; of a thread, the channel that it is in comes second."""
        return bool(said_of(self.channels, channels, True))

    def notes_in(self, *channels: int) -> str | None:
        """From which notes there; None where nobody has set that."""
        found = said_of(self.notes, channels, None)
        return None if found is None else str(found)

    def verbosity_in(self, *channels: int) -> Verbosity:
        """How much of an answer is shown there."""
        return cast("Verbosity", said_of(self.verbosity, channels, "normal"))

    def quiet_in(self, *channels: int) -> str:
        """When it is quiet there; "" for never."""
        return str(said_of(self.quiet, channels, ""))


def said_of(settings: PerChannel, channels: tuple[int, ...], otherwise: object) -> object:
    """What is set for the first of the channels for which anything is; else what holds elsewhere."""
    said = (settings.get(str(channel)) for channel in channels)
    return next((each for each in said if each is not None), settings.get(ELSEWHERE, otherwise))


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be set; None leaves a thing as it is.

    Attributes:
        channel: which one `notes`, `verbosity`, `quiet` and `role` are about; 0: the whole server.
        here: which one `where` is about if `channel` is 0.
        notes, quiet: `UNSET` takes back what was set there.
        role: 0: everybody may ask.
        daily: 0: any number.
        timezone: that of everything that is set by the clock.
    """

    answers: Answers | None = None
    where: Where | None = None
    channel: int = 0
    here: int = 0
    notes: str | None = None
    verbosity: Verbosity | None = None
    quiet: str | None = None
    role: int | None = None
    daily: int | None = None
    timezone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Common:
    """What holds everywhere.

    Attributes:
        answers: how readily to answer where a server has set nothing else; None: as the settings of the program say.
        timezone: of everything that is set by the clock; "": that of the machine.
        collections: every one that is set anywhere.
        apart: whether any notes are set anywhere, all of them or none included.
    """

    answers: Answers | None = None
    timezone: str = ""
    collections: frozenset[str] = frozenset()
    apart: bool = False


_OF_A_SERVER = ("channels", "notes", "verbosity", "quiet", "role", "roles", "daily", "answers")


def rules(db: Database, guild: int | None) -> Rules:
    """What holds in a server, or in direct messages."""
    found = settings.get(db, "guild", guild or EVERYWHERE)
    return Rules(**{name: found[name] for name in _OF_A_SERVER if name in found})


def common(db: Database) -> Common:
    """What holds everywhere."""
    found = settings.get(db, "guild", EVERYWHERE)
    answers = found.get("answers")
    named = {name for each in settings.everywhere(db, "guild", "notes") for name in each.values()}
    return Common(
        answers=answers if answers in get_args(Answers) else None,
        timezone=found.get("timezone", ""),
        collections=frozenset(named - {ALL, NOTHING}),
        apart=bool(named),
    )


def change(db: Database, guild: int | None, wanted: Change) -> Rules:
    """Set what is wanted for a server or for direct messages; returns what holds from now on."""
    before, changed = rules(db, guild), dict[str, Any]()
    if wanted.where:
        changed["channels"] = _channels(before.channels, wanted.where, wanted.channel or wanted.here)
    for name, value in (("notes", wanted.notes), ("verbosity", wanted.verbosity), ("quiet", wanted.quiet)):
        if value is not None:
            changed[name] = _with(getattr(before, name), wanted.channel, value)
    if wanted.role is not None and wanted.channel:
        wanted, changed["roles"] = replace(wanted, role=None), {**before.roles, str(wanted.channel): wanted.role}
    for name in ("role", "daily", "answers"):
        if (said := getattr(wanted, name)) is not None:
            changed[name] = said or None
    for name, value in changed.items():
        settings.put(db, "guild", guild or EVERYWHERE, name, value)
    if wanted.timezone is not None:
        settings.put(db, "guild", EVERYWHERE, "timezone", wanted.timezone or None)
    return rules(db, guild)


def _with(before: PerChannel, channel: int, value: str) -> PerChannel | None:
    """What is set, with this for a channel, or for the server; None where nothing is left."""
    key = str(channel) if channel else ELSEWHERE
    after = {name: said for name, said in before.items() if name != key} | ({key: value} if value else {})
    return after or None


def _channels(before: Mapping[str, bool], where: Where, channel: int) -> Mapping[str, bool] | None:
    if where == "everywhere":
        return None
    if where == "only here":
        return {ELSEWHERE: False, str(channel): True}
    return {**before, str(channel): where == "here"}
