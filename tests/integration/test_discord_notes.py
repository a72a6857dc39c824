"""`/footnote notes …`: files that are sent, taken away and listed, by those who may."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.notes_folder import NotesFolder
from bot.settings import Settings
from bot.uploads import LARGEST
from tests.bot.notes import FakeNotes
from tests.bot.samples import LOAF, FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.builders import FILES
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation, snowflake
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import eventually

MANAGE_GUILD = 1 << 5
NOTE = FILES["bees.txt"].encode()


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


def manager(standin: Standin) -> str:
    user = snowflake()
    standin.permissions[user] = MANAGE_GUILD
    return user


async def said(standin: Standin, command: str, /, **options: Any) -> str:
    return await standin.told(await standin.command(f"footnote notes {command}", **options))


async def finished(standin: Standin, command: str, words: str, /, **options: Any) -> Conversation:
    talk = await standin.command(f"footnote notes {command}", **options)
    await standin.until(lambda: talk.shown and words in talk.content)
    return talk


async def listed(standin: Standin, **options: Any) -> Conversation:
    return await standin.answered(await standin.command("footnote notes list", **options))


async def test_a_file_is_added_read_and_removed_in_the_real_folder(standin: Standin, tmp_path: Path) -> None:
    assistant, read = TimedAssistant(), list[str]()
    (tmp_path / "notes").mkdir()
    async with connected(standin, assistant, tmp_path / "data") as client:
        client.owner.notes = NotesFolder(Settings(notes=tmp_path / "notes", data=tmp_path / "data"))

        def reread(_collection: str | None) -> None:
            read.extend(path.name for path in (tmp_path / "notes").iterdir())
            assistant.browsing = FakeBrowsing(listed=[LOAF])

        client.owner.reread = reread
        talk = await finished(standin, "add", "Gone", file=standin.file("bees.txt", NOTE))
        assert talk.content.splitlines()[0] == "📥 Added bees.txt. I am reading it now."
        assert talk.ephemeral
        assert "There is a bees.txt already" in await said(standin, "add", file=standin.file("bees.txt", NOTE + b"x"))
        assert "• bees.txt · 0.2 kB · <t:" in (await listed(standin)).embed["description"]
        offered = await standin.type_into("footnote notes remove", "name", "be")
        assert [each["value"] for each in offered] == ["bees.txt"]
        gone = await finished(standin, "remove", "no longer among the notes", name="bees.txt")
        assert str(tmp_path / "data") in gone.contents()[0]
        await eventually(lambda: not client.owner._reading.locked())
    assert read == ["bees.txt"]
    assert list((tmp_path / "notes").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "size", "why"),
    [
        ("../../bees.txt", NOTE, None, "cannot be called that"),
        ("bees.exe", NOTE, None, "are not read as notes"),
        ("@everyone.txt", b"", None, "was not added"),
        ("bees.txt", NOTE, LARGEST + 1, "more than 20 MB"),
        ("bees.txt", NOTE + b" " * LARGEST, 10, "more than 20 MB"),
        ("bees.zip", b"PK no archive", None, "damaged"),
    ],
)
async def test_what_is_no_note_is_refused_with_a_sentence_and_nothing_lands_in_the_notes(
    standin: Standin, tmp_path: Path, name: str, data: bytes, size: int | None, why: str
) -> None:
    (tmp_path / "notes").mkdir()
    async with connected(standin, TimedAssistant(), tmp_path / "data") as client:
        client.owner.notes = NotesFolder(Settings(notes=tmp_path / "notes", data=tmp_path / "data"))
        told = await said(standin, "add", file=standin.file(name, data, size=size))
    assert why in told
    assert told.startswith("⚠️")
    assert list((tmp_path / "notes").iterdir()) == []


async def test_a_file_that_discord_does_not_hand_out_is_a_sentence(standin: Standin, tmp_path: Path) -> None:
    notes = FakeNotes()
    async with connected(standin, TimedAssistant(), tmp_path) as client:
        client.owner.notes = notes
        assert "did not hand me the file" in await said(standin, "add", file=standin.file("bees.txt", None, size=9))
        assert "Added" in await said(standin, "add", file=standin.file("bees.txt", NOTE))
    assert notes.files == {None: {"bees.txt": NOTE}}


async def test_a_manager_changes_the_notes_of_their_own_server_alone(standin: Standin, tmp_path: Path) -> None:
    notes, other, elsewhere = FakeNotes(["quartz", "walnut"]), manager(standin), standin.other_server()
    notes.files = {"walnut": {"secret.txt": NOTE}, None: {"mine.txt": NOTE}}
    whole, quartz, walnut = TimedAssistant(), TimedAssistant(), TimedAssistant()
    whole.kept_apart = {"quartz": quartz, "walnut": walnut}
    async with connected(standin, whole, tmp_path) as client:
        client.owner.notes = notes
        for command, options in (("add", {"file": standin.file("bees.txt", NOTE)}), ("remove", {"name": "mine.txt"})):
            assert "only my owner changes those" in await said(standin, command, user=other, **options)
        assert "only my owner" in await said(standin, "list", user=other)
        assert await standin.type_into("footnote notes remove", "name", "", user=other) == []
        for name, channel in (("quartz", ""), ("walnut", elsewhere)):
            await standin.answered(await standin.command("footnote settings", notes=name, channel=channel))
        assert "(quartz)" in await said(standin, "add", file=standin.file("bees.txt", NOTE), user=other)
        assert "no such note" in await said(standin, "remove", name="secret.txt", user=other)
        page = (await listed(standin, user=other)).embed
        assert "bees.txt" in page["description"]
        assert "secret" not in json.dumps(page)
        removed = await said(standin, "remove", name="bees.txt", user=other)
        assert "/kept/" not in removed  # files of the machine are the owner's to know
    assert notes.files == {"quartz": {}, "walnut": {"secret.txt": NOTE}, None: {"mine.txt": NOTE}}


@pytest.mark.parametrize("command", ["add", "remove", "list"])
async def test_who_has_no_right_changes_and_sees_nothing(standin: Standin, tmp_path: Path, command: str) -> None:
    notes, stranger = FakeNotes(files={None: {"mine.txt": NOTE}}), snowflake()
    sent: dict[str, dict[str, Any]] = {
        "add": {"file": standin.file("x.txt", NOTE)},
        "remove": {"name": "mine.txt"},
        "list": {},
    }
    async with connected(standin, TimedAssistant(), tmp_path) as client:
        client.owner.notes = notes
        assert (await said(standin, command, user=stranger, **sent[command])).startswith("🔒")
        assert await standin.type_into("footnote notes remove", "name", "", user=stranger) == []
    assert notes.files == {None: {"mine.txt": NOTE}}


async def test_a_long_list_has_pages_that_only_those_can_turn_who_may(standin: Standin, tmp_path: Path) -> None:
    """Anybody can send any custom_id."""
    notes = FakeNotes(files={None: {f"note {n:03}.txt": NOTE for n in range(200)}})
    stranger, other = snowflake(), manager(standin)
    async with connected(standin, TimedAssistant(), tmp_path) as client:
        client.owner.notes = notes
        talk = await listed(standin)
        first = talk.embed["description"]
        assert "note 000.txt" in first
        assert "note 199.txt" not in first
        forged = "footnote:own:notes:1"
        assert talk.custom_id("own").startswith("footnote:own:notes:")
        refused = await standin.press(talk, "", custom_id=forged, user=stranger)
        assert "belongs to somebody else" in await standin.told(refused)
        refused = await standin.press(talk, "", custom_id=forged, user=other)
        assert "only my owner" in await standin.told(refused)
        assert talk.embed["description"] == first
        await standin.press(talk, "", custom_id=forged)
        await standin.until(lambda: talk.embed["description"] != first)
        assert "Page 2 of" in talk.embed["footer"]["text"]
        await standin.press(talk, "", custom_id="footnote:own:notes:9999")
        await standin.until(lambda: "note 199.txt" in talk.embed["description"])
