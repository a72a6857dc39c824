"""Lets a question in or turns it away with a sentence, by what has been set about who may ask where and how often.

Where the memory cannot be used, what was known last holds. Knows nothing of how questions are answered.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from bot import wording
from bot.discord.permission import Asker
from bot.state import rules
from bot.state.database import Database
from bot.state.memory import Memory
from bot.state.rules import Change, Rules
from rag.certainty import Answers, Weighing
from rag.errors import QuestionError
from rag.protocols import Assistant

NOT_HERE = "I am set not to answer in this channel."
NOT_YOU = "On this server only people with a certain role may ask me."
USED_UP = "You have asked {asked} today, and {most} a day is what is allowed here."
DAY = 86_400


class NotAllowed(QuestionError):
    """The question is not answered; the message is for whoever asked."""


class Rulebook:
    """What has been set. `answers`: how readily to answer; None: as the settings of the program have it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[int | None, Rules] = {}
        self._day = 0
        self._asked: dict[tuple[int | None, int], int] = {}  # on that day, by server and person
        self.answers: Answers | None = None

    async def open(self) -> None:
        """Learn what holds everywhere."""
        await self._rules(None)

    def prepare(self, assistant: Assistant) -> None:
        """Have an assistant answer as readily as is set. On the thread that owns it; costs nothing where it does."""
        if isinstance(assistant, Weighing):
            assistant.weigh(self.answers)

    async def change(self, guild: int | None, wanted: Change) -> Rules:
        """Set something; returns what holds from now on. Raises StateError, and nothing is set."""
        self._known[guild] = now = await self._memory.run(partial(rules.change, guild=guild, wanted=wanted))
        self.answers = wanted.answers or self.answers
        return now

    async def allows(self, asker: Asker) -> bool:
        """Whether questions are answered where somebody asks."""
        return (await self._rules(asker.guild)).allows(*asker.channels)

    @asynccontextmanager
    async def admitted(self, asker: Asker) -> AsyncIterator[None]:
        """Inside the block a question is being answered, which counts unless the block fails. Raises NotAllowed."""
        now = await self._rules(asker.guild)
        if not now.allows(*asker.channels):
            raise NotAllowed(NOT_HERE, remedy="Ask me in another one, or in a direct message.")
        if now.role and asker.guild is not None and not asker.has_role(now.role):
            raise NotAllowed(NOT_YOU, remedy="Those who manage the server can give it to you.")
        who, day = (asker.guild, asker.user), self._today()
        before = await self._memory.attempt(partial(_asked, who=who, since=day * DAY), 0)
        asked = max(self._asked.get(who, 0), before)
        if now.daily and asked >= now.daily:
            told = USED_UP.format(asked=wording.plural(asked, "question"), most=now.daily)
            raise NotAllowed(told, remedy=f"Ask again in {_until_tomorrow()}.")
        self._asked[who] = asked + 1
        try:
            yield
        except BaseException:
            self._asked[who] = max(self._asked.get(who, 0) - 1, 0)
            raise

    async def _rules(self, guild: int | None) -> Rules:
        known = (self._known.get(guild, Rules()), self.answers)
        self._known[guild], self.answers = await self._memory.attempt(partial(_set, guild=guild), known)
        return self._known[guild]

    def _today(self) -> int:
        """Days since 1970, by UTC; what was counted on another one is forgotten."""
        today = int(time.time()) // DAY
        if today != self._day:
            self._day, self._asked = today, {}
        return today


def _set(db: Database, guild: int | None) -> tuple[Rules, Answers | None]:
    return rules.rules(db, guild), rules.answers(db)


def _asked(db: Database, who: tuple[int | None, int], since: float) -> int:
    guild, user = who
    return rules.asked_since(db, user, guild, since)


def _until_tomorrow() -> str:
    minutes = (DAY - int(time.time()) % DAY) // 60 + 1
    return wording.plural(minutes // 60, "hour") if minutes >= 120 else wording.plural(minutes, "minute")
