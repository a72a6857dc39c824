"""The one crossing from async to sync: a bounded line of jobs before the thread that owns the assistant.

Models are not thread-safe, so one thread opens the assistant, makes every call to it and closes it.
Everything else here runs on the event loop, which never blocks on that thread. Knows nothing of Discord.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from bot.owner_thread import OwnerThread
from rag.errors import FootnoteError, Interrupted
from rag.protocols import Assistant, Cancelled, GivenUp

log = logging.getLogger(__name__)

T = TypeVar("T")
Call: TypeAlias = Callable[[Assistant, Cancelled], T]

TYPICAL_SECONDS = {"ask": 4.0, "topic": 6.0, "browse": 0.2}  # until this machine has shown its own pace
UNKNOWN_SECONDS = 5.0
LEARNING_RATE = 0.3


def _as_it_is(_assistant: Assistant) -> None: ...


class QueueFull(FootnoteError):
    """As many jobs wait as are allowed to."""


class DeadlinePassed(Interrupted):
    """The job took longer, waiting included, than anybody should be kept."""


class Restarting(Interrupted):
    """The worker is closing."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a job stands in line.

    Attributes:
        position: 1 is the job at the assistant or the next to get there.
        seconds: estimate until the job is done.
        loading: the assistant has not been opened yet, so `seconds` says little.
    """

    position: int
    seconds: float
    loading: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Job(Generic[T]):
    """One call on its way to the assistant.

    Await `done` for its outcome. However it ends, `stop` is set, and the call finds out through `cancelled`, which
    also tells `until` when, by `time.monotonic()`, somebody waits.
    """

    kind: str
    call: Call[T]
    done: asyncio.Future[T]
    patient: bool = False
    until: float = math.inf
    stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Give up on it, wherever it stands. Nothing happens if it is done."""
        self.done.cancel()
        self.stop.set()

    def fail(self, error: Exception) -> None:
        """End it with `error`, unless it has ended already."""
        if not self.done.done():
            self.done.set_exception(error)
        self.stop.set()

    def finish(self, outcome: T) -> None:
        """End it with its outcome, unless it has ended already."""
        if not self.done.done():
            self.done.set_result(outcome)


class Worker:
    """A line of jobs for one assistant.

    Args:
        factory: opens the assistant; called on the owner thread, and again at the next job if it failed.
        queue_size: jobs that may wait while another one runs.
        deadline_seconds: a job that has not ended so long after `submit` ends with `DeadlinePassed`.

    Attributes:
        prepare: called with the assistant before each job, on the owner thread.
    """

    def __init__(self, factory: Callable[[], Assistant], *, queue_size: int, deadline_seconds: float) -> None:
        self.prepare: Callable[[Assistant], None] = _as_it_is
        self._factory = factory
        self._queue_size = queue_size
        self._deadline_seconds = deadline_seconds
        self._assistant: Assistant | None = None
        self._waiting: list[Job[Any]] = []
        self._running: Job[Any] | None = None
        self._running_since = 0.0
        self._typical = dict(TYPICAL_SECONDS)
        self._news = asyncio.Event()
        self._closing = False
        self._thread = OwnerThread("footnote-assistant")
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to open the assistant and to take jobs. Call it on the running event loop."""
        self._serving = asyncio.create_task(self._serve(), name="footnote-worker")

    def submit(self, kind: str, call: Call[T], *, patient: bool = False) -> Job[T]:
        """Put a call in line.

        Args:
            kind: groups calls that take about as long as each other.
            patient: nobody waits for it: it lets everybody else go first, and has neither deadline nor limit.

        Raises:
            QueueFull: as many jobs wait as are allowed to.
            Restarting: the worker is closing.
        """
        if self._closing:
            raise Restarting("The worker is closing.")
        ahead = self.waiting
        if ahead >= self._queue_size and not patient:
            raise QueueFull(f"{ahead} questions are waiting already.")
        until = math.inf if patient else time.monotonic() + self._deadline_seconds
        done = asyncio.get_running_loop().create_future()
        job = Job(kind=kind, call=call, done=done, patient=patient, until=until)
        if not patient:
            self._give_deadline(job)
        job.done.add_done_callback(lambda _: self._leave_line(job))
        self._waiting.insert(len(self._waiting) if patient else ahead, job)
        self._news.set()
        return job

    def _give_deadline(self, job: Job[Any]) -> None:
        too_late = DeadlinePassed(f"Not done within {self._deadline_seconds:g} s.")
        timer = asyncio.get_running_loop().call_later(self._deadline_seconds, job.fail, too_late)
        job.done.add_done_callback(lambda _: timer.cancel())

    def place(self, job: Job[Any]) -> Place:
        """Where `job` stands now. The one that is running counts as first in line."""
        line = [self._running] if self._running else []
        line += self._waiting
        ahead = line[: line.index(job)] if job in line else []
        seconds = sum(self._remaining(other) for other in [*ahead, job])
        return Place(position=len(ahead) + 1, seconds=seconds, loading=self._assistant is None)

    @property
    def waiting(self) -> int:
        """How many jobs wait that somebody waits for."""
        return sum(not job.patient for job in self._waiting)

    @property
    def answering(self) -> bool:
        """Whether a job is at the assistant."""
        return self._running is not None

    async def close(self, *, grace: float = 3.0) -> None:
        """End every job with `Restarting`, stop the running call and close the assistant.

        Takes `grace` seconds at most. A call that has not stopped by then is left to its daemon thread.
        """
        self._closing = True
        self._news.set()
        for job in [*self._waiting, *([self._running] if self._running else [])]:
            job.fail(Restarting("The worker is closing."))
        if self._serving is None:
            return
        await asyncio.wait({self._serving}, timeout=grace)
        if not self._serving.done():
            log.warning("a call did not stop within %.1f s and is left behind", grace)
            self._serving.cancel()
        elif not self._serving.cancelled() and (error := self._serving.exception()):
            log.warning("the assistant did not close properly: %s", type(error).__name__)

    async def _serve(self) -> None:
        try:
            await self._thread.run(self._open)
        except Exception as error:
            log.error("cannot answer anything yet: %s", error)
        while job := await self._next():
            await self._run(job)
        if self._assistant is not None:
            await self._thread.run(self._assistant.close)

    async def _next(self) -> Job[Any] | None:
        """The job at the head of the line, once there is one; None when closing."""
        while not self._waiting and not self._closing:
            self._news.clear()
            await self._news.wait()
        return None if self._closing else self._waiting.pop(0)

    async def _run(self, job: Job[Any]) -> None:
        self._running, self._running_since = job, time.monotonic()
        try:
            outcome, seconds = await self._thread.run(partial(self._perform, job))
        except Exception as error:
            job.fail(error)
        else:
            self._learn(job.kind, seconds)
            job.finish(outcome)
        finally:
            self._running = None

    def _open(self) -> Assistant:
        if self._assistant is None:
            self._assistant = self._factory()
        return self._assistant

    def _perform(self, job: Job[T]) -> tuple[T, float]:
        """On the owner thread: the call's outcome and the seconds it took."""
        assistant = self._open()
        self.prepare(assistant)
        started = time.monotonic()
        return job.call(assistant, GivenUp(cancelled=job.stop.is_set, until=job.until)), time.monotonic() - started

    def _leave_line(self, job: Job[Any]) -> None:
        job.stop.set()
        with contextlib.suppress(ValueError):
            self._waiting.remove(job)

    def _remaining(self, job: Job[Any]) -> float:
        typical = self._typical.get(job.kind, UNKNOWN_SECONDS)
        if job is not self._running:
            return typical
        return max(typical - (time.monotonic() - self._running_since), 0.1 * typical)

    def _learn(self, kind: str, seconds: float) -> None:
        before = self._typical.get(kind, seconds)
        self._typical[kind] = before + LEARNING_RATE * (seconds - before)
