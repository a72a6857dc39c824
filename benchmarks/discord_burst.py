"""How long a bot takes to acknowledge 200 questions that 50 people ask at once, beside a bot that only defers.

Run as `python -m benchmarks.discord_burst`. Both are programs of their own, take turns in the same run, and talk to the
tests' local stand-in; each burst begins once the one before is dealt with, over connections that are open already.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.discord_bots import Kind, running
from tests.integration.discord_objects import snowflake
from tests.integration.discord_standin import Standin, running_standin

PEOPLE = 50
EACH = 4
BEAT_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Milliseconds to each acknowledgement of a bot that only defers and of ours, and how late our heartbeat was."""

    bare: Sequence[float]
    ours: Sequence[float]
    late: float


async def measure(rounds: int, data: Path) -> Burst:
    """So many bursts of each bot, in turns."""
    times: dict[Kind, list[float]] = {"bare": [], "footnote": []}
    async with AsyncExitStack() as stack:
        standins = {kind: await stack.enter_async_context(running_standin(checks=False)) for kind in times}
        for kind, standin in standins.items():
            standin.heartbeat_seconds = BEAT_SECONDS
            await stack.enter_async_context(running(standin, kind, data))
        for number in range(rounds + 1):  # the first round is to warm up
            for kind, standin in standins.items():
                burst = await in_one_burst(standin, answers=kind == "footnote")
                times[kind] += burst if number else []
    gaps = [later - earlier for earlier, later in pairwise(standins["footnote"].heartbeats)]
    return Burst(bare=times["bare"], ours=times["footnote"], late=1000 * (max(gaps) - BEAT_SECONDS))


async def in_one_burst(standin: Standin, *, answers: bool) -> list[float]:
    """Milliseconds to each acknowledgement of one burst, which is waited for to its end."""
    await asyncio.gather(*(standin.type_into("ask", "episode", "x") for _ in range(PEOPLE * EACH)))  # opens connections
    people = [snowflake() for _ in range(PEOPLE)]
    asked = [(f"{n} of {user}", user) for n in range(EACH) for user in people]
    talks = [await standin.command("ask", question=question, user=user) for question, user in asked]
    await standin.until(lambda: all(talk.acknowledged_at for talk in talks), seconds=60)
    if answers:
        await standin.until(
            lambda: all(talk.shown and (talk.embed or "⚠" in talk.content) for talk in talks), seconds=60
        )
    await asyncio.sleep(1.0)
    return [1000 * talk.seconds_to_acknowledge for talk in talks]


def measure_burst(rounds: int) -> Burst:
    """`measure`, run to its end."""
    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(measure(rounds, Path(data)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="bursts that each bot is measured in (default 5)")
    burst = measure_burst(parser.parse_args().rounds)
    for q in (50, 95, 99):
        bare, ours = (float(np.percentile(times, q)) for times in (burst.bare, burst.ours))
        sys.stdout.write(f"p{q}: {ours:.0f} ms, {bare:.0f} ms for a bot that only defers: {ours / bare:.2f} times\n")
    sys.stdout.write(f"the heartbeat was {burst.late:.0f} ms late at most\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
