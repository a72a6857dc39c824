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
from multiprocessing.connection import Connection

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bot import wording
from bot.chosen import embedded_anew, embedder_fingerprint, open_embedder
from bot.commands.calibrate import calibrate_index
from bot.settings import Settings
from rag.calibration import DUE_FROM, is_calibrated
from rag.errors import FootnoteError, IndexProblem
from rag.indexing import BuildReport, Check, build_index, is_current
from rag.indexing import Progress as Tell
from rag.types import ReadWarning

LINE_EVERY = 30.0  # seconds
MANY_FILES = 20_000


def build(settings: Settings, rebuild: bool) -> str:
    """Build the index in this process, with progress on standard error; returns what to print about it.

    `rebuild` computes everything anew, whatever is there.

    Raises:
        FootnoteError: notes, model, disk or index do not allow it; what served before still does.
    """
    _announce(settings)
    with _progress_bar() as tell:
        return describe(_build(settings, tell, rebuild=rebuild))


def refresh(settings: Settings) -> None:
    """Build the index in another process, unless it already holds the notes as they are now.

    In another process, because storing vectors would block this one and the memory should go when it is done.

    Raises:
        FootnoteError: as `build` does, or because that process died.
    """
    if _is_up_to_date(settings):
        return
    _announce(settings)
    with _progress_bar() as tell:
        report = _build_elsewhere(settings, tell)
    sys.stderr.write(describe(report) + "\n")


def update(settings: Settings) -> Iterator[None]:
    """Do what `refresh` does, in silence and whatever keys are pressed: for a program that goes on talking meanwhile.

    In steps, each of which ends with something new to serve: thresholds may be measured again when the notes
    are served already.

    Raises:
        FootnoteError: as `refresh` does.
    """
    if not _is_up_to_date(settings, changed_below=float("inf")):
        _build_elsewhere(settings, _in_silence, background=True, changed_below=float("inf"))
    yield
    if not is_calibrated(settings.data, changed_below=DUE_FROM):
        _build_elsewhere(settings, _in_silence, background=True)
        yield


def _announce(settings: Settings) -> None:
    """Say why much more is computed than has changed in the notes, where another embedder is the reason."""
    if said := embedded_anew(settings):
        sys.stderr.write(wording.clean(said) + "\n")


def _in_silence(_stage: str, _done: int, _total: int) -> None: ...


def _is_up_to_date(settings: Settings, *, changed_below: float = DUE_FROM) -> bool:
    current = is_current(settings.notes, settings.data, embedder=embedder_fingerprint(settings))
    return current and is_calibrated(settings.data, changed_below=changed_below)


def describe(report: BuildReport) -> str:
    """What a build did, in one line, and one line more for everything that its owner should know of."""
    counts = ((report.notes, "note"), (report.episodes, "episode"), (report.passages, "passage"))
    what = ", ".join(wording.plural(count, noun) for count, noun in counts)
    did = "nothing had changed" if report.unchanged else f"{wording.plural(report.embedded, 'vector')} computed"
    line = f"{what}; {did}; {report.seconds:.1f} s"
    moved = [f"This index was of {report.instead_of} before; it holds other notes now."] if report.instead_of else []
    return "\n".join([line, *map(wording.clean, moved), *map(_warning, report.warnings)])


def _warning(warning: ReadWarning) -> str:
    where = warning.file if warning.line is None else f"{warning.file}:{warning.line}"
    return wording.clean(f"{'Left out' if warning.skipped else 'Look at'} {where}: {warning.reason}")


def _build(
    settings: Settings,
    tell: Tell,
    *,
    rebuild: bool = False,
    changed_below: float = DUE_FROM,
    check: Check | None = None,
) -> BuildReport:
    """Build, and calibrate unless thresholds were carried over of which less than `changed_below` has changed."""
    from bot.engines import settle_threads

    with closing(open_embedder(settings)) as embedder:
        report = build_index(settings.notes, settings.data, embedder, rebuild=rebuild, progress=tell, check=check)
        if not is_calibrated(settings.data, changed_below=changed_below):
            calibrate_index(settings, embedder, progress=tell)
    settle_threads(settings)
    return report


def _build_elsewhere(
    settings: Settings, tell: Tell, *, background: bool = False, changed_below: float = DUE_FROM
) -> BuildReport:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(settings, sender, background, changed_below), daemon=background)
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


def _child(settings: Settings, sender: Connection, background: bool = False, changed_below: float = DUE_FROM) -> None:
    """In the other process: send progress, then the report or the error. In the `background` it heeds no Ctrl-C.

    A build is checked here too: where that crashes, only this process ends.
    """
    from rag.probe import check

    if background:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=settings.log_level)
    try:
        report = _build(settings, lambda *progress: sender.send(progress), changed_below=changed_below, check=check)
        sender.send(report)
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
            write(f"{stage}: {done:,} of {total:,}\n")

    return tell


def with_notice(tell: Tell, write: Callable[[str], object]) -> Tell:
    """`tell`, with a word before so many files are read that it may be the wrong folder."""

    def told(stage: str, done: int, total: int) -> None:
        if stage == "Reading" and done == 0 and total >= MANY_FILES:
            write(
                f"There are {total:,} files in the notes folder. Reading takes about a minute for every 25,000 short "
                "ones, computing their vectors far longer. If they are not all notes, press Ctrl-C and name another "
                "folder with --notes; what was indexed before goes on serving.\n"
            )
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
                stages[stage] = bar.add_task(stage, total=total)
            bar.update(stages[stage], completed=done, total=total)

        yield with_notice(tell, lambda sentence: console.print(sentence, end=""))
