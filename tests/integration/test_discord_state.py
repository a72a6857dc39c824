"""What the bot remembers, as people meet it: follow-ups, being killed, and having it all erased."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.state import settings as kept_settings
from bot.state.conversations import Place, history
from bot.state.errors import StateError
from bot.state.gaps import gaps
from bot.state.store import Store, open_store, read_store, state_path
from rag.types import Turn
from tests.bot.samples import ANSWER, CLOSEST, HEAT, NOTHING
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import configured, connected, ended, start_program
from tests.integration.discord_objects import snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows

HOT = Turn(question="How hot is it?", episodes=("venus", "bread"))


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


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
    erased = "1 subscription, 2 votes, 1 button row, 1 question, 1 count of a day's questions"
    assert said.startswith(f"🧹 Erased: {erased}. I keep nothing")
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
    assert "I go on without remembering anything" in caplog.text  # locked, or on a slow machine too slow to answer


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
