"""Bots as programs of their own, to be measured against the tests' local Discord.

One only defers; Footnote comes with a fake assistant whose answers are all different, and with the real one. Knows
nothing of what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import discord
from discord import app_commands

from bot.child.supervisor import open_apart
from bot.commands.discord import point_library_at, quieten_library, run_bot
from bot.settings import Settings, load_settings
from rag.protocols import NOBODY, Cancelled, Watch
from rag.types import Answer, NotCovered
from tests.bot.samples import ANSWER
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.discord_standin import TOKEN, Standin

Kind = Literal["bare", "footnote", "real"]

ROOT = Path(__file__).parents[1]
LINE = "What stands around it in the notes, at about the length of a passage that somebody has typed. " * 2


class Various(TimedAssistant):
    """Every question has an answer of its own, as long as a real one, that could be given again."""

    def ask(
        self,
        question: str,
        *,
        history: object = (),
        filters: object = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        self._take_time(cancelled)
        around = tuple(f"{question}: {LINE}" for _ in range(2))
        citations = tuple(
            replace(
                each, display=f"{question}: {each.display}", whole=f"{question} {LINE}", before=around, after=around
            )
            for each in ANSWER.citations
        )
        return replace(ANSWER, question=question, citations=citations, basis=question)


class Bare(discord.Client):
    """Defers every command and does nothing else."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        tree = app_commands.CommandTree(self)

        async def nothing(_interaction: discord.Interaction[Any], _typed: str) -> list[app_commands.Choice[str]]:
            return []

        @tree.command(description="Defers.")
        @app_commands.autocomplete(episode=nothing)
        async def ask(interaction: discord.Interaction[Any], question: str, episode: str = "") -> None:
            await interaction.response.defer(thinking=True)


class Program:
    """A bot that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def resident_mib(self) -> float:
        """Memory that it holds now. Linux only."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize() / 2**20


@asynccontextmanager
async def running(
    standin: Standin, kind: Kind, data: Path, *, models: Path | None = None, **settings: float
) -> AsyncIterator[Program]:
    """A bot that is connected to a stand-in while the block runs, with some of its settings for Discord."""
    reach = {"token": TOKEN, "api_base": standin.api_base, "gateway": standin.gateway, **settings}
    named = {f"FOOTNOTE_DISCORD__{name.upper()}": str(value) for name, value in reach.items()}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FOOTNOTE_DATA": str(data), **named}
    environment |= {"FOOTNOTE_MODELS": str(models)} if models else {}
    before = standin.identified
    arguments = (sys.executable, "-m", "benchmarks.discord_bots", kind)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*arguments, env=environment, cwd=data, stdout=quiet)
    try:
        await standin.until(lambda: standin.identified > before or process.returncode is not None, seconds=30)
        yield Program(process)
    finally:
        process.terminate()
        await process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=get_args(Kind))
    kind: Kind = parser.parse_args().kind
    settings = load_settings()
    if kind == "bare":
        return asyncio.run(_serve_bare(settings))
    return run_bot(settings, lambda: open_apart(settings) if kind == "real" else Various(seconds=0.01))


async def _serve_bare(settings: Settings) -> int:
    point_library_at(settings)
    quieten_library()
    await Bare().start(settings.discord.token.get_secret_value())
    return 0


if __name__ == "__main__":
    sys.exit(main())
