"""What the bot remembers, as people meet it: follow-ups, buttons, reports, subscriptions, and having it all erased."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.state import settings as kept_settings
from bot.state.conversations import Place, history
from bot.state.errors import StateError
from bot.state.feedback import Feedback, listed
from bot.state.gaps import gaps
from bot.state.store import Store, open_store, read_store, state_path
from rag.types import Turn
from tests.bot.samples import ANSWER, CLOSEST, HEAT, NOTHING
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import configured, connected, ended, start_program
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin

WRONG = "That @everyone is [rye](https://e.example)"
HOT = Turn(question="How hot is it?", episodes=("venus", "bread"))


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def feedback(data: Path) -> tuple[Feedback, ...]:
    with read_store(state_path(data)) as store:
        return listed(store)


def rows(data: Path, sql: str) -> list[dict[str, Any]]:
    with read_store(state_path(data)) as store:
        return store.rows(sql)


async def asked(standin: Standin, question: str = "x", **more: Any) -> Conversation:
    return await standin.answered(await standin.command("ask", question=question, **more))


async def form_of(standin: Standin, talk: Conversation, action: str, **more: Any) -> Conversation:
    """Press a button and wait for the form it opens."""
    press = await standin.press(talk, action, **more)
    await standin.until(lambda: press.form)
    return press


async def eventually(condition: Callable[[], object]) -> None:
    """Wait for what nobody sees from outside."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (it looks into a file)
            await asyncio.sleep(0.01)


# Follow-ups


async def test_a_thread_remembers_its_questions_across_a_restart(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        await asked(standin, channel=standin.thread_id)
        await asked(standin)  # elsewhere: leans on nothing
    async with connected(standin, assistant, tmp_path):
        mention = await standin.message(f"<@{standin.bot_id}> and then?", channel=standin.thread_id)
        await standin.answered(mention)
    assert assistant.histories == [(), (), (HOT,)]


async def test_a_reply_to_an_answer_goes_on_with_its_conversation(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        first = await asked(standin)
        other = await asked(standin)
        second = await standin.answered(await standin.message("and why?", reply_to=first))
        await standin.answered(await standin.message("and then?", reply_to=second))
        await standin.answered(await standin.message("and when?", reply_to=other, user=snowflake()))
    assert assistant.calls[2] == ("ask", "and why?")
    assert assistant.histories == [(), (), (HOT,), (HOT, HOT), (HOT,)]


async def test_every_direct_message_is_a_question_of_one_conversation(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    direct = standin.direct_channel()
    async with connected(standin, assistant, tmp_path):
        await standin.answered(await standin.message("How hot is it?", channel=direct))
        await standin.answered(await standin.message("and why?", channel=direct))
        await asked(standin, channel=direct)
    assert assistant.histories == [(), (HOT,), (HOT, HOT)]


async def test_a_resolved_question_and_the_nearest_episode_are_remembered(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=replace(CLOSEST, searched="Venus: How hot is Pluto?"))
    async with connected(standin, assistant, tmp_path):
        for _ in range(2):
            await asked(standin, channel=standin.thread_id)
    earlier = Turn(question="How hot is Pluto?", searched="Venus: How hot is Pluto?", episodes=("venus",))
    assert assistant.histories[1] == (earlier,)


async def test_if_it_is_set_so_people_go_on_in_a_thread_without_a_mention(standin: Standin, tmp_path: Path) -> None:
    standin.privileged = 0
    assistant, thread, ben = TimedAssistant(), standin.thread_id, snowflake()
    async with connected(standin, assistant, tmp_path, thread_follow_ups=True):
        await standin.message("good morning", channel=thread)  # nothing has been asked there
        await asked(standin, channel=thread)
        await standin.answered(await standin.message("and why?", channel=thread))
        await standin.message("I was not asking.", channel=thread, user=ben)
        await standin.message("nor is this a thread", by_bot=False)
        await standin.message("and I am no person", channel=thread, by_bot=True)
        await standin.answered(await standin.message("and then?", channel=thread))
    assert [text for _, text in assistant.calls] == ["x", "and why?", "and then?"]
    assert assistant.histories[-1] == (HOT, HOT)


@pytest.mark.parametrize("word", ["forget this conversation", "Please forget our chat!"])
async def test_a_word_forgets_the_conversation_and_leaves_what_others_asked(
    standin: Standin, tmp_path: Path, word: str
) -> None:
    assistant = TimedAssistant()
    mention = f"<@{standin.bot_id}> "
    async with connected(standin, assistant, tmp_path):
        for user in ("", snowflake()):
            await asked(standin, channel=standin.thread_id, user=user)
        said = await standin.told(await standin.message(mention + word, channel=standin.thread_id))
        again = await standin.told(await standin.message(mention + word, channel=standin.thread_id))
        await asked(standin, channel=standin.thread_id)
    assert said == "🧹 I have forgotten what you asked here: 1 question."
    assert again == "🧹 There was nothing of yours to forget here."
    assert assistant.histories == [(), (HOT,), (HOT,)]
    assert len(assistant.calls) == 3


async def test_the_button_forgets_for_the_asker_alone(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin, channel=standin.thread_id)
        stranger = await standin.told(await standin.press(talk, "forget", user=snowflake()))
        assert len(rows(tmp_path, "SELECT * FROM turns")) == 1
        assert "1 question" in await standin.told(await standin.press(talk, "forget"))
        gone = await standin.told(await standin.press(talk, "up"))
    assert "belongs to somebody else" in stranger
    assert "no longer works" in gone
    assert rows(tmp_path, "SELECT * FROM turns") == rows(tmp_path, "SELECT * FROM views") == []


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
    assert [option["label"] for option in options] == ["[1] venus.txt line 12-13", "[2] bread.md line 4"]
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


# Killed


async def test_who_was_being_answered_when_the_bot_was_killed_hears_of_it_once(
    standin: Standin, tmp_path: Path
) -> None:
    program = await start_program(configured(standin, tmp_path), tmp_path, "--seconds=60")
    await standin.until(lambda: standin.identified, seconds=20)
    ben, mention = snowflake(), f"<@{standin.bot_id}> where is zanzibar?"
    await standin.command("ask", question="where is zanzibar?")
    await standin.message(mention, channel=standin.thread_id, user=ben)

    def both_are_under_way() -> bool:
        with suppress(StateError):  # the bot is still making the database
            return len(rows(tmp_path, "SELECT * FROM pending")) == 2
        return False

    await eventually(both_are_under_way)
    program.kill()
    await ended(program)
    files = state_path(tmp_path).parent.iterdir()
    assert not any(b"zanzibar" in path.read_bytes() for path in files)  # of what is under way no words are kept
    stopped = "⚠️ <@{}>, I was stopped before I could answer you. Please ask again."

    def told() -> list[tuple[str, str]]:
        posted = [
            (request.path.split("/")[-2], request.body["content"]) for request in standin.made("POST", "/messages")
        ]
        return [each for each in posted if "stopped" in each[1]]

    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.until(lambda: len(told()) == 2)
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.answered(await standin.command("episodes"))
    wanted = {(standin.channel_id, stopped.format(standin.user_id)), (standin.thread_id, stopped.format(ben))}
    assert set(told()) == wanted
    assert len(told()) == 2


# Erasing


async def test_forget_me_erases_everywhere_and_says_what(standin: Standin, tmp_path: Path) -> None:
    other = snowflake()
    assistant = TimedAssistant(answer=replace(NOTHING, question="Where is zanzibar?"))
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin)
        await standin.told(await standin.press(talk, "up"))
        await standin.told(await standin.press(talk, "notify"))
        assistant.answer = ANSWER
        theirs = await asked(standin, user=other)
        await standin.told(await standin.press(theirs, "up"))
        command = await standin.command("forget-me")
        said, ephemeral = await standin.told(command), command.ephemeral
        again = await standin.told(await standin.command("forget-me"))
        files = list(state_path(tmp_path).parent.iterdir())
        found = [path.name for path in files if holds(path, standin.user_id, "zanzibar")]
    assert said.startswith("🧹 Erased: 1 subscription, 2 votes, 1 button row, 1 question. I keep nothing")
    assert again == "🧹 I had nothing stored about you."
    assert ephemeral
    assert len(files) >= 2
    assert found == []
    assert [row["user"] for row in rows(tmp_path, "SELECT user FROM turns")] == [int(other)]


def holds(path: Path, user: str, word: str) -> bool:
    """Whether a file has a person's id, as text or as SQLite writes numbers, or a word."""
    data = path.read_bytes()
    return any(wanted in data for wanted in (user.encode(), int(user).to_bytes(8, "big"), word.encode()))


# A memory that cannot be used


async def test_the_bot_answers_without_a_memory_and_its_owner_is_told(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state_path(tmp_path).parent.mkdir(parents=True)
    state_path(tmp_path).write_bytes(b"no database at all" * 1000)
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await asked(standin)
        said = await standin.told(await standin.command("forget-me"))
    assert talk.embed
    assert not talk.shown[-1].get("components")
    assert said.startswith("⚠️ I cannot use my memory right now: this was not kept, or not fully erased.")
    assert caplog.text.count("I go on without remembering anything") == 1
    assert "footnote restore FILE" in caplog.text


def full(store: Store) -> None:
    pages = store.rows("PRAGMA page_count")[0]["page_count"]
    store.rows(f"PRAGMA max_page_count = {pages}")


def read_only(store: Store) -> None:
    store.rows("PRAGMA query_only = ON")


@pytest.mark.parametrize("spoil", [full, read_only])
async def test_a_full_or_read_only_disk_costs_the_memory_but_no_answer(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Store], None]
) -> None:
    def spoiled() -> Store:
        store = open_store(state_path(tmp_path))
        spoil(store)
        return store

    long = TimedAssistant(answer=replace(ANSWER, question="x" * 50_000))
    async with connected(standin, long, tmp_path, open_memory=spoiled):
        talk = await asked(standin)
        assert talk.embed
        assert not talk.shown[-1].get("components")
    assert "I go on without remembering anything" in caplog.text


async def test_a_locked_database_costs_the_memory_but_no_answer_and_comes_back(
    standin: Standin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        with closing(sqlite3.connect(state_path(tmp_path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            talk = await asked(standin)
            assert talk.embed
            assert not talk.shown[-1].get("components")
    async with connected(standin, TimedAssistant(), tmp_path):
        assert (await asked(standin)).custom_id("up")
    assert "is locked by another program" in caplog.text


async def test_a_second_bot_on_the_same_folder_answers_without_a_memory(standin: Standin, tmp_path: Path) -> None:
    with open_store(state_path(tmp_path)):
        async with connected(standin, TimedAssistant(), tmp_path):
            assert (await asked(standin)).embed


async def test_an_uncovered_question_becomes_a_gap(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=CLOSEST)
    async with connected(standin, assistant, tmp_path):
        for _ in range(2):
            await asked(standin)
        assistant.answer = ANSWER
        await asked(standin)
    with read_store(state_path(tmp_path)) as store:
        (gap,) = gaps(store)
    assert (gap.question, gap.count, gap.nearest, gap.files) == ("How hot is Pluto?", 2, ("venus",), (HEAT.note_file,))


async def test_old_questions_are_deleted_at_the_start_and_settings_stay(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await asked(standin)
    with open_store(state_path(tmp_path)) as store, store.transaction():
        kept_settings.put(store, "guild", 1, "verbosity", "short")
        store.rows("UPDATE turns SET asked_at = asked_at - :days * 86400", days=8)
    async with connected(standin, TimedAssistant(), tmp_path, retention_days=7):
        await standin.answered(await standin.command("episodes"))
    with read_store(state_path(tmp_path)) as store:
        assert history(store, Place(user=1, channel=1)) == ()
        assert store.rows("SELECT * FROM turns") == []
        assert kept_settings.get(store, "guild", 1) == {"verbosity": "short"}
