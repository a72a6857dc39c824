"""Kills Footnote at random moments of whatever it does, and says what is left.

`python -m scripts.survival.kill --times 40` prints a table in Markdown. Each activity runs as a process of its own
which gets SIGKILL after a random part of the time that it takes undisturbed, counted from when it has begun and not
from when Python has; then everything that had been acknowledged has to be there, and Footnote has to work.
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.survival.activities import ACTIVITIES, ROOT, acknowledge

ENDLESS = 2.0  # seconds that are taken of what does not end by itself
LATE = 60.0  # seconds after which a process that has not begun is given up
BEGUN = "begun"


@contextmanager
def child(name: str, root: Path, says: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The activity in a process group of its own, which is killed at the end of the block.

    It has begun when the block does. Whatever it prints stands in the file `says`: a pipe that nobody reads meanwhile
    would hold it up.
    """
    command = [sys.executable, "-m", "scripts.survival.kill", "--child", name, str(root)]
    with says.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        late = time.monotonic() + LATE
        while not says.stat().st_size:
            if process.poll() is not None or time.monotonic() > late:
                raise RuntimeError(f"{name} has not begun")
            time.sleep(0.005)
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill an activity, with whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def undisturbed(name: str, root: Path, says: Path) -> float:
    """Seconds that the activity takes."""
    with child(name, root, says) as process:
        started = time.monotonic()
        if ACTIVITIES[name].endless:
            time.sleep(ENDLESS)
        elif process.wait():
            raise RuntimeError(f"{name} fails undisturbed")
        return time.monotonic() - started


def killed(name: str, root: Path, says: Path, seconds: float) -> list[str]:
    """What the activity had acknowledged when it was killed after so many seconds."""
    with child(name, root, says):
        time.sleep(seconds)
    said = says.read_text(encoding="utf-8")
    return said[: said.rfind("\n") + 1].split()[1:]


def measure(name: str, times: int, chance: random.Random, folder: Path) -> tuple[float, list[str]]:
    """Seconds undisturbed, and what was found amiss, one sentence each."""
    activity, amiss = ACTIVITIES[name], []
    activity.prepare(folder / "first")
    seconds = undisturbed(name, folder / "first", folder / "says")
    root = folder / "root"
    for n in range(times):
        if activity.afresh or not n:
            shutil.rmtree(root, ignore_errors=True)
            activity.prepare(root)
        moment = chance.uniform(0, seconds)
        try:
            activity.examine(root, killed(name, root, folder / "says", moment))
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
        acknowledge(BEGUN)
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
