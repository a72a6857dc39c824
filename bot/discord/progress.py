"""What somebody sees until a question is answered: their place in line, an estimate, what was found, a Cancel button.

A message is changed no faster than once in 1.5 seconds, and only where there is news; what was found is shown where
the answer is not there soon after it. Knows nothing of how an answer is given in the end.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import discord

from bot.discord.buttons import cancel_button
from bot.discord.direct import UNDELIVERABLE
from bot.discord.permission import Asker
from bot.discord.render import doing, place_in_line, writing
from bot.discord.reply import Reply
from bot.line.told import Told
from bot.line.worker import Call, Job, Who, Worker
from bot.state.views import new_token
from rag.errors import Interrupted

T = TypeVar("T")

SECONDS_BETWEEN_EDITS = 1.5
SECONDS_WORTH_A_WORD = 3.0  # most answers are there by then; a word before would delay them by the time between edits
SECONDS_BEFORE_EVIDENCE = 0.8  # an answer that comes sooner after what was found is shown instead of it
SECONDS_FOR_THE_ANSWER = 0.4  # longer, where that is expected to be there by then


def who_of(asker: Asker) -> Who:
    """Whose turn it is where they ask, by which it is limited how much is under way."""
    return Who(person=asker.user, server=asker.guild)


class Cancelled(Interrupted):
    """Whoever asked wants no answer any more."""


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
class Shown:
    """Where it is shown how a job goes.

    Attributes:
        asked: the question, in its asker's words.
        told: what the answer tells beforehand; None where it tells nothing.
    """

    reply: Reply
    asked: str = ""
    told: Told | None = None
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, kw_only=True)
class Line:
    """The line of those who wait for the assistant, and the Cancel buttons of those who see one."""

    worker: Worker
    jobs: dict[str, tuple[Job[Any], int]] = field(default_factory=dict)

    async def see_through(self, reply: Reply, kind: str, call: Call[T]) -> T:
        """What comes of `call`, its asker being shown how it goes. Raises what it raises, and Cancelled."""
        return await self.follow(Shown(reply=reply), kind, call)

    async def follow(self, shown: Shown, kind: str, call: Call[T], *, key: Hashable = None) -> T:
        """`see_through`, or to wait for what comes of another call with the same `key` that is on its way."""
        place = shown.reply.place
        who = Who(person=place.user, server=place.guild)
        job = self.worker.submit(kind, call, who=who, key=key, told=shown.told)
        try:
            with self._cancellable(job, place.user) as token:
                await _Following(shown, job, self.worker, cancel_button(token)).until_done()
            return await job.done
        finally:
            job.cancel()

    async def quietly(self, kind: str, call: Call[T], *, who: Who, key: Hashable = None) -> T:
        """What comes of `call`, or of another with the same `key`; nothing is shown meanwhile. Raises as `follow`."""
        job = self.worker.submit(kind, call, who=who, key=key)
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


class _Following:
    """Shows in one message how a job goes, below it a button."""

    def __init__(self, shown: Shown, job: Job[Any], worker: Worker, button: discord.ui.View) -> None:
        self._shown = shown
        self._job = job
        self._told = job.work.told
        self._worker = worker
        self._button = button
        self._started = time.monotonic()
        self._state: object = None

    async def until_done(self) -> None:
        """Keep showing it; nothing where it need not wait and takes no time."""
        news = asyncio.Event()
        self._job.done.add_done_callback(lambda _: news.set())
        with self._told.followed(news) if self._told else nullcontext():
            while not self._job.done.done():
                if await self._show():
                    await asyncio.wait({self._job.done}, timeout=SECONDS_BETWEEN_EDITS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._seconds_to_look_again()):
                        await news.wait()
                news.clear()

    async def _show(self) -> bool:
        """Show how it goes, if that is news and worth a word; whether it was."""
        place, found = self._worker.place(self._job), self._found()
        stage = self._told.stage if self._told else None
        state = (place.position, place.loading, found.version if found else 0, stage)
        waits = place.loading or place.position > 1 or time.monotonic() - self._started > SECONDS_WORTH_A_WORD
        if state == self._state or not (waits or found or self._state):
            return False
        embed = writing(self._shown.asked, found.evidence, found.sentences) if found else None
        with suppress(*UNDELIVERABLE):
            await self._shown.reply.show(
                content=None if embed else doing(stage) if stage and not place.loading else place_in_line(place),
                embed=embed,
                view=self._button,
            )
        self._state = state
        self._shown.pace.changed()
        return True

    def _found(self) -> Told | None:
        """What has been told, once it is old enough to be shown."""
        return self._told if self._seconds_to_ripen() <= 0 else None

    def _seconds_to_ripen(self) -> float:
        """Until what has been told is old enough; for ever while nothing has been."""
        since = self._told.since if self._told else None
        if since is None:
            return math.inf
        soon = self._worker.place(self._job).seconds < SECONDS_FOR_THE_ANSWER
        return since + SECONDS_BEFORE_EVIDENCE + soon * SECONDS_FOR_THE_ANSWER - time.monotonic()

    def _seconds_to_look_again(self) -> float:
        ripens = self._seconds_to_ripen()
        return min(SECONDS_BETWEEN_EDITS / 2, ripens if ripens > 0 else math.inf)
