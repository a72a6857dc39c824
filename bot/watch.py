"""Keeps what an assistant serves up to date with the notes folder, on a thread of its own.

A change is indexed in another process; then the assistant is told to open the new index, between two questions, and
the index before is deleted, with what was deleted from the notes. Where any of it fails the old index serves, and the
owner is told once. Knows nothing of Discord or of terminals.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from bot.line.worker import QueueFull
from rag.build import drop_index, drop_old_builds
from rag.errors import FootnoteError, IndexBusy, IndexMissing, Interrupted, NoNotes
from rag.reading.watch import watch

log = logging.getLogger(__name__)

GRACE = 5.0  # seconds for other processes to leave the build before


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An index to be kept up to date.

    Attributes:
        data: its folder.
        refresh: indexes what has changed, in steps, each of which ends with something new to serve.
        collection: whose it is; None: it is that of all notes.
    """

    data: Path
    refresh: Callable[[], Iterable[None]]
    collection: str | None = None


class Keeper:
    """Brings indexes and their assistant up to date.

    Args:
        indexes: which there are now; what fails about one does not keep the others back.
        reload: makes the assistant open the newest indexes; returns when done.
        tell: tells the owner, in a sentence.
        stop: set when nothing is to be kept up any longer.
        tidy: removes what deleted indexes have left anywhere else.
    """

    def __init__(
        self,
        indexes: Callable[[], Iterable[Kept]],
        *,
        reload: Callable[[], None],
        tell: Callable[[str], None],
        stop: Event,
        grace: float = GRACE,
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        self._indexes = indexes
        self._reload = reload
        self._tell = tell
        self._stop = stop
        self._grace = grace
        self._tidy = tidy
        self._told = ""
        self._under_way = Lock()

    def now(self, collection: str | None = None) -> None:
        """Serve the notes as they are now; waits while that is under way.

        Raises FootnoteError where it fails for this collection; None: for all notes. What else fails, the owner hears.
        """
        failed = self._bring_all_up_to_date()
        mine = failed.pop(collection, None)
        for error in failed.values():
            self._say(str(error))
        if mine:
            raise mine

    def update(self) -> bool:
        """Serve the notes as they are now. False where that failed and is worth another try."""
        try:
            for error in self._bring_all_up_to_date().values():
                raise error
        except (IndexBusy, QueueFull, Interrupted) as error:
            log.info("%s", error)
            return False
        except FootnoteError as error:
            self._say(str(error))
            return False
        except Exception as error:  # whatever it is, the watching goes on
            if self._stop.is_set():
                return True  # the assistant has been closed meanwhile
            log.exception("the notes could not be brought up to date")
            self._say(f"The notes could not be indexed again ({type(error).__name__}); the log says more.")
            return False
        self._told = ""
        return True

    def _bring_all_up_to_date(self) -> dict[str | None, FootnoteError]:
        """What has failed, by collection."""
        failed: dict[str | None, FootnoteError] = {}
        with self._under_way:
            for kept in self._indexes():
                try:
                    self._bring_up_to_date(kept)
                except FootnoteError as error:
                    failed[kept.collection] = error
            self._tidy()
        return failed

    def _bring_up_to_date(self, kept: Kept) -> None:
        try:
            for _ in kept.refresh():
                self._reload()
                drop_old_builds(kept.data, wait=lambda: self._stop.wait(self._grace))
        except NoNotes as error:
            drop_index(kept.data)  # nothing of what was deleted may be cited any longer
            self._say(str(error))
            with suppress(IndexMissing, NoNotes):
                self._reload()

    def _say(self, sentence: str) -> None:
        """Tell the owner, unless that was the last thing they were told."""
        if sentence != self._told and not self._stop.is_set():
            self._told = sentence
            self._tell(sentence)


@contextmanager
def kept_up(
    notes: Path,
    data: Path,
    *,
    refresh: Callable[[], Iterable[None]],
    reload: Callable[[], None],
    tell: Callable[[str], None],
    beside: Callable[[], Iterable[Kept]] = tuple,
    tidy: Callable[[], None] = lambda: None,
) -> Iterator[Keeper]:
    """Inside the block, the assistant that `reload` reaches serves the notes as they are; gives what sees to that.

    `beside`: the indexes of parts of the notes, which are kept up after that of all of them in `data`. `tidy`: see
    `Keeper`.
    """
    stop = Event()
    whole = Kept(data=data, refresh=refresh)
    keeper = Keeper(lambda: (whole, *beside()), reload=reload, tell=tell, stop=stop, tidy=tidy)

    def keep() -> None:
        try:
            reload()
        except FootnoteError as error:  # an assistant that is still being opened indexes by itself
            log.info("%s", error)
        except Exception:  # whatever it is, the watching goes on
            log.exception("the newest index could not be opened")
        watch(notes, keeper.update, stop=stop)

    Thread(target=keep, name="footnote-watch", daemon=True).start()
    try:
        yield keeper
    finally:
        stop.set()
