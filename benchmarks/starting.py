"""How soon Footnote is there: the command's help, models and index, and the first reply in Discord."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.costs import in_process, run, seconds
from benchmarks.discord_bots import running
from benchmarks.discord_evidence import is_answer
from benchmarks.report import Aim, Figure
from benchmarks.synthetic import SyntheticEmbedder, synthetic_library
from bot.answering.assistant import open_assistant
from bot.answering.chosen import embedder_fingerprint
from bot.settings import Settings
from rag.build import current_build, new_build, read_manifest
from rag.calibration import carry_over
from rag.indexing import write_build
from tests.integration.discord_standin import running_standin

GROUP = "Starting"
STARTS = 3
LARGE = 15_000
HELP = Aim(limit=0.3, of="value")
READY = Aim(limit=5.0, of="value")


def measure_starting(settings: Settings, *, quick: bool) -> Iterator[Figure]:
    """Of the notes in `settings`, which are indexed, and unless it is to be quick of a large made-up index."""
    yield _help()
    yield from _opened(settings, read_manifest(current_build(settings.data)).passages)
    if not quick:
        with tempfile.TemporaryDirectory() as data:
            large = settings.model_copy(update={"data": Path(data)})
            in_process(write_large, large, like=current_build(settings.data))
            yield from _opened(large, LARGE)


def _help() -> Figure:
    helped = min(run(["-m", "bot.cli", "--help"]).seconds for _ in range(STARTS))
    bare = min(run(["-c", "pass"]).seconds for _ in range(STARTS))
    name, against = "`footnote --help`", "Python alone"
    return Figure(group=GROUP, name=name, value=helped, unit="s", baseline=bare, against=against, aim=HELP)


def _opened(settings: Settings, passages: int) -> Iterator[Figure]:
    opening = min(in_process(measure_opening, settings) for _ in range(STARTS))
    name = f"opening models and {passages:,} passages"
    yield Figure(group=GROUP, name=name, value=opening, unit="s")
    replied = min(in_process(measure_first_reply, settings) for _ in range(STARTS))
    name = f"the bot started and has replied to its first question, {passages:,} passages"
    yield Figure(group=GROUP, name=name, value=replied, unit="s", aim=READY)


def measure_opening(settings: Settings) -> float:
    """Seconds from nothing loaded to an assistant that can answer. Call it in a fresh process."""
    return seconds(open_and_close, settings)


def open_and_close(settings: Settings) -> None:
    open_assistant(settings).close()


def write_large(settings: Settings, *, like: Path) -> None:
    """A made-up index that the models of these settings take for their own, with the thresholds of the build `like`."""
    embedder = SyntheticEmbedder(fingerprint=embedder_fingerprint(settings))
    with new_build(settings.data) as folder:
        write_build(folder, synthetic_library(LARGE), {}, embedder)
        carry_over(like, folder, changed=0.0)


def measure_first_reply(settings: Settings) -> float:
    """Seconds from the start of the program to its reply, an answer or a refusal. Call it in a fresh process."""
    return asyncio.run(_first_reply(settings))


async def _first_reply(settings: Settings) -> float:
    async with running_standin(checks=False) as standin:
        started = time.perf_counter()
        async with running(standin, "real", settings.data.resolve(), models=settings.models.resolve()):
            talk = await standin.command("ask", question="Who speaks about w17 and w4?")
            await standin.until(lambda: talk.shown and is_answer(talk), seconds=60)
            return time.perf_counter() - started
