"""How much memory the bot holds after thousands of answers, whether that grows, and how often a message is changed.

Run as `python -m benchmarks.discord_memory`. The bot is a program of its own with a fake assistant whose answers are
all different, so that everything that is kept of answers fills; Discord is the tests' local stand-in.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.discord_bots import running
from tests.integration.discord_objects import snowflake
from tests.integration.discord_standin import Standin, running_standin

AT_ONCE = 100
PEOPLE = 50


@dataclass(frozen=True, kw_only=True)
class Held:
    """MiB that were held after so many answers, and how often a message was changed for each."""

    answers: Sequence[int]
    mib: Sequence[float]
    edits: float

    @property
    def growth(self) -> float:
        """MiB from the first look to the last."""
        return self.mib[-1] - self.mib[0]


async def measure(answers: int, looks: int, data: Path) -> Held:
    """What is held after each of so many equal shares of the answers."""
    after, held = [], []
    async with (
        running_standin(checks=False) as standin,
        running(standin, "footnote", data, queue_size=1000, queue_per_person=1000, queue_per_server=1000) as bot,
    ):
        people = [snowflake() for _ in range(PEOPLE)]
        edits = 0
        for look in range(looks):
            for first in range(0, answers // looks, AT_ONCE):
                numbers = range(first, first + AT_ONCE)
                edits += await answered(standin, [f"Question {look}-{n}?" for n in numbers], people)
            await asyncio.sleep(1.0)
            after.append((look + 1) * (answers // looks))
            held.append(bot.resident_mib())
    return Held(answers=after, mib=held, edits=edits / answers)


async def answered(standin: Standin, questions: Sequence[str], people: Sequence[str]) -> int:
    """Ask questions at once and wait for the answers; how often a message was changed."""
    talks = [
        await standin.command("ask", question=question, user=people[number % len(people)])
        for number, question in enumerate(questions)
    ]
    await standin.until(lambda: all(talk.shown and talk.embed for talk in talks), seconds=60)
    standin.requests.clear()
    return sum(len(talk.shown) for talk in talks)


def measure_memory(answers: int, looks: int = 10) -> Held:
    """`measure`, run to its end."""
    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(measure(answers, looks, Path(data)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=5000, help="how many in all (default 5000)")
    held = measure_memory(parser.parse_args().answers)
    for answers, mib in zip(held.answers, held.mib, strict=True):
        sys.stdout.write(f"after {answers:,} answers: {mib:.1f} MiB\n")
    sys.stdout.write(f"grown by {held.growth:+.1f} MiB; {held.edits:.2f} edits an answer\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
