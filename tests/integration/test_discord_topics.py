"""The map of the notes as people meet it in Discord: /topics, /timeline, /compare, /digest and the weekly post."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.discord.digests import today_here
from rag.errors import QuestionError
from rag.map_types import Subject, TopicSummary
from rag.protocols import NOBODY, Watch
from rag.types import NotCovered
from tests.bot.samples import CLOSEST, DIGEST, FakeSurveying
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.test_discord_owner import manager, said

TOPICS = [Subject(name=f"topic {n:02}", passages=50 - n, episodes=("venus",)) for n in range(40)]


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def surveyed(**more: object) -> TimedAssistant:
    return TimedAssistant(surveying=FakeSurveying(**more))  # type: ignore[arg-type]


async def asked(standin: Standin, command: str, /, **options: Any) -> Conversation:
    return await standin.answered(await standin.command(command, **options))


def news_posted(standin: Standin) -> list[Any]:
    """The messages in channels that tell what is new."""
    bodies = [request.body for request in standin.requests if request.method == "POST" and "/channels/" in request.path]
    return [body for body in bodies if "📰 New in your notes" in str(body)]


def description(talk: Conversation) -> str:
    return str(talk.embed["description"])


async def test_topics_are_paged_by_buttons_that_say_all_there_is_to_know(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, surveyed(listed=TOPICS), tmp_path):
        talk = await asked(standin, "topics", filter="topic")
        assert talk.embed["title"] == "🗺️ Topics in your notes (40)"
        assert description(talk).startswith("Only those with: topic\n\n• **topic 00** · 50 passages")
        following = talk.shown[-1]["components"][0]["components"][1]["custom_id"]
        assert following == "footnote@en:topics:1:topic"
        states = len(talk.shown)
        await standin.press(talk, "", custom_id=following, user=snowflake())
        await standin.until(lambda: len(talk.shown) > states)
    assert talk.embed["footer"]["text"] == "Page 2 of 3"


async def test_a_timeline_comes_as_a_picture_in_the_embed(standin: Standin, tmp_path: Path) -> None:
    assistant = surveyed()
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin, "timeline", topic=" heat ")
    assert assistant.surveying.calls[-1] == ("timeline", "heat")
    assert talk.embed["image"]["url"] == "attachment://timeline.png"
    assert talk.shown[-1]["_files"]["timeline.png"].startswith(b"\x89PNG")


async def test_two_things_are_compared(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, surveyed(), tmp_path):
        talk = await asked(standin, "compare", one="guest:Mara", other="guest:Ines")
    assert talk.embed["title"] == "⚖️ Side by side"
    assert "🟠 “done at 96 °C” [2]" in description(talk)


async def test_what_is_new_is_shown(standin: Standin, tmp_path: Path) -> None:
    assistant = surveyed()
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin, "digest", since="2023-09-01")
    assert assistant.surveying.calls[-1] == ("digest", "2023-09-01")
    assert talk.embed["title"] == "📰 New in your notes"


async def test_refusals_and_bad_input_are_sentences(standin: Standin, tmp_path: Path) -> None:
    refusal: NotCovered = replace(CLOSEST, question="golf")
    async with connected(standin, surveyed(line=refusal, compared=refusal), tmp_path):
        golf: tuple[tuple[str, dict[str, Any]], ...] = (
            ("timeline", {"topic": "golf"}),
            ("compare", {"one": "golf", "other": "chess"}),
        )
        for command, options in golf:
            talk = await asked(standin, command, **options)
            assert talk.embed["title"].startswith("🔎")
        bad: tuple[tuple[str, dict[str, Any], str], ...] = (
            ("timeline", {"topic": "🎉"}, "has no words in it"),
            ("compare", {"one": "heat", "other": "…"}, "has no words in it"),
            ("digest", {"since": "soon"}, "is no day in the past"),
        )
        for command, options, sentence in bad:
            assert sentence in await standin.told(await standin.command(command, **options))


async def test_an_error_of_the_survey_is_told(standin: Standin, tmp_path: Path) -> None:
    class Same(FakeSurveying):
        def compare(self, one: str, other: str) -> NotCovered:
            raise QuestionError(f"Both sides are “{one}”.", remedy="Name two different things.")

    async with connected(standin, TimedAssistant(surveying=Same()), tmp_path):
        talk = await standin.command("compare", one="heat", other="heat")
        await standin.until(lambda: "⚠️ Both sides are “heat”. Name two different things." in talk.contents())


async def test_what_is_new_is_posted_weekly_where_a_manager_wants_it(standin: Standin, tmp_path: Path) -> None:
    assistant = surveyed()
    async with connected(standin, assistant, tmp_path) as client:
        boss = manager(standin)
        assert "I post nowhere on this server" in await said(standin, "digest", user=boss)
        assert (await said(standin, "digest", user=boss, weekly=True)).startswith("📰 Each week I post in <#")
        await client.digests.post_due()
        assert not any(call[0] == "digest" for call in assistant.surveying.calls), "the week has only begun"
        later = today_here() + timedelta(days=7)
        client.digests.today = lambda: later
        await client.digests.post_due()
        assert assistant.surveying.calls[-1] == ("digest", (later - timedelta(days=7)).isoformat())
        before = len(assistant.surveying.calls)
        await client.digests.post_due()
        assert len(assistant.surveying.calls) == before, "it is posted once a week"
        assert "no longer post" in await said(standin, "digest", user=boss, weekly=False)
    assert len(news_posted(standin)) == 1


async def test_a_week_without_news_is_passed_over(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, surveyed(news=replace(DIGEST, episodes=(), citations=())), tmp_path) as client:
        boss = manager(standin)
        await said(standin, "digest", user=boss, weekly=True)
        client.digests.today = lambda: date(2999, 1, 1)
        await client.digests.post_due()
    assert news_posted(standin) == []


async def test_what_cannot_be_posted_is_posted_later(standin: Standin, tmp_path: Path) -> None:
    """The week counted as posted all the same, and its news were never seen."""
    async with connected(standin, surveyed(), tmp_path) as client:
        await said(standin, "digest", user=manager(standin), weekly=True)
        client.digests.today = lambda: today_here() + timedelta(days=7)
        standin.fail_once("POST", f"/channels/{standin.channel_id}/messages", 403)
        await client.digests.post_due()
        refused = len(standin.made("POST", f"/channels/{standin.channel_id}/messages"))
        await client.digests.post_due()
        await client.digests.post_due()
    assert len(standin.made("POST", f"/channels/{standin.channel_id}/messages")) == refused + 1 == 2


async def test_what_comes_on_the_day_of_a_post_is_told_once_the_week_after(standin: Standin, tmp_path: Path) -> None:
    """It was told in both."""
    later = today_here() + timedelta(days=7)
    (known,) = DIGEST.episodes
    news = replace(DIGEST, episodes=(replace(known, added=later.isoformat()),))
    async with connected(standin, surveyed(news=news), tmp_path) as client:
        await said(standin, "digest", user=manager(standin), weekly=True)
        for weeks, posts in ((0, 0), (1, 1)):
            client.digests.today = lambda weeks=weeks: later + timedelta(days=7 * weeks)  # type: ignore[misc]
            await client.digests.post_due()
            assert len(news_posted(standin)) == posts


async def test_who_waits_for_a_topic_sees_how_far_it_is(standin: Standin, tmp_path: Path) -> None:
    class Telling(TimedAssistant):
        def topic(self, topic: str, *, watch: Watch = NOBODY, **more: Any) -> TopicSummary | NotCovered:
            watch.on_stage("group")
            return super().topic(topic, watch=watch, **more)

    async with connected(standin, Telling(seconds=2.5), tmp_path):
        first, talk = await standin.command("ask", question="x"), await standin.command("topic", topic="heat")
        await standin.until(lambda: talk.shown and "Putting together what belongs together" in talk.content)
        await standin.answered(talk, seconds=10)
        assert first.embed
