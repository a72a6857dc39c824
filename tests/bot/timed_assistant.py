"""An assistant that takes its time and can be deaf, fail or be cancelled: what a worker has to cope with."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.errors import Interrupted
from rag.map_types import TopicSummary
from rag.pipeline import Answers
from rag.protocols import NOBODY, Assistant, Cancelled, Watch
from rag.types import Answer, Earlier, Episode, Filter, NotCovered
from tests.bot.samples import ANSWER, SUMMARY, VENUS, FakeBrowsing, FakeSurveying, NotThere


@dataclass(kw_only=True)
class TimedAssistant:
    """Records its calls as (kind, text), and beside them the history and the filters that each question came with.

    Attributes:
        seconds: how long each call takes.
        quick: a word; questions with it take no time.
        deaf: sleeps through all of it in one go, whatever `cancelled` says.
        error: raised by each call instead of giving back a result.
        rests_on: the basis of whatever is asked.
        overlapped: whether two calls were ever under way at once.
        threads: names of the threads it was called on.
    """

    answer: Answer | NotCovered = ANSWER
    summary: TopicSummary | NotCovered = SUMMARY
    listed: Sequence[Episode] = (VENUS,)
    browsing: FakeBrowsing = field(default_factory=FakeBrowsing)
    surveying: FakeSurveying = field(default_factory=FakeSurveying)
    seconds: float = 0.0
    quick: str = ""
    deaf: bool = False
    error: Exception | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    histories: list[tuple[Earlier, ...]] = field(default_factory=list)
    filters: list[list[tuple[str, str]]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    overlapped: bool = False
    closed: bool = False
    cancelled_calls: int = 0
    rests_on: str = ""
    kept_apart: Mapping[str, Assistant] = field(default_factory=dict)
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        self.histories.append(tuple(history))
        self.filters.append([(each.kind, each.label) for each in filters])
        self._work("ask", question, cancelled)
        return self.answer

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        self._work("basis", question, None)
        return self.rests_on

    def topic(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        self._work("topic", topic, cancelled)
        return self.summary

    def episodes(self) -> Sequence[Episode]:
        self._work("episodes", "", None)
        return self.listed

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Assistant:
        return self if collection is None else self.kept_apart.get(collection, NotThere(collection))

    def browse(self) -> FakeBrowsing:
        if self.error:
            raise self.error
        return self.browsing

    def survey(self) -> FakeSurveying:
        if self.error:
            raise self.error
        return self.surveying

    def reload(self) -> None:
        self._work("reload", "", None)

    def close(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed = True

    def _work(self, kind: str, text: str, cancelled: Cancelled | None) -> None:
        self.calls.append((kind, text))
        self.threads.add(threading.current_thread().name)
        if not self._busy.acquire(blocking=False):
            self.overlapped = True
            return
        try:
            if not self.quick or self.quick not in text:
                self._take_time(cancelled)
        finally:
            self._busy.release()
        if self.error:
            raise self.error

    def _take_time(self, cancelled: Cancelled | None) -> None:
        if self.deaf:
            time.sleep(self.seconds)
            return
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            if cancelled and cancelled():
                self.cancelled_calls += 1
                raise Interrupted("Stopped.")
            time.sleep(0.01)


def opening(assistant: Assistant, opened: asyncio.Event) -> Callable[[], Assistant]:
    """A factory for `assistant` that sets `opened` on the event loop once a worker has it."""
    loop = asyncio.get_running_loop()

    def factory() -> Assistant:
        loop.call_soon_threadsafe(opened.set)
        return assistant

    return factory
