"""Hostile text, in notes, names, questions and reasons, comes out harmless wherever the bot shows it.

What is looked at is what the bot sent: whatever is not escaped there, Discord would format, link or ping.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.notes_folder import NotesFolder
from bot.settings import Settings
from rag.types import Answer, Citation, Episode, NotCovered
from tests.bot.samples import ANSWER, CLOSEST, HEAT, NOTHING, SUMMARY, VENUS, FakeBrowsing
from tests.bot.timed_assistant import TimedAssistant
from tests.builders import FILES
from tests.integration.connecting import connected
from tests.integration.discord_objects import Conversation
from tests.integration.discord_standin import Standin, running_standin
from tests.integration.stored import asked

NOTE = FILES["bees.txt"].encode()
SOMEBODY = "123456789012345678"
PINGS = (
    f"<t:1:R> @everyone @here <@{SOMEBODY}> <@!{SOMEBODY}> <@&{SOMEBODY}> <#{SOMEBODY}> </ask:{SOMEBODY}> <id:guide>"
)
LINKS = (
    "[click](https://evil.example) [a\\](https://evil.example) ](https://evil.example) <https://evil.example> "
    "https://evil.example [x](<https://evil.example>) [\u200b](https://evil.example)"
)
INVITES = "discord.gg/evil https://discord.gg/evil Discord.com/invite/evil discordapp.com/invite/evil"
MARKDOWN = (
    "**b** __u__ ~~s~~ ||spoiler|| `c` \\*\\* ```\nfence\n# Heading\n-# small\n> quote\n>>> more\n- item\n1. item"
)
INVISIBLE = (
    "\x1b[31m\x00 zero\u200bwidth\u200c\u2060\ufeff \u202egnp.exe\u202c \u2066isolated\u2069 \u00ad\u3164 \U000e0041"
)
KINDS = {"pings": PINGS, "links": LINKS, "invites": INVITES, "markdown": MARKDOWN, "invisible": INVISIBLE}

LIVE = {
    "a ping": r"@(?:everyone|here)",
    "a mention": rf"<[@#:/a-z][^>]*{SOMEBODY}|<id:|<t:1:R>",
    "an address": r"https?://evil",
    "a masked link": r"\]\(",
    "an invitation": r"discord\.gg/|discord(?:app)?\.com/invite",
    "a spoiler": r"\|\|",
    "bold or a line below": r"\*\*b\*\*|__u__|~~s~~",
    "code": r"`c`|```",
    "a heading": r"(?m)^\s*(?:-?#+|>+) (?:Heading|small|quote|more)",
    "something invisible": "[\u200c\u2060\ufeff\u202a-\u202e\u2066-\u2069\u00ad\u3164\U000e0041\x00\x1b]|(?<!@)\u200b",
}


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def citation(hostile: str, n: int = 1) -> Citation:
    named = replace(HEAT, show=hostile, episode=hostile, note_file=hostile, url="javascript:alert(1)")
    return replace(named, n=n, display=hostile, quote=hostile)


def episode(hostile: str, name: str = "e") -> Episode:
    urls = ("javascript:alert(1)", "https://example.org/a)[x](https://evil.example)")
    entry = replace(VENUS.entries[0], note_file=hostile, title=hostile)
    return replace(VENUS, id=name, show=hostile, title=hostile, guests=(hostile,), urls=urls, entries=(entry,))


def spoilt(result: Answer | NotCovered, hostile: str) -> Answer | NotCovered:
    """The same with hostile text in every place that comes from notes, from questions or from a model."""
    if isinstance(result, NotCovered):
        found = tuple(citation(hostile, each.n) for each in result.closest)
        words = ("evil", hostile) if result.absent_words else ()
        return replace(result, question=hostile, searched=hostile, closest=found, absent_words=words)
    citations = tuple(citation(hostile, each.n) for each in result.citations)
    sentences = tuple(replace(each, text=hostile) for each in result.sentences)
    return replace(result, question=hostile, searched=hostile, sentences=sentences, citations=citations)


@pytest.fixture
def assistant(hostile: str) -> TimedAssistant:
    episodes = [episode(hostile, f"e{n}") for n in range(30)]
    points = tuple(replace(each, text=hostile, theme=hostile) for each in SUMMARY.points)
    citations = (citation(hostile), citation(hostile, 2))
    summary = replace(SUMMARY, topic=hostile, points=points, citations=citations, episodes=tuple(episodes))
    browsing = FakeBrowsing(listed=episodes, found=(citation(hostile),))
    return TimedAssistant(answer=spoilt(ANSWER, hostile), summary=summary, browsing=browsing)


def texts(value: Any, key: str = "") -> Iterator[str]:
    """All that Discord would format in what the bot sent."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, key)
    elif isinstance(value, str) and key in ("content", "title", "description", "name", "value", "text"):
        yield value


def plain(text: str) -> str:
    """What is left to format once what is escaped, and the bot's own links, are taken away."""
    left = re.sub(r"\\[^0-9A-Za-z\s]", "", text)
    return re.sub(r"\]\((https://(?:example\.org|discord\.com/channels)/[^)\s]*)\)", "", left)


def harmless(standin: Standin) -> None:
    """Nothing that the bot sent does anything; the only links are its own."""
    sent = [r for r in standin.requests if r.method in ("POST", "PATCH") and isinstance(r.body, dict)]
    assert len(sent) > 1
    for request in sent:
        described = {key: value for key, value in request.body.items() if key not in ("_files", "data")}
        described |= {"data": {k: v for k, v in (request.body.get("data") or {}).items() if k != "choices"}}
        for text in texts(described):
            for what, pattern in LIVE.items():
                assert not re.search(pattern, plain(text), re.IGNORECASE), f"{what} in {request.path}: {text!r}"


async def shown(standin: Standin, press: Conversation) -> Conversation:
    await standin.until(lambda: press.shown or press.form or press.stays)
    return press


async def test_in_answers_and_all_that_their_buttons_show(
    standin: Standin, tmp_path: Path, assistant: TimedAssistant, hostile: str
) -> None:
    async with connected(standin, assistant, tmp_path):
        await standin.answered(await standin.message(f"<@{standin.bot_id}> {hostile}"))
        for result in (ANSWER, CLOSEST, NOTHING):
            assistant.answer = spoilt(result, hostile)
            talk = await asked(standin, hostile)
            for button in ("context", "more"):
                if f":{button}:" in json.dumps(talk.shown[-1]):
                    await shown(standin, await standin.press(talk, button))
    harmless(standin)


async def test_in_topics_lists_episodes_quotes_and_about(
    standin: Standin, tmp_path: Path, assistant: TimedAssistant, hostile: str
) -> None:
    async with connected(standin, assistant, tmp_path):
        commands: tuple[tuple[str, dict[str, Any]], ...] = (
            ("topic", {"topic": hostile}),
            ("episodes", {}),
            ("episodes", {"filter": hostile}),
            ("episode", {"name": "e1"}),
            ("episode", {"name": hostile}),
            ("quote", {"topic": hostile}),
            ("about", {}),
            ("help", {}),
        )
        for command, options in commands:
            await standin.answered(await standin.command(command, **options))
        offered = [await standin.type_into("ask", option, "") for option in ("episode", "show", "guest")]
    harmless(standin)
    assert all(offered)
    for choice in (choice for choices in offered for choice in choices):
        assert not re.search(LIVE["something invisible"], choice["name"])  # all else is shown there as it is
        assert len(choice["name"]) <= 100


async def test_in_what_the_owner_is_shown(
    standin: Standin, tmp_path: Path, assistant: TimedAssistant, hostile: str
) -> None:
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin, hostile)
        for button in ("down", "report"):
            press = await shown(standin, await standin.press(talk, button))
            await standin.told(await standin.send_form(press, talk, citation="1", reason=hostile))
        await standin.until(standin.direct_messages)
        assistant.answer = spoilt(CLOSEST, hostile)
        await asked(standin, hostile)
        for command in ("gaps", "feedback", "status"):
            await shown(standin, await standin.command(f"footnote {command}"))
    harmless(standin)


async def test_in_the_message_to_whoever_waited(
    standin: Standin, tmp_path: Path, assistant: TimedAssistant, hostile: str
) -> None:
    assistant.answer = replace(NOTHING, question=hostile, searched=hostile)
    async with connected(standin, assistant, tmp_path) as client:
        client.notes_changed("one")
        talk = await asked(standin, hostile)
        await standin.told(await standin.press(talk, "notify"))
        assistant.answer = spoilt(ANSWER, hostile)
        client.notes_changed("two")
        await standin.until(standin.direct_messages)
    harmless(standin)


async def test_in_what_forged_buttons_say(
    standin: Standin, tmp_path: Path, assistant: TimedAssistant, hostile: str
) -> None:
    async with connected(standin, assistant, tmp_path):
        talk = await asked(standin)
        for custom_id in (hostile[:100], f"footnote:up:{hostile[:16]}", f"footnote:list:0:show:{hostile[:36]}"):
            await shown(standin, await standin.press(talk, "", custom_id=custom_id))
        await asked(standin)
    harmless(standin)


# Files that are sent


async def said(standin: Standin, command: str, **options: Any) -> str:
    return await standin.told(await standin.command(f"footnote notes {command}", **options))


async def test_in_the_names_of_files_that_are_sent(standin: Standin, tmp_path: Path, hostile: str) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    plain_name = re.sub(r"[/\\\x00-\x1f]", "", hostile)[:80]
    (notes / f"{plain_name}.txt").write_bytes(NOTE)
    async with connected(standin, TimedAssistant(), tmp_path / "data") as client:
        client.owner.notes = NotesFolder(Settings(notes=notes, data=tmp_path / "data"))
        for name in (f"{hostile}.txt", f"{plain_name}.txt", f"{plain_name}.exe"):
            await said(standin, "add", file=standin.file(name, NOTE))
        await said(standin, "remove", name=hostile)
        await standin.answered(await standin.command("footnote notes list"))
    harmless(standin)


def archive(name: str, data: bytes) -> bytes:
    """A zip archive with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        archive("bomb.txt", b"\0" * 10_000_000),
        archive("inner.zip", archive("bomb.txt", b"\0" * 10_000_000)),
        archive("../../up.txt", NOTE),
        archive("/etc/up.txt", NOTE),
    ],
    ids=["bomb", "bomb in an archive", "leads out", "leads to the root"],
)
async def test_an_archive_that_would_do_harm_is_refused_with_a_sentence(
    standin: Standin, tmp_path: Path, data: bytes
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    async with connected(standin, TimedAssistant(), tmp_path / "data") as client:
        client.owner.notes = NotesFolder(Settings(notes=notes, data=tmp_path / "data"))
        told = await said(standin, "add", file=standin.file("notes.zip", data))
    assert told.startswith("⚠️")
    assert list(notes.iterdir()) == []
    assert not list(tmp_path.parent.glob("up.txt"))
