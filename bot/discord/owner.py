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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from bot import failures
from bot.discord.catalogue import Catalogue
from bot.discord.owner_pages import Status, changes, feedback_page, gaps_page, settings_page, status_page
from bot.discord.permission import Caller
from bot.discord.progress import Line
from bot.discord.reply import LONGEST_SENTENCE, CommandReply, TextFile
from bot.discord.rules import Rulebook
from bot.discord.text import safe
from bot.gaps_report import gaps_csv, gaps_markdown
from bot.owner_thread import OwnerThread
from bot.state import feedback
from bot.state.gaps import Gap, gaps, together
from bot.state.memory import Memory
from bot.state.rules import Change
from rag.certainty import Answers
from rag.errors import FootnoteError, IndexProblem, ModelError
from rag.protocols import Assistant, Cancelled
from rag.types import Overview

Form = Literal["csv", "markdown"]

OWNER_ONLY = "🔒 Only my owner can do that."
ANSWERS_OWNER_ONLY = "🔒 How readily I answer holds for all servers, so only my owner can change it. Nothing was set."
IN_A_SERVER = "⚠️ Channels and roles are set in the server that they are in. Nothing was set."
NOT_POSSIBLE = "⚠️ I was started in a way in which I cannot do that."
READING = "📖 I am reading the notes again. This can take a while; I say here what has changed."
READING_ALREADY = "📖 I am reading the notes again already. Please wait until that is done."
STARTING = "I am still starting up."
BACKED_UP = (
    "💾 All that I remember is in `{path}` on the machine that I run on. Put it back with `footnote restore`. "
    "What people erase later stays in it: delete it when you need it no longer."
)
SECONDS_TO_SAY_WHAT_IT_KNOWS = 2.0
GROUPED = 300  # questions, the most asked ones, that are compared with each other


class Owner:
    """Does what is asked by those who run the bot. `answers`: how readily to answer unless that is set from Discord.

    Attributes:
        build: name of the index that serves.
        reread: reads the notes anew and returns once they serve, on any thread; None where nothing can.
        back_up: copies what the bot remembers and says where to, on any thread; None where nothing can.
    """

    def __init__(
        self, line: Line, catalogue: Catalogue, memory: Memory, rulebook: Rulebook, *, answers: Answers
    ) -> None:
        self._line = line
        self._catalogue = catalogue
        self._memory = memory
        self._rulebook = rulebook
        self._answers = answers
        self._since = time.time()
        self._thread = OwnerThread("footnote-owner")
        self._reading = False
        self.build = ""
        self.reread: Callable[[], None] | None = None
        self.back_up: Callable[[], Path] | None = None

    async def status(self, reply: CommandReply, caller: Caller) -> None:
        """How the bot is."""
        overview, missing = await self._known(caller)
        worker = self._line.worker
        status = Status(
            overview=overview,
            missing=missing,
            build=self.build,
            waiting=worker.waiting,
            answering=worker.answering,
            trouble=_told(self._memory.trouble, caller),
            since=self._since,
            version=_version(),
        )
        await reply.show(embed=status_page(status))

    async def reindex(self, reply: CommandReply, caller: Caller) -> None:
        """Read the notes again, now, and say what has changed."""
        if self.reread is None or self._reading:
            await reply.tell(READING_ALREADY if self._reading else NOT_POSSIBLE)
            return
        self._reading = True
        try:
            await reply.tell(READING)
            before, build = await self._before(), self.build
            await self._thread.run(self.reread)
            after = await self._line.quietly("browse", _look)
            await reply.tell(changes(before, after, same=self.build == build))
        except FootnoteError as error:
            await reply.tell(f"⚠️ {_sentence(error, caller)}")
        finally:
            self._reading = False

    async def gaps(self, reply: CommandReply, caller: Caller, *, form: Form | None) -> None:
        """What the notes do not cover: on a page, or as a file."""
        found = await self._memory.run(partial(gaps, guild=caller.guild))
        with suppress(IndexProblem, ModelError):  # without an embedder they are listed one by one
            found = await self._grouped(reply, found) if found else found
        await reply.give(gaps_page(found), files=[_file(found, form)] if form and found else [])

    async def _grouped(self, reply: CommandReply, found: tuple[Gap, ...]) -> tuple[Gap, ...]:
        asked = [gap.searched for gap in found[:GROUPED]]
        alike = await self._line.see_through(reply, "gaps", lambda assistant, _: assistant.browse().alike(asked))
        return together(found, [*alike, *((place,) for place in range(len(asked), len(found)))])

    async def feedback(self, reply: CommandReply, caller: Caller) -> None:
        """What people thought of answers."""
        await reply.show(embed=feedback_page(await self._memory.run(partial(feedback.listed, guild=caller.guild))))

    async def settings(self, reply: CommandReply, caller: Caller, *, wanted: Change) -> None:
        """Change what is wanted, and show what is set then."""
        if wanted.answers and not caller.owner:
            await reply.tell(ANSWERS_OWNER_ONLY)
            return
        if caller.guild is None and (wanted.where or wanted.role is not None):
            await reply.tell(IN_A_SERVER)
            return
        rules = await self._rulebook.change(caller.guild, wanted)
        answers = self._rulebook.answers or self._answers
        await reply.show(embed=settings_page(rules, answers=answers, direct=caller.guild is None))

    async def backup(self, reply: CommandReply, caller: Caller) -> None:
        """Copy what the bot remembers into a file beside it."""
        if not caller.owner or self.back_up is None:
            await reply.tell(NOT_POSSIBLE if caller.owner else OWNER_ONLY)
            return
        try:
            path = await self._thread.run(self.back_up)
        except FootnoteError as error:
            await reply.tell(f"⚠️ {_sentence(error, caller)}")
        else:
            await reply.tell(BACKED_UP.format(path=path))

    async def _before(self) -> Overview | None:
        """What the notes have before they are read; None where that cannot be said soon."""
        with suppress(TimeoutError, FootnoteError):
            async with asyncio.timeout(SECONDS_TO_SAY_WHAT_IT_KNOWS):
                return await self._line.quietly("browse", _look)
        return None

    async def _known(self, caller: Caller) -> tuple[Overview | None, str]:
        """What there is to ask about; None, and why, where that cannot be said."""
        try:
            async with asyncio.timeout(SECONDS_TO_SAY_WHAT_IT_KNOWS):
                return await self._catalogue.overview(), ""
        except TimeoutError:
            return None, STARTING
        except FootnoteError as error:
            return None, str(error) if caller.owner else failures.sentence(error)


def _look(assistant: Assistant, _cancelled: Cancelled) -> Overview:
    return assistant.browse().overview()


def _sentence(error: FootnoteError, caller: Caller) -> str:
    return safe(str(error) if caller.owner else failures.sentence(error), LONGEST_SENTENCE)


def _told(trouble: str, caller: Caller) -> str:
    return trouble if caller.owner or not trouble else "My owner finds out more in the log."


def _file(found: tuple[Gap, ...], form: Form) -> TextFile:
    if form == "csv":
        return TextFile("gaps.csv", gaps_csv(found) + "\n")
    return TextFile("gaps.md", gaps_markdown(found) + "\n")


def _version() -> str:
    try:
        return version("footnote")
    except PackageNotFoundError:
        return "(not installed)"
