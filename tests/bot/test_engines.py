"""Which model writes, and how it is loaded, follows from the settings; what does not fit is refused before it loads."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.answering.engines import engine_options, open_local, open_writer, settle_threads, style_of
from bot.settings import Settings, WriterSettings
from rag.errors import EndpointAway, ModelCorrupt, NotEnoughMemory
from rag.models.memory import MIB, EngineOptions
from rag.models.threads import candidates, store_threads, stored_threads
from rag.protocols import Message
from rag.writing.aptitude import Aptitude, Level, store, version
from rag.writing.prompt import Style
from tests.conftest import model_file
from tests.rag.scripted_server import closed_port
from tests.scripted import ScriptedGenerator

models = pytest.mark.models


def test_settings_become_options() -> None:
    assert engine_options(Settings()) == EngineOptions()
    settings = Settings(gpu_layers="0", context_tokens=8192, kv_type="q8_0", mmap=False)
    assert engine_options(settings) == EngineOptions(gpu_layers=0, context_tokens=8192, kv_type="q8_0", mmap=False)


@pytest.mark.parametrize(("level", "trims"), [(None, True), (Level.CHOOSE, True), (Level.WRITE, False)])
def test_a_model_words_sentences_only_if_it_has_shown_that_it_can(
    tmp_path: Path, level: Level | None, trims: bool
) -> None:
    if level is not None:
        store(tmp_path, aptitude(level))
    settings = Settings(models=tmp_path, length="long", tone="formal")
    assert style_of(settings, ScriptedGenerator()) == Style(sentences=5, tone="formal", trims=trims)
    assert style_of(settings, None) == Style(sentences=5, tone="formal")


def aptitude(level: Level) -> Aptitude:
    return Aptitude(
        model="scripted",
        fingerprint=ScriptedGenerator().fingerprint,
        version=version(),
        level=level,
        items=(),
        first_seconds=0.0,
        tokens_per_second=0.0,
        seconds=0.0,
    )


def test_an_endpoint_writes_if_there_is_one_and_need_not_answer_yet() -> None:
    assert open_writer(Settings()) is None
    endpoint = WriterSettings(
        endpoint=f"http://ann:hush@127.0.0.1:{closed_port()}",
        model="big",
        api_key=SecretStr("secret\n"),
        timeout_seconds=2,
    )
    writer = open_writer(Settings(writer=endpoint, context_tokens=2048))
    assert writer
    assert (writer.name, writer.context_tokens) == ("big", 2048)
    with pytest.raises(EndpointAway, match="cannot be reached") as caught:
        list(writer.generate([Message(role="user", text="Why?")], max_tokens=5))
    assert "hush" not in str(caught.value)


def test_a_broken_file_is_said_to_be_broken_not_too_big(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"no model" * 1000)
    with pytest.raises(ModelCorrupt):
        open_local(Settings(models=tmp_path), tmp_path / "m.gguf")


@models
def test_what_does_not_fit_is_refused_with_the_numbers() -> None:
    path, settings = model_file("rank/write"), Settings(gpu_layers="0", threads=1)
    with pytest.raises(NotEnoughMemory, match=r"needs about \d\d\d MiB \(weights 138 MiB, .+, and 100 MiB are free"):
        open_local(settings, path, available=lambda: 100 * MIB)
    open_local(settings, path, available=lambda: None).close()


@models
def test_the_local_model_writes_and_says_what_it_takes(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    settings = Settings(models=tmp_path, threads=2, context_tokens=1024)
    with caplog.at_level(logging.INFO, logger="bot.answering.engines"):
        local = open_local(settings, model_file("rank/write"))
    writer = open_writer(settings, local)
    assert writer is local
    assert local.context_tokens == 1024
    local.close()
    assert "MiB (weights 138 MiB, context" in caplog.text


@models
def test_threads_are_measured_once_when_the_machine_is_idle(tmp_path: Path) -> None:
    path = model_file("rank/write")
    (tmp_path / path.name).symlink_to(path)

    def settled(threads: int, *, busy: bool) -> int | None:
        settle_threads(Settings(models=tmp_path, threads=threads), busy=lambda: busy)
        return stored_threads(tmp_path)

    assert settled(3, busy=False) is None
    assert settled(0, busy=True) is None
    assert settled(0, busy=False) in candidates()
    store_threads(tmp_path, 77)
    assert settled(0, busy=False) == 77


@pytest.mark.parametrize("content", [None, b"no model" * 1000])
def test_without_a_sound_starter_nothing_is_measured(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "SmolLM2-135M-Instruct.Q8_0.gguf").write_bytes(content)
    settle_threads(Settings(models=tmp_path), busy=lambda: False)
    assert stored_threads(tmp_path) is None


@models
def test_a_model_that_only_writes_is_not_charged_for_ranking() -> None:
    def needed(*, ranks: bool) -> int:
        with pytest.raises(NotEnoughMemory) as caught:
            open_local(Settings(gpu_layers="0"), model_file("rank/write"), ranks=ranks, available=lambda: MIB)
        return int(re.findall(r"needs about (\d+) MiB", str(caught.value))[0])

    assert needed(ranks=False) < needed(ranks=True) - 20
