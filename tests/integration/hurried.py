"""An event loop whose seconds can be made to pass faster: for what the library waits out, half a minute of errors say.

Only the loop's own waiting is shortened; threads, sockets and the clock on the wall go as they always do. So what the
bot waits for itself, its memory say, may seem late: look at buttons where nobody hurries.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

SPEED = 30.0  # at which a busy machine still connects before the library takes it for dead


class HurriedLoop(asyncio.SelectorEventLoop):
    """Of an event loop's seconds `speed` pass in one."""

    def __init__(self) -> None:
        self._speed = 1.0
        self._from, self._passed = 0.0, 0.0  # when the speed was set, and the loop's time then
        super().__init__(_Selector(self))

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._from, self._passed = super().time(), self.time()
        self._speed = speed

    def time(self) -> float:
        return self._passed + (super().time() - self._from) * self._speed


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: HurriedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / self._loop.speed if timeout else timeout)


def run_hurried(scenario: Coroutine[Any, Any, T]) -> T:
    """What comes of a scenario that hurries at times."""
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(scenario)


@contextmanager
def hurry(speed: float = SPEED) -> Iterator[None]:
    """Inside the block the loop's seconds pass faster."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HurriedLoop), "start it with run_hurried"
    loop.speed = speed
    try:
        yield
    finally:
        loop.speed = 1.0
