"""The buttons below an answer, as people meet them: votes, reports, forged presses, and being told later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.state.feedback import Feedback, listed
from bot.state.store import read_store, state_path
from tests.bot.samples import ANSWER, NOTHING
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows

WRONG = "That @everyone is [rye](https://e.example)"


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def feedback(data: Path) -> tuple[Feedback, ...]:
    with read_store(state_path(data)) as store:
        return listed(store)


async def form_of(standin: Standin, talk: Conversation, action: str, **more: Any) -> Conversation:
    """Press a button and wait for the form it opens."""
    press = await standin.press(talk, action, **more)
    await standin.until(lambda: press.form)
    return press


# Feedback


async def test_everybody_votes_once_and_may_change_their_mind_even_after_a_restart(
    standin: Standin, tmp_path: Path
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path) as client:
        talk = await asked(standin)
        said = [await standin.told(await standin.press(talk, "up")) for _ in range(2)]
        assert client.persistent_views == []  # the library would keep every button in memory
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.told(await standin.press(talk, "up", user=snowflake()))
        await form_of(standin, talk, "down")
        up = await standin.press(talk, "up")
        said.append(await standin.told(up))
    assert [sentence.split()[0] for sentence in said] == ["Thank", "You", "I"]
    assert up.ephemeral
    assert [each.what for each in feedback(tmp_path)] == ["up", "up"]


async def test_who_votes_down_may_say_why(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin)
        down = await form_of(standin, talk, "down")
        assert [each.reason for each in feedback(tmp_path)] == [""]  # counted, whether or not the form is sent
        await standin.told(await standin.send_form(down, talk, reason="It names the wrong planet."))
    given = feedback(tmp_path)
    assert [(each.what, each.question, each.reason) for each in given] == [
        ("down", "How hot is it?", "It names the wrong planet.")
    ]


async def test_a_wrong_citation_reaches_the_owner_with_what_shows_why_and_only_once(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(answer=replace(ANSWER, searched="Venus: How hot is it?"))
    reporter = snowflake()
    async with connected(standin, assistant, tmp_path) as client:
        client.notes_changed("build-7")
        talk = await asked(standin)
        for _ in range(2):
            press = await form_of(standin, talk, "report", user=reporter)
            options = press.form["components"][0]["component"]["options"]
            said = await standin.told(await standin.send_form(press, talk, citation="2", reason=WRONG))
    assert [option["label"] for option in options] == ["[1] venus.txt lines 12-13", "[2] bread.md line 4"]
    assert "reported this citation already" in said
    (message,) = standin.direct_messages()
    text = message["embeds"][0]["description"]
    for part in ("How hot is it?", "Venus: How hot", "bread.md line 4", "bread\\#1", "build-7", reporter):
        assert part in text
    assert f"/{standin.channel_id}/{talk.message_id}" in text
    assert "“The surface is at 464 °C.”" in text
    assert "@everyone" not in text
    assert "\\[rye\\]" in text
    assert message["flags"] == 1 << 12  # without a sound
    assert [(each.what, each.citation, each.build) for each in feedback(tmp_path)] == [("report", 2, "build-7")]


async def test_a_report_is_kept_where_the_owner_takes_no_messages(standin: Standin, tmp_path: Path) -> None:
    standin.fail_once("POST", "/users/@me/channels", 403)
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin)
        press = await form_of(standin, talk, "report")
        said = await standin.told(await standin.send_form(press, talk, citation="1"))
    assert "I have kept your report" in said
    assert [each.what for each in feedback(tmp_path)] == ["report"]


# Forged and foreign presses


async def test_forged_presses_do_nothing_and_get_a_sentence(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk, other = await asked(standin), await asked(standin)
        token = talk.custom_id("up").rsplit(":", 1)[1]
        forged = ["x", "footnote:up:", "footnote:up:AAAAAAAAAAAAAAAA", f"footnote:up:{token}' OR 1=1 --"]
        for custom_id in (*forged, *(f"footnote:{action}:{token}" for action in ("notify", "erase", "__init__"))):
            press = await standin.press(talk, "", custom_id=custom_id)
            assert await standin.told(press)
            assert press.ephemeral
        await standin.told(await standin.press(other, "", custom_id=talk.custom_id("up")))  # below another message
    assert feedback(tmp_path) == ()
    assert rows(tmp_path, "SELECT * FROM subscriptions") == []


async def test_a_forged_form_reports_nothing(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin)
        press = await form_of(standin, talk, "report")
        assert await standin.told(await standin.send_form(press, talk, citation="99"))
    assert feedback(tmp_path) == ()
    assert not standin.direct_messages()


async def test_the_buttons_of_a_private_answer_are_its_askers_alone(standin: Standin, tmp_path: Path) -> None:
    direct = standin.direct_channel()
    async with connected(standin, TimedAssistant(answer=NOTHING), tmp_path):
        talk = await standin.answered(await standin.message("Who won?", channel=direct))
        for action in ("up", "notify", "forget"):
            press = await standin.press(talk, action, user=snowflake())
            assert "belongs to somebody else" in await standin.told(press)
    assert feedback(tmp_path) == ()
    assert rows(tmp_path, "SELECT * FROM subscriptions") == []


# Subscriptions


async def test_who_wants_to_be_told_gets_one_quiet_message_once_the_notes_cover_it(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(answer=replace(NOTHING, searched="The race: Who won?"))
    async with connected(standin, assistant, tmp_path) as client:
        client.notes_changed("one")
        talk = await asked(standin, "Who won?")
        for _ in range(2):
            assert "one direct message" in await standin.told(await standin.press(talk, "notify"))
        client.notes_changed("one")  # the same notes: not asked again
        await asyncio.sleep(0.05)
        assert len(assistant.calls) == 1
        client.notes_changed("two")
        await eventually(lambda: rows(tmp_path, "SELECT * FROM subscriptions WHERE asked_build = 'two'"))
    async with connected(standin, assistant, tmp_path) as client:
        assistant.answer = ANSWER
        client.notes_changed("three")
        await standin.until(standin.direct_messages)
        client.notes_changed("four")
        await asyncio.sleep(0.05)
    assert assistant.calls[1:] == [("ask", "The race: Who won?")] * 2
    (message,) = standin.direct_messages()
    assert message["content"].startswith("📬 On ")
    assert message["embeds"][0]["title"] == "✅ From your notes"
    assert message["flags"] == 1 << 12
    assert rows(tmp_path, "SELECT * FROM subscriptions") == []


async def test_who_takes_no_direct_messages_is_told_where_they_asked(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=NOTHING)
    async with connected(standin, assistant, tmp_path) as client:
        await standin.told(await standin.press(await asked(standin), "notify"))
        assistant.answer = ANSWER
        standin.fail_once("POST", "/users/@me/channels", 403)
        client.notes_changed("two")
        await standin.until(lambda: standin.made("POST", f"/channels/{standin.channel_id}/messages"))
    posted = standin.made("POST", f"/channels/{standin.channel_id}/messages")[-1].body
    assert posted["content"].startswith(f"For <@{standin.user_id}>: 📬")


async def test_people_who_ask_now_go_before_those_who_wait(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=NOTHING)
    async with connected(standin, assistant, tmp_path) as client:
        for number in range(3):
            assistant.answer = replace(NOTHING, question=f"old {number}")
            await standin.told(await standin.press(await asked(standin), "notify"))
        assistant.calls.clear()
        assistant.seconds = 0.2
        client.notes_changed("two")
        await eventually(lambda: assistant.calls)
        talks = [await standin.command("ask", question=f"new {number}") for number in range(2)]
        for talk in talks:
            await standin.answered(talk)
    assert [text for _, text in assistant.calls[:3]] == ["old 0", "new 0", "new 1"]


async def test_who_had_it_erased_meanwhile_is_not_told(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=NOTHING)
    async with connected(standin, assistant, tmp_path) as client:
        await standin.told(await standin.press(await asked(standin), "notify"))
        assistant.answer, assistant.seconds = ANSWER, 0.4
        client.notes_changed("two")
        await eventually(lambda: len(assistant.calls) == 2)
        await standin.told(await standin.command("forget-me"))
        assistant.seconds = 0.0
        await asked(standin)  # by now the other question has been answered
    assert not standin.made("POST", "/users/@me/channels")
