"""Cuts the power at many moments of whatever Footnote does, and opens what the disk then holds at worst.

`python -m scripts.survival.power_cut` prints a table in Markdown. Each activity runs once on a disk that remembers
all that is done to it (`disk.py`, and what that needs). What had been synced by then is on the disk after a cut; of
all else a disk may hold anything: nothing of it, the names without the contents, the contents without the names, or
any part of both in any order. Each of these is made, and has to be what it is after a kill: everything acknowledged
is there, and Footnote works.
"""

from __future__ import annotations

import argparse
import copy
import random
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path, PurePosixPath

from scripts.survival.activities import acknowledge
from scripts.survival.deeds import DEEDS
from scripts.survival.disk import Done
from scripts.survival.full_disk import Trial, on_a_disk, spread

CONTENTS = ("write", "truncate")
SAYS = "says"  # the file in which it stands what had been acknowledged
NAMES = ("create", "rename", "link", "unlink", "mkdir", "rmdir")
SEED = 11


def folders_of(done: Done) -> set[str]:
    """The folders whose lists of names something changes."""
    return {str(PurePosixPath(path).parent) for path in (done.path, done.to) if path}


def synced(log: Sequence[Done]) -> set[int]:
    """The numbers of those things in the log that are on the disk for sure at its end."""
    files, folders, sure = set(), set(), set()
    for number in range(len(log) - 1, -1, -1):
        done = log[number]
        if done.kind == "sync":
            files.add(done.file)
        elif done.kind == "sync folder":
            folders.add(done.path or ".")
        elif (done.kind in CONTENTS and done.file in files) or (done.kind in NAMES and folders_of(done) <= folders):
            sure.add(number)
    return sure


def kept_by(chance: random.Random) -> Mapping[str, Callable[[Done], bool]]:
    """What a disk may have kept of what was not synced."""
    return {
        "nothing": lambda done: False,
        "names": lambda done: done.kind in NAMES,
        "contents": lambda done: done.kind in CONTENTS,
        "some": lambda done: chance.random() < 0.5,
    }


class Remains:
    """What lies on a disk: names of files and folders, and contents by the number of the file."""

    def __init__(self, before: Path) -> None:
        """As the folder `before` is."""
        found = [path for path in before.rglob("*") if not path.is_symlink()]
        self.folders = {"."} | {path.relative_to(before).as_posix() for path in found if path.is_dir()}
        self.files = {path.relative_to(before).as_posix(): path.stat().st_ino for path in found if path.is_file()}
        self.contents = {path.stat().st_ino: bytearray(path.read_bytes()) for path in found if path.is_file()}

    @classmethod
    def of(cls, before: Remains, log: Iterable[Done]) -> Remains:
        """What is left of `before` by what of the log the disk has kept."""
        remains = copy.deepcopy(before)
        for done in log:
            remains.apply(done)
        return remains

    def apply(self, done: Done) -> None:
        """What comes of one thing that the disk has kept."""
        if done.kind in CONTENTS:
            self._change(self.contents.setdefault(done.file, bytearray()), done)
        elif done.kind == "mkdir":
            self.folders.add(done.path)
        elif done.kind == "rmdir":
            self.folders.discard(done.path)
        elif done.kind in ("unlink", "rename"):
            self.files.pop(done.path, None)
        if done.kind in ("create", "rename", "link"):
            self.files[done.to or done.path] = done.file

    @staticmethod
    def _change(content: bytearray, done: Done) -> None:
        if done.kind == "truncate":
            del content[done.at :]
        content.extend(bytes(max(0, done.at - len(content))))
        content[done.at : done.at + len(done.data)] = done.data

    def write(self, to: Path) -> None:
        """Make a folder of it; what lies in a folder that is lost is lost."""
        for folder in sorted(self.folders):
            if all(str(parent) in self.folders for parent in PurePosixPath(folder).parents):
                (to / folder).mkdir(exist_ok=True)
        for name, inode in self.files.items():
            if (to / name).parent.is_dir():
                (to / name).write_bytes(self.contents.get(inode, b""))


def said(log: Sequence[Done]) -> list[str]:
    """What had been acknowledged: lines that were written to the file that stands for it."""
    text = b"".join(done.data for done in log if done.path == SAYS).decode()
    return text[: text.rfind("\n") + 1].splitlines()


def measure(trial: Trial, name: str, most: int) -> tuple[int, int, list[str]]:
    """How many things were done, how many disks tried, and what was amiss, a sentence each."""
    root = trial.copied(trial.prepare(name))
    before = Remains(root)
    if trial.run(name, root, None, says=Path(SAYS)).code:
        return 0, 0, [f"{name} fails undisturbed"]
    log, wrong, tried = trial.log(root), [], 0
    telling = [number for number, done in enumerate(log, start=1) if done.kind not in CONTENTS or done.path == SAYS]
    for place in spread(len(telling), most):
        happened = log[: telling[place - 1]]
        sure = synced(happened)
        for what, keeps in kept_by(random.Random(SEED)).items():  # noqa: S311 - a seed makes it repeatable
            left = [done for n, done in enumerate(happened) if done.path != SAYS and (n in sure or keeps(done))]
            tried += 1
            if found := amiss(name, Remains.of(before, left), said(happened), trial.folder / "remains"):
                at = f"after {len(happened)} of {len(log)} ({happened[-1].kind} {happened[-1].path})"
                wrong.append(f"{name}, power cut {at}, kept {what}: {found}")
    return len(log), tried, wrong


def amiss(name: str, remains: Remains, had_said: Sequence[str], root: Path) -> str:
    """What is wrong about a disk after a power cut; "" where nothing is."""
    root.mkdir()
    remains.write(root)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            DEEDS[name].examine(root, had_said)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(root)
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=25, help="moments of each activity, four disks each")
    parser.add_argument("--only", choices=DEEDS, nargs="*", default=list(DEEDS))
    arguments = parser.parse_args()
    wrong: list[str] = []
    acknowledge("| Activity | Things done | Disks after a cut | Amiss |\n|---|---|---|---|")
    with on_a_disk() as trial:
        for each in arguments.only:
            count, tried, found = measure(trial, each, arguments.most)
            acknowledge(f"| {each} | {count} | {tried} | {len(found)} |")
            wrong += found
    acknowledge("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
