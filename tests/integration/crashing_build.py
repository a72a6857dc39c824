"""Builds an index in one process after the other, each killed at its own moment: `... NOTES DATA=MOMENT...`.

A moment is a stage of the build ("Storing": when it has begun; "Check": before the swap) or seconds from its start.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from rag.indexing import build_index
from rag.probe import check
from tests.fakes import FakeEmbedder


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def build(notes: Path, data: Path, moment: str) -> None:
    def progress(stage: str, done: int, _total: int) -> None:
        if stage == moment and done:
            die()

    def check_or_die(folder: Path) -> None:
        if moment == "Check":
            die()
        check(folder)

    build_index(notes, data, FakeEmbedder(), rebuild=True, progress=progress, check=check_or_die)


def main() -> None:
    notes, *moments = sys.argv[1:]
    for item in moments:
        data, _, moment = item.rpartition("=")
        child = os.fork()
        if child == 0:
            build(Path(notes), Path(data), moment)
            os._exit(0)
        if moment[0].isdigit():
            time.sleep(float(moment))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
