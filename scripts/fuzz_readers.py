"""Throw damaged notes at every reader and every extractor: `python -m scripts.fuzz_readers --times 20000 [FOLDER]`.

Takes the sample files of the tests (and notes of a folder), damages them at random, and has each read by the one it is
for. File 17 of a reader is the same in every run with one seed. The work is done in processes with a limit on memory:
one that a file kills, or that hangs, is told of, and the next goes on behind that file. Prints a table, and exits
with 1 if any file did harm: a crash, a span out of place, more than three seconds of computing.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import FrameType

from rag.errors import NoteError
from rag.reading.extract import EXTRACTORS, Extractor, archive, extract_here
from rag.reading.readers import READERS, Reader, Source, reader_for
from rag.reading.text import decode, is_binary, repair
from scripts.fuzz_damage import DAMAGE, accidents
from tests.rag.extract.test_any_bytes import SEEDS
from tests.rag.reader_samples import SAMPLES

LIMIT_SECONDS = 3.0  # of computing: the machine may be busy with other things
HANGS_SECONDS = 60.0  # on the clock, for what no signal reaches
MEMORY = 1_500 * 1024**2
CHUNK = 2_500
REPORT_SECONDS = 30.0
_LONG_SEED = 6_000


class TooSlow(BaseException):
    """The time limit of one file has passed. No reader may catch it by accident."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What files are thrown at. `check` says what is wrong after `data` was read, and raises NoteError if refused."""

    name: str
    seeds: tuple[bytes, ...]
    damage: Callable[[random.Random, Sequence[bytes]], bytes]
    check: Callable[[bytes], Iterator[str]]


@dataclass(kw_only=True)
class Tally:
    """What became of the files of one target."""

    files: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    harm: list[tuple[int, str]] = field(default_factory=list)


def targets(folder: Path | None = None) -> dict[str, Target]:
    """Every reader, every extractor, and zip archives, by name."""
    texts = [text.encode() for text in SAMPLES.values()]
    notes = (
        [path for path in sorted(folder.rglob("*")) if path.suffix in (".md", ".txt", ".srt", ".vtt")] if folder else []
    )
    texts += [path.read_bytes()[:_LONG_SEED] for path in notes]
    found = [Target(name=r.name, seeds=_of_reader(r, texts), damage=accidents, check=_reading_of(r)) for r in READERS]
    found += [
        Target(name=e.name, seeds=tuple(SEEDS[e.name]), damage=DAMAGE[e.name], check=_extraction_of(e))
        for e in EXTRACTORS
    ]
    found.append(Target(name="zip", seeds=tuple(SEEDS["zip"]), damage=DAMAGE["zip"], check=_archive))
    return {target.name: target for target in found}


def _of_reader(reader: Reader, texts: Sequence[bytes]) -> tuple[bytes, ...]:
    """The samples that a reader takes for its own; all of them for one that takes hardly any."""
    own = [text for text in texts if reader_for(Source.of("n.txt", decode(text).text)).name == reader.name]
    return tuple(own if len(own) > 1 else [*own * 8, *texts])


def file_of(target: Target, seed: int, number: int) -> bytes:
    """Damaged file `number` of a target: the same in every run with this seed."""
    return target.damage(random.Random(f"{seed}/{target.name}/{number}"), target.seeds)  # noqa: S311


# What must hold of what is read


def faults(source: Source, reader: Reader) -> Iterator[str]:
    """What is wrong with the reading: spans out of place, or out of order."""
    reading = reader.read(source)
    units = [unit for part in reading.parts for unit in part.units]
    for unit in units:
        if not 0 <= unit.start <= unit.end <= len(source.text):
            yield "a span outside the file"
        if not 1 <= unit.line_start <= unit.line_end <= len(source.lines):
            yield "a line outside the file"
    if any(one.end > other.start for one, other in pairwise(units)):
        yield "passages overlap or are out of order"
    for unit in units[:20]:
        shown = repair(source.text[unit.start : unit.end])
        if len(shown.text) != len(shown.text_to_raw):
            yield "a character without its place"


def _reading_of(reader: Reader) -> Callable[[bytes], Iterator[str]]:
    def check(data: bytes) -> Iterator[str]:
        if is_binary(data):
            raise NoteError("This is not a text file.")
        source = Source.of("Long Table/12 - bread.md", decode(data).text)
        reader.sniff(source)
        yield from faults(source, reader)

    return check


def _extraction_of(extractor: Extractor) -> Callable[[bytes], Iterator[str]]:
    def check(data: bytes) -> Iterator[str]:
        found = extract_here(extractor, data)
        if len(found.line_map) != len(found.text.split("\n")) or any(a < 1 or a > b for a, b in found.line_map):
            yield "a line without its place"
        found.text.encode()
        source = Source.of(f"talk.{extractor.name}", found.text, line_map=found.line_map, counted=found.counted)
        yield from faults(source, reader_for(source))

    return check


def _archive(data: bytes) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        for member in archive.members(Path(file.name)):
            if member.name.startswith("/") or ".." in member.name.split("/"):
                yield "a name that leads out of the archive"
            with suppress(NoteError):
                if not member.trouble and len(member.read(Path(file.name))) > max(member.size, 0):
                    yield "more bytes than the archive says"


# The processes


def _worker(target: Target, seed: int, first: int, last: int, progress: Path) -> None:
    """Read files `first` to `last - 1`, keeping the number of the one at hand in `progress`; say what happens."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _too_slow)
    tally = Tally()
    with progress.open("r+b", buffering=0) as mark:
        for number in range(first, last):
            mark.seek(0)
            mark.write(struct.pack("<q", number))
            data = file_of(target, seed, number)
            started = time.process_time()
            what = _one(target, data)
            spent = time.process_time() - started
            tally.files, tally.seconds = tally.files + 1, tally.seconds + spent
            tally.slowest = max(tally.slowest, spent)
            tally.refused += what == "refused"
            if what and what != "refused":
                _say(harm=number, what=what)
            if tally.files % 250 == 0 or number == last - 1:
                _say(files=tally.files, refused=tally.refused, seconds=tally.seconds, slowest=tally.slowest)


def _one(target: Target, data: bytes) -> str | None:
    """What went wrong with one file; "refused" where its owner is told that it cannot be read."""
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_SECONDS)
    try:
        return next(target.check(data), None)
    except NoteError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except TooSlow:
        return f"slow: more than {LIMIT_SECONDS} s"
    except MemoryError:
        return "out of memory"
    except Exception:
        return traceback.format_exc(limit=-2)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


class Run:
    """All rounds of all targets, and what came of them so far."""

    def __init__(self, options: argparse.Namespace, known: dict[str, Target]) -> None:
        self.tallies = {name: Tally() for name in known}
        self._options, self._known = options, known
        self._lock = threading.Lock()

    def chunk(self, name: str, first: int, last: int) -> None:
        """One worker's share; another worker goes on behind a file that ends the first."""
        with tempfile.NamedTemporaryFile() as file:
            while first < last:
                file.seek(0)
                file.write(struct.pack("<q", first))
                file.flush()
                died = self._worker(name, first, last, Path(file.name))
                if not died:
                    return
                reached = _number(Path(file.name))
                self._harm(name, reached, died)
                first = reached + 1

    def _worker(self, name: str, first: int, last: int, progress: Path) -> str | None:
        """Why a worker ended before its time; None where it did not."""
        options = self._options
        command = [sys.executable, "-m", "scripts.fuzz_readers", *([str(options.folder)] if options.folder else [])]
        command += ["--seed", str(options.seed), "--worker", name, str(first), str(last), str(progress)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            done = threading.Event()
            hung = threading.Event()
            threading.Thread(target=_watch, args=(process, progress, done, hung), daemon=True).start()
            errors: list[str] = []
            reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
            reader.start()
            counted = self._heard(name, process)
            status = process.wait()
            done.set()
            reader.join()
        if status == 0:
            return None
        with self._lock:  # the worker counts every so often; those since then were read too
            self.tallies[name].files += max(0, _number(progress) + 1 - first - counted)
        return "hangs: killed" if hung.is_set() else f"ended the process ({status}): {''.join(errors[-4:])}"

    def _heard(self, name: str, process: subprocess.Popen[str]) -> int:
        """Add up what the worker says; the files it has counted."""
        tally, before = self.tallies[name], Tally()
        for line in process.stdout or ():
            said = json.loads(line)
            if "harm" in said:
                self._harm(name, said["harm"], said["what"])
                continue
            now = Tally(**said)
            with self._lock:
                tally.files += now.files - before.files
                tally.refused += now.refused - before.refused
                tally.seconds += now.seconds - before.seconds
                tally.slowest = max(tally.slowest, now.slowest)
            before = now
        return before.files

    def _harm(self, name: str, number: int, what: str) -> None:
        with self._lock:
            self.tallies[name].harm.append((number, what))
        sys.stderr.write(f"{name} {number}: {what.strip()}\n")
        keep: Path | None = self._options.keep
        if keep and len(self.tallies[name].harm) <= 200:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{name}-{number}").write_bytes(file_of(self._known[name], self._options.seed, number))

    def line(self) -> str:
        """How far it is, in a line."""
        files, harm = (
            sum(counts) for counts in zip(*((t.files, len(t.harm)) for t in self.tallies.values()), strict=True)
        )
        slowest = max(tally.slowest for tally in self.tallies.values())
        return f"{files:,} files, {harm} did harm, slowest {1000 * slowest:.0f} ms"

    def table(self) -> str:
        """A line for each target."""
        rows = [f"{'reader':10}{'files':>10}{'refused':>10}{'harm':>6}{'ms a file':>11}{'slowest ms':>12}"]
        for name, t in self.tallies.items():
            mean = 1000 * t.seconds / max(1, t.files)
            rows.append(
                f"{name:10}{t.files:>10,}{t.refused:>10,}{len(t.harm):>6}{mean:>11.2f}{1000 * t.slowest:>12.0f}"
            )
        return "\n".join(rows)


def _number(progress: Path) -> int:
    number: int = struct.unpack("<q", progress.read_bytes()[:8])[0]
    return number


def _watch(process: subprocess.Popen[str], progress: Path, done: threading.Event, hung: threading.Event) -> None:
    """Kill a worker that stays with one file for too long."""
    at, since = -1, time.monotonic()
    while not done.wait(2.0):
        number = _number(progress)
        if number != at:
            at, since = number, time.monotonic()
        elif time.monotonic() - since > HANGS_SECONDS:
            hung.set()
            process.kill()
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="notes to damage besides the samples")
    parser.add_argument("--times", type=int, default=2_000, help="files for each reader")
    parser.add_argument("--only", action="append", help="this reader or extractor; may be said several times")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--keep", type=Path, help="write the files that did harm to this folder")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    known = targets(options.folder)
    if options.worker:
        name, first, last, progress = options.worker
        _worker(known[name], options.seed, int(first), int(last), Path(progress))
        return 0
    unknown = set(options.only or ()) - known.keys()
    if unknown:
        parser.error(f"no reader is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return _all(options, {name: t for name, t in known.items() if name in (options.only or known)})


def _all(options: argparse.Namespace, known: dict[str, Target]) -> int:
    run = Run(options, known)
    chunks = [(name, a, min(a + CHUNK, options.times)) for a in range(0, options.times, CHUNK) for name in known]
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        waiting = [pool.submit(run.chunk, *chunk) for chunk in chunks]
        started = told = time.monotonic()
        while not all(job.done() for job in waiting):
            time.sleep(0.2)
            if time.monotonic() - told > REPORT_SECONDS:
                told = time.monotonic()
                sys.stdout.write(f"{told - started:7.0f} s  {run.line()}\n")
                sys.stdout.flush()
        for job in waiting:
            job.result()
    sys.stdout.write(f"{run.table()}\n{run.line()}\n")
    return 1 if any(tally.harm for tally in run.tallies.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
