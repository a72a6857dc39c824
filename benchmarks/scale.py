"""Search in a large index. Its texts and vectors are made up, which is enough for speed and says nothing of quality."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.costs import seconds
from benchmarks.report import Figure, quantiles
from rag.answer import HITS
from rag.index import Index
from rag.indexing import write_build
from rag.types import Episode, FloatArray, Library, Note, Passage
from rag.words import terms

DIMENSION = 384
TOPICS = 200
WORDS = 5_000
PER_EPISODE = 50
QUERIES = 60


class SyntheticEmbedder:
    """Vectors scattered about a few hundred topics, as those of real texts are; the text itself does not matter."""

    dimension = DIMENSION
    fingerprint = "synthetic"

    def __init__(self) -> None:
        self._chance = np.random.default_rng(1)
        self._topics = self._chance.normal(size=(TOPICS, DIMENSION)).astype(np.float32)

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        """Unit vectors, shape (len(texts), dimension)."""
        topics = self._topics[self._chance.integers(TOPICS, size=len(texts))]
        vectors = topics + self._chance.normal(size=topics.shape).astype(np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def measure_scale(folder: Path, *, passages: int) -> list[Figure]:
    """Build an index of this many passages in an empty folder, open it and search it."""
    embedder = SyntheticEmbedder()
    library = synthetic_library(passages)
    writing = seconds(write_build, folder, library, {}, embedder)
    started = time.perf_counter()
    index = Index(folder, embedder=embedder.fingerprint)
    opening = time.perf_counter() - started
    try:
        return [
            _figure(f"writing {passages:,} passages, {index.manifest.vectors:,} vectors, embedding apart", writing),
            _figure(f"opening {passages:,} passages", opening),
            *_search(index, embedder),
        ]
    finally:
        index.close()


def _figure(name: str, value: float) -> Figure:
    return Figure(group="Scale (made-up texts and vectors)", name=name, value=value, unit="s")


def _search(index: Index, embedder: SyntheticEmbedder) -> Iterator[Figure]:
    chance = random.Random(2)  # noqa: S311  # made-up words, no secrets
    vectors = index.store.vectors(range(index.manifest.vectors))
    ours: list[float] = []
    theirs: list[float] = []
    for query in embedder.embed([""] * QUERIES):
        asked = terms(" ".join(_word(chance) for _ in range(6)))
        ours.append(1000 * seconds(index.search, query, asked, HITS))
        theirs.append(1000 * seconds(nearest, vectors, query))
    group = _figure("", 0).group
    return quantiles(
        group,
        f"search among {len(index.passages):,} passages",
        ours,
        "ms",
        baselines=theirs,
        against="exact numpy, vectors only",
    )


def nearest(vectors: FloatArray, query: FloatArray) -> None:
    """What finding the nearest vectors takes at least: all cosines and a selection."""
    (vectors @ query).argpartition(-HITS)


def synthetic_library(count: int) -> Library:
    """Passages of twenty made-up words, fifty an episode."""
    chance = random.Random(3)  # noqa: S311  # made-up words, no secrets
    episodes = [Episode(id=f"e{i}", show=None, title=f"Episode {i}") for i in range(-(-count // PER_EPISODE))]
    note = Note(file="made-up.txt", sha256="", kind="notes", author=None, reader="none")
    passages = [_passage(i, " ".join(_word(chance) for _ in range(20))) for i in range(count)]
    return Library(notes=(note,), episodes=tuple(episodes), passages=tuple(passages))


def _word(chance: random.Random) -> str:
    """Common words are common: their ranks follow Zipf's law."""
    return f"w{int(WORDS ** chance.random())}"


def _passage(i: int, text: str) -> Passage:
    return Passage(
        id=f"p{i}",
        episode_id=f"e{i // PER_EPISODE}",
        note_file="made-up.txt",
        line_start=i + 1,
        line_end=i + 1,
        char_start=0,
        char_end=len(text),
        raw=text,
        text=text,
        text_to_raw=tuple(range(len(text))),
        position=i,
    )
