"""What holds for whatever is looked up, pressed or told later, not for questions alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.bot.samples import ANSWER, CLOSEST
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import RoleId, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows

LOOKED_UP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("quote", {}),
    ("timeline", {"topic": "heat"}),
    ("compare", {"one": "heat", "other": "bread"}),
    ("digest", {}),
    ("topics", {}),
    ("episodes", {}),
    ("episode", {"name": "venus"}),
)


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


async def settle(standin: Standin, **options: Any) -> None:
    await standin.answered(await standin.command("footnote settings", **options))


# What is looked up


@pytest.mark.parametrize("rule", ["channel", "role", "quiet"])
async def test_what_is_looked_up_keeps_to_the_channel_the_role_and_the_hour(
    standin: Standin, tmp_path: Path, rule: str
) -> None:
    """Only questions did: who might not ask could read the notes with /quote and the like."""
    now, assistant = datetime.now().astimezone(), TimedAssistant()
    rules: dict[str, tuple[dict[str, Any], str]] = {
        "channel": ({"answering": "not here"}, "not to answer in this channel"),
        "role": ({"role": RoleId(standin.role_id)}, "only people with a certain role"),
        "quiet": ({"quiet": f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"}, "It is quiet here"),
    }
    options, why = rules[rule]
    async with connected(standin, assistant, tmp_path) as client:
        await eventually(lambda: client.catalogue._known)
        listing = await standin.answered(await standin.command("episodes"))
        await settle(standin, **options)
        looked_up = len(assistant.browsing.calls), len(assistant.surveying.calls)
        for command, given in LOOKED_UP:
            talk = await standin.answered(await standin.command(command, **given))
            assert why in talk.content, command
        offered = await standin.type_into("ask", "episode", "")
        assert bool(offered) == (rule == "quiet")
        assert listing.embed
    assert (len(assistant.browsing.calls), len(assistant.surveying.calls)) == looked_up


# What is pressed


async def test_presses_are_limited_like_questions_and_the_same_again_is_asked_once(
    standin: Standin, tmp_path: Path
) -> None:
    """A press was nobody's: one person could fill the line with whole answers that were asked again and again."""
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talks = [await asked(standin, f"Question {n}?") for n in range(4)]
    assistant.calls.clear()
    assistant.seconds = 0.5
    async with connected(standin, assistant, tmp_path, queue_per_person=2):
        presses = [await standin.press(talk, "file") for talk in talks]
        await standin.until(lambda: all(press.shown for press in presses))
        refused = [press.content for press in presses if press.content.startswith("⚠")]
        assert len(refused) == 2
        assert len(assistant.calls) == 2
        assistant.calls.clear()
        late = next(talk for talk, press in zip(talks, presses, strict=True) if press.content.startswith("⚠"))
        again = [await standin.press(late, "file", user=user) for user in (standin.user_id, snowflake(), snowflake())]
        await standin.until(lambda: all(press.shown for press in again))
        assert not any(press.content.startswith("⚠") for press in again)
    assert len(assistant.calls) == 1


async def test_what_was_answered_here_is_not_read_out_to_who_may_not_ask(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path) as client:
        talk = await asked(standin)
        client._results.notes_changed("another")
        await settle(standin, role=RoleId(standin.role_id))
        assert "only people with a certain role" in await standin.told(await standin.press(talk, "file"))


# Who waits to be told


@pytest.mark.parametrize("gone", ["person", "bot", "role"])
async def test_who_is_no_longer_there_is_told_nothing_of_the_notes(standin: Standin, tmp_path: Path, gone: str) -> None:
    """Somebody who was thrown out of a server went on to get its notes in direct messages."""
    assistant, ben = TimedAssistant(answer=replace(CLOSEST, closest=(), question="Who?")), snowflake()
    async with connected(standin, assistant, tmp_path) as client:
        talk = await asked(standin, "Who?", user=ben)
        await standin.told(await standin.press(talk, "notify", user=ben))
        assistant.answer, before = ANSWER, len(assistant.calls)
        if gone == "role":
            await settle(standin, role=RoleId(standin.role_id))
        else:
            standin.gone.add(ben if gone == "person" else standin.guild_id)
        client.notes_changed("the next")
        waiting = "SELECT * FROM subscriptions" + " WHERE asked_build != 'the next'" * (gone == "role")
        await eventually(lambda: not rows(tmp_path, waiting))
        assert len(assistant.calls) == before
        if gone == "role":
            standin.roles[ben] = [standin.role_id]
            client.notes_changed("the one after")
            await standin.until(lambda: standin.direct_messages(ben))
    assert bool(standin.direct_messages(ben)) == (gone == "role")


async def test_while_discord_does_not_say_who_is_there_nobody_is_told_and_all_wait_on(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(answer=replace(CLOSEST, closest=(), question="Who?"))
    async with connected(standin, assistant, tmp_path) as client:
        await standin.told(await standin.press(await asked(standin, "Who?"), "notify"))
        assistant.answer, before = ANSWER, len(assistant.calls)
        standin.fail_once("GET", "/members/", 400)
        client.notes_changed("the next")
        await standin.until(lambda: standin.made("GET", "/members/"))
        await asyncio.sleep(0.1)
        assert len(assistant.calls) == before
        client.notes_changed("the one after")
        await standin.until(standin.direct_messages)
