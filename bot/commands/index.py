"""`footnote index`: build the index with a progress bar, and bring it up to date before a question is asked.

Knows nothing of what an index is made of.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bot import wording
from bot.answering.chosen import built_anew, embedder_fingerprint, open_embedder
from bot.answering.vectors import moved, server_of, tidy
from bot.commands.calibrate import calibrate_index
from bot.language import _, ngettext, number
from bot.settings import Settings
from rag import holdings, origin
from rag.build import current_build
from rag.calibration import DUE_FROM, is_calibrated
from rag.chroma import Server
from rag.collection import indexed
from rag.errors import FootnoteError, IndexProblem, NoNotes
from rag.index import open_index
from rag.indexing import Borrowing, BuildReport, Check, build_index, is_current
from rag.indexing import Progress as Tell
from rag.phrase import Phrase
from rag.protocols import Embedder
from rag.topics.subject_store import are_found, found_in
from rag.types import ReadWarning

log = logging.getLogger(__name__)

LINE_EVERY = 30.0  # seconds
MANY_FILES = 20_000
STAGES = (
    *(Phrase("Looking"), Phrase("Reading"), Phrase("Embedding"), Phrase("Storing"), Phrase("Checking")),
    *(Phrase("Calibrating"), Phrase("Finding topics")),
)
"""What a build tells of, as it tells it."""
_given_up: set[Path] = set()
"""Builds whose topics could not be kept beside them by this process: it tries that once."""
MANY = Phrase(
    "There are {n} files in the notes folder. Reading takes about a minute for every 25,000 short ones, computing "
    "their vectors far longer. If they are not all notes, press Ctrl-C and name another folder with --notes; what was "
    "indexed before goes on serving."
)


def every(settings: Settings) -> tuple[str | None, ...]:
    """What is indexed: all notes (None) first, then each collection that is to have an index of its own."""
    return (None, *indexed(settings.data))


def build(settings: Settings, rebuild: bool) -> str:
    """Build the indexes in this process, with progress on standard error; returns what to print about them.

    `rebuild` computes everything anew, whatever is there.

    Raises:
        FootnoteError: notes, model, disk or index do not allow it; what served before still does.
    """
    told: list[str] = []
    _announce(settings)
    for collection in every(settings):
        with _progress_bar() as tell, _costs_only_itself(collection, told.append):
            told.append(_of(collection, describe(_build(settings, tell, collection=collection, rebuild=rebuild))))
    return "\n".join(told)


def refresh(settings: Settings) -> None:
    """Build the indexes in another process, unless they already hold the notes as they are now.

    In another process, because storing vectors would block this one and the memory should go when it is done.

    Raises:
        FootnoteError: as `build` does, or because that process died.
    """
    for collection in every(settings):
        with _costs_only_itself(collection, _write_line):
            if not _is_up_to_date(settings.of(collection)):
                _announce(settings.of(collection))
                with _progress_bar() as tell:
                    report = _build_elsewhere(settings, tell, collection=collection)
                _write_line(_of(collection, describe(report)))


def update(settings: Settings, collection: str | None = None) -> Iterator[None]:
    """Do what `refresh` does, in silence and whatever keys are pressed: for a program that goes on talking meanwhile.

    For all notes, or for one collection. In steps, each of which ends with something new to serve: thresholds may be
    measured again when the notes are served already. Topics that an earlier version found are found anew, too; where
    they cannot be kept (no room, no right to write), that is tried once.

    Raises:
        FootnoteError: as `refresh` does.
    """
    served = settings.of(collection)
    if collection and _is_deleted(settings, served):
        raise NoNotes(f"The folder of the collection {collection} is gone.", remedy=f"Put it back: {served.notes}")
    if collection and not served.data.is_dir():
        return  # its index was deleted while others were brought up to date
    if not (_is_up_to_date(served, changed_below=float("inf")) and _topics_are_settled(current_build(served.data))):
        _build_elsewhere(settings, _in_silence, collection=collection, background=True, changed_below=float("inf"))
        if not are_found(built := current_build(served.data)):
            _given_up.add(built)
    yield
    if not is_calibrated(served.data, changed_below=DUE_FROM):
        _build_elsewhere(settings, _in_silence, collection=collection, background=True)
        yield


def _topics_are_settled(build: Path) -> bool:
    return are_found(build) or build in _given_up


def _is_deleted(settings: Settings, collection: Settings) -> bool:
    """Whether the folder of a collection is gone, rather than the drive with all notes."""
    there = settings.notes.is_dir() and not origin.is_unmounted(settings.data, settings.notes)
    return there and not collection.notes.is_dir()


def _of(collection: str | None, sentence: str) -> str:
    return wording.clean(f"{collection}: {sentence}") if collection else sentence


def _write_line(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@contextmanager
def _costs_only_itself(collection: str | None, tell: Callable[[str], object]) -> Iterator[None]:
    """Inside the block, what fails about a collection is told and does not keep the others from being indexed."""
    try:
        yield
    except FootnoteError as error:
        if collection is None:
            raise
        tell(_of(collection, str(error)))


def _announce(settings: Settings) -> None:
    """Say why much more is done than has changed in the notes, where another setting is the reason."""
    for said in filter(None, (built_anew(settings), moved(settings))):
        sys.stderr.write(wording.clean(_(said)) + "\n")


def _in_silence(_stage: str, _done: int, _total: int) -> None: ...


def _is_up_to_date(settings: Settings, *, changed_below: float = DUE_FROM) -> bool:
    embedder = embedder_fingerprint(settings)
    current = is_current(settings.notes, settings.data, embedder=embedder, server=server_of(settings))
    return current and is_calibrated(settings.data, changed_below=changed_below)


def describe(report: BuildReport) -> str:
    """What a build did, in one line, and one line more for everything that its owner should know of."""
    what = ", ".join(
        (wording.notes(report.notes), wording.episodes(report.episodes), wording.passages(report.passages))
    )
    computed = ngettext("{n} vector computed", "{n} vectors computed", report.embedded)
    did = _("nothing had changed") if report.unchanged else computed
    line = f"{what}; {did}; {number(round(report.seconds, 1))} s"
    was = _("This index was of {folder} before; it holds other notes now.").format(folder=report.instead_of)
    moved = [was] if report.instead_of else []
    return "\n".join([line, *map(wording.clean, moved), *map(_warning, report.warnings)])


def _warning(warning: ReadWarning) -> str:
    where = warning.file if warning.line is None else f"{warning.file}:{warning.line}"
    said = _("Left out {file}: {why}") if warning.skipped else _("Look at {file}: {why}")
    return wording.clean(said.format(file=where, why=_(warning.reason)))


def _build(
    settings: Settings,
    tell: Tell,
    *,
    collection: str | None = None,
    rebuild: bool = False,
    changed_below: float = DUE_FROM,
    check: Check | None = None,
) -> BuildReport:
    """Build, and calibrate unless thresholds were carried over of which less than `changed_below` has changed."""
    from bot.answering.engines import settle_threads

    served = settings.of(collection)
    with closing(open_embedder(settings)) as embedder:
        using = Borrowing(embedder, settings.data if collection and not rebuild else None)
        with _stored(settings) as server:
            report = build_index(
                served.notes, served.data, using, rebuild=rebuild, progress=tell, check=check, server=server
            )
        if not is_calibrated(served.data, changed_below=changed_below):
            calibrate_index(served, embedder, progress=tell)
        _find_topics(served, embedder, tell)
    settle_threads(settings)
    return replace(report, embedded=using.computed)


@contextmanager
def _stored(settings: Settings) -> Iterator[Server | None]:
    """Inside the block, a build puts its vectors where the settings want them; what is left of others goes then.

    `settings`: of all notes, whatever is built.
    """
    server = server_of(settings)
    try:
        yield holdings.noting(settings.data, server) if server else None
    finally:
        tidy(settings)


def _find_topics(settings: Settings, embedder: Embedder, tell: Tell) -> None:
    """Find the topics of the notes now, so that nobody has to wait for it later."""
    if are_found(current_build(settings.data)):
        return
    tell("Finding topics", 0, 1)
    try:
        server = server_of(settings)
        with closing(open_index(settings.data, embedder=embedder.fingerprint, server=server)) as index:
            found_in(index, embedder)
    except Exception as error:  # the index serves all the same
        log.warning("the topics of the notes could not be found: %s", type(error).__name__)
    tell("Finding topics", 1, 1)


def _build_elsewhere(
    settings: Settings,
    tell: Tell,
    *,
    collection: str | None = None,
    background: bool = False,
    changed_below: float = DUE_FROM,
) -> BuildReport:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    arguments = (settings, sender, collection, background, changed_below)
    process = context.Process(target=_child, args=arguments, daemon=background)
    process.start()
    sender.close()
    try:
        return _follow(receiver, tell)
    except EOFError as error:
        process.join()
        raise IndexProblem(
            f"Indexing ended without a result (exit code {process.exitcode}); the index before still serves.",
            remedy="If memory ran out, free some; then run: footnote index",
        ) from error
    finally:
        process.join()


def _child(
    settings: Settings,
    sender: Connection,
    collection: str | None = None,
    background: bool = False,
    changed_below: float = DUE_FROM,
) -> None:
    """In the other process: send progress, then the report or the error. In the `background` it heeds no Ctrl-C.

    A build is checked here too: where that crashes, only this process ends.
    """
    from rag.probe import check

    if background:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=settings.log_level)
    try:

        def tell(*progress: Any) -> None:  # noqa: ANN401
            sender.send(progress)

        checked = partial(check, server=server_of(settings))
        sender.send(_build(settings, tell, collection=collection, changed_below=changed_below, check=checked))
    except FootnoteError as error:
        sender.send(error)
    except KeyboardInterrupt:
        sys.exit(130)


def _follow(receiver: Connection, tell: Tell) -> BuildReport:
    """Pass progress on until the report comes. Raises EOFError if the other process ends without one."""
    while True:
        message = receiver.recv()
        if isinstance(message, BuildReport):
            return message
        if isinstance(message, FootnoteError):
            raise message
        tell(*message)


def lines(write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> Tell:
    """Progress as a line now and then, for where there is no terminal: a short build says nothing."""
    last = clock()

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal last
        if clock() - last >= LINE_EVERY:
            last = clock()
            write(_("{stage}: {done} of {total}").format(stage=_(stage), done=number(done), total=number(total)) + "\n")

    return tell


def with_notice(tell: Tell, write: Callable[[str], object]) -> Tell:
    """`tell`, with a word before so many files are read that it may be the wrong folder."""

    def told(stage: str, done: int, total: int) -> None:
        if stage == "Reading" and done == 0 and total >= MANY_FILES:
            write(_(MANY.format(n=total)) + "\n")
        tell(stage, done, total)

    return told


@contextmanager
def _progress_bar() -> Iterator[Tell]:
    """A bar for each stage on standard error, gone when done; a line now and then where that is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield with_notice(lines(sys.stderr.write), sys.stderr.write)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    stages: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True) as bar:

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(_(stage), total=total)
            bar.update(stages[stage], completed=done, total=total)

        yield with_notice(tell, lambda sentence: console.print(sentence, end=""))
