"""Many people at once: everybody is answered or politely refused, in turn, once for all who ask the same."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.discord.progress import SECONDS_BEFORE_EVIDENCE, SECONDS_BETWEEN_EDITS
from rag.protocols import NOBODY, Cancelled, Watch
from rag.types import Answer, Earlier, Filter, NotCovered
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import eventually

SURE = replace(ANSWER, basis="these passages")
TITLE = "⏳ Found in your notes, not an answer yet"
POLITE = (
    "⚠️ You have as many questions under way as I take from one person. Please wait for one, or cancel one.",
    "⚠️ Too many questions from this server are waiting already. Please ask again in a minute or two.",
    "⚠️ Too many questions are waiting already. Please ask again in a minute or two.",
)


@dataclass(kw_only=True)
class NearingAssistant(TimedAssistant):
    """Tells at once what comes nearest, and takes its time over the answer."""

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        watch.on_evidence([HEAT, BREAD])
        return super().ask(question, history=history, filters=filters, cancelled=cancelled)


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


async def asked(standin: Standin, question: str = "How hot is it?", *, user: str = "") -> Conversation:
    return await standin.answered(await standin.command("ask", question=question, user=user))


async def busy(standin: Standin, assistant: TimedAssistant) -> Conversation:
    """Somebody is being answered something else."""
    talk = await standin.command("ask", question="something else", user=snowflake())
    async with asyncio.timeout(5):
        while not assistant.calls:  # noqa: ASYNC110  (its thread tells nobody)
            await asyncio.sleep(0.01)
    return talk


async def burst(standin: Standin, *, people: int, each: int) -> list[Conversation]:
    """So many people ask so many questions each, all at once; returns once all of them have heard something final."""
    users = [snowflake() for _ in range(people)]
    talks = [await standin.command("ask", question=f"{n} of {user}", user=user) for n in range(each) for user in users]
    await asyncio.gather(*(standin.answered(talk, seconds=60) for talk in talks))
    return talks


# Many at once


async def test_of_two_hundred_questions_at_once_none_is_lost(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=0.02)
    standin.heartbeat_seconds = 0.25
    async with connected(standin, assistant, tmp_path, queue_per_server=40, queue_size=20):
        talks = await burst(standin, people=50, each=4)
    beats = list(pairwise(standin.heartbeats))
    assert len(beats) > 4
    assert max(later - earlier for earlier, later in beats) < 2.0  # Discord waits much longer
    answered = [talk for talk in talks if talk.embed]
    refused = Counter(talk.content for talk in talks if not talk.embed)
    assert len(answered) + refused.total() == 200
    assert len(answered) >= 20
    assert set(refused) <= set(POLITE)
    assert len(assistant.calls) == len(answered)


async def test_where_there_is_room_all_two_hundred_are_answered(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=0.002)
    async with connected(standin, assistant, tmp_path, queue_per_server=200, queue_size=200):
        talks = await burst(standin, people=50, each=4)
    assert all(talk.embed for talk in talks)
    assert len(assistant.calls) == 200


async def test_who_asks_much_is_told_to_wait_and_keeps_nobody_else_waiting(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=0.3)
    ann, ben = snowflake(), snowflake()
    async with connected(standin, assistant, tmp_path, queue_per_person=3):
        await busy(standin, assistant)
        many = [await standin.command("ask", question=f"ann {n}", user=ann) for n in range(4)]
        await standin.until(lambda: all(talk.shown for talk in many))
        one = await standin.command("ask", question="ben", user=ben)
        for talk in (*many, one):
            await standin.answered(talk)
    assert [text for _, text in assistant.calls] == ["something else", "ann 0", "ben", "ann 1", "ann 2"]
    assert many[3].content == POLITE[0]
    assert one.contents()[0].startswith("⏳ You are third in line, about ")


async def test_one_server_takes_up_no_more_than_its_share(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=0.5)
    async with connected(standin, assistant, tmp_path, queue_per_server=1):
        first = await busy(standin, assistant)
        second = await asked(standin, user=snowflake())
        direct = await standin.message("How hot?", channel=standin.direct_channel())
        assert (await standin.answered(direct)).embed
        await standin.answered(first)
    assert second.content == POLITE[1]


# The same question


async def test_who_asks_the_same_at_the_same_time_gets_the_same_answer(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=0.3)
    async with connected(standin, assistant, tmp_path):
        await busy(standin, assistant)
        talks = [
            await standin.command("ask", question=question, user=snowflake())
            for question in ("How hot is it?", "how hot is it", "How hot  is it?")
        ]
        for talk in talks:
            await standin.answered(talk)
    assert [text for _, text in assistant.calls] == ["something else", "How hot is it?"]
    assert all("464 °C" in talk.embed["description"] for talk in talks)
    assert [talk.embed["description"].splitlines()[0] for talk in talks][:2] == ["> How hot is it?", "> how hot is it"]


async def test_who_cancels_cancels_for_nobody_else(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=1.0)
    async with connected(standin, assistant, tmp_path):
        await busy(standin, assistant)
        ann, ben = [await standin.command("ask", question="How hot is it?", user=snowflake()) for _ in range(2)]
        await standin.until(lambda: ann.shown and ben.shown)
        await standin.press(ann, "cancel", user=ann.user)
        await standin.until(lambda: "🛑" in ann.content)
        assert (await standin.answered(ben)).embed
    assert assistant.cancelled_calls == 0
    assert ann.content.startswith("🛑")


async def test_the_call_ends_once_both_have_cancelled(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=60)
    async with connected(standin, assistant, tmp_path):
        ann, ben = [await standin.command("ask", question="How hot is it?", user=snowflake()) for _ in range(2)]
        await standin.until(lambda: ann.shown and ben.shown)
        for talk in (ann, ben):
            assert assistant.cancelled_calls == 0
            await standin.press(talk, "cancel", user=talk.user)
            await standin.until(lambda: "🛑" in talk.content)  # noqa: B023
        assistant.seconds = 0.0
        assert (await asked(standin, "and now?")).embed
    assert assistant.cancelled_calls == 1


# What was answered before


async def test_what_was_answered_before_is_answered_at_once_while_another_waits(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(answer=SURE)
    async with connected(standin, assistant, tmp_path):
        await asked(standin)
        assistant.seconds = 1.0
        assistant.calls.clear()
        await busy(standin, assistant)
        started = time.monotonic()
        talk = await asked(standin, "how hot is it", user=snowflake())
        assert time.monotonic() - started < 0.8
    assert talk.embed["title"].startswith("✅")
    assert len(talk.shown) == 1
    assert ":forget:" in str(talk.shown[-1]["components"])
    assert [text for _, text in assistant.calls] == ["something else"]


async def test_the_owner_sees_how_many_answers_were_at_hand(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(answer=SURE), tmp_path):
        for _ in range(3):
            await asked(standin)
        status = await standin.answered(await standin.command("footnote status"))
    assert "**Answers:** 3 since the start, 2 of them as answered before" in status.embed["description"]


async def test_after_a_change_of_the_notes_an_answer_is_given_again_if_it_rests_on_the_same(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant(answer=SURE, rests_on="these passages")
    async with connected(standin, assistant, tmp_path) as client:
        await asked(standin)
        client.notes_changed("two")
        await asked(standin)
        await asked(standin)
        client.notes_changed("three")
        assistant.rests_on = "others"
        assistant.answer = CLOSEST
        changed = await asked(standin)
    kinds = [kind for kind, text in assistant.calls if text == "How hot is it?"]
    assert kinds == ["ask", "basis", "basis", "ask"]
    assert changed.embed["title"].startswith("🔎")


async def test_a_topic_is_at_hand_until_the_notes_change(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path) as client:
        for _ in range(2):
            await standin.answered(await standin.command("topic", topic="heat"))
        client.notes_changed("two")
        await standin.answered(await standin.command("topic", topic="Heat"))
    assert [each for each in assistant.calls if each[0] == "topic"] == [("topic", "heat"), ("topic", "Heat")]


async def test_a_topic_that_is_asked_often_is_ready_again_after_the_notes_changed(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path) as client:
        for _ in range(3):
            await standin.answered(await standin.command("topic", topic="heat"))
        client.notes_changed("two")
        await eventually(lambda: [each for each in assistant.calls if each[0] == "topic"] == [("topic", "heat")] * 2)
        await standin.answered(await standin.command("topic", topic="heat"))
    assert assistant.calls.count(("topic", "heat")) == 2


async def test_nothing_that_was_forgotten_is_given_again(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=SURE)
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin)
        await standin.until(lambda: talk.shown)
        await standin.told(await standin.press(talk, "forget"))
        await asked(standin)
        await standin.until(lambda: len(assistant.calls) == 2)
        await standin.told(await standin.command("forget-me"))
        await asked(standin)
    assert len(assistant.calls) == 3


# What comes nearest


async def test_what_comes_nearest_is_shown_within_a_second_and_replaced_by_a_refusal(
    standin: Standin, tmp_path: Path
) -> None:
    assistant = NearingAssistant(seconds=SECONDS_BEFORE_EVIDENCE + 0.6, answer=CLOSEST)
    async with connected(standin, assistant, tmp_path):
        talk = await standin.command("ask", question="How hot is Pluto?")
        await standin.until(lambda: talk.shown, seconds=1.0 + 0.3)
        nearest = talk.embed
        await standin.until(lambda: talk.embed["title"].startswith("🔎"))
    assert nearest["title"] == TITLE
    assert "done at 96 °C" in nearest["description"]
    assert len(talk.shown) == 2
    assert "done at 96 °C" not in str(talk.shown[-1])
    edits = [request.at for request in standin.made("PATCH", "@original")]
    assert all(later - earlier >= SECONDS_BETWEEN_EDITS - 0.05 for earlier, later in pairwise(edits))


async def test_an_answer_that_follows_soon_is_all_that_is_shown(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, NearingAssistant(seconds=SECONDS_BEFORE_EVIDENCE - 0.4), tmp_path):
        talk = await asked(standin)
    assert len(talk.shown) == 1


async def test_what_comes_nearest_is_gone_once_its_asker_cancels(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, NearingAssistant(seconds=60), tmp_path):
        talk = await standin.command("ask", question="How hot?")
        await standin.until(lambda: talk.shown)
        assert talk.embed["title"] == TITLE
        await standin.press(talk, "cancel")
        await standin.until(lambda: "🛑" in talk.content)
    assert not talk.embed


async def test_who_joins_late_sees_what_has_been_found_in_words_of_their_own(standin: Standin, tmp_path: Path) -> None:
    assistant = NearingAssistant(seconds=2.5)
    async with connected(standin, assistant, tmp_path):
        first = await standin.command("ask", question="How hot is it?", user=snowflake())
        await standin.until(lambda: first.shown)
        late = await standin.command("ask", question="how hot is it", user=snowflake())
        await standin.until(lambda: late.shown, seconds=1.0)
        seen = late.embed
        await standin.answered(first)
    assert seen["title"] == TITLE
    assert seen["description"].startswith("> how hot is it")
    assert len(assistant.calls) == 1
