"""Browsing the notes, as people meet it: lists, one episode, quotes, and what the bot says about itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.discord.scope import EVERYTHING
from bot.state.store import state_path
from rag.errors import IndexMissing
from rag.types import Overview
from tests.bot.samples import ANSWER, BREAD, HEAT, VENUS, FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually

EPISODES = [
    replace(
        VENUS, id=f"e{n}", title=f"Talk {n:02}", show=f"Show {n % 2}", date=f"2024-01-{n:02}", guests=(f"Guest{n}",)
    )
    for n in range(1, 32)
]


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def many() -> TimedAssistant:
    return TimedAssistant(browsing=FakeBrowsing(listed=EPISODES))


def description(talk: Conversation) -> str:
    return str(talk.embed["description"])


async def looked_up(standin: Standin, command: str, /, **options: Any) -> Conversation:
    return await standin.answered(await standin.command(command, **options))


async def turned(standin: Standin, talk: Conversation) -> None:
    """Press Next and wait for the page."""
    states = len(talk.shown)
    await standin.press(talk, "", custom_id=talk.shown[-1]["components"][0]["components"][1]["custom_id"])
    await standin.until(lambda: len(talk.shown) > states)


async def test_episodes_are_paged_and_the_pages_outlive_a_restart(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, many(), tmp_path):
        talk = await looked_up(standin, "episodes", sort="newest")
        assert talk.embed["title"] == "🎧 Episodes in your notes (31)"
        assert description(talk).startswith("• [Show 1: Talk 31](https://example.org/venus) · 31 Jan 2024 · 2 notes")
        assert talk.shown[-1]["components"][0]["components"][0]["disabled"]
    async with connected(standin, many(), tmp_path):
        for _ in range(2):
            await turned(standin, talk)
    assert talk.embed["footer"]["text"] == "Page 3 of 3"
    assert description(talk) == "• [Show 1: Talk 01](https://example.org/venus) · 1 Jan 2024 · 2 notes"
    assert talk.shown[-1]["components"][0]["components"][1]["disabled"]


async def test_a_filter_holds_on_every_page(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, many(), tmp_path):
        talk = await looked_up(standin, "episodes", filter="show  1:", sort="oldest")
        assert talk.embed["title"] == "🎧 Episodes in your notes (16)"
        assert description(talk).startswith("Only those with: show 1:\n\n• [Show 1: Talk 01]")
        await turned(standin, talk)
        none = await looked_up(standin, "episodes", filter="@everyone")
    assert "Talk 31" in description(talk)
    assert "None of them fits." in description(none)
    assert "@everyone" not in description(none)
    assert not none.shown[-1].get("components")


async def test_a_forged_page_of_the_list_is_the_last_one(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, many(), tmp_path):
        talk = await looked_up(standin, "episodes")
        await standin.press(talk, "", custom_id="footnote:list:9999:title:", user=snowflake())
        await standin.until(lambda: talk.embed["footer"]["text"] == "Page 3 of 3")


@pytest.mark.parametrize("custom_id", ["footnote:list:0:price:", "footnote:list:-1:title:", "footnote:list:0"])
async def test_a_forged_list_does_nothing(standin: Standin, tmp_path: Path, custom_id: str) -> None:
    async with connected(standin, many(), tmp_path):
        talk = await looked_up(standin, "episodes")
        said = await standin.told(await standin.press(talk, "", custom_id=custom_id))
    assert said == "This button does not exist. Nothing was done."
    assert len(talk.shown) == 1


async def test_one_episode_has_its_notes_minutes_and_links(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talk = await looked_up(standin, "episode", name="venus")
        wrong = await looked_up(standin, "episode", name="Saturn")
    assert talk.embed["title"] == "🎧 Clear Skies Tonight: Venus"
    for part in (
        "**Guests:** Mara Lindqvist\n**Date:** 10 Sep 2023",
        "**Links**\n• [https\\://example.org/venus](https://example.org/venus)",
        "**Minutes**\n• [1:07:30](https://www.youtube.com/watch?v=VenusEp0041&t=4050s) The surface is at 464 °C.",
        "**Notes**\n• venus.txt · 1-20\n• venus-links.txt · 1-9",
    ):
        assert part in description(talk)
    assert wrong.content.startswith("⚠️ There is no episode “Saturn” in your notes.")


async def test_a_quote_is_word_for_word_or_a_sentence(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(browsing=FakeBrowsing(found=(replace(BREAD, n=1),)))
    async with connected(standin, assistant, tmp_path):
        found = await looked_up(standin, "quote", topic="bread")
        assistant.browsing.found = ()
        none = await standin.told(await standin.command("quote"))
    assert description(found) == "“done at 96 °C” [1]\n\n-# Sources\n**Bread**\n[1] bread.md line 4"
    assert none.startswith("🚫 Your notes have no passage")
    assert assistant.browsing.calls == [("quote", "bread"), ("quote", "")]


async def test_about_says_what_it_knows_and_stores(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path, retention_days=7):
        talk = await looked_up(standin, "about")
    text = description(talk)
    assert talk.ephemeral
    assert "3 notes, 2 episodes, 120 passages" in text
    assert "Newest: [Venus](https://example.org/venus)" in text
    assert "Search: all-MiniLM-L6-v2" in text
    assert "for 7 days" in text
    assert "⚠️" not in text


async def test_only_the_owner_is_told_what_keeps_the_bot_from_remembering(standin: Standin, tmp_path: Path) -> None:
    state_path(tmp_path).parent.mkdir(parents=True)
    state_path(tmp_path).write_bytes(b"no database at all" * 1000)
    async with connected(standin, TimedAssistant(), tmp_path):
        owner = await looked_up(standin, "about")
        other = await looked_up(standin, "about", user=snowflake())
    assert "⚠️ I cannot remember anything at the moment." in description(owner)
    assert "footnote restore" in description(owner)
    assert "My owner finds out more in the log." in description(other)


async def test_help_names_every_command(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await looked_up(standin, "help")
    assert talk.ephemeral
    for command in standin.commands:
        name = command["name"]
        assert name in description(talk) or name == "help"


async def test_lists_follow_the_notes_and_do_not_wait_for_answers(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=2.0)
    async with connected(standin, assistant, tmp_path) as client:
        assert "(2)" in (await looked_up(standin, "episodes")).embed["title"]
        assistant.browsing.listed = EPISODES
        client.notes_changed("two")
        busy = await standin.command("ask", question="x")
        await standin.until(lambda: busy.acknowledged_at)
        listed = await standin.command("episodes")
        await standin.answered(listed, seconds=1.0)
        assert not busy.shown
        await standin.answered(busy)
        assert "(31)" in (await looked_up(standin, "episodes")).embed["title"]


async def test_nothing_of_deleted_notes_is_shown_once_there_is_no_index(standin: Standin, tmp_path: Path) -> None:
    """Nobody was told that the index had gone, so earlier answers, the list and suggestions were still shown."""
    citation = replace(HEAT, whole="All of it.")
    assistant = TimedAssistant(answer=replace(ANSWER, citations=(citation, BREAD)))
    async with connected(standin, assistant, tmp_path) as client:
        talk = await asked(standin)
        await looked_up(standin, "episodes")
        assistant.error = IndexMissing("There is no index.")
        with pytest.raises(IndexMissing):
            await client.reload("")
        await eventually(lambda: not client.catalogue.offered(EVERYTHING, "episode", ""))
        said = [await standin.told(await standin.press(talk, action)) for action in ("context", "file")]
        said.append(await standin.told(await standin.command("episodes")))
        offered = await standin.type_into("episode", "name", "")
    assert [sentence[:2] for sentence in said] == ["⚠️"] * 3
    assert offered == []


async def test_an_empty_folder_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    class Empty(FakeBrowsing):
        def overview(self) -> Overview:
            return Overview(episodes=(), notes=0, passages=0)

    async with connected(standin, TimedAssistant(browsing=Empty()), tmp_path):
        assert description(await looked_up(standin, "episodes")) == "There are no episodes in your notes yet."
        assert "0 notes, 0 episodes" in description(await looked_up(standin, "about"))
