"""Footnote in Discord: takes commands and mentions, queues them for the assistant, shows what comes of them.

Every question gets a reply, be it a sentence about what went wrong. Knows nothing of models or of notes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import discord

from bot import failures
from bot.discord.asking import Asking
from bot.discord.brevity import shortened
from bot.discord.browse import Browse
from bot.discord.buttons import buttons
from bot.discord.catalogue import Catalogue
from bot.discord.commands import Commands, add_commands, register
from bot.discord.digests import Digests
from bot.discord.direct import UNDELIVERABLE, tell, tell_in_channel
from bot.discord.owner import Owner
from bot.discord.owner_commands import add_owner_commands
from bot.discord.owner_desk import Desk
from bot.discord.permission import NEEDED, owns
from bot.discord.presses import Presses
from bot.discord.progress import Cancelled, Line, Shown
from bot.discord.recall import Recall
from bot.discord.render import CANCELLED, erased, forgotten, render
from bot.discord.reply import MentionReply, Reply, apologise
from bot.discord.results import Result, Results
from bot.discord.rules import Rulebook
from bot.discord.seen import Seen
from bot.discord.speech import language_in, speak_in
from bot.discord.subscribers import Subscribers
from bot.discord.topics import Topics, add_topic_commands
from bot.discord.ways import insist
from bot.language import _, speaking
from bot.line.answer_cache import AnswerCache, Question, same_words
from bot.line.told import Told
from bot.line.worker import Worker
from bot.question import check_question
from bot.settings import Settings
from bot.state.conversations import Kind
from bot.state.memory import Memory
from rag.collection import are_apart
from rag.errors import IndexMissing
from rag.phrase import Phrase
from rag.types import Filter

log = logging.getLogger(__name__)

SECONDS_TO_TELL_WAITING_USERS = 2.5
SECONDS_TO_CLOSE_THE_MEMORY = 0.5
SECONDS_TO_DISCONNECT = 1.0
SECONDS_TO_SIT_OUT_A_RATE_LIMIT = 60.0
SECONDS_TO_TIDY_AGAIN = 86_400.0
SECONDS_TO_TIDY_AFTER_A_FAILURE = 3_600.0

UNANSWERED = Phrase("⚠️ <@{user}>, I was stopped before I could answer you. Please ask again.")

_FORGET = re.compile(
    r"\W*(?:(?:please )?forget (?:this|our) (?:conversation|chat|thread)"
    r"|(?:bitte )?vergiss (?:dieses|unser|diesen|unseren) (?:gespräch|chat|thread))\W*",
    re.IGNORECASE,
)


class FootnoteClient(discord.AutoShardedClient):
    """The connection to Discord.

    Args:
        settings: where the commands are registered and what was registered last.
        worker: answers; started once the token is known to be good, closed by `stop`.
        memory: what outlives a restart; closed by `stop`. Where it cannot be used everything is answered all the same.
        announce: told, once, that the bot is there.
    """

    def __init__(self, settings: Settings, worker: Worker, memory: Memory, *, announce: Callable[[str], None]) -> None:
        super().__init__(
            shard_count=settings.discord.shards or None,
            intents=_intents(settings),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            max_ratelimit_timeout=SECONDS_TO_SIT_OUT_A_RATE_LIMIT,
        )
        self._settings = settings
        self._worker = worker
        days = settings.discord.retention_days
        self._recall = Recall(memory=memory, days=days)
        self._rulebook = Rulebook(memory, owns=self.is_owner, apart=are_apart(settings.data))
        self._line = Line(worker=worker)
        self.cache = AnswerCache()
        self._asking = Asking(line=self._line, cache=self.cache)
        self._results = Results(self._line, self.cache)
        self.catalogue = Catalogue(self._line, lambda: self._rulebook.common.collections)
        self.browse = Browse(
            line=self._line, rulebook=self._rulebook, catalogue=self.catalogue, memory=memory, days=days
        )
        self.owner = Owner(self._line, self.catalogue, memory, self._rulebook)
        self.owner.cache = self.cache
        self.desk = Desk(self.owner, self._rulebook, memory, answers=settings.answers, changed=self._notes_set)
        self.topics = Topics(line=self._line, rulebook=self._rulebook)
        self.digests = Digests(self, self._line, memory, self._rulebook)
        self._presses = Presses(
            memory, self._rulebook, self._line, self._results, self.browse, self.desk.lists, self.topics
        )
        self._subscribers = Subscribers(self, worker, memory, self._rulebook)
        self._build = ""
        self._announce = announce
        self._announced = False
        self._answering: set[asyncio.Task[Any]] = set()
        self._background: list[asyncio.Task[None]] = []
        self._asides: set[asyncio.Task[None]] = set()
        self._seen = Seen()
        self._leaving = False
        self._commands = Commands(self)
        add_commands(self._commands, self)
        add_topic_commands(self._commands, self)
        add_owner_commands(self._commands, self)

    async def setup_hook(self) -> None:
        known = await self._rulebook.open()
        self._worker.start()
        self.catalogue.refresh()
        self._background = [asyncio.create_task(self._tell_unanswered()), asyncio.create_task(self._keep_tidy())]
        self._background.append(asyncio.create_task(self.digests.keep_posting()))
        if known:  # otherwise nobody knows which indexes are still wanted
            self._background.append(asyncio.create_task(self.desk.settings.keep_at_start()))
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
        """Answer a message that mentions the bot, a reply that notifies it, and every direct message to it.

        If it is set so, also what people say in a thread in which they have asked it something before.
        """
        if not self._is_addressed(message) and not await self._goes_on(message):
            return
        if self._seen.before(message.id):
            return
        speak_in(message.guild)
        said = re.sub(rf"<@!?{self.user.id if self.user else 0}>", " ", message.content)
        self._aside(_show_typing(message.channel))
        reply = MentionReply(message, self)
        if _FORGET.fullmatch(said):
            await self.attend(reply, self.forget(reply), what="forgetting")
        else:
            await self.answer(reply, "ask", said)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A button was pressed, or a form sent; the commands come another way."""
        if interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            await self._presses.take(interaction)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        if error := sys.exception():
            failures.report(error, where=event_method, log=log)

    async def attend(self, reply: Reply, doing: Coroutine[Any, Any, None], *, what: str) -> None:
        """See to it that whoever asked for something hears of it: what they wanted, or a sentence on why not."""
        task = asyncio.current_task()
        if task:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        started = time.monotonic()
        try:
            await doing
        except Cancelled:
            with suppress(*UNDELIVERABLE):
                await reply.tell(CANCELLED)
        except Exception as error:
            await apologise(reply, error)
        else:
            log.info("%s: %s answered in %.0f ms", reply.name, what, 1000 * (time.monotonic() - started))

    async def answer(self, reply: Reply, kind: Kind, text: str, filters: Sequence[Filter] = ()) -> None:
        """Queue a question and see it through: place in line, then the answer or a sentence about the failure."""
        async with self._recall.under_way(reply.place):
            await self.attend(reply, self._admit(reply, kind, text, filters), what=kind)

    async def forget(self, reply: Reply) -> None:
        """Forget what was asked in the conversation there by whoever says so."""
        self._results.clear()
        await reply.tell(forgotten(await self._recall.forget(reply.place)))

    async def forget_person(self, reply: Reply) -> None:
        """Erase everything about whoever says so."""
        self._results.clear()
        await reply.tell(erased(await self._recall.erase(reply.place.user)))

    def is_owner(self, user: int) -> bool:
        """Whether somebody owns the bot, alone or with a team."""
        return owns(self.application, user)

    async def reload(self, build: str) -> None:
        """Make the assistant serve this build. Raises what it raises; on IndexMissing nothing is served any longer."""
        try:
            await self._worker.submit("reload", lambda assistant, _: assistant.reload()).done
        except IndexMissing:
            self.notes_changed(build)
            raise
        self.notes_changed(build)

    def notes_changed(self, build: str) -> None:
        """This build of the index is served from now on. On the event loop."""
        self._build = self.owner.build = build
        self._results.notes_changed(build)
        self._aside(self._asking.refresh())
        self.catalogue.refresh()
        self._subscribers.notes_changed(build)

    def _notes_set(self) -> None:
        """Other notes are meant for somebody from now on."""
        self.notes_changed(self._build)

    async def stop(self) -> None:
        """Tell everybody who waits, stop the assistant and disconnect: within about 4 seconds, come what may."""
        self._subscribers.stop()
        self.catalogue.stop()
        for task in (*self._background, *self._asides):
            task.cancel()
        await self._take_leave()
        await self._recall.memory.close(grace=SECONDS_TO_CLOSE_THE_MEMORY)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.close(), SECONDS_TO_DISCONNECT)

    async def close(self) -> None:
        """Disconnect, which the library also does where Discord wants it no longer; who waits is told before."""
        await self._take_leave()
        await super().close()

    async def _take_leave(self) -> None:
        """Tell everybody who waits and stop the assistant, once."""
        if self._leaving:
            return
        self._leaving = True
        telling = asyncio.create_task(self._worker.close(grace=SECONDS_TO_TELL_WAITING_USERS))
        await asyncio.sleep(0)  # the jobs have failed now, and their askers are being told
        await asyncio.wait({telling, *self._answering}, timeout=SECONDS_TO_TELL_WAITING_USERS + 0.1)

    def _aside(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for."""
        task = asyncio.create_task(doing)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _is_addressed(self, message: discord.Message) -> bool:
        if not _by_a_person(message) or self.user is None:
            return False
        return message.guild is None or any(user.id == self.user.id for user in message.mentions)

    async def _goes_on(self, message: discord.Message) -> bool:
        """Whether somebody goes on in a thread with what they asked there, and speaks to nobody else."""
        if not self._settings.discord.thread_follow_ups or not _by_a_person(message):
            return False
        reply = MentionReply(message, self)
        if message.mentions or message.reference or not reply.place.thread:
            return False
        return await self._recall.is_in(reply.place) and await self._rulebook.allows(reply.asker)

    async def _tell_unanswered(self) -> None:
        """Tell those whom the bot before this one was answering when it was stopped."""
        for place in await self._recall.unanswered():
            with speaking(language_in(self.get_guild(place.guild or 0))):
                sentence = _(UNANSWERED).format(user=str(place.user))
            if place.private or not await tell_in_channel(self, place.channel, content=sentence):
                await tell(self, place.user, content=sentence)

    async def _keep_tidy(self) -> None:
        """Delete what has been kept long enough, at the start and daily."""
        while True:
            tidied = await self._recall.expire()
            await asyncio.sleep(SECONDS_TO_TIDY_AGAIN if tidied else SECONDS_TO_TIDY_AFTER_A_FAILURE)

    async def _admit(self, reply: Reply, kind: Kind, text: str, filters: Sequence[Filter]) -> None:
        async with self._rulebook.admitted(reply.asker):
            await self._answer(reply, kind, text, filters)

    async def _answer(self, reply: Reply, kind: Kind, text: str, filters: Sequence[Filter]) -> None:
        history = await self._recall.history(reply.place) if kind == "ask" else ()
        asked, build = check_question(text, what="topic" if kind == "topic" else "question"), self._build
        scope = await self._rulebook.scope(reply.asker)
        question = Question(
            kind=kind, words=same_words(asked), history=tuple(history), filters=tuple(filters), scope=scope
        )
        shown = Shown(reply=reply, asked=asked, told=Told())
        result = await self._asking.result(shown, question, scope)
        await shown.pace.keep()
        await self._show(reply, kind, result, filters, build)

    async def _show(self, reply: Reply, kind: Kind, result: Result, filters: Sequence[Filter], build: str) -> None:
        """Show a result, with its buttons if it could be remembered."""
        rules = await self._rulebook.rules(reply.asker.guild)
        whole, result = result, shortened(result, rules.verbosity_in(*reply.asker.channels))
        pages = render(result)
        view = await self._recall.remember(reply.place, kind, result, build=build, filters=filters, pages=len(pages))
        below = buttons(view.token, view.actions, pages=len(pages)) if view else None
        message = await insist(lambda: reply.show(embed=pages[0], view=below))
        if view:
            self._results.keep(view.turn, whole, build=build)
            await self._recall.posted(view, message)

    def _invitation(self) -> str:
        """A link that invites the bot with the least it needs: to see, write, embed and reply in channels."""
        permissions = discord.Permissions(**dict.fromkeys(NEEDED, True))
        return discord.utils.oauth_url(
            self.application_id or 0, permissions=permissions, scopes=("bot", "applications.commands")
        )


def _intents(settings: Settings) -> discord.Intents:
    """What Discord tells the bot of."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        message_content=settings.discord.thread_follow_ups,  # the only privileged one, off unless asked for
    )


async def _show_typing(channel: discord.abc.Messageable) -> None:
    with suppress(*UNDELIVERABLE):
        await channel.typing()


def _by_a_person(message: discord.Message) -> bool:
    return not (message.author.bot or message.webhook_id or message.is_system())
