"""Choosing models in the settings, and what becomes of an index when another embedder is chosen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from bot.answering.chosen import (
    built_anew,
    chosen_model,
    embedded_anew,
    embedder_fingerprint,
    open_embedder,
    serves_meanwhile,
    serving_embedder,
)
from bot.commands.calibrate import calibrate_index
from bot.settings import Settings
from rag import build as layout
from rag.errors import IndexMismatch, ModelError, ModelMissing
from rag.indexing import build_index
from rag.models.catalog import find
from rag.probe import check
from tests.builders import write_notes
from tests.conftest import MODELS, THREADS, model_file
from tests.fakes import FakeEmbedder

STARTER = find("footnote-minilm-l6")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings over a models folder that has the starter embedder alone, and an index that was built with it."""
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(MODELS / STARTER.file, models)
    made = Settings(notes=write_notes(tmp_path / "notes"), data=tmp_path / "data", models=models, threads=THREADS)
    build_index(made.notes, made.data, FakeEmbedder(fingerprint=STARTER.sha256), check=check)
    return made


def other(settings: Settings) -> Settings:
    """The same with another embedder: the same weights in a longer file, so that its hash is another."""
    path = settings.models / "mine.gguf"
    path.write_bytes((MODELS / STARTER.file).read_bytes() + bytes(32))
    return settings.model_copy(update={"embedder": str(path)})


def test_the_defaults_are_the_starters(settings: Settings) -> None:
    assert chosen_model(settings, "embed").sha256 == embedder_fingerprint(settings) == STARTER.sha256
    assert Settings().model == "smollm2-135m-instruct"
    assert embedded_anew(settings) == ""
    assert not serves_meanwhile(settings)


def test_another_embedder_is_said_and_the_index_before_serves_with_its_own(settings: Settings) -> None:
    changed = other(settings)
    said = embedded_anew(changed)
    assert "Another embedder is chosen now" in said
    assert "mine.gguf: all texts are embedded anew, beside the index that was built with footnote-minilm-l6." in said
    assert serves_meanwhile(changed)
    assert serving_embedder(changed).sha256 == STARTER.sha256


def test_without_the_embedder_before_nothing_can_be_served_meanwhile(settings: Settings) -> None:
    changed = other(settings)
    (settings.models / STARTER.file).unlink()
    assert not serves_meanwhile(changed)
    assert "built with one that is not there any more" in embedded_anew(changed)
    assert serving_embedder(changed) == chosen_model(changed, "embed")


def test_an_index_that_is_out_of_date_besides_is_not_served_meanwhile(settings: Settings) -> None:
    manifest = layout.current_build(settings.data) / layout.MANIFEST
    manifest.write_text(manifest.read_text().replace('"fields_version": ', '"fields_version": 9'))
    assert not serves_meanwhile(other(settings))


def test_an_index_of_older_readers_serves_until_it_is_built_anew(settings: Settings) -> None:
    manifest = layout.current_build(settings.data) / layout.MANIFEST
    assert built_anew(settings) == ""
    manifest.write_text(manifest.read_text().replace('"reader_version": ', '"reader_version": 9'))
    assert serves_meanwhile(settings)
    assert "reads notes otherwise" in built_anew(settings)


def test_without_an_index_there_is_nothing_to_say(settings: Settings, tmp_path: Path) -> None:
    empty = other(settings).model_copy(update={"data": tmp_path / "none"})
    assert embedded_anew(empty) == ""
    assert not serves_meanwhile(empty)


def test_a_chosen_model_that_is_missing_names_the_command(settings: Settings) -> None:
    with pytest.raises(ModelMissing, match=r"Run: footnote models pull bge-m3"):
        embedder_fingerprint(settings.model_copy(update={"embedder": "bge-m3"}))
    with pytest.raises(ModelError, match="cannot be used here"):
        embedder_fingerprint(settings.model_copy(update={"embedder": "qwen3-1.7b"}))


def test_an_embedder_with_other_prefixes_is_another_one(settings: Settings) -> None:
    """bge-small's own file by its path has no prefix, by its name it has one: their vectors must not be mixed."""
    from bot.answering.chosen import fingerprint_of
    from rag.models.catalog import Chosen

    plain = Chosen(name="a", path=Path("a"), sha256="0" * 64)
    prompted = Chosen(name="a", path=Path("a"), sha256="0" * 64, question_prefix="search: ")
    assert fingerprint_of(plain) == "0" * 64
    assert fingerprint_of(prompted) not in (fingerprint_of(plain), "")


def built(settings: Settings, *, rebuild: bool = False) -> None:
    """The index of what the settings choose, with its thresholds."""
    embedder = open_embedder(settings)
    try:
        build_index(settings.notes, settings.data, embedder, rebuild=rebuild, check=check)
        calibrate_index(settings, embedder)
    finally:
        embedder.close()


@pytest.mark.models
def test_the_assistant_answers_with_the_index_before_and_then_with_the_new_one(settings: Settings) -> None:
    shutil.copy(model_file("rank/write"), settings.models)
    built(settings, rebuild=True)
    changed = other(settings)
    assistant = LocalAssistant(changed)
    try:
        assert assistant.embedder.fingerprint == STARTER.sha256
        assert assistant.ask("How long does rye bread keep?").question
        built(changed)
        assistant.reload()
        assert assistant.embedder.fingerprint == embedder_fingerprint(changed) != STARTER.sha256
        assert assistant.index.manifest.embedder == embedder_fingerprint(changed)
        assert assistant.ask("How long does rye bread keep?").question
        assert embedded_anew(changed) == ""
    finally:
        assistant.close()


@pytest.mark.models
def test_an_index_whose_embedder_is_gone_is_not_opened(settings: Settings) -> None:
    changed = other(settings)
    shutil.copy(model_file("rank/write"), settings.models)
    (settings.models / STARTER.file).unlink()
    with pytest.raises(IndexMismatch, match=r"Run: footnote index"):
        LocalAssistant(changed)
