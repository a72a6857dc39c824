"""Kills Footnote at random moments of whatever it does, and says what is left: `python -m scripts.kill --times 40`.

Prints a table in Markdown. Each activity runs as a process of its own which gets SIGKILL after a random part of the
time that it takes undisturbed; then everything that had been acknowledged has to be there, and Footnote has to work.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.state import migrations
from bot.state.backup import back_up
from bot.state.conversations import Asked, Place, remember
from bot.state.store import open_store, state_path
from rag import build as layout
from rag.index import open_index
from rag.indexing import build_index
from rag.probe import check
from tests.builders import word_salad, write_notes
from tests.fakes import FakeEmbedder

ROOT = Path(__file__).parents[1]
LATER = "CREATE TABLE later AS SELECT id, question FROM turns; UPDATE turns SET question = question || '.';"
TURNS = 3000
STAMP = len("20240229T120000")  # the beginning of a build's name: when it was begun


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Something that may be killed.

    Attributes:
        prepare: makes a folder ready for it.
        run: does it there, in the child; whatever it prints has been acknowledged.
        examine: raises where something acknowledged is lost, or where Footnote no longer works there.
        afresh: whether each kill gets a folder of its own.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path], None]
    examine: Callable[[Path, Sequence[str]], None]
    afresh: bool = False


def acknowledge(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


# An index


def write_some_notes(root: Path) -> None:
    write_notes(root / "notes", {"salad.txt": "\n\n".join(word_salad(40))})
    build_index(root / "notes", root / "data", FakeEmbedder(), check=check)


def write_more_notes(root: Path) -> None:
    write_some_notes(root)
    write_notes(root / "notes", {"salad.txt": "\n\n".join(word_salad(400, seed=11))})


def index(root: Path) -> None:
    build_index(root / "notes", root / "data", FakeEmbedder(), check=check, rebuild=True)
    acknowledge(layout.current_build(root / "data").name)


def swap(root: Path) -> None:
    """One small build after the other, so that most kills are near a swap."""
    while True:
        build_index(root / "notes", root / "data", FakeEmbedder(), check=check, rebuild=True)
        acknowledge(layout.current_build(root / "data").name)


def serves(root: Path, said: Sequence[str]) -> None:
    """The index passes its probe, and is the one that was acknowledged last or one after it."""
    build = layout.current_build(root / "data")
    check(build)
    opened = open_index(root / "data", embedder=FakeEmbedder().fingerprint)
    found = len(opened.passages)
    opened.close()
    if said and build.name[:STAMP] < said[-1][:STAMP]:
        raise AssertionError(f"{said[-1]} was acknowledged, {build.name} is served")
    if not found:
        raise AssertionError("nothing is served")


def builds_again(root: Path, said: Sequence[str]) -> None:
    serves(root, said)
    build_index(root / "notes", root / "data", FakeEmbedder(), check=check)
    serves(root, ())


def ask(root: Path) -> None:
    """A question to the real assistant, from the command line."""
    command = [sys.executable, "-m", "bot.cli", "ask", "How hot is the surface of Venus?", "--json", *folders(root)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def index_knowledge(root: Path) -> None:
    command = [sys.executable, "-m", "bot.cli", "index", *folders(root)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def folders(root: Path) -> list[str]:
    return ["--notes", str(ROOT / "knowledge"), "--data", str(root / "data")]


def answers(root: Path, _said: Sequence[str]) -> None:
    ask(root)


# What the bot remembers


def asked(n: int) -> Asked:
    place = Place(user=1, channel=2, guild=3)
    return Asked(place=place, kind="ask", question=f"question {n} " * 20, searched="", outcome="answer", cited=())


def remember_much(root: Path) -> None:
    with open_store(state_path(root)) as store, store.transaction():
        for n in range(TURNS):
            remember(store, asked(n), float(n))


def keep(root: Path) -> None:
    """One answered question after the other, as the bot keeps them."""
    with open_store(state_path(root)) as store:
        while True:
            acknowledge(remember(store, asked(0), time.time()))


def kept(root: Path, said: Sequence[str]) -> None:
    with open_store(state_path(root)) as store:
        known = {str(row["id"]) for row in store.rows("SELECT id FROM turns")}
        whole(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
    if lost := set(said) - known:
        raise AssertionError(f"{len(lost)} acknowledged questions are lost")


def back_up_again_and_again(root: Path) -> None:
    for n in range(100):
        back_up(state_path(root), root / f"backup-{n}.sqlite3")
        acknowledge(f"backup-{n}.sqlite3")


def backed_up(root: Path, said: Sequence[str]) -> None:
    kept(root, ())
    found = {path.name: path for path in root.glob("backup-*.sqlite3")}
    if lost := set(said) - found.keys():
        raise AssertionError(f"acknowledged backups are gone: {lost}")
    for path in found.values():
        with open_store(Path(shutil.copy(path, state_path(root / "restored")))) as store:
            whole("ok" if store.rows("SELECT COUNT(*) AS n FROM turns")[0]["n"] == TURNS else "short")
        path.unlink()


def migrate(root: Path) -> None:
    with open_store(state_path(root), steps=[*migrations.load(), LATER]):
        acknowledge("migrated")


def migrated(root: Path, said: Sequence[str]) -> None:
    steps = migrations.load()
    with open_store(state_path(root), steps=[*steps, LATER]) as store:  # finishes what was killed
        rows = store.rows("SELECT COUNT(*) AS n, SUM(question LIKE '%.') AS once FROM turns")[0]
        twice = store.rows("SELECT COUNT(*) AS n FROM turns WHERE question LIKE '%..'")[0]["n"]
        whole("ok" if (rows["n"], rows["once"], twice) == (TURNS, TURNS, 0) else str(rows))
    if said and store.path.stat().st_size == 0:
        raise AssertionError("the acknowledged migration is gone")


def whole(found: str) -> None:
    if found != "ok":
        raise AssertionError(f"the database is damaged: {found}")


def make_restorable(root: Path) -> None:
    remember_much(root)
    (root / "restored" / state_path(root).relative_to(root)).parent.mkdir(parents=True, exist_ok=True)


ACTIVITIES = {
    "index": Activity(prepare=write_more_notes, run=index, examine=builds_again),
    "swap": Activity(prepare=write_some_notes, run=swap, examine=builds_again),
    "ask": Activity(prepare=index_knowledge, run=ask, examine=answers),
    "remember": Activity(prepare=lambda root: None, run=keep, examine=kept),
    "backup": Activity(prepare=make_restorable, run=back_up_again_and_again, examine=backed_up),
    "migrate": Activity(prepare=remember_much, run=migrate, examine=migrated, afresh=True),
}
ENDLESS = 3.0  # seconds that are taken of what does not end by itself


@contextmanager
def child(name: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    """The activity in a process group of its own, which is killed at the end of the block."""
    command = [sys.executable, "-m", "scripts.kill", "--child", name, str(root)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=quiet, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill an activity, with whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def undisturbed(name: str, root: Path) -> float:
    """Seconds that the activity takes."""
    started = time.monotonic()
    with child(name, root) as process:
        try:
            process.wait(ENDLESS if name in ("swap", "remember", "backup") else None)
        except subprocess.TimeoutExpired:
            return ENDLESS
    return time.monotonic() - started


def killed(name: str, root: Path, seconds: float) -> list[str]:
    """What the activity had acknowledged when it was killed after so many seconds."""
    with child(name, root) as process:
        time.sleep(seconds)
        kill(process)
        said = process.stdout.read() if process.stdout else ""
    return said[: said.rfind("\n") + 1].split()


def measure(name: str, times: int, chance: random.Random, folder: Path) -> tuple[float, list[str]]:
    """Seconds undisturbed, and what was found amiss, one sentence each."""
    activity, amiss = ACTIVITIES[name], []
    activity.prepare(folder / "first")
    seconds = undisturbed(name, folder / "first")
    root = folder / "root"
    for n in range(times):
        if activity.afresh or not n:
            shutil.rmtree(root, ignore_errors=True)
            activity.prepare(root)
        moment = chance.uniform(0, seconds)
        try:
            activity.examine(root, killed(name, root, moment))
        except Exception as error:
            amiss.append(f"{name} killed after {moment:.3f} s: {type(error).__name__}: {error}")
    return seconds, amiss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40, help="kills of each activity")
    parser.add_argument("--only", choices=ACTIVITIES, nargs="*", default=list(ACTIVITIES))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--child", nargs=2, metavar=("ACTIVITY", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, folder = arguments.child
        ACTIVITIES[name].run(Path(folder))
        return 0
    acknowledge(f"Seed {arguments.seed}\n")
    chance, found = random.Random(arguments.seed), []  # noqa: S311 - a seed makes it repeatable
    acknowledge("| Activity | Takes | Killed | Amiss |\n|---|---|---|---|")
    for name in arguments.only:
        with tempfile.TemporaryDirectory() as folder:
            seconds, amiss = measure(name, arguments.times, chance, Path(folder))
        acknowledge(f"| {name} | {seconds:.1f} s | {arguments.times} | {len(amiss)} |")
        found += amiss
    acknowledge("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
