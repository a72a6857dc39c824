"""What a bot costs that nobody asks anything: `python -m scripts.survival.idle --minutes 5`.

The real program with the real models is connected to a local stand-in of Discord and has answered one question; then
the processor's time of all its processes is read from /proc (Linux). Ends with 1 where it is more than one per cent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.survival.soak import bot
from tests.conftest import KNOWLEDGE
from tests.integration.discord_standin import Standin, running_standin

AIM = 0.01
SETTLING = 30.0  # seconds between the answer and the measurement
PATIENCE = 120.0
USER, SYSTEM = 11, 12  # among the fields of /proc/PID/stat behind the name


def family(pid: int) -> list[int]:
    """A process and all that come from it."""
    children = [int(each) for file in Path(f"/proc/{pid}/task").glob("*/children") for each in file.read_text().split()]
    return [pid, *(each for child in children for each in family(child))]


def spent(pid: int) -> dict[str, float]:
    """Seconds of the processor that a process and its children have had, by their number and name."""
    found = {}
    for each in family(pid):
        name, _, fields = Path(f"/proc/{each}/stat").read_text().rpartition(") ")
        ticks = sum(int(fields.split()[field]) for field in (USER, SYSTEM))
        found[name.replace("(", "") + ("" if each == pid else ", child")] = ticks / os.sysconf("SC_CLK_TCK")
    return found


async def answered(standin: Standin) -> None:
    """Everything is loaded after this."""
    talk = await standin.command("ask", user="900000000000000001", question="How hot is the surface of Venus?")
    await standin.until(lambda: bool(talk.shown and talk.embed), seconds=PATIENCE)


async def measured(minutes: float) -> Mapping[str, float]:
    """Share of one core by process."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(KNOWLEDGE, Path(name) / "notes")
        async with running_standin() as standin, bot(standin, Path(name)) as process:
            await answered(standin)
            await asyncio.sleep(SETTLING)
            before = spent(process.pid)
            await asyncio.sleep(60 * minutes)
            after = spent(process.pid)
    return {name: (after[name] - before.get(name, 0.0)) / (60 * minutes) for name in after}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    shares = asyncio.run(measured(parser.parse_args().minutes))
    for name, share in shares.items():
        sys.stdout.write(f"{name}: {share:.3%} of one core\n")
    sys.stdout.write(f"together: {sum(shares.values()):.3%}\n")
    return 1 if sum(shares.values()) > AIM else 0


if __name__ == "__main__":
    sys.exit(main())
