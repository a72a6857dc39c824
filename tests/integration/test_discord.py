"""The bot against a local Discord over real sockets, with an assistant that only takes time."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import IndexMissing
from rag.protocols import Assistant
from tests.bot.samples import ANSWER, CLOSEST, HEAT, NOTHING
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import configured, connected, ended, start_program
from tests.integration.discord_objects import Conversation
from tests.integration.discord_schema import SCHEMA
from tests.integration.discord_standin import Standin, running_standin

ROOT = Path(__file__).parents[2]
HOSTILE = "@everyone <@123456789012345678> [x](https://evil.example) <|im_end|> **bold** \u202eevil"


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def description(talk: Conversation) -> str:
    return str(talk.embed["description"])


@pytest.mark.skipif(not SCHEMA.exists(), reason="../shared/discord/openapi.json is not there")
async def test_the_standin_finds_bodies_that_discord_would_refuse(standin: Standin) -> None:
    standin._check("PATCH", "/webhooks/1/token/messages/@original", {"content": "x" * 2001})
    standin._check("POST", "/channels/1/messages", {"message_reference": {"message_id": 1}})
    standin._check("POST", "/channels/1/massages", {})
    assert len(standin.violations) == 3


async def test_ask_topic_episodes_and_a_mention_are_answered(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        asked = await standin.answered(await standin.command("ask", question=" How hot is it? "))
        topic = await standin.answered(await standin.command("topic", topic="heat"))
        listed = await standin.answered(await standin.command("episodes"))
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> and <@!{standin.bot_id}> why?"))
    link = f"[1:07:30]({HEAT.url})"
    assert "“The surface is at 464 °C.” [1]" in description(asked)
    assert link in description(asked)
    assert link in description(mention)
    assert "**Planets**" in description(topic)
    assert "• [Venus]" in description(listed)
    assert asked.content == ""
    assert assistant.calls == [
        ("ask", "How hot is it?"),
        ("topic", "heat"),
        ("ask", "and   why?"),
    ]
    reply = standin.made("POST", "/messages")[-1].body["message_reference"]
    assert reply["message_id"] == mention.id


async def test_who_does_not_mention_the_bot_or_is_a_bot_is_left_alone(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        await standin.message("good morning")
        await standin.message(f"<@{standin.bot_id}> hello", by_bot=True)
        await standin.answered(await standin.command("episodes"))
    assert assistant.calls == []
    assert not standin.made("POST", "/channels")


async def test_no_privileged_intent_is_asked_for(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        pass
    assert standin.intents == 1 << 0 | 1 << 9 | 1 << 12


async def test_acknowledged_at_once_while_the_worker_is_busy_and_the_loop_stays_free(
    standin: Standin, tmp_path: Path
) -> None:
    async with connected(standin, TimedAssistant(seconds=1.0, deaf=True), tmp_path):
        busy = await standin.command("ask", question="first")
        await standin.until(lambda: busy.acknowledged_at)
        gaps = asyncio.create_task(largest_gap(0.8))
        waiting = [await standin.command("ask", question=f"question {n}") for n in range(3)]
        await standin.until(lambda: all(talk.acknowledged_at for talk in waiting), seconds=0.7)
        assert await gaps < 0.1
    assert max(talk.seconds_to_acknowledge for talk in waiting) < 0.1


async def largest_gap(seconds: float) -> float:
    worst, before = 0.0, time.monotonic()
    end = before + seconds
    while before < end:
        await asyncio.sleep(0.005)
        worst, before = max(worst, time.monotonic() - before), time.monotonic()
    return worst


async def test_who_waits_sees_their_place_and_then_the_answer(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(seconds=0.3), tmp_path):
        talks = []
        for number in range(3):
            talks.append(await standin.command("ask", question=f"question {number}"))
            await standin.until(lambda: talks[-1].acknowledged_at)
            await asyncio.sleep(0.02)
        mention = await standin.message(f"<@{standin.bot_id}> and me?")
        for talk in (*talks, mention):
            await standin.answered(talk)
    assert talks[0].contents() == [""]
    assert talks[2].contents()[0].startswith("⏳ You are third in line, about ")
    assert mention.contents()[0].startswith("⏳ You are fourth in line, about ")
    assert mention.content == ""
    assert len(standin.made("POST", "/messages")) == 1


async def test_who_asks_too_early_learns_that_the_bot_starts_up(standin: Standin, tmp_path: Path) -> None:
    def slow_to_open() -> Assistant:
        time.sleep(0.3)
        return TimedAssistant()

    async with connected(standin, slow_to_open, tmp_path):
        talk = await standin.answered(await standin.command("ask", question="early?"))
    assert talk.contents()[0] == "⏳ My models are being loaded. You are first in line."
    assert talk.embed


async def test_a_full_queue_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=1.5)
    async with connected(standin, assistant, tmp_path, queue_size=1):
        await standin.command("ask", question="first")
        async with asyncio.timeout(5):
            while not assistant.calls:  # noqa: ASYNC110  (its thread tells nobody)
                await asyncio.sleep(0.01)
        second = await standin.command("ask", question="second")
        await standin.until(lambda: second.shown)
        third = await standin.answered(await standin.command("ask", question="third"))
    assert third.content == "⚠️ Too many questions are waiting already. Please ask again in a minute or two."


async def test_refusals_look_different_from_answers(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    embeds = []
    async with connected(standin, assistant, tmp_path):
        for assistant.answer in (ANSWER, CLOSEST, NOTHING):
            embeds.append((await standin.answered(await standin.command("ask", question="x"))).embed)
    assert len({embed["color"] for embed in embeds}) == 3
    assert len({embed["title"] for embed in embeds}) == 3
    assert "pluto" in embeds[1]["description"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (IndexMissing("No index in .data.", remedy="Run footnote index."), "I have not read the notes yet"),
        (KeyError("x"), "Something went wrong on my side"),
    ],
)
async def test_a_failure_ends_in_a_sentence_and_the_next_question_is_answered(
    standin: Standin, tmp_path: Path, error: Exception, text: str
) -> None:
    assistant = TimedAssistant(error=error)
    async with connected(standin, assistant, tmp_path):
        failed = await standin.answered(await standin.command("ask", question="x"))
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> x"))
        assistant.error = None
        assert (await standin.answered(await standin.command("ask", question="x"))).embed
    for talk in (failed, mention):
        assert talk.content.startswith(f"⚠️ {text}")
        assert ".data" not in talk.content


async def test_without_an_index_the_bot_stays_and_says_so(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Assistant:
        raise IndexMissing("No index in .data.", remedy="Run `footnote index`.")

    async with connected(standin, broken, tmp_path):
        talk = await standin.answered(await standin.command("episodes"))
    assert "My owner has to index them first." in talk.content
    assert "Run `footnote index`." in caplog.text


async def test_the_deadline_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(seconds=1, deaf=True), tmp_path, deadline_seconds=0.2):
        talk = await standin.answered(await standin.command("ask", question="x"), seconds=0.6)
    assert "took too long" in talk.content


@pytest.mark.parametrize("question", ["", "   ", "x" * 21_000, "🤷🤷"])
async def test_what_is_no_question_is_turned_away_without_waiting(
    standin: Standin, tmp_path: Path, question: str
) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        command = await standin.answered(await standin.command("ask", question=question))
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> {question}"))
    assert command.content == mention.content
    assert "The question" in command.content
    assert assistant.calls == []


async def test_an_unknown_command_gets_a_sentence(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await standin.answered(await standin.command("forgotten"))
    assert talk.content.startswith("⚠️")


async def test_hostile_text_neither_pings_nor_links(standin: Standin, tmp_path: Path) -> None:
    citation = replace(HEAT, show=HOSTILE, episode=HOSTILE, note_file=HOSTILE, url="javascript:alert(1)")
    sentence = replace(ANSWER.sentences[0], text=HOSTILE)
    answer = replace(ANSWER, question=HOSTILE, lead_in=HOSTILE, sentences=(sentence,), citations=(citation,))
    assistant = TimedAssistant(answer=answer)
    async with connected(standin, assistant, tmp_path):
        talk = await standin.answered(await standin.command("ask", question=HOSTILE))
    assert assistant.calls == [("ask", HOSTILE)]
    text = description(talk)
    assert "](" not in text.replace("\\](", "")
    assert "@everyone" not in text
    assert "https://" not in text
    assert "\u202e" not in text


async def test_commands_are_registered_only_when_they_changed(standin: Standin, tmp_path: Path) -> None:
    for _ in range(2):
        async with connected(standin, TimedAssistant(), tmp_path):
            pass
    assert len(standin.made("PUT", f"/applications/{standin.application_id}/commands")) == 1
    (tmp_path / "discord-commands.sha256").write_text("older")
    async with connected(standin, TimedAssistant(), tmp_path):
        pass
    assert len(standin.made("PUT", "/commands")) == 2
    names = {command["name"]: [o["name"] for o in command.get("options", [])] for command in standin.commands}
    assert names == {
        "ask": ["question", "episode", "show", "guest", "from", "to", "private"],
        "topic": ["topic"],
        "episodes": ["filter", "sort"],
        "episode": ["name"],
        "quote": ["topic"],
        "about": [],
        "help": [],
        "forget-me": [],
        "topics": ["filter"],
        "timeline": ["topic"],
        "compare": ["one", "other"],
        "digest": ["since"],
        "footnote": [
            *("status", "models", "budget", "reindex", "gaps", "feedback", "settings", "notes", "digest", "backup"),
        ],
        "Ask my notes about this": [],
    }


async def test_with_a_guild_the_commands_are_registered_there_only(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path, guild_id=int(standin.guild_id)):
        talk = await standin.answered(await standin.command("ask", question="x"))
    assert talk.embed
    paths = [request.path for request in standin.made("PUT", "/commands")]
    assert paths == [f"/applications/{standin.application_id}/guilds/{standin.guild_id}/commands"]


async def test_a_refused_registration_does_not_keep_the_bot_from_answering(standin: Standin, tmp_path: Path) -> None:
    standin.fail_once("PUT", "/commands", 403)
    async with connected(standin, TimedAssistant(), tmp_path):
        assert (await standin.answered(await standin.command("ask", question="x"))).embed
    assert not (tmp_path / "discord-commands.sha256").exists()


@pytest.mark.parametrize("status", [429, 500])
async def test_a_busy_or_broken_discord_is_asked_again(standin: Standin, tmp_path: Path, status: int) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        standin.fail_once("PATCH", "@original", status)
        talk = await standin.answered(await standin.command("ask", question="x"))
    assert talk.embed
    assert len(standin.made("PATCH", "@original")) == 2


async def test_once_the_token_has_run_out_the_answer_goes_to_the_channel(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.command("ask", seconds_ago=15 * 60 + 1, question="x")
        await standin.until(lambda: standin.made("POST", "/messages"))
    posted = standin.made("POST", f"/channels/{standin.channel_id}/messages")[-1].body
    assert posted["content"] == f"For <@{standin.user_id}>:"
    assert "464 °C" in posted["embeds"][0]["description"]


async def test_a_token_that_discord_no_longer_knows_counts_as_run_out(standin: Standin, tmp_path: Path) -> None:
    standin.fail_once("PATCH", "@original", 10015)
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.command("ask", question="x")
        await standin.until(lambda: standin.made("POST", "/messages"))


async def test_a_lost_connection_is_taken_up_again(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.hang_up(4000)
        await standin.until(lambda: standin.resumed, seconds=10)
        assert (await standin.answered(await standin.command("ask", question="x"))).embed


async def test_the_log_has_ids_and_times_but_no_question(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, logger="aiohttp")
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await standin.answered(await standin.command("ask", question="zanzibar?"))
        await standin.answered(await standin.message(f"<@{standin.bot_id}> zanzibar?"))
    assert f"interaction {talk.id}: ask answered in" in caplog.text
    assert "zanzibar" not in caplog.text


# The program of its own


@pytest.mark.parametrize("deaf", [[], ["--deaf"]])
async def test_sigterm_ends_the_program_within_five_seconds_and_waiting_users_are_told(
    standin: Standin, tmp_path: Path, deaf: list[str]
) -> None:
    process = await start_program(configured(standin, tmp_path), tmp_path, "--seconds=60", *deaf)
    await standin.until(lambda: standin.identified, seconds=20)
    talks = [await standin.command("ask", question=f"question {n}") for n in range(3)]
    talks.append(await standin.message(f"<@{standin.bot_id}> a mention"))
    await standin.until(lambda: sum(bool(talk.shown) for talk in talks) == 3)  # the fourth is being answered
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, errors = await ended(process)
    assert time.monotonic() - started < 5
    assert code == 0, errors
    assert "Traceback" not in errors
    for talk in talks:
        assert talk.content == "⚠️ I am being restarted; please ask again in a minute."
    assert standin.violations == []


async def test_without_a_token_a_few_lines_say_what_to_do(standin: Standin, tmp_path: Path) -> None:
    code, errors = await ended(await start_program(configured(standin, tmp_path), tmp_path, token=""))
    assert code == 1
    assert len(errors.strip().splitlines()) == 5
    assert errors.startswith("The bot has no token yet. Let yourself be asked for what is needed: footnote init\n")
    assert "FOOTNOTE_DISCORD__TOKEN" in errors
    assert standin.requests == []


async def test_a_bad_token_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    code, errors = await ended(await start_program(configured(standin, tmp_path), tmp_path, token="wrong"))
    assert code == 1
    assert "Discord does not accept the bot's token." in errors
    assert "Traceback" not in errors
    assert "wrong" not in errors


@pytest.mark.parametrize(
    ("close_code", "text"),
    [(4014, "intents"), (4004, "does not accept the bot's token"), (4013, "for good (code 4013)")],
)
async def test_a_gateway_that_closes_for_good_is_a_sentence(
    standin: Standin, tmp_path: Path, close_code: int, text: str
) -> None:
    standin.refuse_with = close_code
    code, errors = await ended(await start_program(configured(standin, tmp_path), tmp_path))
    assert code == 1
    assert text in errors
    assert "Traceback" not in errors


async def test_discord_out_of_reach_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        settings = configured(standin, tmp_path, api_base=nowhere)
        code, errors = await ended(await start_program(settings, tmp_path))
    assert code == 1
    assert "Discord is out of reach" in errors
    assert "Traceback" not in errors


async def test_several_connections_are_one_bot(standin: Standin, tmp_path: Path) -> None:
    """As many as Discord recommends, or as are set; two of them are five seconds apart, as Discord wants it."""
    standin.shards = 2
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.until(lambda: standin.identified == 2, seconds=20)
        talk = await standin.answered(await standin.command("ask", question="How hot is it?"))
        assert "464" in talk.embed["description"]
