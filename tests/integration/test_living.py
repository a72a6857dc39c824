"""A conversation that goes on while its notes change: real models, real index, the build in another process."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from bot.commands.index import update
from bot.settings import Settings
from bot.terminal.chat import OwnedAssistant
from bot.watch import kept_up
from rag.build import current_build, drop_index
from rag.errors import IndexMissing
from rag.protocols import Assistant, Cancelled
from rag.topics.subject_store import FILE, are_found
from rag.types import Answer
from tests.builders import on_disk
from tests.conftest import KNOWLEDGE

pytestmark = pytest.mark.models
WAIT = 120.0  # on a quiet machine it takes about ten seconds
QUESTION = "how many hinges does the wooden gate of Ostrava have"
GATE = "Show: Odd Hours\nTitle: Gates\n\nThe wooden gate of Ostrava has seventeen hinges.\n"


@pytest.fixture
def settings(indexed: Settings, tmp_path: Path) -> Settings:
    """Notes and their index, to be written to."""
    shutil.copytree(KNOWLEDGE, tmp_path / "notes")
    shutil.copytree(indexed.data, tmp_path / "data")
    return indexed.model_copy(update={"notes": tmp_path / "notes", "data": tmp_path / "data"})


def shown(assistant: Assistant, cancelled: Cancelled | None = None) -> str:
    result = assistant.ask(QUESTION, cancelled=cancelled)
    return " ".join(c.quote for c in (result.citations if isinstance(result, Answer) else result.closest))


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)


def test_what_is_saved_is_cited_and_what_is_deleted_is_gone(settings: Settings) -> None:
    told: list[str] = []
    with (
        OwnedAssistant(lambda: LocalAssistant(settings)) as owned,
        kept_up(
            settings.notes,
            settings.data,
            refresh=lambda: update(settings),
            reload=owned.reload,
            tell=told.append,
        ),
    ):
        assert "hinges" not in owned.call(shown)
        note = settings.notes / "gate.txt"
        note.write_text(GATE)
        until(lambda: "seventeen hinges" in owned.call(shown))
        note.unlink()
        until(lambda: "hinges" not in owned.call(shown))
        until(lambda: not on_disk(settings.data, "seventeen hinges"))
    assert told == []


def test_the_assistant_serves_the_newest_index_or_says_that_there_is_none(settings: Settings) -> None:
    assistant = LocalAssistant(settings)
    try:
        assistant.reload()
        before = assistant.index
        (settings.notes / "gate.txt").write_text(GATE)
        for _ in update(settings):
            assistant.reload()
        assert assistant.index is not before
        assert "seventeen hinges" in shown(assistant)
        drop_index(settings.data)
        with pytest.raises(IndexMissing):
            assistant.reload()
        with pytest.raises(IndexMissing):
            assistant.ask(QUESTION)
        for _ in update(settings):
            assistant.reload()
        assert "seventeen hinges" in shown(assistant)
    finally:
        assistant.close()


def test_topics_that_an_earlier_version_found_are_found_anew_while_nobody_waits(settings: Settings) -> None:
    """After an upgrade whoever first asked for the topics waited half a minute for them, inside a command."""
    list(update(settings))
    build = current_build(settings.data)
    (build / FILE).rename(build / "subjects-0-0.json.gz")
    list(update(settings))
    assert current_build(settings.data) == build
    assert are_found(build)


def test_topics_that_cannot_be_kept_are_tried_once(settings: Settings) -> None:
    """With a full or read-only data folder, every look at the notes started a process that indexed in vain."""
    list(update(settings))
    build = current_build(settings.data)
    (build / FILE).unlink()
    (build / FILE).mkdir()  # nothing can be put there, not even by root
    before = build.stat().st_mtime_ns
    list(update(settings))
    assert build.stat().st_mtime_ns > before
    before = build.stat().st_mtime_ns
    list(update(settings))
    assert build.stat().st_mtime_ns == before
