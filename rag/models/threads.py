"""How many threads a model computes with on this machine: measured once, and kept beside the models.

Knows nothing of models: it is told what to time. A machine that is busy for a moment must not be
remembered as a slow one: it is measured another time, and the usual number stays unless another is clearly faster.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rag.models.machine import cores_of

THREADS_FILE = "threads.json"
BUDGET_SECONDS = 3.0
ROUNDS = 6
BUSY_SAMPLES = 10
_LOAD = Path("/proc/loadavg")
CLEARLY = 0.85  # another number has to take at most this share of the usual one's time


def default_threads() -> int:
    """One thread a core up to two, then one fewer than there are cores: all of them collapse when busy."""
    cores = cores_of()
    return cores if cores <= 2 else cores - 1


def candidates() -> list[int]:
    """Numbers worth a try, the usual one first."""
    cores = cores_of()
    return list(dict.fromkeys((default_threads(), max(1, cores // 2), cores)))


def stored_threads(folder: Path) -> int | None:
    """What was measured on this machine; None where nothing was."""
    with suppress(OSError, ValueError, AttributeError):
        threads = json.loads((folder / THREADS_FILE).read_text(encoding="utf-8")).get(_machine())
        return threads if isinstance(threads, int) and 1 <= threads <= 256 else None
    return None


def store_threads(folder: Path, threads: int) -> None:
    """Keep it for this machine; a folder that cannot be written to only costs another measurement."""
    known: object = {}
    with suppress(OSError, ValueError):
        known = json.loads((folder / THREADS_FILE).read_text(encoding="utf-8"))
    with suppress(OSError):
        kept = {**(known if isinstance(known, dict) else {}), _machine(): threads}
        (folder / THREADS_FILE).write_text(json.dumps(kept, indent=1), encoding="utf-8")


def is_busy() -> bool:
    """Whether other programs compute right now, for most of a tenth of a second; False where nobody says."""
    others = []
    for _ in range(BUSY_SAMPLES):
        with suppress(OSError, ValueError, IndexError):
            running = _LOAD.read_text(encoding="ascii").split()[3].split("/")[0]
            others.append(int(running) - 1)
        time.sleep(0.01)
    return sum(count > 0 for count in others) > BUSY_SAMPLES / 2


def measure_threads(work: Callable[[int], object], *, clock: Callable[[], float] = time.perf_counter) -> int:
    """The number of threads with which `work` is done soonest, within three seconds or so.

    Each number's best round counts: it is the one that other work on the machine disturbed least.
    """
    usual, *_ = numbers = candidates()
    best = dict.fromkeys(numbers, float("inf"))
    began = clock()
    for threads in numbers * ROUNDS:
        start = clock()
        work(threads)
        best[threads] = min(best[threads], clock() - start)
        if clock() - began > BUDGET_SECONDS:
            break
    fastest = min(numbers, key=lambda threads: best[threads])
    return fastest if best[fastest] <= CLEARLY * best[usual] else usual


def _machine() -> str:
    return f"{platform.machine()}, {cores_of()} cores"
