"""How long the bot takes to acknowledge a command while its worker is busy: p50, p95 and p99 over loopback.

Run as `python -m benchmarks.discord_ack`. The assistant is a fake that computes in pure Python without pause, so that
it also competes for the interpreter as a busy library would; Discord is the tests' local stand-in, in the same process.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from bot.commands.discord import point_library_at, quieten_library
from bot.discord.bot import FootnoteClient
from bot.line.worker import Worker
from bot.settings import DiscordSettings, Settings
from bot.state.memory import Memory
from bot.state.store import open_store, state_path
from rag.protocols import Cancelled
from rag.types import Answer, NotCovered
from tests.bot.samples import ANSWER
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.discord_standin import TOKEN, Standin, running_standin


class BusyAssistant(TimedAssistant):
    """Counts until it is told to stop."""

    def ask(
        self,
        question: str,
        *,
        history: object = (),
        filters: object = (),
        cancelled: Cancelled | None = None,
        watch: object = None,
    ) -> Answer | NotCovered:
        end = time.monotonic() + 600
        while time.monotonic() < end and not (cancelled and cancelled()):
            sum(range(10_000))
        return ANSWER


async def measure(count: int, data: Path) -> list[float]:
    """Milliseconds to acknowledge each of `count` commands, one after the other, while an answer is being computed."""
    async with running_standin() as standin:
        reach = DiscordSettings(
            token=SecretStr(TOKEN), api_base=standin.api_base, gateway=standin.gateway, queue_size=1000
        )
        settings = Settings(data=data, discord=reach)
        point_library_at(settings)
        quieten_library()
        worker = Worker(BusyAssistant, queue_size=reach.queue_size, deadline_seconds=600)
        memory = Memory(lambda: open_store(state_path(settings.data)))
        client = FootnoteClient(settings, worker, memory, announce=lambda line: None)
        connection = asyncio.create_task(client.start(TOKEN))
        try:
            await standin.until(lambda: standin.identified)
            return [await acknowledged(standin, n) for n in range(count + 1)][1:]  # the first keeps the worker busy
        finally:
            await client.stop()
            await connection


async def acknowledged(standin: Standin, number: int) -> float:
    """Milliseconds to acknowledge one command, another one than all others."""
    talk = await standin.command("ask", question=f"How long does number {number} take?")
    await standin.until(lambda: talk.acknowledged_at, seconds=10)
    await asyncio.sleep(0.05)
    return 1000 * talk.seconds_to_acknowledge


def measure_acknowledging(count: int) -> list[float]:
    """`measure`, run to its end."""
    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(measure(count, Path(data)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="commands to send (default 50)")
    count: int = parser.parse_args().count
    times = measure_acknowledging(count)
    shares = statistics.quantiles(times, n=100, method="inclusive")
    sys.stdout.write(
        f"acknowledged {len(times)} commands while the worker was busy: p50 {statistics.median(times):.1f} ms, "
        f"p95 {shares[94]:.1f} ms, p99 {shares[98]:.1f} ms, slowest {max(times):.1f} ms\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
