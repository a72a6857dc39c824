"""Discord's REST API refuses, is overrun or out of order: what whoever asked sees of it. Over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_faults import ALWAYS, broken, limited, turned_away
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.hurried import SPEED, hurry, run_hurried
from tests.integration.stored import asked

LONG = 10 * SPEED  # seconds of a hurried loop: ten on the wall


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


# Too many requests


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/callback"), ("PATCH", "@original"), ("POST", "/messages"), ("POST", "/typing")]
)
async def test_who_says_how_long_to_wait_is_waited_for(
    standin: Standin, tmp_path: Path, method: str, path: str
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail(method, path, limited(0.3))
        command = await standin.answered(await standin.command("ask", question="x"))
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> x"))
        await standin.until(lambda: len(standin.made(method, path)) >= 2)
    assert len(command.shown) == len(mention.shown) == 1
    first, second = standin.made(method, path)[:2]
    assert second.at - first.at >= 0.3


def test_where_nobody_says_how_long_the_answer_is_delivered_later(tmp_path: Path) -> None:
    """The library raises at once where a 429 comes from what stands before Discord; the answer was lost then."""

    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            standin.fail("PATCH", "@original", turned_away(), times=2)
            standin.fail("POST", f"/channels/{standin.channel_id}/messages", turned_away(), times=2)
            with hurry():
                command = await standin.command("ask", question="x")
                mention = await standin.message(f"<@{standin.bot_id}> x")
                for talk in (command, mention):
                    await standin.answered(talk, seconds=LONG)
                    assert talk.embed
                    assert len(talk.shown) == 1
            assert len(standin.made("PATCH", "@original")) == 3

    run_hurried(scenario())


def test_whom_nothing_reaches_costs_nobody_else_their_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            lost = await standin.command("ask", question="x")
            standin.fail("PATCH", lost.token, turned_away(), times=ALWAYS)
            assert (await asked(standin)).embed
            with hurry():
                await standin.until(lambda: len(standin.made("PATCH", lost.token)) == 8, seconds=LONG)
        assert not lost.shown

    run_hurried(scenario())
    assert "could not be told" in caplog.text


async def test_a_global_limit_holds_back_all_but_replies_to_commands(standin: Standin, tmp_path: Path) -> None:
    channel = f"/channels/{standin.channel_id}/messages"
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", channel, limited(0.5, everywhere=True))
        first = await standin.message(f"<@{standin.bot_id}> x")
        await standin.until(lambda: standin.made("POST", channel))
        command = await standin.command("ask", question="x")
        second = await standin.message(f"<@{standin.bot_id}> x", channel=standin.thread_id)
        for talk in (command, first, second):
            assert (await standin.answered(talk)).embed
    limited_at = standin.made("POST", channel)[0].at
    (answered,) = standin.made("PATCH", "@original")
    assert answered.at - limited_at < 0.5  # such a limit is not theirs
    for request in (*standin.made("POST", channel)[1:], *standin.made("POST", f"{standin.thread_id}/messages")):
        assert request.at - limited_at >= 0.5


def test_a_limit_that_is_longer_than_anybody_waits_is_not_sat_out(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            standin.fail("POST", f"/channels/{standin.channel_id}/messages", limited(3600))
            with hurry():
                mention = await standin.message(f"<@{standin.bot_id}> x")
                assert (await standin.answered(mention, seconds=LONG)).embed

    run_hurried(scenario())


# Out of order


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_storm_of_errors_delays_the_answer(tmp_path: Path, status: int) -> None:
    """The library gives up after five errors, of some kinds after one; the answer was lost then."""

    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            standin.fail("PATCH", "@original", broken(status), times=7)
            standin.fail("POST", f"/channels/{standin.channel_id}/messages", broken(status), times=3)
            with hurry():
                command = await standin.command("ask", question="x")
                mention = await standin.message(f"<@{standin.bot_id}> x")
                for talk in (command, mention):
                    assert (await standin.answered(talk, seconds=LONG)).embed
                    assert len(talk.shown) == 1

    run_hurried(scenario())


def test_an_answer_of_which_discord_lost_the_receipt_is_posted_once(tmp_path: Path) -> None:
    """The library gives a message a number by which Discord knows it again, but each try of ours had another one."""

    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            channel = f"/channels/{standin.channel_id}/messages"
            standin.fail("POST", channel, broken(503), times=2, done=True)
            with hurry():
                mention = await standin.message(f"<@{standin.bot_id}> x")
                await standin.until(lambda: len(standin.made("POST", channel)) == 3, seconds=LONG)
            assert (await asked(standin)).embed
            assert len(mention.shown) == 1

    run_hurried(scenario())


async def test_an_answer_does_not_wait_until_it_is_shown_that_the_bot_types(standin: Standin, tmp_path: Path) -> None:
    """Where Discord did not take the typing sign, every answer to a mention was half a minute late."""
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", "/typing", broken(500), times=ALWAYS)
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> x"))
    assert mention.embed
    assert len(standin.made("POST", "/typing")) == 1  # it has not even been tried a second time


def test_a_command_that_could_not_be_acknowledged_is_answered_in_the_channel(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            standin.fail("POST", "/callback", broken(500), times=5)
            with hurry():
                await standin.command("ask", question="x")
                await standin.until(lambda: standin.made("POST", "/messages"), seconds=LONG)
            (posted,) = standin.made("POST", f"/channels/{standin.channel_id}/messages")
            assert posted.body["content"] == f"For <@{standin.user_id}>:"
            assert "464 °C" in posted.body["embeds"][0]["description"]

    run_hurried(scenario())


async def test_what_discord_refuses_for_good_is_a_sentence_and_not_tried_again(
    standin: Standin, tmp_path: Path
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("PATCH", "@original", broken(400))
        talk = await asked(standin)
    assert talk.content == "⚠️ Discord did not take my answer. Please ask again in a few minutes."
    assert len(standin.made("PATCH", "@original")) == 2


async def test_a_failing_place_in_line_costs_no_answer(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(seconds=0.3), tmp_path):
        first = await standin.command("ask", question="first")
        await standin.until(lambda: first.acknowledged_at)
        second = await standin.command("ask", question="second")
        standin.fail("PATCH", second.token, turned_away())
        for talk in (first, second):
            assert (await standin.answered(talk)).embed
    assert len(standin.made("PATCH", second.token)) == 2


async def test_a_silent_discord_is_not_waited_for_when_the_bot_ends(standin: Standin, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with connected(standin, TimedAssistant(), tmp_path):
        await asked(standin)
        standin.fail("PATCH", "@original", limited(3600), times=ALWAYS)
        talk = await standin.command("ask", question="x")
        await standin.until(lambda: standin.made("PATCH", talk.token))
        started = loop.time()
    assert loop.time() - started < 5
