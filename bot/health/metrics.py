"""What the bot does, counted for Prometheus: how often, how long, with what outcome; never what was asked.

Knows nothing of Discord, nor of how the figures are served (`bot/health/observed.py`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot.line.worker import Finished
from rag.drafts import Writing
from rag.map_types import TopicSummary
from rag.types import Answer, NotCovered

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
STAGE_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60)


class Metrics:
    """Counters in a registry of their own, so that two bots in one process do not add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._ended = Counter(
            "footnote_calls", "Calls of the assistant, by outcome", ["kind", "outcome"], registry=self.registry
        )
        self._took = Histogram(
            "footnote_call_seconds", "At the assistant", ["kind"], buckets=SECONDS, registry=self.registry
        )
        self._waited = Histogram("footnote_wait_seconds", "In line", buckets=SECONDS, registry=self.registry)
        self._stages = Histogram(
            "footnote_stage_seconds", "By stage of an answer", ["stage"], buckets=STAGE_SECONDS, registry=self.registry
        )
        self._checks = Counter(
            "footnote_checks_failed", "Written sentences that a check stopped", ["check"], registry=self.registry
        )

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Show what `value` says whenever the figures are read; it says NaN where there is nothing to say."""
        Gauge(name, description, registry=self.registry).set_function(value)

    def finished(self, call: Finished) -> None:
        """Count a call."""
        self._ended.labels(call.kind, _outcome(call.outcome)).inc()
        self._took.labels(call.kind).observe(call.took)
        self._waited.observe(call.waited)
        if isinstance(call.outcome, (Answer, NotCovered, TopicSummary)):
            for stage, milliseconds in call.outcome.timings_ms.items():
                self._stages.labels(stage).observe(milliseconds / 1000)
        for draft in _written(call.outcome).drafts:
            if draft.check:
                self._checks.labels(draft.check).inc()

    def text(self) -> bytes:
        """All of it, in the format that Prometheus reads."""
        return generate_latest(self.registry)


def _outcome(outcome: object) -> str:
    if isinstance(outcome, BaseException):
        return type(outcome).__name__
    return str(getattr(outcome, "outcome", "done"))


def _written(outcome: Any) -> Writing:  # noqa: ANN401
    trace = getattr(outcome, "trace", None)
    return (trace and trace.writing) or Writing(model="", passages=0)


def resident_bytes(pid: int | None) -> float:
    """Memory that a process holds; NaN where there is none or the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return math.nan
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def children_bytes(pid: int) -> float:
    """Memory that the processes hold which a process has started; 0 where the system does not tell."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        return math.fsum(resident_bytes(int(child)) for each in listed for child in each.read_text("ascii").split())
    except OSError:
        return 0.0


def age_seconds(path: Path, now: float) -> float:
    """Seconds since a file was last changed; NaN where it is not there."""
    try:
        return now - path.stat().st_mtime
    except OSError:
        return math.nan
