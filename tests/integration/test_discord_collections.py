"""Servers with notes of their own: nothing of one reaches another, and what is set for nobody is nobody's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.notes_folder import NotesFolder
from bot.settings import Settings
from bot.state.store import open_store, state_path
from rag.collection import are_apart, keep_indexed
from rag.map_types import News, Row
from tests.bot.notes import FakeNotes
from tests.bot.samples import (
    ANSWER,
    CLOSEST,
    COMPARISON,
    DIGEST,
    HEAT,
    SUBJECTS,
    SUMMARY,
    VENUS,
    FakeBrowsing,
    FakeSurveying,
)
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import ChannelId, Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked, eventually, rows

MANAGE_GUILD = 1 << 5
NO_NOTES = "⚠️ No notes are meant for here."


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def assistant_of(word: str) -> TimedAssistant:
    """An assistant that has its word in everything it gives back."""
    cited = replace(HEAT, show=f"The {word} Hour", note_file=f"{word}.txt", quote=word, display=f"{word} is hot.")
    episode = replace(VENUS, id=word.lower(), show=f"The {word} Hour", title=f"About {word}", guests=(f"{word} Ray",))
    sentence = replace(ANSWER.sentences[0], text=f"{word} is hot.", citations=(1,))
    return TimedAssistant(
        answer=replace(ANSWER, sentences=(sentence,), citations=(cited,)),
        summary=replace(SUMMARY, points=(replace(SUMMARY.points[0], text=f"{word}!"),), citations=(cited,)),
        browsing=FakeBrowsing(listed=(episode,), found=(cited, replace(cited, passage_id="other"))),
        surveying=FakeSurveying(
            listed=(replace(SUBJECTS[0], name=f"{word} topic"),),
            compared=replace(
                COMPARISON,
                left=replace(COMPARISON.left, label=word, episodes=(episode,)),
                right=replace(COMPARISON.right, label=word, episodes=(episode,)),
                rows=(Row(theme=word, left=(1,)),),
                citations=(cited,),
            ),
            news=replace(DIGEST, episodes=(News(episode=episode, points=(1,), added=None),), citations=(cited,)),
        ),
        listed=(episode,),
    )


class House:
    """All notes and two collections, of which each server gets one."""

    def __init__(self) -> None:
        self.quartz, self.walnut = assistant_of("Quartz"), assistant_of("Walnut")
        self.all = assistant_of("Everything")
        self.all.kept_apart = {"quartz": self.quartz, "walnut": self.walnut}
        self.notes = FakeNotes(["quartz", "walnut"])


async def set_notes(standin: Standin, name: str, **more: Any) -> Conversation:
    talk = await standin.command("footnote settings", notes=name, **more)
    return await standin.answered(talk)


def seen(*talks: Conversation) -> str:
    """All that was ever shown in these."""
    return json.dumps([[talk.shown, talk.offered] for talk in talks], default=str)


async def everything(
    standin: Standin, assistant: TimedAssistant, word: str, channel: str, manager: str
) -> list[Conversation]:
    """What one can do on a server, with a word of its own in each question."""
    talks = [await asked(standin, f"What of {word}?", channel=channel)]
    for press in ("context", "more", "file"):
        pressed = await standin.press(talks[0], press)
        await standin.until(lambda pressed=pressed: pressed.shown)  # type: ignore[misc]
        talks.append(pressed)
    await standin.told(await standin.press(talks[0], "up"))
    covered = assistant.answer
    assistant.answer = replace(CLOSEST, closest=(), question=f"Who hid the {word}?")
    talks.append(await asked(standin, f"Who hid the {word}?", channel=channel))
    assistant.answer = covered
    for command, options in (
        ("topic", {"topic": word}),
        ("episodes", {}),
        ("episode", {"name": "About"}),
        ("quote", {"topic": ""}),
        ("about", {}),
        ("topics", {}),
        ("compare", {"one": word, "other": "x"}),
        ("digest", {}),
        ("footnote gaps", {"user": manager}),
        ("footnote feedback", {"user": manager}),
        ("footnote status", {"user": manager}),
        ("footnote notes list", {"user": manager}),
    ):
        talk = await standin.command(command, channel=channel, **options)  # type: ignore[arg-type]
        await standin.answered(talk)
        talks.append(talk)
    return talks


async def test_nothing_of_one_server_reaches_another(standin: Standin, tmp_path: Path) -> None:
    house, elsewhere, manager = House(), standin.other_server(), snowflake()
    standin.permissions[manager] = MANAGE_GUILD
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        assert "the collection quartz" in (await set_notes(standin, "quartz")).embed["description"]
        await set_notes(standin, "walnut", channel=elsewhere)
        await eventually(lambda: client.catalogue._known.keys() >= {"quartz", "walnut"})
        here = await everything(standin, house.quartz, "alpha", "", manager)
        there = await everything(standin, house.walnut, "beta", elsewhere, manager)
        offered = {
            channel: json.dumps(
                [await standin.type_into("ask", name, "", channel=channel) for name in ("show", "guest", "episode")]
            )
            for channel in ("", elsewhere)
        }
        mention = await standin.answered(await standin.message(f"<@{standin.bot_id}> What of gamma?"))
    for shown in (seen(*here, mention), offered[""]):
        assert "Quartz" in shown
        assert not any(word in shown for word in ("Walnut", "Everything", "walnut", "beta"))
    for shown in (seen(*there), offered[elsewhere]):
        assert "Walnut" in shown
        assert not any(word in shown for word in ("Quartz", "Everything", "quartz", "alpha"))
    assert "Who hid the alpha?" in seen(*here)
    assert "Who hid the beta?" in seen(*there)
    assert house.all.calls == house.all.browsing.calls == []
    assert {call[0] for call in house.all.surveying.calls} <= {"subjects"}  # what is offered to the owner while typing
    assert house.notes.kept == {"quartz", "walnut"}


async def test_one_server_s_answer_is_never_given_to_another_that_asks_the_same(
    standin: Standin, tmp_path: Path
) -> None:
    house, elsewhere = House(), standin.other_server()
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        await set_notes(standin, "quartz")
        await set_notes(standin, "walnut", channel=elsewhere)
        for assistant in (house.quartz, house.walnut):
            assistant.seconds = 0.3
        talks = [await standin.command("ask", question="The same?", channel=where) for where in ("", elsewhere)]
        shown = [seen(await standin.answered(talk)) for talk in talks]
        again = [seen(await asked(standin, "The same?", channel=where)) for where in ("", elsewhere)]
    for here, there in (shown, again):
        assert "Quartz" in here
        assert "Walnut" in there
        assert "Walnut" not in here
        assert "Quartz" not in there


async def test_a_channel_has_other_notes_than_its_server_and_its_threads_the_same(
    standin: Standin, tmp_path: Path
) -> None:
    house = House()
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        await set_notes(standin, "quartz")
        await set_notes(standin, "walnut", channel=ChannelId(standin.channel_id))
        assert "Walnut" in seen(await asked(standin))
        assert "Walnut" in seen(await asked(standin, channel=standin.thread_id))
        await set_notes(standin, "all", channel=ChannelId(standin.thread_id))
        assert "Everything" in seen(await asked(standin, channel=standin.thread_id))
        await set_notes(standin, "off", channel=ChannelId(standin.channel_id))
        assert "Quartz" in seen(await asked(standin))


async def test_once_any_notes_are_set_what_is_not_set_gets_none(standin: Standin, tmp_path: Path) -> None:
    house, elsewhere, stranger = House(), standin.other_server(), snowflake()
    direct = standin.direct_channel(stranger)
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        assert "Everything" in seen(await asked(standin, channel=elsewhere))
        await set_notes(standin, "quartz")
        nobodys: tuple[dict[str, Any], ...] = ({"channel": elsewhere}, {"channel": direct, "user": stranger})
        for where in nobodys:
            talk = await asked(standin, **where)
            assert talk.content.startswith(NO_NOTES)
            for command in ("episodes", "quote", "about"):
                shown = await standin.answered(await standin.command(command, **where))
                assert shown.content.startswith(NO_NOTES)
            assert await standin.type_into("ask", "show", "", **where) == []
        assert "Everything" in seen(await asked(standin, channel=standin.direct_channel()))  # the owner
        await set_notes(standin, "all", channel=elsewhere)
        assert "Everything" in seen(await asked(standin, channel=elsewhere))
        await set_notes(standin, "off", channel=elsewhere)
        await set_notes(standin, "off")
        assert "Everything" in seen(await asked(standin, channel=direct, user=stranger))
    assert house.notes.kept == set()


async def test_whose_notes_are_whose_survives_a_restart_and_a_memory_that_is_gone(
    standin: Standin, tmp_path: Path
) -> None:
    house = House()
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        await set_notes(standin, "quartz")
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        assert "Quartz" in seen(await asked(standin))
        await eventually(lambda: house.notes.kept == {"quartz"})
    assert house.notes.apart
    keep_indexed(tmp_path, [], apart=True)  # as the real folder does
    state_path(tmp_path).write_bytes(b"no database at all" * 1000)
    async with connected(standin, house.all, tmp_path):
        assert (await asked(standin)).content.startswith(NO_NOTES)
    assert house.all.calls == []


async def test_only_the_owner_says_whose_notes_are_whose_and_learns_what_there_is(
    standin: Standin, tmp_path: Path
) -> None:
    house, manager = House(), snowflake()
    standin.permissions[manager] = MANAGE_GUILD
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        talk = await standin.command("footnote settings", notes="walnut", user=manager)
        assert (await standin.told(talk)).endswith("Nothing was set.")
        assert await standin.type_into("footnote settings", "notes", "", user=manager) == []
        offered = await standin.type_into("footnote settings", "notes", "l")
        assert [each["name"] for each in offered] == ["all", "walnut"]
        assert "Everything" in seen(await asked(standin))
        assert "new and empty" in (await set_notes(standin, "Garden")).content
    assert house.notes.made == ["Garden"]


async def test_who_waits_is_told_from_the_notes_of_where_they_asked(standin: Standin, tmp_path: Path) -> None:
    """A private question was kept without its server, and would have been asked of the notes for direct messages."""
    house = House()
    covered = house.quartz.answer
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        await set_notes(standin, "quartz")
        for private in (True, False):
            house.quartz.answer = replace(CLOSEST, closest=(), question=f"Where is it, {private}?")
            talk = await asked(standin, house.quartz.answer.question, private=private)
            await standin.told(await standin.press(talk, "notify"))
        house.quartz.answer = covered
        client.notes_changed("the next")
        await standin.until(lambda: len(standin.direct_messages()) == 2)
    assert house.all.calls == house.walnut.calls == []
    assert all("Quartz" in json.dumps(message) for message in standin.direct_messages())


async def test_an_old_button_finds_its_answer_in_the_notes_of_where_it_stands(standin: Standin, tmp_path: Path) -> None:
    house = House()
    async with connected(standin, house.all, tmp_path) as client:
        client.owner.notes = house.notes
        await set_notes(standin, "quartz")
        talk = await asked(standin, "Which?")
    async with connected(standin, house.all, tmp_path):
        pressed = await standin.press(talk, "file")
        await standin.until(lambda: pressed.shown)
    assert "Quartz" in json.dumps(pressed.shown, default=str)
    assert house.all.calls == []
    assert [row["server"] for row in rows(tmp_path, "SELECT server FROM turns")] == [int(standin.guild_id)]
    with open_store(state_path(tmp_path)) as store:
        assert store.version() == 2


@pytest.mark.parametrize("lost", ["deleted", "older"])
async def test_a_memory_that_was_lost_opens_nobody_s_notes(standin: Standin, tmp_path: Path, lost: str) -> None:
    """The start took away what tells that notes are set apart, and then everybody was answered from all of them."""
    house, elsewhere, stranger = House(), standin.other_server(), snowflake()
    direct = standin.direct_channel(stranger)
    (tmp_path / "notes" / "quartz").mkdir(parents=True)
    data = tmp_path / "data"
    real = NotesFolder(Settings(notes=tmp_path / "notes", data=data))
    async with connected(standin, house.all, data) as client:
        client.owner.notes = real
        await set_notes(standin, "quartz")
    for path in state_path(data).parent.glob("*"):
        path.unlink()
    if lost == "older":
        open_store(state_path(data)).close()
    for _ in range(2):
        async with connected(standin, house.all, data) as client:
            client.owner.notes = real
            await client.desk.settings.keep_at_start()
            for where in ({}, {"channel": elsewhere}, {"channel": direct, "user": stranger}):
                assert (await asked(standin, **where)).content.startswith(NO_NOTES)
        assert are_apart(data)
    async with connected(standin, house.all, data) as client:
        client.owner.notes = real
        await set_notes(standin, "off")
        assert "Everything" in seen(await asked(standin, channel=elsewhere))
    assert not are_apart(data)
