"""What is slow to make and never changed by a test: the loaded starter models and one indexed notes folder.

Imported where it is used, so that a test which needs no model does not wait for llama.cpp and Chroma.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from rag.errors import ModelError

if TYPE_CHECKING:
    from bot.answering.assistant import LocalAssistant
    from bot.settings import Settings
    from rag.models.catalog import Role
    from rag.models.llama import LlamaEmbedder, LlamaGenerator

hypothesis.settings.register_profile("busy machine", deadline=None)
hypothesis.settings.load_profile("busy machine")

ROOT = Path(__file__).parents[1]
KNOWLEDGE = ROOT / "knowledge"
MODELS = ROOT / "models"
THREADS = 2


def model_file(role: Role) -> Path:
    """The starter model for a role; skips the test where it is not on disk."""
    from bot.answering.assistant import starter_model

    try:
        return starter_model(MODELS, role)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def embedder() -> Iterator[LlamaEmbedder]:
    """The starter embedder."""
    from rag.models.llama import LlamaEmbedder

    loaded = LlamaEmbedder(model_file("embed"), threads=THREADS)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def generator() -> Iterator[LlamaGenerator]:
    """The starter language model."""
    from rag.models.llama import LlamaGenerator

    loaded = LlamaGenerator(model_file("rank/write"), threads=THREADS)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def indexed(embedder: LlamaEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a calibrated index over the notes that come with Footnote; nobody may write to it."""
    from bot.commands.calibrate import calibrate_index
    from bot.settings import Settings
    from rag.indexing import build_index

    data = tmp_path_factory.mktemp("knowledge-index")
    settings = Settings(notes=KNOWLEDGE, data=data, models=MODELS, threads=THREADS)
    build_index(KNOWLEDGE, data, embedder)
    calibrate_index(settings, embedder)
    return settings


@pytest.fixture(scope="session")
def assistant(indexed: Settings) -> Iterator[LocalAssistant]:
    """The real thing over that index."""
    from bot.answering.assistant import LocalAssistant

    opened = LocalAssistant(indexed)
    yield opened
    opened.close()
