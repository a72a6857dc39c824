"""Footnote in Discord: takes commands and mentions, queues them for the assistant, shows what comes of them.

Every question gets a reply, be it a sentence about what went wrong. Knows nothing of models or of notes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import discord

from bot import failures
from bot.discord_commands import Commands, add_commands, register
from bot.discord_render import place_in_line, render
from bot.discord_reply import UNDELIVERABLE, MentionReply, Reply, apologise
from bot.question import check_question
from bot.settings import Settings
from bot.worker import Call, Job, Worker
from rag.types import Answer, Episode, NotCovered, TopicSummary

log = logging.getLogger(__name__)

Result: TypeAlias = Answer | NotCovered | TopicSummary | Sequence[Episode]

SECONDS_BETWEEN_EDITS = 2.0
SECONDS_TO_TELL_WAITING_USERS = 2.5
SECONDS_TO_DISCONNECT = 1.0
SECONDS_TO_SIT_OUT_A_RATE_LIMIT = 60.0


class FootnoteClient(discord.Client):
    """The connection to Discord.

    Args:
        settings: where the commands are registered and what was registered last.
        worker: answers; started once the token is known to be good, closed by `stop`.
        announce: told, once, that the bot is there.
    """

    def __init__(self, settings: Settings, worker: Worker, *, announce: Callable[[str], None]) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            max_ratelimit_timeout=SECONDS_TO_SIT_OUT_A_RATE_LIMIT,
        )
        self._settings = settings
        self._worker = worker
        self._announce = announce
        self._announced = False
        self._answering: set[asyncio.Task[Any]] = set()
        self._commands = Commands(self)
        add_commands(self._commands, self)

    async def setup_hook(self) -> None:
        self._worker.start()
        await register(
            self._commands,
            application_id=self.application_id or 0,
            guild_id=self._settings.discord.guild_id,
            data=self._settings.data,
        )

    async def on_ready(self) -> None:
        if self._announced or self.user is None:
            return
        self._announced = True
        self._announce(f"Connected to Discord as {self.user}. Press Ctrl-C to stop.")
        if not self.guilds:
            self._announce(f"It is in no server yet. Invite it: {self._invitation()}")

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that mentions the bot by name; replying to one of its messages does not count."""
        mention = re.compile(rf"<@!?{self.user.id if self.user else 0}>")
        if message.author.bot or message.webhook_id or not mention.search(message.content):
            return
        with suppress(*UNDELIVERABLE):
            await message.channel.typing()
        await self.answer(MentionReply(message), "ask", mention.sub(" ", message.content))

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        if error := sys.exception():
            failures.report(error, where=event_method, log=log)

    async def answer(self, reply: Reply, kind: str, text: str = "") -> None:
        """Queue a question and see it through: place in line, then the answer or a sentence about the failure."""
        task = asyncio.current_task()
        if task:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        started = time.monotonic()
        try:
            result = await self._result(reply, kind, text)
            await reply.show(embed=render(result))
        except Exception as error:
            await apologise(reply, error)
        else:
            log.info("%s: %s answered in %.0f ms", reply.name, kind, 1000 * (time.monotonic() - started))

    async def stop(self) -> None:
        """Tell everybody who waits, stop the assistant and disconnect: within about 3.5 seconds, come what may."""
        telling = asyncio.create_task(self._worker.close(grace=SECONDS_TO_TELL_WAITING_USERS))
        await asyncio.sleep(0)  # the jobs have failed now, and their askers are being told
        await asyncio.wait({telling, *self._answering}, timeout=SECONDS_TO_TELL_WAITING_USERS + 0.1)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.close(), SECONDS_TO_DISCONNECT)

    async def _result(self, reply: Reply, kind: str, text: str) -> Result:
        job = self._worker.submit(kind, _call(kind, text))
        try:
            await self._show_place(reply, job)
            return await job.done
        finally:
            job.cancel()

    async def _show_place(self, reply: Reply, job: Job[Result]) -> None:
        """Until the job is done, keep showing its place in line; nothing if it need not wait."""
        shown = None
        while not job.done.done():
            place = self._worker.place(job)
            news = (place.position, place.loading)
            if news != shown and (shown or place.loading or place.position > 1):
                with suppress(*UNDELIVERABLE):
                    await reply.show(content=place_in_line(place))
                shown = news
            await asyncio.wait({job.done}, timeout=SECONDS_BETWEEN_EDITS)

    def _invitation(self) -> str:
        """A link that invites the bot with the least it needs: to see, write, embed and reply in channels."""
        permissions = discord.Permissions(
            view_channel=True,
            send_messages=True,
            send_messages_in_threads=True,
            embed_links=True,
            read_message_history=True,  # Discord does not let a bot reply to a message without it
        )
        return discord.utils.oauth_url(
            self.application_id or 0, permissions=permissions, scopes=("bot", "applications.commands")
        )


def _call(kind: str, text: str) -> Call[Result]:
    """What to ask the assistant.

    Raises:
        QuestionError: `text` cannot be asked.
    """
    if kind == "episodes":
        return lambda assistant, cancelled: assistant.episodes()
    words = check_question(text, what="topic" if kind == "topic" else "question")
    if kind == "topic":
        return lambda assistant, cancelled: assistant.topic(words, cancelled=cancelled)
    return lambda assistant, cancelled: assistant.ask(words, cancelled=cancelled)
