"""Where somebody asked, the bot cannot answer any more: what they see instead. Over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.state.errors import StateError
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import configured, connected, ended, start_program
from tests.integration.discord_faults import (
    ALWAYS,
    ARCHIVED,
    LOCKED,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_DIRECT_MESSAGES,
    NO_HISTORY,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    coded,
)
from tests.integration.discord_objects import EMBED, HISTORY, NEEDED, SEND, SEND_IN_THREADS, VIEW, Conversation, Json
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


async def told_directly(standin: Standin) -> Json:
    """The one direct message that the asker gets, once it has the answer."""
    await standin.until(lambda: any(sent.get("embeds") for sent in standin.direct_messages()))
    (sent,) = standin.direct_messages()
    assert "464 °C" in sent["embeds"][0]["description"]
    return sent


def in_direct(standin: Standin) -> Conversation:
    """That message, so that its buttons can be pressed."""
    (talk,) = standin.posted_in(standin.direct_channel())
    return talk


# Deleted


async def test_where_the_reply_is_deleted_while_it_is_edited_the_asker_gets_the_answer_alone(
    standin: Standin, tmp_path: Path
) -> None:
    """Whoever asked heard nothing any more; posting it again would be against whoever deleted it."""
    async with connected(standin, TimedAssistant(seconds=0.5), tmp_path):
        ahead = await standin.command("ask", question="ahead")
        await standin.until(lambda: ahead.acknowledged_at)
        mention = await standin.message(f"<@{standin.bot_id}> x")
        await standin.until(lambda: mention.shown)  # its place in line
        standin.fail("PATCH", f"/messages/{mention.message_id}", coded(UNKNOWN_MESSAGE), times=ALWAYS)
        sent = await told_directly(standin)
        press = await standin.press(in_direct(standin), "up")
        assert await standin.told(press) == "Thank you. Your vote is counted."
    assert sent["content"] == f"My message in <#{standin.channel_id}> was deleted, so I answer you here."
    assert len(standin.made("POST", f"/channels/{standin.channel_id}/messages")) == 1


async def test_where_the_reply_to_a_command_is_deleted_it_is_the_same(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("PATCH", "@original", coded(UNKNOWN_MESSAGE), times=ALWAYS)
        await standin.command("ask", question="x")
        sent = await told_directly(standin)
    assert "was deleted" in sent["content"]
    assert not standin.made("POST", f"/channels/{standin.channel_id}/messages")


# Closed


@pytest.mark.parametrize(("code", "what"), [(ARCHIVED, "archived or locked"), (LOCKED, "locked")])
async def test_a_locked_or_archived_thread_is_named(standin: Standin, tmp_path: Path, code: int, what: str) -> None:
    thread = standin.thread_id
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", f"/channels/{thread}/messages", coded(code), times=ALWAYS)
        await standin.message(f"<@{standin.bot_id}> x", channel=thread)
        sent = await told_directly(standin)
    assert sent["content"] == f"The thread <#{thread}> is {what}, so I answer you here."


async def test_a_command_in_a_thread_that_is_locked_before_it_can_be_acknowledged_is_answered(
    standin: Standin, tmp_path: Path
) -> None:
    """Discord shows "sending" for ever there; nothing was done."""
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", "/callback", coded(ARCHIVED))
        standin.fail("POST", f"/channels/{standin.thread_id}/messages", coded(ARCHIVED))
        await standin.command("ask", question="x", channel=standin.thread_id)
        sent = await told_directly(standin)
    assert sent["content"].startswith(f"The thread <#{standin.thread_id}> is archived or locked")


async def test_a_thread_that_is_locked_while_the_answer_is_made(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("PATCH", "@original", coded(ARCHIVED))
        await standin.command("ask", question="x", channel=standin.thread_id)
        await told_directly(standin)
    assert not standin.made("POST", f"/channels/{standin.thread_id}/messages")


async def test_a_channel_that_is_gone_is_said(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("PATCH", "@original", coded(UNKNOWN_WEBHOOK))
        standin.fail("POST", f"/channels/{standin.channel_id}/messages", coded(UNKNOWN_CHANNEL), times=ALWAYS)
        await standin.command("ask", question="x")
        sent = await told_directly(standin)
    assert sent["content"] == "The channel that you asked in is gone, so I answer you here."


async def test_who_was_left_unanswered_in_a_channel_that_is_gone_hears_of_it(standin: Standin, tmp_path: Path) -> None:
    program = await start_program(configured(standin, tmp_path), tmp_path, "--seconds=60")
    await standin.until(lambda: standin.identified, seconds=20)
    await standin.command("ask", question="x")

    def is_under_way() -> bool:
        with suppress(StateError):  # the bot is still making the database
            return len(rows(tmp_path, "SELECT * FROM pending")) == 1
        return False

    await eventually(is_under_way)
    program.kill()
    await ended(program)
    standin.fail("POST", f"/channels/{standin.channel_id}/messages", coded(UNKNOWN_CHANNEL))
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.until(standin.direct_messages)
    (sent,) = standin.direct_messages()
    assert "I was stopped before I could answer you" in sent["content"]


# Not permitted


@pytest.mark.parametrize(
    ("withheld", "code", "name"),
    [
        (SEND, MISSING_PERMISSIONS, "Send Messages"),
        (EMBED, MISSING_PERMISSIONS, "Embed Links"),
        (SEND | HISTORY, MISSING_PERMISSIONS, "Send Messages and Read Message History"),
        (VIEW, MISSING_ACCESS, "View Channel"),
        (HISTORY, NO_HISTORY, "Read Message History"),
    ],
)
async def test_the_permission_that_is_missing_is_named(
    standin: Standin, tmp_path: Path, withheld: int, code: int, name: str
) -> None:
    """Whoever mentioned the bot where it may not write heard nothing."""
    standin.granted = NEEDED & ~withheld
    channel = standin.channel_id
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", f"/channels/{channel}/messages", coded(code), times=ALWAYS)
        await standin.message(f"<@{standin.bot_id}> x")
        sent = await told_directly(standin)
    assert sent["content"] == (
        f"I lack the permission {name} in <#{channel}>, so I answer you here. "
        "Those who manage the server can give it to me."
    )


async def test_in_a_thread_another_permission_counts(standin: Standin, tmp_path: Path) -> None:
    standin.granted = NEEDED & ~SEND & ~SEND_IN_THREADS
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", f"/channels/{standin.thread_id}/messages", coded(MISSING_PERMISSIONS), times=ALWAYS)
        await standin.message(f"<@{standin.bot_id}> x", channel=standin.thread_id)
        sent = await told_directly(standin)
    assert "I lack the permission Send Messages in Threads in" in sent["content"]


async def test_where_it_is_not_known_which_is_missing_those_that_are_needed_are_named(
    standin: Standin, tmp_path: Path
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", f"/channels/{standin.channel_id}/messages", coded(MISSING_PERMISSIONS), times=ALWAYS)
        await standin.message(f"<@{standin.bot_id}> x")
        sent = await told_directly(standin)
    assert "View Channel, Send Messages, Embed Links and Read Message History" in sent["content"]


async def test_a_late_command_says_which_permission_it_lacked(standin: Standin, tmp_path: Path) -> None:
    standin.granted = NEEDED & ~SEND
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", f"/channels/{standin.channel_id}/messages", coded(MISSING_PERMISSIONS), times=ALWAYS)
        await standin.command("ask", question="x", seconds_ago=20)
        sent = await told_directly(standin)
    assert "I lack the permission Send Messages in" in sent["content"]


async def test_whom_not_even_a_direct_message_reaches_costs_nobody_else_their_answer(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    direct = standin.direct_channel()
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail("POST", f"/channels/{standin.channel_id}/messages", coded(MISSING_PERMISSIONS))
        standin.fail("POST", f"/channels/{direct}/messages", coded(NO_DIRECT_MESSAGES), times=ALWAYS)
        await standin.message(f"<@{standin.bot_id}> x")
        await standin.until(lambda: len(standin.made("POST", f"/channels/{direct}/messages")) == 2)
        assert (await asked(standin)).embed
    assert "could not be told" in caplog.text
    assert "Those who manage the server can give it to me." in caplog.text
