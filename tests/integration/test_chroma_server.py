"""The vectors on a real Chroma server, with the real models: commands, collections of notes, the bot in Discord."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from bot.answering.vectors import tidy
from bot.commands.index import build, update
from bot.notes_folder import NotesFolder
from bot.settings import Settings
from bot.watch import Kept, kept_up
from rag.collection import data_of
from rag.errors import StoreAway
from rag.types import Answer
from tests.builders import BEES, FILES, write_notes
from tests.chroma_server import ChromaServer, gatekeeper, running_chroma
from tests.conftest import MODELS, ROOT, THREADS
from tests.integration.connecting import connected
from tests.integration.discord_standin import running_standin

pytestmark = pytest.mark.models

QUESTION = "For how long does a bee dance to show where the clover is?"
GATE = "Ines Moreau on The Garden Hour (5/3)\n\n- The {} gate has seventeen hinges.\n"
WAIT = 60.0


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaServer]:
    with running_chroma(tmp_path / "chroma") as server:
        yield server


@pytest.fixture
def settings(chroma: ChromaServer, tmp_path: Path) -> Settings:
    notes = write_notes(tmp_path / "notes")
    return Settings(notes=notes, data=tmp_path / "data", models=MODELS, threads=THREADS, chroma=chroma.address)


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)


def test_the_commands_from_the_first_index_to_the_last_collection(chroma: ChromaServer, tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")},
        "PYTHONPATH": str(ROOT),
        "FOOTNOTE_NOTES": str(notes),
        "FOOTNOTE_DATA": str(tmp_path / "data"),
        "FOOTNOTE_MODELS": str(MODELS),
        "FOOTNOTE_CHROMA_TOKEN": "s3cret",
    }

    def footnote(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "bot.cli", *arguments]
        return subprocess.run(
            program, cwd=tmp_path, env={**environment, **more}, capture_output=True, text=True, check=False, timeout=120
        )

    with gatekeeper(behind=chroma.address, token="s3cret") as keeper:
        environment["FOOTNOTE_CHROMA"] = keeper.address
        told: list[str] = []

        def asked(question: str) -> str:
            done = footnote("ask", question, "--json")
            told.append(done.stderr)
            assert done.returncode == 0, done.stderr
            return str(json.loads(done.stdout)["citations"][0]["quote"])

        assert "3 notes" in footnote("index").stdout
        first = chroma.names()
        assert len(first) == 1
        assert asked(QUESTION) == BEES
        (notes / "gate.txt").write_text(GATE.format("old"))
        assert "seventeen hinges" in asked("How many hinges does the old gate have?")
        assert len(chroma.names()) == 2, "a bot may still read the one before"

        chroma.stop()
        away = footnote("ask", QUESTION)
        assert away.returncode == 1
        assert f"Chroma at {keeper.address} cannot be reached" in away.stderr
        assert "Start it, or name another FOOTNOTE_CHROMA" in away.stderr

        chroma.start()
        (notes / "gate.txt").unlink()
        assert asked(QUESTION) == BEES
        assert len(chroma.names()) == 2
        assert not chroma.names() & first

        back = footnote("index", FOOTNOTE_CHROMA="")
        assert "; 0 vectors computed" in back.stdout
        assert "The vectors of the index go to the data folder" in back.stderr
        said = "\n".join(keeper.heard).lower()
    assert "/query" in said
    assert not [word for word in ("clover", "dances", "hinges", "bees.txt", "s3cret") if word in said]
    assert "s3cret" not in "".join(told) + away.stderr


def test_each_collection_of_notes_has_its_own_and_what_is_deleted_leaves_the_server(
    chroma: ChromaServer, settings: Settings
) -> None:
    write_notes(settings.notes / "garden", {"bees.txt": FILES["bees.txt"]})
    folder = NotesFolder(settings)
    folder.keep(["garden"], apart=True)
    assert build(settings, rebuild=False).count("0 vectors computed") == 1, "taken over from the index of all notes"
    assert len(chroma.names()) == 2
    assistant = LocalAssistant(settings)
    try:
        result = assistant.of("garden").ask(QUESTION)
        assert isinstance(result, Answer)
        assert {each.note_file for each in result.citations} == {"bees.txt"}
        garden = Kept(
            data=data_of(settings.data, "garden"), refresh=lambda: update(settings, "garden"), collection="garden"
        )
        beside, told = [garden], list[str]()
        with kept_up(
            settings.notes,
            settings.data,
            refresh=lambda: update(settings),
            beside=lambda: beside,
            reload=assistant.reload,
            tell=told.append,
            tidy=lambda: tidy(settings),
        ) as keeper:
            before = chroma.names()
            (settings.notes / "gate.txt").write_text(GATE.format("old"))
            until(lambda: len(chroma.names()) == 2 and len(before & chroma.names()) == 1)
            beside.clear()
            keeper.now()  # nobody indexes it any longer
            folder.keep([], apart=False)
            keeper.now()
            assert len(chroma.names()) == 1
        assert told == []
    finally:
        assistant.close()


def test_while_the_server_is_away_a_collection_that_was_indexed_anew_is_served_as_it_was(
    chroma: ChromaServer, settings: Settings
) -> None:
    """It was closed, though it could answer."""
    write_notes(settings.notes / "garden", {"bees.txt": FILES["bees.txt"]})
    NotesFolder(settings).keep(["garden"], apart=True)
    build(settings, rebuild=False)
    assistant = LocalAssistant(settings)
    try:
        assert isinstance(assistant.of("garden").ask(QUESTION), Answer)
        (settings.notes / "garden" / "gate.txt").write_text(GATE.format("old"))
        build(settings, rebuild=False)
        chroma.stop()
        with pytest.raises(StoreAway):
            assistant.reload()
        assert isinstance(assistant.of("garden").ask(QUESTION), Answer)
        chroma.start()
        assistant.reload()
        assert isinstance(assistant.of("garden").ask("How many hinges does the old gate have?"), Answer)
    finally:
        assistant.close()


async def test_in_discord_a_server_that_is_away_is_a_sentence_until_it_is_back(
    chroma: ChromaServer, settings: Settings, tmp_path: Path
) -> None:
    build(settings, rebuild=False)
    chroma.stop()
    with pytest.raises(StoreAway, match=chroma.address):
        LocalAssistant(settings)
    async with (
        running_standin() as standin,
        connected(standin, lambda: LocalAssistant(settings), tmp_path / "memory", seconds=WAIT),
    ):
        talk = await standin.answered(await standin.command("ask", question=QUESTION), seconds=WAIT)
        assert "A server that I need does not answer" in talk.content
        assert chroma.address not in str(talk.contents()), "that is for the owner alone"
        chroma.start()
        talk = await standin.answered(await standin.command("ask", question=QUESTION), seconds=WAIT)
        assert "ten seconds" in str(talk.embed)
