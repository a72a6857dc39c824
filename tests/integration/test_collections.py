"""Collections with the real models: each answers from its own folder alone, whatever else there is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from bot.commands.index import build, update
from bot.notes_folder import NotesFolder
from bot.settings import Settings
from rag.collection import data_of
from rag.errors import IndexMissing, NoNotes
from rag.protocols import Assistant
from rag.types import Answer
from tests.builders import FILES

pytestmark = pytest.mark.models

BEES = "For how long does a bee dance to show where the clover is?"
RYE = "Why does rye bread keep for a week?"


@pytest.fixture(scope="module")
def settings(indexed: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two collections beside the notes that come with Footnote, indexed."""
    root = tmp_path_factory.mktemp("collections")
    shutil.copytree(indexed.notes, root / "notes")
    shutil.copytree(indexed.data, root / "data")
    for name, file in (("garden", "bees.txt"), ("oven", "rye.md")):
        (root / "notes" / name).mkdir()
        (root / "notes" / name / file).write_text(FILES[file])
    mine = indexed.model_copy(update={"notes": root / "notes", "data": root / "data"})
    NotesFolder(mine).keep(["garden", "oven"], apart=True)
    told = build(mine, rebuild=False)
    assert [line.split(":")[0] for line in told.splitlines() if "vector" in line][1:] == ["garden", "oven"]
    assert told.count("0 vectors computed") == 2, told  # what all notes have is not computed again
    return mine


@pytest.fixture(scope="module")
def assistant(settings: Settings) -> Iterator[LocalAssistant]:
    opened = LocalAssistant(settings)
    yield opened
    opened.close()


def files_of(assistant: Assistant, question: str) -> set[str]:
    """The files that are shown for a question."""
    result = assistant.ask(question)
    return {each.note_file for each in (result.citations if isinstance(result, Answer) else result.closest)}


def test_each_answers_from_its_own_notes_alone(assistant: LocalAssistant) -> None:
    garden, oven = assistant.of("garden"), assistant.of("oven")
    assert files_of(garden, BEES) == {"bees.txt"}
    assert files_of(oven, RYE) == {"rye.md"}
    assert files_of(garden, RYE) <= {"bees.txt"}
    assert files_of(oven, BEES) <= {"rye.md"}
    assert {episode.title for episode in garden.episodes()}.isdisjoint(e.title for e in oven.episodes())
    assert {each.note_file for _ in range(30) if (each := garden.browse().quote(""))} == {"bees.txt"}
    assert garden.topic("rye bread").outcome == "not_covered"
    assert "garden/bees.txt" in files_of(assistant, BEES)


def test_names_are_only_corrected_to_those_of_the_same_notes(assistant: LocalAssistant) -> None:
    """Did you mean: a name from another collection would be a leak."""
    result = assistant.of("oven").ask("What does Ines Moraeu say about drones?")
    assert "Moreau" not in str(result)


@pytest.mark.parametrize("name", ["nowhere", "..", "../garden", "", "."])
def test_what_is_no_collection_has_no_index(assistant: LocalAssistant, name: str) -> None:
    with pytest.raises(IndexMissing):
        assistant.of(name).ask(BEES)


def test_one_that_is_taken_away_is_gone_and_the_others_serve(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.notes, tmp_path / "notes")
    shutil.copytree(settings.data, tmp_path / "data")
    mine = settings.model_copy(update={"notes": tmp_path / "notes", "data": tmp_path / "data"})
    assistant = LocalAssistant(mine)
    try:
        garden, oven = assistant.of("garden"), assistant.of("oven")
        assert files_of(garden, BEES)
        assert files_of(oven, RYE)
        shutil.rmtree(mine.notes / "garden")
        with pytest.raises(NoNotes):
            list(update(mine, "garden"))
        NotesFolder(mine).keep(["oven"], apart=True)
        assistant.reload()
        with pytest.raises(IndexMissing):
            garden.ask(BEES)
        assert files_of(oven, RYE) == {"rye.md"}
        assert not data_of(mine.data, "garden").exists()
    finally:
        assistant.close()
