"""Discord's gateway is slow, lost, refuses or delivers twice: what whoever asked sees of it. Over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import configured, connected, ended, start_program
from tests.integration.discord_faults import UNKNOWN_INTERACTION, coded
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.hurried import SPEED, hurry, run_hurried
from tests.integration.stored import asked, rows

LONG = 10 * SPEED  # seconds of a hurried loop: ten on the wall


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


# Slow


def test_a_gateway_that_is_slow_to_greet_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_standin() as standin:
            standin.hello_after = 20.0
            with hurry():
                async with connected(standin, TimedAssistant(), tmp_path, seconds=LONG):
                    talk = await standin.answered(await standin.command("ask", question="x"), seconds=LONG)
                    assert talk.embed

    run_hurried(scenario())


def test_a_gateway_that_has_fallen_silent_is_left_for_a_new_connection(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            standin.mute = True
            before = standin.connections
            with hurry():
                await standin.until(lambda: standin.connections > before, seconds=LONG)
            standin.mute = False
            with hurry():
                await standin.until(lambda: standin.resumed, seconds=LONG)
                assert (await standin.answered(await standin.command("ask", question="x"), seconds=LONG)).embed

    run_hurried(scenario())


@pytest.mark.parametrize("private", [False, True])
async def test_a_command_that_came_too_late_to_acknowledge_is_answered_all_the_same(
    standin: Standin, tmp_path: Path, private: bool
) -> None:
    """Whoever asked saw "The application did not respond", and nothing else ever."""
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.command("ask", seconds_ago=20, question="x", private=private)
        channel = standin.direct_channel() if private else standin.channel_id
        await standin.until(lambda: standin.made("POST", f"/channels/{channel}/messages"))
    (posted,) = standin.made("POST", "/messages")
    assert channel in posted.path
    assert posted.body.get("content") == (None if private else f"For <@{standin.user_id}>:")
    assert "464 °C" in posted.body["embeds"][0]["description"]


async def test_who_came_too_late_and_waits_sees_it_all_in_one_message(standin: Standin, tmp_path: Path) -> None:
    """Each change was another message in the channel."""
    async with connected(standin, TimedAssistant(seconds=0.3), tmp_path):
        first = await standin.command("ask", question="first")
        await standin.until(lambda: first.acknowledged_at)
        await standin.command("ask", seconds_ago=20, question="second")
        await standin.until(lambda: any(talk.embed for talk in standin.posted_in(standin.channel_id) if talk != first))
    (posted,) = standin.made("POST", f"/channels/{standin.channel_id}/messages")
    assert posted.body["content"].startswith(f"For <@{standin.user_id}>: ⏳ You are second in line")
    assert standin.made("PATCH", f"/channels/{standin.channel_id}/messages")


async def test_a_press_that_came_too_late_to_acknowledge_counts_and_may_be_made_again(
    standin: Standin, tmp_path: Path
) -> None:
    """Discord itself tells whoever pressed that the interaction failed."""
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin)
        standin.fail("POST", "/callback", coded(UNKNOWN_INTERACTION), times=2)  # the word of thanks, and that it failed
        late = await standin.press(talk, "up")
        await standin.until(lambda: len(standin.made("POST", f"/interactions/{late.id}")) == 2)
        assert await standin.told(await standin.press(talk, "up")) == "You voted so before; it counts once."
    assert len(rows(tmp_path, "SELECT * FROM votes")) == 1


async def test_an_offer_that_came_too_late_costs_nothing_else(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.answered(await standin.command("episodes"))
        standin.fail("POST", "/callback", coded(UNKNOWN_INTERACTION))
        with pytest.raises(TimeoutError):
            await standin.type_into("ask", "episode", "zanzibar", seconds=0.2)
        assert await standin.type_into("ask", "episode", "venus")
        assert (await asked(standin)).embed
    assert "zanzibar" not in caplog.text


# Lost


async def test_a_connection_lost_while_an_answer_is_made_costs_neither_it_nor_what_was_asked_meanwhile(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(seconds=0.3)
    async with connected(standin, assistant, tmp_path):
        first = await standin.command("ask", question="first")
        await standin.until(lambda: first.acknowledged_at)
        standin.drop()
        second = await standin.command("ask", question="second")
        third = await standin.message(f"<@{standin.bot_id}> third")
        for talk in (first, second, third):
            assert (await standin.answered(talk)).embed
    assert standin.resumed == 1
    assert sorted(text for _, text in assistant.calls) == ["first", "second", "third"]


@pytest.mark.parametrize("code", [1000, 1001, 4000, 4007, 4008, 4009])
async def test_a_connection_that_discord_closes_is_taken_up_again(standin: Standin, tmp_path: Path, code: int) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.hang_up(code)
        await standin.until(lambda: standin.resumed, seconds=10)
        assert (await asked(standin)).embed
    assert len(standin.made("PUT", "/commands")) == 1


async def test_where_discord_asks_for_a_new_connection_it_gets_one(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.ask_to_reconnect()
        await standin.until(lambda: standin.resumed)
        assert (await asked(standin)).embed


def test_where_the_session_cannot_be_taken_up_a_new_one_is_begun(tmp_path: Path) -> None:
    """What was asked meanwhile is lost to the bot: Discord itself tells whoever used a command."""

    async def scenario() -> None:
        async with running_standin() as standin, connected(standin, TimedAssistant(), tmp_path):
            talk = await asked(standin)
            standin.refuse_resume = True
            standin.drop()
            with hurry():  # the library waits five seconds before each new session
                await standin.until(lambda: standin.identified == 2, seconds=LONG)
            assert await standin.told(await standin.press(talk, "up")) == "Thank you. Your vote is counted."
            assert (await asked(standin)).embed
            assert standin.resumed == 0
            assert len(standin.made("PUT", "/commands")) == 1

    run_hurried(scenario())


def test_an_invalid_session_is_begun_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_standin() as standin:
            standin.refuse_sessions = 2
            with hurry():
                async with connected(standin, TimedAssistant(), tmp_path, seconds=LONG):
                    assert (await standin.answered(await standin.command("ask", question="x"), seconds=LONG)).embed
            assert standin.refuse_sessions == 0

    run_hurried(scenario())


# For good


@pytest.mark.parametrize(
    ("code", "why"), [(4004, "does not accept the bot's token"), (4014, "intents"), (4013, "for good (code 4013)")]
)
async def test_whoever_waits_when_discord_wants_the_bot_no_longer_is_told_and_so_is_its_owner(
    standin: Standin, tmp_path: Path, code: int, why: str
) -> None:
    """With the connection the library closed all that the waiting could be told through."""
    program = await start_program(configured(standin, tmp_path), tmp_path, "--seconds=60")
    await standin.until(lambda: standin.identified, seconds=20)
    first, second = [await standin.command("ask", question=f"question {n}") for n in range(2)]
    await standin.until(lambda: second.shown)
    await standin.hang_up(code)
    exit_code, errors = await ended(program)
    assert exit_code == 1
    assert why in errors
    assert "Traceback" not in errors
    for talk in (first, second):
        assert talk.content == "⚠️ I am being restarted; please ask again in a minute."


async def test_with_a_token_that_is_no_longer_good_commands_are_still_answered(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.token = "another"
        mention = await standin.message(f"<@{standin.bot_id}> x")
        assert (await asked(standin)).embed
        await standin.until(lambda: len(standin.made("POST", "/messages")) == 2)  # the answer, and that it failed
    assert not mention.shown
    assert "could not be told" in caplog.text


# Twice


async def test_a_message_that_is_delivered_twice_is_answered_once(standin: Standin, tmp_path: Path) -> None:
    """It was answered twice."""
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talk = await standin.message(f"<@{standin.bot_id}> x")
        await standin.again(talk)
        await standin.answered(talk)
        await standin.again(talk)
        await asked(standin)
    assert len(assistant.calls) == 2
    assert len(standin.made("POST", "/messages")) == 1


async def test_a_command_that_is_delivered_twice_is_answered_once(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talk = await standin.command("ask", question="x")
        await standin.again(talk)
        await standin.answered(talk)
        await asked(standin)
    assert len(assistant.calls) == 2
    assert len(talk.shown) == 1
    assert not standin.made("POST", "/messages")


@pytest.mark.parametrize(
    ("action", "said"), [("up", "Thank you. Your vote is counted."), ("context", ""), ("forget", "1 question")]
)
async def test_a_press_that_is_delivered_twice_is_heard_once(
    standin: Standin, tmp_path: Path, action: str, said: str
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin)
        press = await standin.press(talk, action)
        await standin.again(press)
        await standin.until(lambda: len(standin.made("POST", f"/interactions/{press.id}")) >= 2 and press.shown)
        assert said in press.content
        assert (await asked(standin)).embed
    assert len(press.shown) == 1
    assert len(rows(tmp_path, "SELECT * FROM votes")) == (1 if action == "up" else 0)
