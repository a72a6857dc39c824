"""Kills Footnote at random moments of whatever it does, and says what is left.

`python -m scripts.survival.kill --times 40` prints a table in Markdown. Each activity runs as a process of its own
which gets SIGKILL after a random part of the time that it takes undisturbed, counted from when it has begun and not
from when Python has; then everything that had been acknowledged has to be there, and Footnote has to work.
An activity that fails by itself, or does nothing, ends the trial or counts as amiss: nothing would have been killed.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.survival.activities import ACTIVITIES, ROOT, acknowledge

ENDLESS = 2.0  # seconds that are taken of what does not end by itself
LATE = 60.0  # seconds after which a process that has not begun is given up
BEGUN = "begun"


class Failed(RuntimeError):
    """An activity ended as nobody had it end, so that nothing was tried out."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A command that can be killed.

    Attributes:
        command: prints "begun" once it has, and then what it has done for good, a line each.
        says: where that is put: a pipe that nobody reads meanwhile would hold it up.
        endless: whether it goes on until it is killed.
    """

    command: Sequence[str]
    says: Path
    endless: bool = False

    @contextmanager
    def begun(self) -> Iterator[subprocess.Popen[bytes]]:
        """The command in a process group of its own, which is killed at the end of the block. Raises Failed."""
        with self.says.open("wb") as out:
            process = subprocess.Popen(
                self.command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True
            )
        try:
            late = time.monotonic() + LATE
            while not self.says.stat().st_size:
                if process.poll() is not None or time.monotonic() > late:
                    raise Failed("it has not begun")
                time.sleep(0.005)
            yield process
        finally:
            kill(process)

    def undisturbed(self) -> float:
        """Seconds that it takes. Raises Failed where it fails, or has done nothing in them."""
        with self.begun() as process:
            started = time.monotonic()
            if self.endless:
                time.sleep(ENDLESS)
                if process.poll() is not None:
                    raise Failed(f"it ends by itself, with {process.returncode}")
            elif process.wait():
                raise Failed(f"it fails undisturbed, with {process.returncode}")
            seconds = time.monotonic() - started
        if not self.said():
            raise Failed("it does nothing")
        return seconds

    def killed(self, seconds: float) -> list[str]:
        """What it had acknowledged when it was killed after so many seconds. Raises Failed where it had failed."""
        with self.begun() as process:
            time.sleep(seconds)
            if process.poll() not in ((None,) if self.endless else (None, 0)):
                raise Failed(f"it has ended by itself, with {process.returncode}")
        return self.said()

    def said(self) -> list[str]:
        """What it has acknowledged."""
        said = self.says.read_text(encoding="utf-8")
        return said[: said.rfind("\n") + 1].split()[1:]


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill an activity, with whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def of(name: str, root: Path, says: Path) -> Trial:
    """That of an activity."""
    command = [sys.executable, "-m", "scripts.survival.kill", "--child", name, str(root)]
    return Trial(command=command, says=says, endless=ACTIVITIES[name].endless)


def measure(name: str, times: int, chance: random.Random, folder: Path) -> tuple[float, list[str]]:
    """Seconds undisturbed, and what was found amiss, one sentence each."""
    activity, amiss = ACTIVITIES[name], []
    activity.prepare(folder / "first")
    seconds = of(name, folder / "first", folder / "says").undisturbed()
    root = folder / "root"
    for n in range(times):
        if activity.afresh or not n:
            shutil.rmtree(root, ignore_errors=True)
            activity.prepare(root)
        moment = chance.uniform(0, seconds)
        try:
            activity.examine(root, of(name, root, folder / "says").killed(moment))
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
