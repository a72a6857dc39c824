"""Watches a notes folder and says, once the dust has settled, that it has changed. The one file with `watchfiles`.

What the operating system reports only wakes it up; whether anything changed is seen by looking at names, sizes and
times. So network drives and linked folders, which report nothing, are noticed too, at the next look around, and a
thousand saves are one change. Knows nothing of notes or indexes.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from watchfiles import watch as wait_for_events

from rag.reading.ignored import is_ignored, leads_out

Stamps = dict[str, tuple[int, int, int]]
"""Path of a file -> size, time of change in nanoseconds, inode."""

LOOK_EVERY = 10.0  # seconds between looks around when nothing is reported
QUIET = 1.0  # seconds without a change after which what was saved is whole
PATIENCE = 12.0  # seconds after which the changes so far are taken though others go on
TRY_AGAIN = 3.0  # seconds after which a failed update is tried again, twice as long each time
LONGEST = 300.0

log = logging.getLogger(__name__)


def watch(
    folder: Path,
    update: Callable[[], bool],
    *,
    stop: Event,
    look_every: float = LOOK_EVERY,
    quiet: float = QUIET,
    patience: float = PATIENCE,
    try_again: float = TRY_AGAIN,
) -> None:
    """Call `update` at once and after every change in `folder`, until `stop` is set; False from it: try again later."""
    known: Stamps | None = None
    due, delay = 0.0, try_again
    for _ in _wakings(folder, stop, look_every=min(look_every, try_again), step=quiet):
        now = stamps(folder)
        if now == known and time.monotonic() < due:
            continue
        if now != known:
            now, delay = _settled(folder, now, stop, quiet=quiet, patience=patience), try_again
        if stop.is_set():
            return
        done = update()
        known, due = now, float("inf") if done else time.monotonic() + delay
        delay = min(2 * delay, LONGEST)


def stamps(folder: Path) -> Stamps:
    """Every file in `folder` that is not left alone; empty where the folder cannot be read."""
    found: Stamps = {}
    seen: set[tuple[int, int]] = set()
    root = folder.resolve()
    for here, folders, files in os.walk(folder, followlinks=True):
        try:
            place = Path(here).stat()
        except OSError:
            continue
        again = (place.st_dev, place.st_ino) in seen
        seen.add((place.st_dev, place.st_ino))
        folders[:] = [] if again else [n for n in folders if not is_ignored(n) and not leads_out(Path(here, n), root)]
        for path in (Path(here, name) for name in files if not again and not is_ignored(name)):
            try:
                stat = path.stat()
            except OSError:
                continue
            found[str(path)] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return found


def _settled(folder: Path, now: Stamps, stop: Event, *, quiet: float, patience: float) -> Stamps:
    """The folder once nothing in it has changed for `quiet` seconds, or as it is when patience ends."""
    end = time.monotonic() + patience
    while not stop.wait(quiet) and time.monotonic() < end:
        before, now = now, stamps(folder)
        if now == before:
            break
    return now


def _wakings(folder: Path, stop: Event, *, look_every: float, step: float) -> Iterator[None]:
    """At once, then whenever something may have changed."""
    yield
    while not stop.is_set():
        try:
            for _ in wait_for_events(
                folder,
                watch_filter=lambda _change, path: not is_ignored(Path(path).name),
                step=max(1, int(1000 * step / 2)),
                rust_timeout=int(1000 * look_every),
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                yield
        except (OSError, RuntimeError) as error:  # the folder is gone, or there are too many folders to watch
            log.info("%s cannot be watched (%s); looking at it every %g s", folder, error, look_every)
            stop.wait(look_every)
            yield
