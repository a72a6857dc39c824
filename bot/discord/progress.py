"""What somebody sees until a question is answered: their place in line, an estimate, what was found, a Cancel button.

A message is changed no faster than once in 1.5 seconds, and only where there is news. Knows nothing of how an answer
is given in the end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import discord

from bot.discord.buttons import cancel_button
from bot.discord.direct import UNDELIVERABLE
from bot.discord.render import place_in_line, writing
from bot.discord.reply import Reply
from bot.state.views import new_token
from bot.worker import Call, Job, Worker
from rag.errors import Interrupted
from rag.protocols import Watch
from rag.types import Citation, Sentence

T = TypeVar("T")

SECONDS_BETWEEN_EDITS = 1.5
SECONDS_WORTH_A_WORD = 3.0  # most answers are there by then; a word before would delay them by the time between edits


class Cancelled(Interrupted):
    """Whoever asked wants no answer any more."""


class Told:
    """What an answer that is being written has come to; told on another thread, read on the event loop."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._evidence: tuple[Citation, ...] = ()
        self._sentences: list[Sentence] = []
        self._loop = asyncio.get_running_loop()
        self.news = asyncio.Event()

    @property
    def watch(self) -> Watch:
        """What the assistant is given."""
        return Watch(on_evidence=self._on_evidence, on_sentence=self._on_sentence)

    @property
    def version(self) -> int:
        """Another number whenever there is more to show; 0 while there is nothing."""
        return len(self._sentences) + bool(self._evidence)

    def page(self) -> discord.Embed:
        """What there is to show."""
        return writing(self._question, self._evidence, self._sentences)

    def _on_evidence(self, citations: Sequence[Citation]) -> None:
        self._evidence = tuple(citations)
        self._tell()

    def _on_sentence(self, sentence: Sentence, _cited: Sequence[Citation]) -> None:
        self._sentences.append(sentence)
        self._tell()

    def _tell(self) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            self._loop.call_soon_threadsafe(self.news.set)


@dataclass(kw_only=True)
class Pace:
    """When a message was changed last."""

    changed_at: float = 0.0

    async def keep(self) -> None:
        """Wait until it may be changed again."""
        await asyncio.sleep(max(0.0, self.changed_at + SECONDS_BETWEEN_EDITS - time.monotonic()))

    def changed(self) -> None:
        """It has just been changed."""
        self.changed_at = time.monotonic()


@dataclass(frozen=True, kw_only=True)
class Line:
    """The line of those who wait for the assistant, and the Cancel buttons of those who see one."""

    worker: Worker
    jobs: dict[str, tuple[Job[Any], int]] = field(default_factory=dict)

    async def see_through(
        self, reply: Reply, kind: str, call: Call[T], *, told: Told | None = None, pace: Pace | None = None
    ) -> T:
        """What comes of `call`, its asker being shown how it goes. Raises what it raises, and Cancelled."""
        job = self.worker.submit(kind, call)
        pace = pace or Pace()
        try:
            with self._cancellable(job, reply.place.user) as token:
                await self._follow(reply, job, cancel_button(token), told, pace)
            return await job.done
        finally:
            job.cancel()

    async def quietly(self, kind: str, call: Call[T]) -> T:
        """What comes of `call`; nothing is shown meanwhile."""
        job = self.worker.submit(kind, call)
        try:
            return await job.done
        finally:
            job.cancel()

    def cancel(self, token: str, user: int) -> bool | None:
        """Cancel what a button is about; False where it is somebody else's, None where nothing is being done."""
        job, asker = self.jobs.get(token, (None, 0))
        if job is None:
            return None
        if asker != user:
            return False
        job.fail(Cancelled("Cancelled by whoever asked."))
        return True

    @contextmanager
    def _cancellable(self, job: Job[Any], user: int) -> Iterator[str]:
        token = new_token()
        self.jobs[token] = (job, user)
        try:
            yield token
        finally:
            del self.jobs[token]

    async def _follow(
        self, reply: Reply, job: Job[Any], cancel: discord.ui.View, told: Told | None, pace: Pace
    ) -> None:
        """Until the job is done, keep showing how it goes; nothing where it need not wait and takes no time."""
        shown: object = None
        started, news = time.monotonic(), told.news if told else asyncio.Event()
        job.done.add_done_callback(lambda _: news.set())
        while not job.done.done():
            place, version = self.worker.place(job), told.version if told else 0
            state = (place.position, place.loading, version)
            waits = place.loading or place.position > 1 or time.monotonic() - started > SECONDS_WORTH_A_WORD
            if state != shown and (waits or shown or version):
                embed = told.page() if told and version else None
                with suppress(*UNDELIVERABLE):
                    await reply.show(content=None if embed else place_in_line(place), embed=embed, view=cancel)
                shown = state
                pace.changed()
                await asyncio.wait({job.done}, timeout=SECONDS_BETWEEN_EDITS)
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_BETWEEN_EDITS / 2):
                    await news.wait()
            news.clear()
