"""How fast texts become vectors, against a plain loop over `llama_cpp.Llama.embed`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bare import BareEmbedder
from benchmarks.costs import seconds
from benchmarks.report import Figure
from bot.answering.assistant import starter_model
from bot.settings import Settings
from rag.fields import vector_texts
from rag.models.llama import LlamaEmbedder
from rag.reading.library import read_library

ROUNDS = 3
SEED = 7


def measure_embedding(settings: Settings, *, count: int) -> list[Figure]:
    """Texts a second, on `count` of the texts that indexing the notes embeds; best of three rounds each."""
    model = starter_model(settings.models, "embed")
    texts = sample_texts(settings.notes, count)
    embedder = LlamaEmbedder(model, threads=settings.threads)
    bare = BareEmbedder(model, threads=settings.threads)
    try:
        ours, theirs = zip(*_rounds(lambda: embedder.embed(texts), lambda: bare.embed_all(texts)), strict=True)
    finally:
        embedder.close()
        bare.close()
    return [
        Figure(
            group="Embedding",
            name=f"{len(texts)} texts of the notes",
            value=len(texts) / min(ours),
            unit="texts/s",
            baseline=len(texts) / min(theirs),
            against="Llama.embed, one by one",
        )
    ]


def _rounds(*calls: Callable[[], object]) -> Iterator[tuple[float, ...]]:
    """Seconds of each call, round after round, so that other work on the machine meets all of them."""
    for _ in range(ROUNDS):
        yield tuple(map(seconds, calls))


def sample_texts(notes: Path, count: int) -> list[str]:
    """Up to `count` of the texts the notes' passages get vectors for; the same every time."""
    library = read_library(notes)
    episodes = {episode.id: episode for episode in library.episodes}
    texts = [text for p in library.passages for text in vector_texts(p, episodes[p.episode_id])]
    return random.Random(SEED).sample(texts, min(count, len(texts)))  # noqa: S311  # a sample, not a secret
