"""`/footnote …`, as those who run the bot meet it, and those who do not."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.commands.discord import backed_up
from bot.state.gaps import gaps
from bot.state.store import read_store, state_path
from rag.errors import IndexMissing, NotesError
from tests.bot.samples import CLOSEST, LOAF, NOTHING, FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin

MANAGE_GUILD, ADMINISTRATOR = 1 << 5, 1 << 3
COMMANDS = ("status", "models", "budget", "reindex", "gaps", "feedback", "backup")


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def manager(standin: Standin, permission: int = MANAGE_GUILD) -> str:
    """Somebody who manages the server and does not own the bot."""
    user = snowflake()
    standin.permissions[user] = permission
    return user


async def run(standin: Standin, command: str, /, **options: Any) -> Conversation:
    return await standin.answered(await standin.command(f"footnote {command}", **options), seconds=20)


async def said(standin: Standin, command: str, /, **options: Any) -> str:
    return await standin.told(await standin.command(f"footnote {command}", **options))


def description(talk: Conversation) -> str:
    return str(talk.embed["description"])


async def uncovered(standin: Standin, assistant: TimedAssistant, *questions: str, **more: Any) -> None:
    for question in questions:
        assistant.answer = replace(CLOSEST, question=question, searched="")
        await standin.answered(await standin.command("ask", question=question, **more))


# Who may


@pytest.mark.parametrize("command", COMMANDS)
async def test_who_has_no_right_gets_a_sentence_and_nothing_else(
    standin: Standin, tmp_path: Path, command: str
) -> None:
    stranger = snowflake()
    other = manager(standin)
    done: list[str] = []
    async with connected(standin, TimedAssistant(), tmp_path) as client:

        def back_up() -> Path:
            done.append("backed up")
            return tmp_path

        client.owner.reread, client.owner.back_up = lambda _collection: done.append("read"), back_up
        talk = await standin.command(f"footnote {command}", user=stranger)
        assert (await standin.told(talk)).startswith("🔒 This is for my owner")
        assert talk.ephemeral
        direct = standin.direct_channel(other)
        assert (await said(standin, command, user=other, channel=direct)).startswith("🔒 This is for my owner")
    assert done == []


@pytest.mark.parametrize("permission", [MANAGE_GUILD, ADMINISTRATOR])
async def test_who_manages_the_server_may_see_how_the_bot_is(standin: Standin, tmp_path: Path, permission: int) -> None:
    user = manager(standin, permission)
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await run(standin, "status", user=user)
    assert talk.embed["title"] == "🛠️ Status"
    assert talk.ephemeral


async def test_of_a_team_those_may_who_have_joined_it_as_more_than_readers(standin: Standin, tmp_path: Path) -> None:
    """An invited member who had not accepted, and one who may only read, once passed for owners."""
    ann, ben, cleo, dan = (snowflake() for _ in range(4))

    def member(user: str, state: int, role: str) -> dict[str, Any]:
        return {"user": standin._person(user), "membership_state": state, "role": role, "team_id": "1"}

    members = [member(ann, 2, "admin"), member(ben, 2, "developer"), member(cleo, 1, "admin")]
    members.append(member(dan, 2, "read_only"))
    standin.team = {"id": "1", "icon": None, "name": "friends", "owner_user_id": ann, "members": members}
    async with connected(standin, TimedAssistant(), tmp_path):
        for user in (ann, ben):
            assert (await run(standin, "status", user=user)).embed
        for user in (cleo, dan, standin.user_id):
            assert (await said(standin, "status", user=user)).startswith("🔒")


async def test_discord_is_asked_to_hide_them_from_everybody_else(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        pass
    (group,) = (command for command in standin.commands if command["name"] == "footnote")
    assert group["default_member_permissions"] == MANAGE_GUILD or group["default_member_permissions"] == str(
        MANAGE_GUILD
    )
    assert {*COMMANDS} <= {option["name"] for option in group["options"]}


# How it is


async def test_status_has_notes_index_queue_models_and_memory(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path) as client:
        client.notes_changed("20260102T030405-abc123")
        text = description(await run(standin, "status"))
        while "none being answered" not in text:  # what the notes are called is being read
            text = description(await run(standin, "status"))
        assistant.seconds = 30.0  # until it is told to stop
        talks = [await standin.command("ask", question=f"x {n}") for n in range(3)]
        await standin.until(lambda: all(talk.shown for talk in talks[1:]), seconds=20)
        busy = description(await run(standin, "status"))
    for part in (
        "**Notes:** 3 notes, 2 episodes, 120 passages",
        "**Index:** built <t:",
        "20260102T030405-abc123",
        "**Queue:** 0 questions waiting; none being answered",
        "**Memory:** working",
        "• Search: all-MiniLM-L6-v2",
        "**Running:** Footnote ",
    ):
        assert part in text
    assert "**Queue:** 2 questions waiting; one being answered" in busy


async def test_status_says_what_is_the_matter_and_details_to_the_owner_alone(standin: Standin, tmp_path: Path) -> None:
    state_path(tmp_path).parent.mkdir(parents=True)
    state_path(tmp_path).write_bytes(b"no database at all" * 1000)
    missing = IndexMissing("There is no index in /home/ann/data yet.", remedy="Run: footnote index")
    other = manager(standin)
    async with connected(standin, TimedAssistant(error=missing), tmp_path):
        await standin.told(await standin.command("forget-me"))
        owner = description(await run(standin, "status"))
        theirs = description(await run(standin, "status", user=other))
    assert "There is no index in /home/ann/data yet." in owner
    assert "footnote restore" in owner
    assert "I have not read the notes yet" in theirs
    assert "/home/ann" not in theirs
    assert str(tmp_path) not in theirs


# Reading the notes again


async def test_reindex_says_what_has_changed(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path) as client:

        def reread(_collection: str | None) -> None:
            assistant.browsing = FakeBrowsing(listed=[LOAF, replace(LOAF, id="new", show=None, title="Ry*e")])

        client.owner.reread = reread
        text = await answered_with(standin, "again: ")
        same = await answered_with(standin, "again: ")
    assert text == (
        "📖 I have read the notes again: 3 notes, 2 episodes, 120 passages.\n"
        "**New:** Ry\\*e\n**Gone:** Clear Skies Tonight: Venus"
    )
    assert same == "📖 I have read the notes again: nothing has changed."


async def answered_with(standin: Standin, words: str, **more: Any) -> str:
    """Read the notes again and wait until the reply has these words."""
    talk = await standin.command("footnote reindex", **more)
    await standin.until(lambda: talk.shown and words in talk.content)
    return talk.content


async def test_notes_are_read_once_at_a_time_and_questions_are_answered_meanwhile(
    standin: Standin, tmp_path: Path
) -> None:
    go, reads = threading.Event(), list[int]()
    async with connected(standin, TimedAssistant(), tmp_path) as client:

        def reread(_collection: str | None) -> None:
            reads.append(1)
            go.wait(5)

        client.owner.reread = reread
        first = await standin.command("footnote reindex")
        await standin.until(lambda: first.shown)
        assert "already" in await said(standin, "reindex")
        assert (await standin.answered(await standin.command("ask", question="x"))).embed
        go.set()
        await standin.until(lambda: "nothing has changed" in first.content)
        assert await answered_with(standin, "nothing has changed")
    assert len(reads) == 2


async def test_what_keeps_the_notes_from_being_read_is_told_to_the_owner(standin: Standin, tmp_path: Path) -> None:
    other = manager(standin)

    def fail(_collection: str | None) -> None:
        raise NotesError("There is no folder /home/ann/notes.", remedy="Name another.")

    async with connected(standin, TimedAssistant(), tmp_path) as client:
        assert "started in a way" in await said(standin, "reindex")
        client.owner.reread = fail
        assert "/home/ann/notes" in await answered_with(standin, "⚠️")
        assert "/home/ann" not in await answered_with(standin, "⚠️", user=other)
        client.owner.reread = lambda _collection: None
        assert await answered_with(standin, "nothing has changed")


# What is missing, and what people thought


async def test_gaps_are_put_together_by_meaning_and_counted(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        await uncovered(
            standin, assistant, "How far is Mars?", "How far is Mars?", "Distance to Mars?", "Who won *it*?"
        )
        talk = await run(standin, "gaps")
        table = await run(standin, "gaps", file="csv")
        todo = await run(standin, "gaps", file="markdown")
    assert talk.embed["title"] == "🕳️ What the notes do not cover (2)"
    first, near, second = description(talk).splitlines()[:3]
    assert first == "**3×** How far is Mars?"
    assert near.startswith("-# nearest: ")
    assert near.endswith(" · also asked in 1 other way")
    assert second == "**1×** Who won \\*it\\*?"
    assert talk.ephemeral
    rows = list(csv.DictReader(io.StringIO(table.shown[-1]["_files"]["gaps.csv"].decode())))
    assert [(row["looked_for"], row["times"], row["also_asked_as"]) for row in rows] == [
        ("How far is Mars?", "3", "Distance to Mars?"),
        ("Who won *it*?", "1", ""),
    ]
    lines = todo.shown[-1]["_files"]["gaps.md"].decode().splitlines()
    assert lines[2].startswith("- [ ] How far is Mars? (asked 3 times")
    assert lines[3] == "  - Distance to Mars?"
    assert assistant.browsing.calls[0][0] == "alike"


async def test_without_an_index_gaps_are_listed_one_by_one(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        await uncovered(standin, assistant, "How far is Mars?", "Distance to Mars?")
        assistant.error = IndexMissing("There is no index.")
        assert description(await run(standin, "gaps")).count("**1×**") == 2


async def test_a_manager_sees_what_was_asked_openly_in_that_server_alone(standin: Standin, tmp_path: Path) -> None:
    assistant, other = TimedAssistant(), manager(standin)
    direct = standin.direct_channel()
    async with connected(standin, assistant, tmp_path):
        await uncovered(standin, assistant, "Who lost?", channel=direct)
        await uncovered(standin, assistant, "Who hid?", private=True)
        await uncovered(standin, assistant, "Who won?")
        theirs = description(await run(standin, "gaps", user=other))
        everything = description(await run(standin, "gaps", channel=direct))
        for talk in (await run(standin, "feedback", user=other), await run(standin, "feedback", channel=direct)):
            assert "Nobody has voted" in description(talk)
    assert "Who won?" in theirs
    assert "lost" not in theirs
    assert "hid" not in theirs
    assert all(words in everything for words in ("Who won?", "Who lost?", "Who hid?"))


async def test_without_gaps_that_is_said_and_no_file_is_sent(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talk = await run(standin, "gaps", file="csv")
    assert description(talk) == "No question was left without an answer."
    assert "_files" not in talk.shown[-1]


async def test_feedback_lists_votes_and_reports_with_their_reasons(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await standin.answered(await standin.command("ask", question="x"))
        await standin.told(await standin.press(talk, "up"))
        press = await standin.press(talk, "report", user=snowflake())
        await standin.until(lambda: press.form)
        await standin.told(
            await standin.send_form(press, talk, citation="1", reason="That is [rye](https://e.example)")
        )
        text = description(await run(standin, "feedback"))
    assert text.startswith("👍 1 · 👎 0 · 🚩 1\n\n")
    assert "How hot is it? · citation [1] · <t:" in text
    assert "↳ That is \\[rye\\](https\\://e.example)" in text


# Backups


async def test_a_backup_has_what_is_remembered_and_is_the_owners_alone(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    other = manager(standin)
    back_up: Callable[[], Path] = lambda: backed_up(tmp_path)  # noqa: E731
    async with connected(standin, assistant, tmp_path) as client:
        client.owner.back_up = back_up
        assistant.answer = NOTHING
        await standin.answered(await standin.command("ask", question="Who won?"))
        assert await said(standin, "backup", user=other) == "🔒 Only my owner can do that."
        text = await said(standin, "backup")
    (file,) = (tmp_path / "backups").iterdir()
    assert str(file) in text
    assert file.stat().st_mode & 0o077 == 0
    with read_store(file) as store:
        assert len(gaps(store)) == 1
