"""Where the time of one question or topic goes. Knows nothing of what the stages do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Milliseconds spent in each stage of one question."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the block under `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._stages[name] = self._stages.get(name, 0.0) + (time.perf_counter() - started) * 1000

    def mark(self, name: str) -> None:
        """Keep under `name` how long it took until now, the first time."""
        self._stages.setdefault(name, (time.perf_counter() - self._started) * 1000)

    def timings(self) -> dict[str, float]:
        """Every stage so far and the total, in milliseconds."""
        total = (time.perf_counter() - self._started) * 1000
        return {name: round(ms, 1) for name, ms in {**self._stages, "total": total}.items()}
