"""The real assistant over notes that a test wrote: indexed, calibrated, opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.answering.assistant import LocalAssistant
from bot.commands.calibrate import calibrate_index
from bot.settings import Settings
from rag.indexing import build_index
from rag.models.llama import LlamaEmbedder
from rag.probe import check
from tests.conftest import MODELS, THREADS


@contextmanager
def assistant_over(notes: Path, data: Path, embedder: LlamaEmbedder) -> Iterator[LocalAssistant]:
    """The assistant on the folder `notes`, its index in `data`; closed at the end."""
    settings = Settings(notes=notes, data=data, models=MODELS, threads=THREADS)
    build_index(settings.notes, settings.data, embedder, check=check)
    calibrate_index(settings, embedder)
    opened = LocalAssistant(settings)
    yield opened
    opened.close()
