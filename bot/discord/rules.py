"""Lets a question in or turns it away with a sentence, and says from which notes it is answered.

By what has been set about who may ask where, when and how often, and which notes are meant for whom. Where the memory
cannot be used, what was known last holds. Knows nothing of how questions are answered.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.discord import hours
from bot.discord.permission import Asker
from bot.discord.scope import Scope
from bot.state import rules, usage
from bot.state.database import Database
from bot.state.memory import Memory
from bot.state.rules import ALL, NOTHING, UNSET, Change, Common, Rules
from rag.errors import QuestionError
from rag.phrase import Phrase

NOT_HERE = Phrase("I am set not to answer in this channel.")
NOT_YOU = Phrase("On this server only people with a certain role may ask me.")
USED_UP = Phrase("You have asked {asked} of the {most} questions that one person may ask here a day.")
IN_HOURS = Phrase("Ask again in {n} hours.")
IN_MINUTES = Phrase("Ask again in {n} min.")
QUIET = Phrase("It is quiet here until {end}.")
NO_NOTES = Phrase("No notes are meant for here.")
ON_A_SERVER = Phrase("Ask me on a server that has some; my owner can change that with /footnote settings.")
IN_A_CHANNEL = Phrase("Ask me in another channel; my owner can change that with /footnote settings.")
ALONE = Phrase("Ask with /ask and the option private, or in a direct message: then only you see the answer.")
DAY = 86_400
SECONDS_TO_OPEN = 30.0  # a slow disk, or a database that has to be brought to a newer version first


class NotAllowed(QuestionError):
    """The question is not answered; the message is for whoever asked."""


def nobody(_user: int) -> bool:
    """Nobody owns the bot."""
    return False


def now_utc() -> datetime:
    """The time, which knows its zone."""
    return datetime.now().astimezone()


class Rulebook:
    """What has been set.

    Args:
        owns: whether somebody owns the bot: in direct messages they are answered from all notes.
        apart: whether notes have been set for anybody before. A memory that was lost or put back from a copy may not
            know of it, so that holds until notes are set as if they never had been.
        now: the time, which knows its zone.

    Attributes:
        common: what holds everywhere.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        owns: Callable[[int], bool] = nobody,
        apart: bool = False,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._memory = memory
        self._owns = owns
        self._now = now
        self._known: dict[int | None, Rules] = {}
        self._day = 0
        self._asked: dict[tuple[int | None, int], int] = {}  # on that day, by server and person
        self.common = Common(apart=apart)

    async def open(self) -> bool:
        """Learn what holds everywhere; False where the memory cannot be asked."""
        found = await self._memory.attempt(partial(_set, guild=None), None, patience=SECONDS_TO_OPEN)
        if found:
            self._learn(None, found)
        return found is not None

    async def change(self, guild: int | None, wanted: Change) -> Rules:
        """Set something; returns what holds from now on. Raises StateError, and nothing is set."""
        found = await self._memory.run(partial(_changed, guild=guild, wanted=wanted))
        return self._learn(guild, found, lower=wanted.notes == UNSET)

    async def rules(self, guild: int | None) -> Rules:
        """What holds in a server, or in direct messages. Read once: nobody else changes it while the bot runs."""
        if guild not in self._known:
            found = await self._memory.attempt(partial(_set, guild=guild), None)
            return Rules() if found is None else self._learn(guild, found)
        return self._known[guild]

    def _learn(self, guild: int | None, found: tuple[Rules, Common], *, lower: bool = False) -> Rules:
        """Hold to what is set; `lower`: notes that were set apart may be everybody's again."""
        rules, common = found
        self._known[guild] = rules
        self.common = common if lower else replace(common, apart=common.apart or self.common.apart)
        return rules

    async def allows(self, asker: Asker) -> bool:
        """Whether questions are answered where somebody asks."""
        return (await self.rules(asker.guild)).allows(*asker.channels)

    async def scope(self, asker: Asker) -> Scope:
        """From which notes somebody is answered where they ask, and how readily. Raises NotAllowed: from none.

        Where nothing is set, that is all notes as long as nothing is set for anybody, and none from then on. The owner
        has all notes in direct messages.
        """
        now = await self.rules(asker.guild)
        answers = now.answers or self.common.answers
        if asker.guild is None and self._owns(asker.user):
            return Scope(answers=answers)
        notes = now.notes_in(*asker.channels) or (NOTHING if self.common.apart else ALL)
        if notes == NOTHING:
            raise NotAllowed(NO_NOTES, remedy=ON_A_SERVER if asker.guild is None else IN_A_CHANNEL)
        return Scope(collection=None if notes == ALL else notes, answers=answers)

    async def quiet_until(self, asker: Asker) -> datetime | None:
        """When the quiet hours end where somebody asks; None where it is not quiet."""
        span = (await self.rules(asker.guild)).quiet_in(*asker.channels)
        return hours.quiet_until(span, self._now().astimezone(hours.zone(self.common.timezone)))

    async def permitted(self, asker: Asker) -> Scope:
        """From which notes somebody may have something looked up where they ask, which does not count.

        Raises NotAllowed: by the channel, the role, the notes or the hour.
        """
        now = await self.rules(asker.guild)
        if not now.allows(*asker.channels):
            raise NotAllowed(NOT_HERE, remedy=Phrase("Ask me in another one, or in a direct message."))
        role = now.role_in(*asker.channels)
        if role and asker.guild is not None and not asker.has_role(role):
            raise NotAllowed(NOT_YOU, remedy=Phrase("Those who manage the server can give it to you."))
        scope = await self.scope(asker)
        if not asker.private and (end := await self.quiet_until(asker)):
            raise NotAllowed(QUIET.format(end=f"{end:%H:%M} ({end.tzname()})"), remedy=ALONE)
        return scope

    @asynccontextmanager
    async def admitted(self, asker: Asker) -> AsyncIterator[None]:
        """Inside the block a question is being answered, which counts unless the block fails. Raises NotAllowed."""
        await self.permitted(asker)
        async with self._within_budget(asker, (await self.rules(asker.guild)).daily):
            yield

    @asynccontextmanager
    async def _within_budget(self, asker: Asker, most: int | None) -> AsyncIterator[None]:
        """Count a question. Raises NotAllowed where there have been as many already as one may ask."""
        who, day = (asker.guild, asker.user), self._today()
        look = partial(usage.asked, user=asker.user, server=asker.guild, day=day)
        count = partial(usage.count, user=asker.user, server=asker.guild, day=day)
        before = await self._memory.attempt(look, 0)
        asked = max(self._asked.get(who, 0), before)
        if most and asked >= most:
            told = USED_UP.format(asked=asked, most=most)
            raise NotAllowed(told, remedy=_until_tomorrow())
        self._asked[who] = asked + 1
        await self._memory.attempt(count, None)
        try:
            yield
        except BaseException:
            self._asked[who] = max(self._asked.get(who, 0) - 1, 0)
            await self._memory.attempt(partial(count, by=-1), None)
            raise

    def _today(self) -> int:
        """Days since 1970, by UTC; what was counted on another one is forgotten."""
        today = int(time.time()) // DAY
        if today != self._day:
            self._day, self._asked = today, {}
        return today


def _set(db: Database, guild: int | None) -> tuple[Rules, Common]:
    return rules.rules(db, guild), rules.common(db)


def _changed(db: Database, guild: int | None, wanted: Change) -> tuple[Rules, Common]:
    return rules.change(db, guild, wanted), rules.common(db)


def _until_tomorrow() -> str:
    minutes = (DAY - int(time.time()) % DAY) // 60 + 1
    return IN_HOURS.format(n=minutes // 60) if minutes >= 120 else IN_MINUTES.format(n=minutes)
