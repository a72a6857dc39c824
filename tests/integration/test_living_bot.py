"""`footnote bot`, the program, on a folder of notes that changes: real models, real index, a local Discord.

Run it with `-s` to see how many seconds a saved note took to be cited, and a deleted one to be gone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from tests.builders import on_disk
from tests.conftest import KNOWLEDGE, MODELS
from tests.integration.discord_gateway import TOKEN
from tests.integration.discord_standin import Standin, running_standin

pytestmark = pytest.mark.models
ROOT = Path(__file__).parents[2]
WAIT = 120.0  # on a quiet machine it takes about ten seconds
QUESTION = "how many hinges does the wooden gate of Ostrava have"
GATE = "Show: Odd Hours\nTitle: Gates\n\nThe wooden gate of Ostrava has {} hinges.\n"


class Running:
    """The program with what it was started on."""

    def __init__(self, standin: Standin, notes: Path, data: Path) -> None:
        self.standin = standin
        self.notes = notes
        self.data = data

    async def answer(self) -> str:
        """What somebody in Discord is told who asks the question now."""
        talk = await self.standin.answered(await self.standin.command("ask", question=QUESTION), seconds=WAIT)
        return str(talk.embed.get("description", talk.content))

    async def seconds_until(self, reached: Callable[[str], bool]) -> float:
        started = time.monotonic()
        while not reached(answer := await self.answer()):
            assert time.monotonic() - started < WAIT, answer
            await asyncio.sleep(0.2)
        return time.monotonic() - started

    def build(self) -> str:
        """The name of the build that serves."""
        return (self.data / "current").read_text()

    def on_disk(self, words: str) -> bool:
        return on_disk(self.data, words)


@pytest.fixture
async def running(indexed: Settings, tmp_path: Path) -> AsyncIterator[Running]:
    notes = Path(shutil.copytree(KNOWLEDGE, tmp_path / "notes"))
    data = Path(shutil.copytree(indexed.data, tmp_path / "data"))
    async with running_standin() as standin:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FOOTNOTE_NOTES": str(notes),
            "FOOTNOTE_DATA": str(data),
            "FOOTNOTE_MODELS": str(MODELS),
            "FOOTNOTE_DISCORD__TOKEN": TOKEN,
            "FOOTNOTE_DISCORD__API_BASE": standin.api_base,
            "FOOTNOTE_DISCORD__GATEWAY": standin.gateway,
        }
        program = (sys.executable, "-m", "bot.cli", "bot")
        process = await asyncio.create_subprocess_exec(*program, cwd=tmp_path, env=environment)
        try:
            await standin.until(lambda: standin.identified or process.returncode is not None, seconds=WAIT)
            assert process.returncode is None
            yield Running(standin, notes, data)
        finally:
            process.terminate()
            await process.wait()
        assert standin.violations == []


async def test_the_bot_follows_its_notes(running: Running) -> None:
    assert "seventeen" not in await running.answer()
    note = running.notes / "gate.txt"

    note.write_text(GATE.format("seventeen"))
    cited = await running.seconds_until(lambda answer: "seventeen hinges" in answer)

    for name in ("gate.txt.tmp", ".gate.txt.icloud", "gate.txt.icloud", "~$gate.docx"):
        (running.notes / name).write_text(GATE.format("ninety"))
    (running.notes / ".obsidian").mkdir()
    (running.notes / ".obsidian" / "workspace.txt").write_text(GATE.format("ninety"))
    served = running.build()
    await asyncio.sleep(4)
    assert running.build() == served
    assert "seventeen hinges" in await running.answer()

    for i in range(1_000):
        note.write_text(GATE.format(f"{i} rusty"))
    changes = {served}

    def updated(answer: str) -> bool:
        changes.add(running.build())
        return "rusty hinges" in answer

    await running.seconds_until(updated)
    await asyncio.sleep(4)
    assert len(changes | {running.build()}) == 2, "a burst of saves is one update"
    assert not running.on_disk("ninety")

    for path in running.notes.glob("gate*"):
        path.unlink()
    gone = await running.seconds_until(lambda answer: "rusty" not in answer and "seventeen" not in answer)
    started = time.monotonic()
    while running.on_disk("rusty hinges"):
        assert time.monotonic() - started < WAIT
        await asyncio.sleep(0.2)
    erased = gone + time.monotonic() - started
    sys.stderr.write(f"\nsaved to cited {cited:.1f} s; deleted to gone {gone:.1f} s, from the disk {erased:.1f} s\n")


async def test_who_waits_is_told_once_a_note_covers_it(running: Running) -> None:
    standin = running.standin
    talk = await standin.answered(await standin.command("ask", question=QUESTION), seconds=WAIT)
    assert "one direct message" in await standin.told(await standin.press(talk, "notify"))
    (running.notes / "gate.txt").write_text(GATE.format("seventeen"))
    await standin.until(standin.direct_messages, seconds=WAIT)
    (message,) = standin.direct_messages()
    assert message["content"].startswith("📬 On ")
    assert "seventeen hinges" in message["embeds"][0]["description"]


async def test_its_owner_runs_it_from_discord(running: Running) -> None:
    standin = running.standin

    async def told(command: str, words: str) -> str:
        talk = await standin.command(f"footnote {command}")
        await standin.until(lambda: talk.shown and words in talk.content, seconds=WAIT)
        return talk.content

    await running.answer()
    (running.notes / "gate.txt").write_text(GATE.format("seventeen"))
    await told("reindex", "I have read the notes again: ")
    assert "seventeen hinges" in await running.answer()
    status = await standin.answered(await standin.command("footnote status"))
    assert running.build() in str(status.embed["description"])
    await told("backup", "💾")
    (backup,) = (running.data / "backups").iterdir()
    assert backup.stat().st_size
    gaps = await standin.answered(await standin.command("footnote gaps"), seconds=WAIT)
    assert gaps.embed["title"].startswith("🕳️ What the notes do not cover")


async def test_a_server_gets_notes_of_its_own_without_a_shell(running: Running) -> None:
    """From a new folder to an answer out of it, while another server hears nothing of either."""
    standin, elsewhere = running.standin, running.standin.other_server()

    async def told(command: str, words: str, **more: Any) -> str:
        talk = await standin.command(f"footnote {command}", **more)
        await standin.until(lambda: talk.shown and words in talk.content, seconds=WAIT)
        return talk.content

    async def shown(**more: Any) -> str:
        talk = await standin.answered(await standin.command("ask", question=QUESTION, **more), seconds=WAIT)
        return str(talk.embed.get("description", talk.content))

    await running.answer()
    await standin.answered(await standin.command("footnote settings", notes="odd"), seconds=WAIT)
    await told("notes add", "I have read the notes", file=standin.file("gate.txt", GATE.format("seventeen").encode()))
    assert (running.notes / "odd" / "gate.txt").is_file()
    assert "seventeen hinges" in await shown()
    assert "No notes are meant for here" in await shown(channel=elsewhere)
    assert "seventeen hinges" in await shown(channel=standin.direct_channel())  # the owner has all notes
    await standin.answered(await standin.command("footnote settings", notes="all", channel=elsewhere), seconds=WAIT)
    episodes = await standin.answered(await standin.command("episodes"), seconds=WAIT)
    assert episodes.embed["title"].endswith("(1)")
    await told("notes remove", "no longer among the notes", name="gate.txt")
    started = time.monotonic()
    while "seventeen" in await shown():
        assert time.monotonic() - started < WAIT
        await asyncio.sleep(0.2)
    assert not (running.notes / "odd" / "gate.txt").exists()
