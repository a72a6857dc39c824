"""A thread that owns what must not be touched by two threads at once, and the way to it from the event loop.

Knows nothing of what it owns: a model, a database.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class OwnerThread:
    """A daemon thread that makes calls one after the other and hands their outcomes to the event loop.

    A daemon, not an executor's thread: a call that cannot be stopped must not keep the program alive.
    """

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    async def run(self, call: Callable[[], T]) -> T:
        """The outcome of `call`, which is made even if nobody waits for it any longer."""
        if not self._thread.ident:
            self._thread.start()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._calls.put(partial(_make_call, call, outcome, loop))
        return await outcome

    def _work(self) -> None:
        while True:
            self._calls.get()()


def _make_call(call: Callable[[], T], outcome: asyncio.Future[T], loop: asyncio.AbstractEventLoop) -> None:
    report: Callable[[], None]
    try:
        report = partial(_unless_done, outcome, outcome.set_result, call())
    except Exception as error:
        report = partial(_unless_done, outcome, outcome.set_exception, error)
    except BaseException as error:  # a panic in a library's Rust code is one, and must not end the thread
        panic = RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
        report = partial(_unless_done, outcome, outcome.set_exception, panic)
    with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
        loop.call_soon_threadsafe(report)


def _unless_done(outcome: asyncio.Future[T], settle: Callable[[Any], None], value: object) -> None:
    if not outcome.done():
        settle(value)
