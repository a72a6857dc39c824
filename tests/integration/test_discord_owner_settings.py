"""What those who run the bot set beyond who may ask: quiet hours, how much is shown, by which clock; and budgets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.uploads import UploadRefused
from rag.types import Answer
from tests.bot.notes import FakeNotes
from tests.bot.samples import ANSWER, CLOSEST
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import ChannelId, Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows

MANAGE_GUILD = 1 << 5


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


async def run(standin: Standin, command: str, /, **options: Any) -> Conversation:
    return await standin.answered(await standin.command(f"footnote {command}", **options))


async def told(standin: Standin, **options: Any) -> str:
    """Change settings and read what is set then, or why it is not."""
    talk = await run(standin, "settings", **options)
    return str(talk.embed.get("description") or talk.content)


def around_now(hours: float) -> str:
    """A span of a day from an hour ago on."""
    now = datetime.now().astimezone()
    begin, end = now - timedelta(hours=1), now + timedelta(hours=hours)
    return f"{begin:%H:%M}-{end:%H:%M}"


# Quiet hours


async def test_in_quiet_hours_open_questions_are_turned_away_and_private_ones_are_answered(
    standin: Standin, tmp_path: Path
) -> None:
    span = around_now(2)
    async with connected(standin, TimedAssistant(), tmp_path):
        assert f"**Quiet hours:** {span} (the clock of my machine)." in await told(standin, quiet=span)
        refused = (await asked(standin)).content
        assert refused.startswith(f"⚠️ It is quiet here until {span[-5:]} (")
        assert "/ask and the option private" in refused
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> x"))
        assert mention.content.startswith("⚠️ It is quiet here")
        assert (await asked(standin, private=True)).embed
        assert (await asked(standin, channel=standin.direct_channel())).embed
        await told(standin, quiet=around_now(-0.5), channel=ChannelId(standin.thread_id))
        assert (await asked(standin, channel=standin.thread_id)).embed
    async with connected(standin, TimedAssistant(), tmp_path):
        assert (await asked(standin)).content.startswith("⚠️ It is quiet here")
        assert "**Quiet hours:** none" in await told(standin, quiet="off")
        assert (await asked(standin)).embed


async def test_whoever_waits_is_told_once_it_is_no_longer_quiet(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=CLOSEST)
    async with connected(standin, assistant, tmp_path) as client:
        talk = await asked(standin)
        await standin.told(await standin.press(talk, "notify"))
        await told(standin, quiet=around_now(2))
        assistant.answer = ANSWER
        client.notes_changed("next")
        before = len(assistant.calls)
        await eventually(lambda: client._subscribers._asking is not None)
        await asked(standin, private=True)  # who waits is asked for behind this one
        assert len(assistant.calls) == before + 1
        assert standin.direct_messages() == []
        await told(standin, quiet="off")
        client.notes_changed("the one after")
        await standin.until(standin.direct_messages)
    assert "464" in json.dumps(standin.direct_messages())


async def test_a_clock_is_the_owners_to_set_and_nonsense_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    other = snowflake()
    standin.permissions[other] = MANAGE_GUILD
    async with connected(standin, TimedAssistant(), tmp_path):
        assert (await told(standin, timezone="Europe/Berlin", quiet="22-7")).count("22:00-07:00 (Europe/Berlin)") == 1
        talk = await standin.command("footnote settings", timezone="Asia/Tokyo", user=other)
        assert (await standin.told(talk)).endswith("Nothing was set.")
        assert "no such time zone" in await told(standin, timezone="Middle/Earth")
        assert "22:00-07:00, or off" in await told(standin, quiet="at night")
        assert "22:00-07:00 (Europe/Berlin)" in await told(standin)
        offered = await standin.type_into("footnote settings", "timezone", "berl")
    assert "Europe/Berlin" in [each["value"] for each in offered]


# How much is shown


async def test_a_short_answer_has_all_of_it_in_its_file(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        assert "**Length:** short: the first sentence; in <#" in await told(
            standin, length="long", channel=ChannelId(standin.thread_id)
        ) or await told(standin, length="short")
        talk = await asked(standin)
        assert "464" in talk.embed["description"]
        assert "Bread" not in talk.embed["description"]
        assert "As text file" in talk.embed["description"]
        pressed = await standin.press(talk, "file")
        await standin.until(lambda: pressed.shown and "_files" in pressed.shown[-1])
        assert b"Bread is done" in pressed.shown[-1]["_files"]["answer.txt"]
        assert "Bread is done" in (await asked(standin, channel=standin.thread_id)).embed["description"]
    cited = [json.loads(row["cited"]) for row in rows(tmp_path, "SELECT cited FROM turns ORDER BY id")]
    assert [len(each) for each in cited] == [1, 2]


# How readily, by server


async def test_how_readily_to_answer_is_a_servers_own_or_what_is_set_in_a_direct_message(
    standin: Standin, tmp_path: Path
) -> None:
    elsewhere, direct = standin.other_server(), standin.direct_channel()
    async with connected(standin, TimedAssistant(), tmp_path):
        assert "**Answers:** cautious." in await told(standin, answers="cautious")
        assert "**Answers:** balanced." in await told(standin, channel=elsewhere)
        assert "**Answers:** generous." in await told(standin, answers="generous", channel=direct)
        assert "**Answers:** generous." in await told(standin, channel=elsewhere)
        assert "**Answers:** cautious." in await told(standin)


# Who has asked how much


async def test_private_questions_count_after_a_restart_too(standin: Standin, tmp_path: Path) -> None:
    """Only open questions were found in the database, so a restart gave every private one back."""
    async with connected(standin, TimedAssistant(), tmp_path):
        await told(standin, daily=2)
        assert (await asked(standin, private=True)).embed
    async with connected(standin, TimedAssistant(), tmp_path):
        assert (await asked(standin, private=True)).embed
        assert "You have asked 2 " in (await asked(standin)).content
    async with connected(standin, TimedAssistant(), tmp_path):
        assert "You have asked 2 " in (await asked(standin, private=True)).content
        assert (await asked(standin, channel=standin.direct_channel())).embed


async def test_the_budget_shows_who_asked_how_much_on_that_server_and_the_owner_all(
    standin: Standin, tmp_path: Path
) -> None:
    ben, manager, elsewhere = snowflake(), snowflake(), standin.other_server()
    standin.permissions[manager] = MANAGE_GUILD
    async with connected(standin, TimedAssistant(), tmp_path):
        for user in (ben, ben, standin.user_id):
            await asked(standin, user=user)
        await asked(standin, channel=elsewhere, user=ben)
        here = (await run(standin, "budget", user=manager)).embed["description"]
        everywhere = (await run(standin, "budget", channel=standin.direct_channel())).embed["description"]
    assert here.splitlines() == [
        "3 questions today (by UTC). Allowed here: any number.",
        "",
        f"• <@{ben}>: 2",
        f"• <@{standin.user_id}>: 1",
    ]
    assert everywhere.startswith("4 questions today")
    assert f"• <@{ben}>: 1 on server " in everywhere


async def test_models_are_told_with_what_they_may_do(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        text = (await run(standin, "models")).embed["description"]
    assert "**Search:** all-MiniLM-L6-v2\nFinds passages" in text
    assert "**Writing:** none." in text


# Votes, a page at a time


async def test_votes_have_pages(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    assert isinstance(assistant.answer, Answer)
    async with connected(standin, assistant, tmp_path):
        for n in range(40):
            assistant.answer = replace(ANSWER, question=f"question {n:02} " + "long " * 40)
            await standin.told(await standin.press(await asked(standin, assistant.answer.question), "up"))
        talk = await run(standin, "feedback")
        assert talk.embed["description"].startswith("👍 40 · 👎 0 · 🚩 0")
        assert "question 39" in talk.embed["description"]
        assert "question 00" not in talk.embed["description"]
        pages = int(talk.embed["footer"]["text"].rpartition(" ")[2])
        await standin.press(talk, "", custom_id=f"footnote:own:feedback:{pages - 1}")
        await standin.until(lambda: "question 00" in talk.embed["description"])


async def test_what_is_refused_leaves_no_folder_and_nothing_set(standin: Standin, tmp_path: Path) -> None:
    """What could not be kept apart on the disk was refused after it had been set."""

    class Full(FakeNotes):
        def keep(self, collections: Iterable[str], *, apart: bool) -> bool:
            raise UploadRefused("The indexes cannot be kept apart (No space left on device).")

    async with connected(standin, TimedAssistant(), tmp_path) as client:
        client.owner.notes = notes = FakeNotes()
        assert "Nothing was set." in await told(standin, notes="Garden", quiet="late")
        assert notes.made == []
        client.owner.notes = Full()
        assert "No space left" in await told(standin, notes="Garden")
        assert "**Notes:** all notes." in await told(standin)
