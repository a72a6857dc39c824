"""Everybody is spoken to in the language of their Discord, or of their server, and commands have names in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.child.wire import error_of, error_told
from bot.language import _, speaking
from rag.choices import NO_SUCH
from rag.errors import QuestionError
from rag.phrase import Phrase
from rag.types import Sentence
from tests.bot.samples import ANSWER, CLOSEST, VENUS, FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin

LONG = replace(ANSWER, sentences=tuple(Sentence(text=f"{n}: {'Words. ' * 150}", citations=(1,)) for n in range(9)))
GERMAN, ENGLISH = "✅ Aus deinen Notizen", "✅ From your notes"
NO_SHOW = QuestionError(NO_SUCH["show"].format(typed="x"), remedy=Phrase("Did you mean {names}?").format(names="y"))


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def labels(talk: Conversation) -> list[str]:
    shown = (button for row in talk.shown[-1]["components"] for button in row["components"])
    return [button["label"] for button in shown if button.get("label")]


async def test_everybody_is_answered_in_the_language_of_their_discord(standin: Standin, tmp_path: Path) -> None:
    """At the same time, too: one task's language is no other's."""
    german, french = snowflake(), snowflake()
    standin.locales = {german: "de", french: "fr"}
    async with connected(standin, TimedAssistant(), tmp_path):
        asked = [await standin.command("ask", question=user or "x", user=user) for user in (german, french, "")]
        titles = [(await standin.answered(talk)).embed["title"] for talk in asked]
        press = await standin.press(asked[0], "up", user=german)
        other = await standin.press(asked[0], "down")
        await standin.until(lambda: press.shown and other.form)
    assert titles == [GERMAN, ENGLISH, ENGLISH]
    assert "Falscher Beleg" in labels(asked[0])
    assert "Wrong citation" in labels(asked[2])
    assert press.content == "Danke. Deine Stimme ist gezählt."
    assert other.form["title"] == "What was wrong?"


async def test_a_page_stays_in_the_language_of_the_first_whoever_turns_it(standin: Standin, tmp_path: Path) -> None:
    """It changed into that of whoever pressed the button, in the middle of somebody else's answer."""
    german = snowflake()
    standin.locales = {german: "de"}
    many = FakeBrowsing(listed=[replace(VENUS, id=str(n), title=f"T {n}") for n in range(40)])
    assistant = TimedAssistant(answer=LONG, browsing=many)
    async with connected(standin, assistant, tmp_path):
        answer = await standin.answered(await standin.command("ask", question="x", user=german))
        episodes = await standin.answered(await standin.command("episodes", user=german))
        await standin.press(answer, "next")
        await standin.press(episodes, "", custom_id=episodes.shown[-1]["components"][0]["components"][1]["custom_id"])
        await standin.until(lambda: len(answer.shown) == len(episodes.shown) == 2)
        refused = await standin.press(answer, "forget")
        assert (await standin.told(refused)).startswith("This answer belongs to somebody else"), "who pressed is told"
    assert answer.embed["footer"]["text"] == "Seite 2 von 2"
    assert episodes.embed["footer"]["text"].startswith("Seite 2 von ")
    assert labels(answer)[:2] == labels(episodes)[:2] == ["Zurück", "Weiter"]


async def test_the_owner_hears_of_a_wrong_citation_in_their_own_language(standin: Standin, tmp_path: Path) -> None:
    """It reached them in the language of whoever reported it."""
    german = snowflake()
    standin.locales = {german: "de"}
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await standin.answered(await standin.command("ask", question="x", user=german))
        press = await standin.press(talk, "report", user=german)
        await standin.until(lambda: press.form)
        said = await standin.told(await standin.send_form(press, talk, citation="1"))
    (message,) = standin.direct_messages()
    assert message["embeds"][0]["title"] == "🚩 A citation was reported as wrong"
    assert said.startswith("Danke.")


@pytest.mark.parametrize(("server", "title"), [("de", GERMAN), ("en-US", ENGLISH), ("fr", ENGLISH)])
async def test_a_message_is_answered_in_the_language_of_its_server(
    standin: Standin, tmp_path: Path, server: str, title: str
) -> None:
    standin.server_locale = server
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await standin.answered(await standin.message(f"<@{standin.bot_id}> x"))
    assert talk.embed["title"] == title


async def test_a_server_that_has_set_nothing_is_answered_as_the_owner_has_set(standin: Standin, tmp_path: Path) -> None:
    """Discord says of such a server that it is American."""
    with speaking("de"):
        async with connected(standin, TimedAssistant(), tmp_path):
            talk = await standin.answered(await standin.message(f"<@{standin.bot_id}> x"))
            command = await standin.answered(await standin.command("ask", question="y"))
    assert (talk.embed["title"], command.embed["title"]) == (GERMAN, ENGLISH)


async def test_errors_and_refusals_speak_it_too(standin: Standin, tmp_path: Path) -> None:
    standin.locales = {standin.user_id: "de"}
    assistant = TimedAssistant(answer=CLOSEST)
    async with connected(standin, assistant, tmp_path):
        closest = await standin.answered(await standin.command("ask", question="How hot is Pluto?"))
        assistant.error = NO_SHOW
        wrong = await standin.answered(await standin.command("ask", question="x", show="x"))
        empty = await standin.answered(await standin.command("ask", question=" "))
    assert closest.embed["title"] == "🔎 Keine klare Antwort, aber das kommt nahe"
    assert "Wörter, die nirgends in deinen Notizen vorkommen: pluto, dwarf" in closest.embed["description"]
    assert wrong.content == "⚠️ In deinen Notizen gibt es keinen Podcast „x“. Meinst du y?"
    assert empty.content.startswith("⚠️ Die Frage ist leer.")


def test_an_error_of_another_process_speaks_it_too() -> None:
    there = error_of(error_told(NO_SHOW))
    assert isinstance(there, QuestionError)
    assert str(there) == str(NO_SHOW) == "There is no show “x” in your notes. Did you mean y?"
    with speaking("de"):
        assert _(there.message) == "In deinen Notizen gibt es keinen Podcast „x“."


async def test_commands_have_names_in_every_language_and_one_each(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        pass
    by_name = {command["name"]: command for command in standin.commands}
    ask = by_name["ask"]
    assert ask["name_localizations"] == {"de": "frag"}
    assert ask["description_localizations"]["de"].startswith("Stell deinen Podcast-Notizen")
    assert [option["name_localizations"]["de"] for option in ask["options"]][:2] == ["frage", "folge"]
    assert by_name["Ask my notes about this"]["name_localizations"] == {"de": "Frag meine Notizen dazu"}
    assert all(command["description_localizations"]["de"] for command in standin.commands if command["description"])
    assert one_each(standin.commands)


def one_each(options: list[dict[str, Any]]) -> bool:
    """Whether no two of a level are called the same in German."""
    called = [(each.get("type", 1), (each.get("name_localizations") or {}).get("de", each["name"])) for each in options]
    inside = (each["options"] for each in options if each.get("options"))
    return len({name.casefold() for _kind, name in called}) == len(called) and all(map(one_each, inside))
