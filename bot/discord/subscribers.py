"""Asks again what people wait for whenever the notes have changed, and tells them once the notes cover it.

Behind everybody who waits for an answer now. Knows nothing of how people came to wait.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

import discord

from bot import failures
from bot.discord.direct import UNDELIVERABLE, tell, tell_in_channel
from bot.discord.permission import Asker, asker_at
from bot.discord.render import covered_now, render
from bot.discord.rules import Rulebook
from bot.discord.speech import language_in
from bot.language import _, speaking
from bot.line.worker import Worker
from bot.state import subscriptions
from bot.state.conversations import Place
from bot.state.memory import Memory
from bot.state.subscriptions import Subscription
from rag.errors import FootnoteError, QuestionError
from rag.types import Answer, NotCovered

log = logging.getLogger(__name__)


class _Left(Exception):
    """Whoever waits is no longer on the server where they asked, or the bot is not."""


class Subscribers:
    """Those who wait for the notes to cover something."""

    def __init__(self, client: discord.Client, worker: Worker, memory: Memory, rulebook: Rulebook) -> None:
        self._client = client
        self._worker = worker
        self._memory = memory
        self._rulebook = rulebook
        self._build = ""
        self._news = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None

    def notes_changed(self, build: str) -> None:
        """A new build of the index is served: ask again. On the event loop."""
        self._build = build
        self._news.set()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_again(), name="footnote-subscribers")

    def stop(self) -> None:
        """Ask no further."""
        if self._asking:
            self._asking.cancel()

    async def _ask_again(self) -> None:
        """One after the other, so that nobody is told twice; from the start where the notes change meanwhile.

        Where it is quiet, once it no longer is.
        """
        asked: str | None = None
        while asked != self._build:
            asked, ends = self._build, list[datetime]()
            due = partial(subscriptions.due, build=asked, now=time.time())
            for waiting in await self._memory.attempt(due, ()):
                if end := await self._rulebook.quiet_until(_asker(waiting)):
                    ends.append(end)
                elif asked == self._build and not await self._serve(waiting, asked):
                    return
            if ends and asked == self._build:
                await self._pause(min(ends))
                asked = None

    async def _pause(self, until: datetime) -> None:
        """Until then, or until the notes change."""
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(1.0, until.timestamp() - time.time())):
                await self._news.wait()

    async def _serve(self, waiting: Subscription, build: str) -> bool:
        """Ask for one person, and tell them if the notes cover it. False where nobody can be asked for now."""
        told = False
        try:
            asker = await self._present(waiting)
        except _Left:
            await self._memory.attempt(partial(subscriptions.end, subscription=waiting.id), None)
            return True
        except UNDELIVERABLE as error:
            log.info("a subscription is asked at the next change: %s", type(error).__name__)
            return True
        try:
            result = await self._ask(waiting, asker)
            told = isinstance(result, Answer) and await self._tell(waiting, result)
        except QuestionError as error:
            log.info("a subscription cannot be asked: %s", type(error).__name__)
        except FootnoteError as error:
            log.info("subscriptions are asked again at the next change: %s", type(error).__name__)
            return False
        except Exception as error:  # one question that breaks something must not keep the others from being asked
            failures.report(error, where="subscription", log=log)
        done = subscriptions.end if told else partial(subscriptions.asked_of, build=build)
        await self._memory.attempt(partial(done, subscription=waiting.id), None)
        return True

    async def _present(self, waiting: Subscription) -> Asker:
        """Who waits, with the roles that they have by now. Raises _Left, or any of UNDELIVERABLE."""
        asker = _asker(waiting)
        if waiting.server is None:
            return asker
        try:
            member = await self._client.http.get_member(waiting.server, waiting.user)
        except (discord.NotFound, discord.Forbidden) as error:
            raise _Left from error
        roles = frozenset(map(int, member["roles"]))
        return replace(asker, has_role=lambda role: role in roles)

    async def _ask(self, waiting: Subscription, asker: Asker) -> Answer | NotCovered:
        scope = await self._rulebook.permitted(asker)
        ask = scope.call(lambda assistant, cancelled: assistant.ask(waiting.searched, cancelled=cancelled))
        job = self._worker.submit("ask", ask, patient=True)
        try:
            return await job.done
        finally:
            job.cancel()

    async def _tell(self, waiting: Subscription, answer: Answer) -> bool:
        """In a direct message; in the channel where it was asked if they take none. False where neither works."""
        if not await self._memory.attempt(partial(subscriptions.still_open, subscription=waiting.id), False):
            return True
        with speaking(language_in(self._client.get_guild(waiting.server or 0))):
            content, embed = covered_now(waiting), render(answer)[0]
            named = f"{_('For {person}:').format(person=f'<@{waiting.user}>')} {content}"
        if await tell(self._client, waiting.user, content=content, embed=embed):
            return True
        if waiting.guild is None:
            return False
        return await tell_in_channel(self._client, waiting.channel, content=named, embed=embed)


def _asker(waiting: Subscription) -> Asker:
    """Who waits, where it was asked."""
    place = Place(user=waiting.user, guild=waiting.server, channel=waiting.channel, parent=waiting.parent)
    return asker_at(place, waiting.user)
