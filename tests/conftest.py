"""What is slow to make and never changed by a test: the loaded starter models and one indexed notes folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.assistant import LocalAssistant, starter_model
from bot.commands.calibrate import calibrate_index
from bot.settings import Settings
from rag.errors import ModelError
from rag.index import build_index
from rag.llama import LlamaEmbedder, LlamaGenerator

ROOT = Path(__file__).parents[1]
KNOWLEDGE = ROOT / "knowledge"
MODELS = ROOT / "models"
THREADS = 2


@pytest.fixture(scope="session")
def embedder() -> Iterator[LlamaEmbedder]:
    """The starter embedder."""
    try:
        path = starter_model(MODELS, "embed")
    except ModelError as error:
        pytest.skip(str(error))
    loaded = LlamaEmbedder(path, threads=THREADS)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def generator() -> Iterator[LlamaGenerator]:
    """The starter language model."""
    try:
        path = starter_model(MODELS, "rank/write")
    except ModelError as error:
        pytest.skip(str(error))
    loaded = LlamaGenerator(path, threads=THREADS)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def indexed(embedder: LlamaEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an index over the notes that come with Footnote, calibrated; nobody may write to it."""
    data = tmp_path_factory.mktemp("knowledge-index")
    settings = Settings(notes=KNOWLEDGE, data=data, models=MODELS, threads=THREADS)
    build_index(KNOWLEDGE, data, embedder)
    calibrate_index(settings, embedder)
    return settings


@pytest.fixture(scope="session")
def assistant(indexed: Settings) -> Iterator[LocalAssistant]:
    """The real thing over that index."""
    opened = LocalAssistant(indexed)
    yield opened
    opened.close()
