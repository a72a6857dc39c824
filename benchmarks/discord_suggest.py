"""How long it takes to complete the name of an episode while somebody types: p50 and p95 over loopback.

Run as `python -m benchmarks.discord_suggest`. The episodes are made up; Discord is the tests' local stand-in, in the
same process. Half of what is typed is misspelt.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rag.types import Episode
from tests.bot.samples import FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.builders import word_salad
from tests.integration.connecting import connected
from tests.integration.discord_standin import running_standin


def episodes(count: int) -> list[Episode]:
    """So many episodes of forty shows."""
    titles = word_salad(count, vocabulary=3000)
    return [
        Episode(
            id=f"e{n}", show=f"Show {n % 40}", title=title[:60], guests=(title.title()[-20:],), date=f"{2010 + n % 15}"
        )
        for n, title in enumerate(titles)
    ]


def typed(known: list[Episode], count: int) -> Iterator[str]:
    """What somebody has typed of a title so far."""
    draw = random.Random(7)  # noqa: S311
    for _ in range(count):
        title = draw.choice(known).title
        text = title[: draw.randint(1, len(title))]
        place = draw.randrange(len(text))
        yield text if draw.random() < 0.5 else f"{text[:place]}x{text[place + 1 :]}"


async def measure(count: int, size: int, data: Path) -> list[float]:
    """Milliseconds to offer something for each of `count` beginnings of the titles of `size` episodes."""
    known = episodes(size)
    times = []
    assistant = TimedAssistant(browsing=FakeBrowsing(listed=known))
    async with running_standin() as standin, connected(standin, assistant, data):
        while not await standin.type_into("ask", "episode", ""):  # noqa: ASYNC110  (nobody tells when it is there)
            await asyncio.sleep(0.05)
        for text in typed(known, count):
            started = time.monotonic()
            await standin.type_into("ask", "episode", text)
            times.append(1000 * (time.monotonic() - started))
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="beginnings that are typed (default 300)")
    parser.add_argument("--episodes", type=int, default=5000, help="episodes in the notes (default 5000)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        times = asyncio.run(measure(arguments.count, arguments.episodes, Path(data)))
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    sys.stdout.write(
        f"completed {len(times)} names among {arguments.episodes:,} episodes: "
        f"p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, slowest {max(times):.1f} ms\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
