"""Fills up, locks and breaks the disk at each write of whatever Footnote does: `python -m scripts.survival.full_disk`.

Prints a table in Markdown. Each activity runs once on a sound disk, to count what it does to it, then again and again
on one that is full from the first, second, third … write on, then on one that becomes read-only, then on one that fails
one `fsync`; where that is more than `--most`, an even spread of them. It has to end with a sentence or to go on
rightly, and once the disk is well again all that was acknowledged has to be there, and Footnote has to work.

Needs what `disk.py` needs.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from rag.errors import FootnoteError
from scripts.survival.activities import acknowledge
from scripts.survival.deeds import DEEDS
from scripts.survival.disk import ANY, GROWING, SYNCS, Disk, Done, Fault, full, mounted, read_only, unsynced

FAULTS: dict[str, tuple[Callable[[int], Fault], tuple[str, ...]]] = {
    "full": (full, GROWING),
    "read-only": (read_only, ANY),
    "fsync fails": (unsynced, SYNCS),
}
SECONDS = 90.0
BAD = ("Traceback", "an error that it does not know", "Uncaught", "panicked")
PRELOADED = ["scripts.survival.deeds", "bot.cli", "bot.commands.index", "rag.indexing", "rag.probe"]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended: its exit code (None: it hung), what it printed and what it complained of."""

    code: int | None
    said: tuple[str, ...]
    complained: str


def work(name: str, root: str, says: str, complains: str) -> None:
    """In a process of its own: the deed. The exit code is 1 where it ended with a sentence, 3 where with another."""
    for stream, path in ((1, says), (2, complains)):
        os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), stream)
    try:
        code = DEEDS[name].run(Path(root)) or 0
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        code = 1
    except BaseException:
        traceback.print_exc()
        code = 3
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # without what Python does at its end, as a killed one does not do it either


class Trial:
    """Runs deeds on a disk that lies at `folder`/disk, and is seen below `folder`/below; see `on_a_disk`."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder, self._disk = folder, disk
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(PRELOADED)
        self._count = 0

    def prepare(self, name: str) -> Path:
        """A folder ready for a deed, to be copied for every trial."""
        ready = self.folder / f"ready-{name.replace(' ', '-')}"
        ready.mkdir()
        DEEDS[name].prepare(ready)
        return ready

    def copied(self, ready: Path) -> Path:
        """A fresh copy of a folder on the disk, seen from below it."""
        self._count += 1
        return Path(shutil.copytree(ready, self.folder / "below" / str(self._count), symlinks=True))

    def run(self, name: str, root: Path, fault: Fault | None, *, says: Path | None = None) -> Ended:
        """How the deed ended in a folder below the disk; `says`: the file in it for what it says; None: elsewhere."""
        place = self.folder / "disk" / root.name
        complains = self.folder / "complains"
        seen = place / says if says else self.folder / "says"
        self._disk.begin(fault)
        process = self._processes.Process(target=work, args=(name, str(place), str(seen), str(complains)))
        process.start()
        process.join(SECONDS)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        said = (root / says if says else seen).read_text(encoding="utf-8", errors="replace")
        whole = said[: said.rfind("\n") + 1].splitlines()
        return Ended(code=code, said=tuple(whole), complained=complains.read_text(errors="replace"))

    def counted(self, kinds: Sequence[str]) -> int:
        """How much of these kinds was done in the last trial."""
        return sum(done.kind in kinds for done in self._disk.done)

    def log(self, root: Path) -> list[Done]:
        """All that was done below a folder in the last trial, with paths in it."""
        return [each for done in self._disk.done if (each := done.within(root.name))]

    def mend(self) -> None:
        self._disk.begin(None)


def amiss(name: str, ended: Ended, root: Path) -> str:
    """What is wrong about how a deed ended and what it left; "" where nothing is."""
    if ended.code is None:
        return f"it hung for {SECONDS:.0f} s"
    if any(each in ended.complained for each in BAD) or ended.code not in (0, 1):
        last = (ended.complained.strip() or "nothing said").splitlines()
        return f"it ended with {ended.code}: {' / '.join(last[-3:])}"
    if ended.code == 1 and not ended.complained.strip():
        return "it failed without a word"
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            DEEDS[name].examine(root, ended.said)
    except Exception as error:
        return f"afterwards: {type(error).__name__}: {error} (it had said: {ended.complained.strip()[:120]})"
    return ""


def spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers 1 to `count`, evenly, the first and the last among them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / (most - 1)) for i in range(most)})


def plain(sentence: str) -> str:
    """A sentence without what differs from trial to trial."""
    return re.sub(r"\S*/\d+/|\d{8}T\S+|\d{3,}", "…", " ".join(sentence.split()))


@contextmanager
def on_a_disk() -> Iterator[Trial]:
    """Trials on a disk of their own, in a folder that goes away with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "below").mkdir()
        (folder / "disk").mkdir()
        with mounted(folder / "below", folder / "disk") as disk:
            yield Trial(folder, disk)


def measure(trial: Trial, name: str, faults: Sequence[str], most: int, sentences: Counter[str]) -> list[str]:
    """Try every fault on a deed, print a row for each; what was amiss, a sentence each."""
    ready = trial.prepare(name)
    wrong: list[str] = []
    root = trial.copied(ready)
    ended = trial.run(name, root, None)
    if found := amiss(name, ended, root) or ("it fails on a sound disk" if ended.code else ""):
        return [f"{name}, sound disk: {found}: {ended.complained}"]
    counts = {fault: trial.counted(FAULTS[fault][1]) for fault in faults}
    shutil.rmtree(root)
    for fault in faults:
        tried, before, told = spread(counts[fault], most), len(wrong), 0
        for first in tried:
            root = trial.copied(ready)
            ended = trial.run(name, root, FAULTS[fault][0](first))
            trial.mend()
            if found := amiss(name, ended, root):
                wrong.append(f"{name}, {fault} from operation {first} of {counts[fault]}: {found}")
            told += ended.code == 1
            sentences.update({plain(ended.complained): 1} if ended.complained.strip() else {})
            shutil.rmtree(root, ignore_errors=True)
        row = (name, fault, counts[fault], len(tried), told, len(tried) - told, len(wrong) - before)
        acknowledge(f"| {' | '.join(map(str, row))} |")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=40, help="trials of each activity with each fault")
    parser.add_argument("--only", choices=DEEDS, nargs="*", default=list(DEEDS))
    parser.add_argument("--faults", choices=FAULTS, nargs="*", default=list(FAULTS))
    parser.add_argument("--sentences", action="store_true", help="print everything that was said, too")
    arguments = parser.parse_args()
    sentences: Counter[str] = Counter()
    wrong: list[str] = []
    acknowledge("| Activity | Disk | Operations | Tried | Ended with a sentence | Went on | Amiss |")
    acknowledge("|---|---|---|---|---|---|---|")
    with on_a_disk() as trial:
        for each in arguments.only:
            wrong += measure(trial, each, arguments.faults, arguments.most, sentences)
    acknowledge("\n".join(wrong))
    if arguments.sentences:
        acknowledge("\n".join(f"{count:4} {sentence}" for sentence, count in sentences.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
