"""The one crossing from async to sync: a bounded, fair line of jobs before the thread that owns the assistant.

Models are not thread-safe, so one thread opens the assistant, makes every call to it and closes it. Who asks what is
being answered for somebody else already waits for the same call. Everything else here runs on the event loop, which
never blocks on that thread. Knows nothing of Discord.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from bot.line.fair import FairLine
from bot.line.owner_thread import OwnerThread
from bot.line.told import Told
from rag.errors import FootnoteError, Interrupted
from rag.protocols import Assistant, Cancelled, GivenUp

log = logging.getLogger(__name__)

T = TypeVar("T")
Call: TypeAlias = Callable[[Assistant, Cancelled], T]

TYPICAL_SECONDS = {"ask": 4.0, "topic": 6.0, "browse": 0.2, "check": 0.2}  # until this machine has shown its own pace
UNKNOWN_SECONDS = 5.0
LEARNING_RATE = 0.3
SECONDS_TO_LET_GO = 60.0  # a call whose time is up and that goes on so long will not come back


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A call of the assistant that has ended.

    Attributes:
        kind: what was called, such as "ask".
        outcome: what it returned; an exception where it raised one.
        waited: seconds in line.
        took: seconds at the assistant.
    """

    kind: str
    outcome: object
    waited: float
    took: float


def _unseen(_call: Finished) -> None: ...


class QueueFull(FootnoteError):
    """As many jobs wait as are allowed to."""


class PersonWaits(QueueFull):
    """As many jobs of one person are under way as are allowed to be."""


class ServerWaits(QueueFull):
    """As many jobs of one server are under way as are allowed to be."""


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
        loading: the assistant has not been opened yet, or is being started anew, so `seconds` says little.
    """

    position: int
    seconds: float
    loading: bool


@runtime_checkable
class Started(Protocol):
    """An assistant that runs elsewhere, and is started in the middle of a call where it does not run any more."""

    @property
    def starting(self) -> bool:
        """Whether it is being started now; asked on any thread."""
        ...

    @property
    def starts(self) -> int:
        """How often it was started."""
        ...


@dataclass(frozen=True, kw_only=True)
class Who:
    """For whom a job is done. None: nobody in particular, no particular server."""

    person: Hashable = None
    server: Hashable = None


BOT = Who()


@dataclass(frozen=True, kw_only=True, eq=False)
class Work(Generic[T]):
    """One call on its way to the assistant, for everybody who waits for it.

    Attributes:
        kind: calls of one kind take about as long as each other.
        key: what makes another call the same one; None: nothing does.
        told: what the call tells of its outcome beforehand, if it does.
        jobs: of those who wait. Once there is none, `stop` is set, which the call finds out through `cancelled`.
        since: when it was put in line, by `time.monotonic()`.
    """

    kind: str
    call: Call[T]
    key: Hashable = None
    told: Told | None = None
    jobs: list[Job[T]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, kw_only=True, eq=False)
class Job(Generic[T]):
    """What one person waits for: await `done` for its outcome, until `until` by `time.monotonic()`."""

    work: Work[T]
    done: asyncio.Future[T]
    who: Who = BOT
    patient: bool = False
    until: float = math.inf

    def cancel(self) -> None:
        """Give up on it, wherever it stands. Nothing happens if it is done."""
        self.done.cancel()

    def fail(self, error: Exception) -> None:
        """End it with `error`, unless it has ended already."""
        if not self.done.done():
            self.done.set_exception(error)

    def finish(self, outcome: T) -> None:
        """End it with its outcome, unless it has ended already."""
        if not self.done.done():
            self.done.set_result(outcome)


class Worker:
    """A line of jobs for one assistant.

    Args:
        factory: opens the assistant; called on the owner thread, and again at the next job if it failed.
        queue_size: calls that may wait while another one is made.
        deadline_seconds: a job that has not ended so long after `submit` ends with `DeadlinePassed`.
        per_person: jobs of one person that may be under way at once.
        per_server: the same of one server.

    Attributes:
        observe: told of each call that has ended, on the event loop.
        seconds_to_let_go: a call that goes on for so long after its time was up counts as hung; see `well`.
    """

    def __init__(
        self,
        factory: Callable[[], Assistant],
        *,
        queue_size: int,
        deadline_seconds: float,
        per_person: float = math.inf,
        per_server: float = math.inf,
    ) -> None:
        self.observe: Callable[[Finished], None] = _unseen
        self.seconds_to_let_go = SECONDS_TO_LET_GO
        self._factory = factory
        self._queue_size = queue_size
        self._deadline_seconds = deadline_seconds
        self._per_person = per_person
        self._per_server = per_server
        self._assistant: Assistant | None = None
        self._line: FairLine[Job[Any]] = FairLine()
        self._shared: dict[Hashable, Work[Any]] = {}
        self._running: Work[Any] | None = None
        self._running_since = self._running_until = 0.0
        self._typical = dict(TYPICAL_SECONDS)
        self._news = asyncio.Event()
        self._closing = False
        self._thread = OwnerThread("footnote-assistant")
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to open the assistant and to take jobs. Call it on the running event loop."""
        self._serving = asyncio.create_task(self._serve(), name="footnote-worker")

    def submit(
        self,
        kind: str,
        call: Call[T],
        *,
        who: Who = BOT,
        key: Hashable = None,
        told: Told | None = None,
        patient: bool = False,
    ) -> Job[T]:
        """Put a call in line, or wait for one with the same `key` that stands there or is being made.

        Args:
            kind: groups calls that take about as long as each other.
            told: what the call tells meanwhile; that of the job's work is what to follow.
            patient: nobody waits for it: it lets everybody else go first, and has neither deadline nor limit.

        Raises:
            QueueFull: as many jobs wait as are allowed to; a PersonWaits or ServerWaits where that is why.
            Restarting: the worker is closing.
        """
        if self._closing:
            raise Restarting("The worker is closing.")
        work = self._shared.get(key) if key is not None else None
        if not patient:
            self._find_room(who, joins=work is not None)
        work = work or self._new(Work(kind=kind, call=call, key=key, told=told))
        until = math.inf if patient else time.monotonic() + self._deadline_seconds
        done = asyncio.get_running_loop().create_future()
        job = Job(work=work, done=done, who=who, patient=patient, until=until)
        work.jobs.append(job)
        if not patient:
            self._give_deadline(job)
        job.done.add_done_callback(lambda _: self._leave(job))
        if work is not self._running:
            self._line.put(job, who.person, patient=patient)
            self._news.set()
        return job

    def place(self, job: Job[Any]) -> Place:
        """Where `job` stands now. The call that is being made counts as first in line."""
        line = [*([self._running] if self._running else []), *self._calls()]
        ahead = line[: line.index(job.work)] if job.work in line else []
        seconds = sum(self._remaining(work) for work in [*ahead, job.work])
        return Place(position=len(ahead) + 1, seconds=seconds, loading=self._loading)

    @property
    def _loading(self) -> bool:
        assistant = self._assistant
        return assistant is None or (isinstance(assistant, Started) and assistant.starting)

    @property
    def waiting(self) -> int:
        """How many calls wait that somebody waits for."""
        return len({job.work for job in self._line.order() if not job.patient})

    @property
    def answering(self) -> bool:
        """Whether a job is at the assistant."""
        return self._running is not None

    @property
    def well(self) -> bool:
        """Whether no call goes on at the assistant long after it was told to stop."""
        return self._running is None or time.monotonic() < self._running_until + self.seconds_to_let_go

    async def close(self, *, grace: float = 3.0) -> None:
        """End every job with `Restarting`, stop the running call and close the assistant.

        Takes `grace` seconds at most. A call that has not stopped by then is left to its daemon thread.
        """
        self._closing = True
        self._news.set()
        for job in self._under_way():
            job.fail(Restarting("The worker is closing."))
        if self._serving is None:
            return
        await asyncio.wait({self._serving}, timeout=grace)
        if not self._serving.done():
            log.warning("a call did not stop within %.1f s and is left behind", grace)
            self._serving.cancel()
        elif not self._serving.cancelled() and (error := self._serving.exception()):
            log.warning("the assistant did not close properly: %s", type(error).__name__)

    def _find_room(self, who: Who, *, joins: bool) -> None:
        """Raises QueueFull where nobody may wait any longer; who `joins` a call takes up none of the room for calls."""
        others = [job.who for job in self._under_way() if not job.patient]
        mine = sum(other.person == who.person for other in others)
        if who.person is not None and mine >= self._per_person:
            raise PersonWaits(f"{mine} questions of this person are under way already.")
        here = sum(other.server == who.server for other in others)
        if who.server is not None and here >= self._per_server:
            raise ServerWaits(f"{here} questions of this server are under way already.")
        if not joins and self.waiting >= self._queue_size:
            raise QueueFull(f"{self.waiting} questions are waiting already.")

    def _new(self, work: Work[T]) -> Work[T]:
        if work.key is not None:
            self._shared[work.key] = work
        return work

    def _give_deadline(self, job: Job[Any]) -> None:
        too_late = DeadlinePassed(f"Not done within {self._deadline_seconds:g} s.")
        timer = asyncio.get_running_loop().call_later(self._deadline_seconds, job.fail, too_late)
        job.done.add_done_callback(lambda _: timer.cancel())

    def _under_way(self) -> list[Job[Any]]:
        """The jobs that wait, in line or for the call that is being made."""
        return [*self._line.order(), *(self._running.jobs if self._running else ())]

    def _calls(self) -> list[Work[Any]]:
        """The calls that wait, in order; one that several wait for comes with the first turn of any of them."""
        return list(dict.fromkeys(job.work for job in self._line.order()))

    def _leave(self, job: Job[Any]) -> None:
        """Nobody waits for this job any longer."""
        self._line.drop(job)
        job.work.jobs.remove(job)
        if not job.work.jobs:
            job.work.stop.set()
            self._part(job.work)

    def _part(self, work: Work[Any]) -> None:
        """Let nobody else wait for a call."""
        if self._shared.get(work.key) is work:
            del self._shared[work.key]

    async def _serve(self) -> None:
        try:
            await self._thread.run(self._open)
        except Exception as error:
            log.error("cannot answer anything yet: %s", error)
        while work := await self._next():
            await self._run(work)
        if self._assistant is not None:
            await self._thread.run(self._assistant.close)

    async def _next(self) -> Work[Any] | None:
        """The call at the head of the line, once there is one; None when closing."""
        while not self._line and not self._closing:
            self._news.clear()
            await self._news.wait()
        if self._closing:
            return None
        work = self._line.take().work
        for job in work.jobs:
            self._line.drop(job)
        return work

    async def _run(self, work: Work[Any]) -> None:
        self._running, self._running_since = work, time.monotonic()
        until = self._running_until = max((job.until for job in work.jobs), default=self._running_since)
        outcome: object = None
        try:
            outcome, seconds = await self._thread.run(partial(self._perform, work, until))
        except Exception as error:
            outcome = error
            for job in work.jobs:
                job.fail(error)
        else:
            if seconds is not None:
                self._learn(work.kind, seconds)
            for job in work.jobs:
                job.finish(outcome)
        finally:
            self._running = None
            self._part(work)
            waited, took = self._running_since - work.since, time.monotonic() - self._running_since
            try:
                self.observe(Finished(kind=work.kind, outcome=outcome, waited=waited, took=took))
            except Exception:  # whoever observes must not end the line
                log.exception("a call could not be observed")

    def _open(self) -> Assistant:
        if self._assistant is None:
            self._assistant = self._factory()
        return self._assistant

    def _perform(self, work: Work[T], until: float) -> tuple[T, float | None]:
        """On the owner thread: the call's outcome and the seconds it took; None where loading was a part of them."""
        assistant = self._open()
        starts, begun = _starts(assistant), time.monotonic()
        outcome = work.call(assistant, GivenUp(cancelled=work.stop.is_set, until=until))
        return outcome, time.monotonic() - begun if _starts(assistant) == starts else None

    def _remaining(self, work: Work[Any]) -> float:
        typical = self._typical.get(work.kind, UNKNOWN_SECONDS)
        if work is not self._running:
            return typical
        return max(typical - (time.monotonic() - self._running_since), 0.1 * typical)

    def _learn(self, kind: str, seconds: float) -> None:
        before = self._typical.get(kind, seconds)
        self._typical[kind] = before + LEARNING_RATE * (seconds - before)


def _starts(assistant: Assistant) -> int:
    return assistant.starts if isinstance(assistant, Started) else 0
