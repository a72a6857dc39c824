"""Posts once a week what the newest notes add, where those who run the bot want it; without a sound.

From the notes that are meant for that channel, behind everybody who waits for an answer. A week in which nothing is new
is passed over. Knows nothing of what is new.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import discord

from bot import failures
from bot.discord.direct import tell_in_channel
from bot.discord.permission import Asker, Caller
from bot.discord.progress import Line
from bot.discord.reply import CommandReply
from bot.discord.rules import NotAllowed, Rulebook
from bot.discord.speech import language_in
from bot.discord.topic_pages import digest_page
from bot.language import _, ngettext, speaking
from bot.state import digests
from bot.state.digests import Weekly
from bot.state.memory import Memory
from rag.errors import FootnoteError
from rag.map_types import Digest
from rag.phrase import Phrase
from rag.protocols import Assistant, Cancelled

log = logging.getLogger(__name__)

SECONDS_TO_LOOK_AGAIN = 3_600.0
DAYS = 7
IN_A_SERVER = Phrase("⚠️ Use this in the channel of a server in which I am to post. Nothing was set.")
WEEKLY = Phrase(
    "📰 Each week I post in <#{channel}> what the newest notes add, without a sound; the next time in {days}."
)
NO_LONGER = Phrase("📰 I no longer post here what is new.")
ELSEWHERE = Phrase("📰 I no longer post in <#{channel}> what is new.")
NOWHERE = Phrase(
    "📰 I post nowhere on this server what is new. Say it with weekly: True in the channel that is to have it."
)


def today_here() -> date:
    """The day, by the clock of this machine."""
    return datetime.now().astimezone().date()


class Digests:
    """The weekly posts. `today` tells what day it is."""

    def __init__(
        self,
        client: discord.Client,
        line: Line,
        memory: Memory,
        rulebook: Rulebook,
        *,
        today: Callable[[], date] = today_here,
    ) -> None:
        self._client = client
        self._line = line
        self._memory = memory
        self._rulebook = rulebook
        self.today = today

    async def keep_posting(self) -> None:
        """Look each hour whether a week is over. Until cancelled."""
        while True:
            await self.post_due()
            await asyncio.sleep(SECONDS_TO_LOOK_AGAIN)

    async def post_due(self) -> None:
        """Post wherever a week is over."""
        before = (self.today() - timedelta(days=DAYS)).isoformat()
        for weekly in await self._memory.attempt(partial(digests.due, before=before), ()):
            try:
                await self._post(weekly)
            except NotAllowed:
                log.info("no notes are meant for the channel of a weekly post")
            except FootnoteError as error:
                log.info("what is new is posted later: %s", type(error).__name__)
            except Exception as error:  # one server must not keep the others from theirs
                failures.report(error, where="weekly post", log=log)

    async def set(self, reply: CommandReply, caller: Caller, *, weekly: bool | None) -> None:
        """Post in the channel where this is said, or no longer; None: say where it is posted."""
        if caller.guild is None:
            await reply.tell(IN_A_SERVER)
            return
        guild = caller.guild
        now = await self._memory.run(partial(digests.get, guild=guild))
        if weekly is None or (weekly is False and now is None):
            await reply.tell(_said(now, self.today()) if now else NOWHERE)
            return
        place = reply.place
        wanted = Weekly(guild=guild, channel=place.channel, parent=place.parent or 0, posted=self.today().isoformat())
        await self._memory.run(partial(digests.put, guild=guild, weekly=wanted if weekly else None))
        if weekly:
            await reply.tell(_said(wanted, self.today()))
        else:
            here = now is not None and now.channel == place.channel
            await reply.tell(NO_LONGER if here or now is None else ELSEWHERE.format(channel=str(now.channel)))

    async def _post(self, weekly: Weekly) -> None:
        asker = Asker(user=0, guild=weekly.guild, channels=tuple(filter(None, (weekly.channel, weekly.parent))))
        scope = await self._rulebook.scope(asker)
        if await self._rulebook.quiet_until(asker):
            return  # once it no longer is
        today = self.today().isoformat()
        look = partial(_look, since=weekly.posted, before=today)
        news = await self._line.worker.submit("browse", scope.call(look), patient=True).done
        if news.episodes:
            with speaking(language_in(self._client.get_guild(weekly.guild))):
                page = digest_page(news)
            if not await tell_in_channel(self._client, weekly.channel, embed=page):
                return  # tried again in an hour
        await self._memory.attempt(partial(digests.posted, weekly=weekly, day=today), None)


def _look(assistant: Assistant, cancelled: Cancelled, *, since: str, before: str) -> Digest:
    """What is new from one day until before another, which is not over yet: that is the next week's."""
    news = assistant.survey().digest(since, cancelled=cancelled)
    return replace(news, episodes=tuple(each for each in news.episodes if (each.added or "") < before))


def _said(weekly: Weekly, today: date) -> str:
    left = max((date.fromisoformat(weekly.posted) + timedelta(days=DAYS) - today).days, 0)
    when = ngettext("{n} day", "{n} days", left) if left else _("an hour")
    return _(WEEKLY).format(channel=str(weekly.channel), days=when)
