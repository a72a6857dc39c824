"""The machine or what runs on it gives way: what whoever asked sees of it. Over real sockets."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.child.process import Child
from bot.child.supervisor import DEADLY, Supervisor
from bot.state.store import state_path
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import configured, connected, ended, start_program
from tests.integration.discord_objects import snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows

SMALL_DISK = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k none "$0" && exec "$@"')
CRASHED = "⚠️ The part of me that looks through the notes has crashed. It is being started again; please ask anew."


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


# Ended


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_after_the_bot_was_ended_mid_answer_askers_hear_of_it_and_buttons_still_work(
    standin: Standin, tmp_path: Path, how: signal.Signals
) -> None:
    program = await start_program(configured(standin, tmp_path), tmp_path, "--seconds=60", "--quick=quick")
    await standin.until(lambda: standin.identified, seconds=20)
    before = await asked(standin, "quick")
    first = await standin.command("ask", question="slow")
    waiting = await standin.message(f"<@{standin.bot_id}> slow", channel=standin.thread_id, user=snowflake())
    await standin.until(lambda: waiting.shown)
    await eventually(lambda: len(rows(tmp_path, "SELECT * FROM pending")) == 2)
    cancel = waiting.custom_id("cancel")
    program.send_signal(how)
    await ended(program)
    async with connected(standin, TimedAssistant(), tmp_path):
        if how is signal.SIGTERM:
            for talk in (first, waiting):
                assert talk.content == "⚠️ I am being restarted; please ask again in a minute."
        else:
            stopped = [
                f"⚠️ <@{talk.user}>, I was stopped before I could answer you. Please ask again."
                for talk in (first, waiting)
            ]
            await standin.until(
                lambda: set(stopped) <= {r.body.get("content") for r in standin.made("POST", "/messages")}
            )
        press = await standin.press(waiting, "", custom_id=cancel, user=waiting.user)
        assert await standin.told(press) == "Nothing is being done there any more."
        assert await standin.told(await standin.press(before, "up")) == "Thank you. Your vote is counted."
        context = await standin.press(before, "context")
        await standin.until(lambda: context.shown)
        assert "Lead melts there." in str(context.embed)
    assert rows(tmp_path, "SELECT * FROM pending") == []


# What answers


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    """Of children that do what the question says; see tests/bot/child/house.py."""
    return Supervisor(lambda: Child([sys.executable, "-m", "tests.bot.child.house", str(tmp_path)], {}))


async def test_a_model_that_crashes_once_costs_nobody_their_answer(
    standin: Standin, tmp_path: Path, supervisor: Supervisor
) -> None:
    async with connected(standin, supervisor.open, tmp_path):
        assert (await asked(standin, "die once")).embed


async def test_a_question_that_crashes_the_model_each_time_is_a_sentence_and_others_are_answered(
    standin: Standin, tmp_path: Path, supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(standin, supervisor.open, tmp_path):
        deadly = await asked(standin, "die")
        after = await asked(standin, "How hot is it?")
    assert DEADLY in deadly.content
    assert after.embed or after.content == CRASHED  # it is started again after a pause
    assert "SIGABRT" in caplog.text
    assert "die" not in [record.getMessage() for record in caplog.records]


class Panic(BaseException):
    """As a library in Rust raises it where it breaks."""


async def test_a_panic_in_a_library_is_a_sentence_and_the_next_question_is_answered(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(error=Panic("zanzibar"))  # type: ignore[arg-type]
    async with connected(standin, assistant, tmp_path):
        failed = await asked(standin)
        assistant.error = None
        assert (await asked(standin)).embed
    assert failed.content.startswith("⚠️ Something went wrong on my side.")


async def test_out_of_memory_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(error=MemoryError()), tmp_path):
        talk = await asked(standin)
    assert talk.content == "⚠️ The machine I run on is out of memory. Please try again later."


# The disk


def small_disks() -> bool:
    """Whether a test may mount one."""
    if not shutil.which("unshare"):
        return False
    try_it = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /tmp"]
    return subprocess.run(try_it, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not small_disks(), reason="this system does not let a test mount a small disk")
async def test_on_a_disk_that_is_really_full_questions_are_answered_and_the_owner_learns_why_there_are_no_buttons(
    standin: Standin, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    program = await start_program(configured(standin, disk), tmp_path, before=(*SMALL_DISK, str(disk)))
    await standin.until(lambda: standin.identified, seconds=20)
    talk = await asked(standin)
    assert "464 °C" in talk.embed["description"]
    assert not talk.shown[-1].get("components")
    said = await standin.told(await standin.command("forget-me"))
    assert said.startswith("⚠️ I cannot use my memory right now")
    about = await standin.answered(await standin.command("about"))  # by the bot's owner
    assert "does not fit on the disk any longer" in str(about.embed)
    program.terminate()
    code, errors = await ended(program)
    assert code == 0, errors
    assert "does not fit on the disk any longer. Make some space." in errors


async def test_a_database_that_another_program_holds_is_used_again_once_it_lets_go(
    standin: Standin, tmp_path: Path
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await asked(standin)
    async with connected(standin, TimedAssistant(), tmp_path, rest=0.2):
        with closing(sqlite3.connect(state_path(tmp_path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked = await asked(standin)
        assert locked.embed
        assert not locked.shown[-1].get("components")
        async with asyncio.timeout(5):
            while not (again := await asked(standin)).shown[-1].get("components"):
                pass
        assert await standin.told(await standin.press(again, "up")) == "Thank you. Your vote is counted."


# The clock


@pytest.mark.parametrize("hours", [1, 24 * 365, -1])
async def test_a_clock_that_is_wrong_changes_nothing_that_people_see(
    standin: Standin, tmp_path: Path, hours: int
) -> None:
    """With a clock a quarter of an hour ahead, every command counted as run out: each sign of life was a new message
    in the channel, and the answer another one."""
    standin.clock_ahead = hours * 3600
    async with connected(standin, TimedAssistant(seconds=0.3), tmp_path):
        talks = [await standin.command("ask", question=f"question {n}") for n in range(2)]
        for talk in talks:
            assert (await standin.answered(talk)).embed
        assert await standin.told(await standin.press(talk, "up")) == "Thank you. Your vote is counted."
    assert not standin.made("POST", f"/channels/{standin.channel_id}/messages")
