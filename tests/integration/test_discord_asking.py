"""Asking, as people meet it: filters, suggestions, private answers, waiting, cancelling, and reading a long answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.discord.progress import SECONDS_BETWEEN_EDITS, SECONDS_WORTH_A_WORD
from bot.state import pending
from bot.state.conversations import Place
from bot.state.store import open_store, state_path
from rag.errors import QuestionError
from rag.protocols import NOBODY, Cancelled, Watch
from rag.types import Answer, Earlier, Filter, NotCovered, Sentence
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT, NOTHING, SUMMARY, VENUS, FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import eventually, rows

WORDS = "Words that fill a page of an answer " * 30
LONG = replace(
    ANSWER,
    sentences=tuple(Sentence(text=f"{n}: {WORDS}", citations=(n,)) for n in range(1, 9)),
    citations=tuple(replace(HEAT, n=n, passage_id=f"venus#{n}") for n in range(1, 9)),
)


@dataclass(kw_only=True)
class WritingAssistant(TimedAssistant):
    """Tells its evidence at once and a sentence a little later, before it answers."""

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
        for sentence in ANSWER.sentences:
            self._take_time(cancelled)
            watch.on_sentence(sentence, [HEAT])
        return super().ask(question, history=history, filters=filters, cancelled=cancelled)


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def description(talk: Conversation) -> str:
    return str(talk.embed["description"])


async def asked(standin: Standin, question: str = "x", **more: Any) -> Conversation:
    return await standin.answered(await standin.command("ask", question=question, **more))


async def pressed(standin: Standin, talk: Conversation, action: str, *, user: str = "") -> Conversation:
    """Press a button and wait for what only its presser sees."""
    press = await standin.press(talk, action, user=user)
    await standin.until(lambda: press.shown)
    return press


# What is searched


async def test_options_become_filters_and_are_shown(standin: Standin, tmp_path: Path) -> None:
    shown = (Filter(kind="show", label="Clear *Skies*", hard=True), Filter(kind="since", label="from 2024", hard=True))
    assistant = TimedAssistant(answer=replace(ANSWER, filters=shown))
    options = {"show": "Clear Skies", "guest": "Mara", "episode": "venus", "from": "2024", "to": "2025-03"}
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin, **options)
        await asked(standin, show="  ")
    everything = [("episode", "venus"), ("show", "Clear Skies"), ("guest", "Mara"), ("since", "2024")]
    assert assistant.filters == [[*everything, ("until", "2025-03")], []]
    assert "Searched: Clear \\*Skies\\*, from 2024" in description(talk)


async def test_a_filter_that_fits_nothing_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    error = QuestionError("There is no show “x” in your notes.", remedy="Did you mean y?")
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        assistant.error = error
        talk = await asked(standin, show="x")
    assert talk.content == "⚠️ There is no show “x” in your notes. Did you mean y?"


async def test_what_is_typed_into_an_option_is_completed_from_the_index(standin: Standin, tmp_path: Path) -> None:
    episodes = [
        replace(VENUS, id=f"e{n}", title=f"{word} {n}", show=f"Show {n % 3}", guests=(f"Guest {n}",), date=f"20{n}")
        for n, word in zip(range(10, 90), ["Bees", "Comets"] * 40, strict=True)
    ]
    assistant = TimedAssistant(browsing=FakeBrowsing(listed=[*episodes, VENUS]))
    async with connected(standin, assistant, tmp_path):
        newest = await standin.type_into("ask", "episode", "")
        begins = await standin.type_into("ask", "episode", "clear skies")
        misspelt = await standin.type_into("ask", "guest", "Mara Lindkvist")
        shows = await standin.type_into("ask", "show", "show")
        named = await standin.type_into("episode", "name", "comets 8")
        hostile = await standin.type_into("ask", "episode", "\u202e" + "@everyone*" * 600)
    assert len(newest) == 25
    assert newest[0] == {"name": "Show 2: Comets 89 (2089)", "value": "e89"}
    assert begins[0] == {"name": "Clear Skies Tonight: Venus (10 Sep 2023)", "value": "venus"}
    assert [each["value"] for each in misspelt] == ["Mara Lindqvist"]
    assert [each["value"] for each in shows] == ["Show 2", "Show 1", "Show 0"]
    assert {each["value"] for each in named[:5]} == {"e81", "e83", "e85", "e87", "e89"}
    assert hostile == []
    assert assistant.calls == []


async def test_while_the_notes_are_being_opened_nothing_is_offered(standin: Standin, tmp_path: Path) -> None:
    def slow_to_open() -> TimedAssistant:
        time.sleep(0.5)
        return TimedAssistant()

    async with connected(standin, slow_to_open, tmp_path):
        started = time.monotonic()
        assert await standin.type_into("ask", "episode", "v") == []
        assert time.monotonic() - started < 0.3


async def test_the_menu_of_a_message_asks_what_it_says(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talk = await standin.answered(await standin.message_menu("Ask my notes about this", "How hot is Venus?"))
        empty = await standin.answered(await standin.message_menu("Ask my notes about this", ""))
    assert "464 °C" in description(talk)
    assert "The question is empty." in empty.content
    assert assistant.calls == [("ask", "How hot is Venus?")]


# Private answers


async def test_a_private_answer_is_its_askers_alone(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin, private=True, channel=standin.thread_id)
        stranger = await pressed(standin, talk, "context", user=snowflake())
        await asked(standin, "and then?", channel=standin.thread_id)
        assert not (await asked(standin)).ephemeral
        await asked(standin, "and why?", private=True, channel=standin.thread_id)
    assert talk.ephemeral
    assert "belongs to somebody else" in stranger.content
    assert [len(history) for history in assistant.histories] == [0, 0, 0, 1]  # it leans on what was asked privately


async def test_a_late_private_answer_is_not_posted_in_the_channel(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.command("ask", seconds_ago=15 * 60 + 1, question="x", private=True)
        await standin.until(standin.direct_messages)
    assert not standin.made("POST", f"/channels/{standin.channel_id}/messages")
    assert "464 °C" in standin.direct_messages()[0]["embeds"][0]["description"]


async def test_who_asked_privately_is_told_privately(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=NOTHING)
    async with connected(standin, assistant, tmp_path) as client:
        await pressed(standin, await asked(standin, private=True), "notify")
        assistant.answer = ANSWER
        standin.fail_once("POST", "/users/@me/channels", 403)
        client.notes_changed("two")
        await asyncio.sleep(0.3)
    assert not standin.made("POST", f"/channels/{standin.channel_id}/messages")


async def test_who_asked_privately_when_the_bot_was_killed_hears_of_it_privately(
    standin: Standin, tmp_path: Path
) -> None:
    with open_store(state_path(tmp_path)) as store, store.transaction():
        place = Place(user=int(standin.user_id), channel=int(standin.channel_id), guild=1, hidden=True)
        pending.begin(store, place, time.time())
    async with connected(standin, TimedAssistant(), tmp_path):
        await standin.until(standin.direct_messages)
    assert "I was stopped before I could answer you" in standin.direct_messages()[0]["content"]
    assert not standin.made("POST", f"/channels/{standin.channel_id}/messages")


async def test_who_narrowed_the_search_is_not_offered_to_be_told(standin: Standin, tmp_path: Path) -> None:
    """It would be asked again of all of the notes."""
    async with connected(standin, TimedAssistant(answer=NOTHING), tmp_path):
        for options, offered in (({}, True), ({"show": "Clear Skies"}, False)):
            components = str((await asked(standin, **options)).shown[-1]["components"])
            assert (":notify:" in components) is offered


# Waiting


async def test_who_waits_can_cancel_and_nobody_else_can(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=0.6)
    async with connected(standin, assistant, tmp_path):
        first = await standin.command("ask", question="first")
        second = await standin.command("ask", question="second")
        await standin.until(lambda: second.shown)
        refused = await pressed(standin, second, "cancel", user=snowflake())
        custom_id = second.custom_id("cancel")
        await standin.press(second, "cancel")
        await standin.until(lambda: "🛑" in second.content)
        again = await standin.press(second, "", custom_id=custom_id)
        await standin.answered(first)
    assert "belongs to somebody else" in refused.content
    assert second.content == "🛑 Cancelled, as you asked. Nothing was kept."
    assert not second.shown[-1].get("components")
    assert again.content == "Nothing is being done there any more."
    assert [text for _, text in assistant.calls] == ["first"]


async def test_a_running_answer_is_cancelled_and_the_next_one_begins(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(seconds=60)
    async with connected(standin, assistant, tmp_path):
        talk = await standin.command("ask", question="x")
        await standin.until(lambda: talk.shown, seconds=SECONDS_WORTH_A_WORD + 1)
        assert talk.content.startswith("⏳ It is your turn: I am looking through the notes, about ")
        await standin.press(talk, "cancel")
        await standin.until(lambda: "🛑" in talk.content)
        assistant.seconds = 0.0
        assert (await asked(standin)).embed
    assert assistant.cancelled_calls == 1


async def test_an_answer_that_is_soon_there_is_the_first_thing_that_is_shown(standin: Standin, tmp_path: Path) -> None:
    """After 1.5 s a word on whose turn it is was shown, and kept the answer waiting until it might be replaced."""
    async with connected(standin, TimedAssistant(seconds=1.8), tmp_path):
        started = time.monotonic()
        talk = await asked(standin)
        assert time.monotonic() - started < 2.5
    assert len(talk.shown) == 1


async def test_what_is_found_is_shown_at_once_and_edits_are_rare(standin: Standin, tmp_path: Path) -> None:
    assistant = WritingAssistant(seconds=1.2)
    async with connected(standin, assistant, tmp_path):
        talk = await standin.command("ask", question="How hot?")
        await standin.until(lambda: talk.shown, seconds=1.0)
        evidence = talk.embed
        await standin.until(lambda: talk.shown and talk.embed["title"].startswith("✅"))
    assert evidence["title"] == "⏳ Found in your notes, not an answer yet"
    assert "“The surface is at 464 °C.” [1]" in evidence["description"]
    edits = [request.at for request in standin.made("PATCH", "@original")]
    assert len(edits) == 3
    assert all(later - earlier >= SECONDS_BETWEEN_EDITS - 0.05 for earlier, later in pairwise(edits))
    assert ":cancel:" in str(talk.shown[0]["components"])
    assert ":up:" in str(talk.shown[-1]["components"])


# Reading a long answer


async def test_a_long_answer_is_turned_page_by_page_even_after_a_restart(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=replace(LONG, searched="Venus: x"))
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin, show="Clear Skies")
        assert talk.embed["footer"]["text"] == "Page 1 of 2"
        await standin.press(talk, "next", user=snowflake())
        await standin.until(lambda: talk.embed["footer"]["text"] == "Page 2 of 2")
    assert "4: Words" in description(talk)
    assert "[4] [1:07:30](" in description(talk)
    assert "[1]" not in description(talk)
    assert len(assistant.calls) == 1
    async with connected(standin, assistant, tmp_path):
        await standin.press(talk, "back")
        await standin.until(lambda: talk.embed["footer"]["text"] == "Page 1 of 2")
        await standin.press(talk, "next")
        await standin.until(lambda: talk.embed["footer"]["text"] == "Page 2 of 2")
    assert assistant.calls[1:] == [("ask", "Venus: x")]
    assert assistant.filters[1] == [("show", "Clear Skies")]


async def test_what_is_reported_after_a_new_index_is_what_the_page_cites_now(standin: Standin, tmp_path: Path) -> None:
    """Another page comes from the notes as they are now, but the form listed what the first answer had cited."""
    assistant = TimedAssistant(answer=LONG)
    async with connected(standin, assistant, tmp_path) as client:
        client.notes_changed("one")
        talk = await asked(standin)
        client.notes_changed("two")
        moved = tuple(replace(each, note_file="moved.txt", passage_id=f"moved#{each.n}") for each in LONG.citations)
        assistant.answer = replace(LONG, citations=moved)
        await standin.press(talk, "next")
        await standin.until(lambda: talk.embed["footer"]["text"] == "Page 2 of 2")
        await eventually(lambda: "moved" in str(rows(tmp_path, "SELECT cited FROM turns")))
        press = await standin.press(talk, "report")
        await standin.until(lambda: press.form)
        await standin.told(await standin.send_form(press, talk, citation="4"))
    options = press.form["components"][0]["component"]["options"]
    assert {option["label"].split()[1] for option in options} == {"moved.txt"}
    (message,) = standin.direct_messages()
    assert "moved\\#4" in message["embeds"][0]["description"]
    assert "**Index:** two" in message["embeds"][0]["description"]


async def test_where_a_page_cites_nothing_any_more_there_is_nothing_to_report(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=LONG)
    async with connected(standin, assistant, tmp_path) as client:
        talk = await asked(standin)
        client.notes_changed("two")
        assistant.answer = NOTHING
        await standin.press(talk, "next")
        await standin.until(lambda: talk.embed["title"].startswith("🚫"))
        await eventually(lambda: rows(tmp_path, "SELECT * FROM turns WHERE cited = '[]'"))
        said = [(await pressed(standin, talk, action)).content for action in ("context", "more", "report")]
    assert said == ["The passages are no longer in the notes."] * 3


async def test_a_forged_page_is_the_last_one(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(answer=LONG), tmp_path):
        talk = await asked(standin)
        await standin.press(talk, "", custom_id=talk.custom_id("next").removesuffix(":1") + ":999")
        await standin.until(lambda: talk.embed["footer"]["text"] == "Page 2 of 2")
        short = await asked(standin)
    assert short.embed["footer"]["text"] == "Page 1 of 2"


async def test_a_long_topic_is_paged(standin: Standin, tmp_path: Path) -> None:
    point = replace(SUMMARY.points[0], text=WORDS)
    assistant = TimedAssistant(summary=replace(SUMMARY, points=(point,) * 9))
    async with connected(standin, assistant, tmp_path):
        talk = await standin.answered(await standin.command("topic", topic="heat"))
        await standin.press(talk, "next")
        await standin.until(lambda: talk.embed["footer"]["text"].startswith("Page 2 of "))
    assert description(talk).startswith("> heat\n\n**Planets**")


async def test_the_context_is_shown_to_whoever_asks_for_it(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        context = await pressed(standin, await asked(standin), "context", user=snowflake())
        assistant.browsing.found = ()
        gone = await pressed(standin, await asked(standin), "context")
    assert context.ephemeral
    titles = [embed["title"] for embed in context.shown[-1]["embeds"]]
    assert titles == ["🔍 Around [1]", "🔍 Around [2]"]
    lines = context.shown[-1]["embeds"][0]["description"].splitlines()
    assert lines[2:] == ["The clouds are thick.", "**The surface is at 464 °C.**", "Lead melts there."]
    assert gone.content == "The passages are no longer in the notes."


async def test_the_context_needs_no_model_where_the_answer_is_known(standin: Standin, tmp_path: Path) -> None:
    citation = replace(HEAT, whole="All of *it*.", before=("Before.",), after=())
    answer = replace(ANSWER, citations=(citation, BREAD))
    assistant = TimedAssistant(answer=answer)
    async with connected(standin, assistant, tmp_path):
        context = await pressed(standin, await asked(standin), "context")
    assert context.embed["description"].endswith("Before.\n**All of \\*it\\*.**")
    assert assistant.browsing.calls == []


async def test_more_from_this_episode(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant(answer=replace(CLOSEST, searched="Venus: how hot?"))
    async with connected(standin, assistant, tmp_path):
        more = await pressed(standin, await asked(standin), "more")
        assistant.browsing.found = ()
        none = await pressed(standin, await asked(standin), "more")
    assert assistant.browsing.calls[0] == ("more", "Venus: how hot?", "venus", "venus#3")
    assert "“done at 96 °C” [2]" in more.embed["description"]
    assert more.ephemeral
    assert "nothing else in your notes that comes near" in none.embed["description"]


async def test_an_answer_as_a_text_file(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(answer=LONG), tmp_path):
        press = await pressed(standin, await asked(standin), "file")
    text = press.shown[-1]["_files"]["answer.txt"].decode()
    assert press.ephemeral
    assert text.startswith("How hot is it?\n")
    assert all(f"“{n}: Words" in text for n in range(1, 9))
    assert "venus.txt:12-13" in text


async def test_what_was_forgotten_is_not_shown_again(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(answer=LONG), tmp_path):
        talk = await asked(standin)
        await pressed(standin, talk, "forget")
        for action in ("next", "context", "more", "file"):
            assert "no longer works" in (await pressed(standin, talk, action)).content
