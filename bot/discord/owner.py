"""What those who run the bot can do from Discord: see how it is, read the notes again, see what is missing, back up.

A server's manager sees that server alone, and no file names of the machine; the owner in a direct message sees
everything. Knows nothing of commands, and nothing of how anything looks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

from bot import failures
from bot.discord.catalogue import Catalogue
from bot.discord.owner_pages import Status, budget_page, changes, gaps_page, models_page, status_page
from bot.discord.permission import Caller
from bot.discord.progress import Line, who_of
from bot.discord.reply import LONGEST_SENTENCE, CommandReply, Reply, TextFile
from bot.discord.rules import DAY, NotAllowed, Rulebook
from bot.discord.scope import Scope
from bot.discord.text import safe
from bot.language import _
from bot.line.answer_cache import AnswerCache
from bot.line.owner_thread import OwnerThread
from bot.line.worker import BOT
from bot.state import usage
from bot.state.gaps import Gap, gaps, together
from bot.state.memory import Memory
from bot.terminal.gaps_report import gaps_csv, gaps_markdown
from bot.uploads import Notes
from bot.version import installed
from bot.wording import IN_THE_LOG
from rag.errors import FootnoteError, IndexProblem, ModelError
from rag.phrase import Phrase
from rag.protocols import Assistant, Cancelled
from rag.types import Overview

Form = Literal["csv", "markdown"]

OWNER_ONLY = Phrase("🔒 Only my owner can do that.")
NOT_POSSIBLE = Phrase("⚠️ I was started in a way in which I cannot do that.")
READING = Phrase("📖 I am reading the notes again. This can take a while; I say here what has changed.")
READING_ALREADY = Phrase("📖 I am reading the notes again already. Please wait until that is done.")
READ = Phrase("📖 I have read the notes again. None of them are meant for here.")
STARTING = Phrase("I am still starting up.")
BACKED_UP = Phrase(
    "💾 All that I remember is in `{path}` on the machine that I run on. Put it back with `footnote restore`. "
    "What people erase later stays in it: delete it when you need it no longer."
)
SECONDS_TO_SAY_WHAT_IT_KNOWS = 2.0
GROUPED = 300  # questions, the most asked ones, that are compared with each other


class Owner:
    """Does what is asked by those who run the bot.

    Attributes:
        build: name of the index that serves.
        thread: on which whatever blocks is done.
        reread: reads the notes anew and returns once they serve, on any thread; raises what fails about those of one
            collection, or about all notes for None. None where nothing can.
        back_up: copies what the bot remembers and says where to, on any thread; None where nothing can.
        notes: the folder with the notes; None where it cannot be reached.
        cache: of answers, whose use is counted; None where there is none.
    """

    def __init__(self, line: Line, catalogue: Catalogue, memory: Memory, rulebook: Rulebook) -> None:
        self._line = line
        self._catalogue = catalogue
        self._memory = memory
        self._rulebook = rulebook
        self._since = time.time()
        self._reading = asyncio.Lock()
        self._reader = OwnerThread("footnote-reread")
        self.thread = OwnerThread("footnote-owner")
        self.build = ""
        self.reread: Callable[[str | None], None] | None = None
        self.back_up: Callable[[], Path] | None = None
        self.notes: Notes | None = None
        self.cache: AnswerCache | None = None

    async def status(self, reply: CommandReply, caller: Caller) -> None:
        """How the bot is."""
        overview, missing = await self._known(reply, caller)
        worker = self._line.worker
        status = Status(
            overview=overview,
            missing=missing,
            build=self.build,
            waiting=worker.waiting,
            answering=worker.answering,
            trouble=_told(self._memory.trouble, caller),
            since=self._since,
            version=installed(otherwise="(not installed)"),
            answers=self.cache.counts if self.cache and caller.owner else None,
        )
        await reply.show(embed=status_page(status))

    async def models(self, reply: CommandReply, caller: Caller) -> None:
        """Which models are loaded, and what each of them does."""
        overview, missing = await self._known(reply, caller)
        await reply.show(embed=models_page(overview.models if overview else (), missing=missing))

    async def budget(self, reply: CommandReply, caller: Caller) -> None:
        """Who has asked how much today, and what is allowed."""
        day = int(time.time()) // DAY
        found = await self._memory.run(partial(usage.listed, day=day, server=caller.guild))
        rules = await self._rulebook.rules(caller.guild)
        await reply.show(embed=budget_page(found, daily=rules.daily, everywhere=caller.guild is None))

    async def reindex(self, reply: CommandReply, caller: Caller) -> None:
        """Read the notes again, now, and say what has changed."""
        if self.reread is None or self._reading.locked():
            await reply.tell(NOT_POSSIBLE if self.reread is None else READING_ALREADY)
            return
        await reply.tell(READING)
        await reply.tell(await self.read_again(reply, caller))

    async def read_again(self, reply: CommandReply, caller: Caller) -> str:
        """Read the notes, behind whoever has them read now; says what has changed here, or why it failed.

        "" where nothing reads them.
        """
        if self.reread is None:
            return ""
        async with self._reading:
            scope = await self._scope(reply)
            try:
                before, build = await self._before(scope), self.build
                await self._reader.run(partial(self.reread, scope.collection if scope else None))
                after = await self._after(scope)
            except FootnoteError as error:
                if scope is None and not caller.owner:
                    return _(READ)  # what fails elsewhere is nothing to them
                return f"⚠️ {sentence(error, caller)}"
        return changes(before, after, same=self.build == build) if after else _(READ)

    async def gaps(self, reply: CommandReply, caller: Caller, *, form: Form | None) -> None:
        """What the notes do not cover: on a page, or as a file."""
        found = await self._memory.run(partial(gaps, guild=caller.guild))
        with suppress(IndexProblem, ModelError, NotAllowed):  # without an embedder they are listed one by one
            found = await self._grouped(reply, found) if found else found
        await reply.give(gaps_page(found), files=[_file(found, form)] if form and found else [])

    async def _grouped(self, reply: CommandReply, found: tuple[Gap, ...]) -> tuple[Gap, ...]:
        asked = [gap.searched for gap in found[:GROUPED]]
        scope = await self._rulebook.scope(reply.asker)
        group = scope.call(lambda assistant, _: assistant.browse().alike(asked))
        alike = await self._line.see_through(reply, "gaps", group)
        return together(found, [*alike, *((place,) for place in range(len(asked), len(found)))])

    async def backup(self, reply: CommandReply, caller: Caller) -> None:
        """Copy what the bot remembers into a file beside it."""
        if not caller.owner or self.back_up is None:
            await reply.tell(NOT_POSSIBLE if caller.owner else OWNER_ONLY)
            return
        try:
            path = await self.thread.run(self.back_up)
        except FootnoteError as error:
            await reply.tell(f"⚠️ {sentence(error, caller)}")
        else:
            await reply.tell(BACKED_UP.format(path=str(path)))

    async def _scope(self, reply: Reply) -> Scope | None:
        """The notes that are meant for where a command was used; None where there are none."""
        with suppress(NotAllowed):
            return await self._rulebook.scope(reply.asker)
        return None

    async def _before(self, scope: Scope | None) -> Overview | None:
        """What the notes have before they are read; None where that cannot be said soon."""
        with suppress(TimeoutError, FootnoteError):
            async with asyncio.timeout(SECONDS_TO_SAY_WHAT_IT_KNOWS):
                return await self._after(scope)
        return None

    async def _after(self, scope: Scope | None) -> Overview | None:
        return await self._line.quietly("browse", scope.call(_look), who=BOT) if scope else None

    async def _known(self, reply: Reply, caller: Caller) -> tuple[Overview | None, str]:
        """What there is to ask about; None, and why, where that cannot be said."""
        try:
            async with asyncio.timeout(SECONDS_TO_SAY_WHAT_IT_KNOWS):
                scope = await self._rulebook.scope(reply.asker)
                return await self._catalogue.overview(scope, who_of(reply.asker)), ""
        except TimeoutError:
            return None, _(STARTING)
        except FootnoteError as error:
            return None, failures.whole(error) if caller.owner else failures.sentence(error)


def _look(assistant: Assistant, _cancelled: Cancelled) -> Overview:
    return assistant.browse().overview()


def sentence(error: FootnoteError, caller: Caller) -> str:
    """What to tell somebody who runs the bot about an error; details to the owner alone."""
    return safe(failures.whole(error) if caller.owner else failures.sentence(error), LONGEST_SENTENCE)


def _told(trouble: str, caller: Caller) -> str:
    return trouble if caller.owner or not trouble else IN_THE_LOG


def _file(found: tuple[Gap, ...], form: Form) -> TextFile:
    if form == "csv":
        return TextFile("gaps.csv", gaps_csv(found) + "\n")
    return TextFile("gaps.md", gaps_markdown(found) + "\n")


__all__ = ["NOT_POSSIBLE", "OWNER_ONLY", "Form", "Owner", "sentence"]
