"""Made-up notes and vectors of any number, the same every time. Enough for speed; they say nothing of quality."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from rag.types import Episode, FloatArray, Library, Note, Passage

DIMENSION = 384
FINGERPRINT = "synthetic"
TOPICS = 200
WORDS = 5_000
PER_EPISODE = 50


class SyntheticEmbedder:
    """Vectors scattered about a few hundred topics, as those of real texts are; the text itself does not matter."""

    dimension = DIMENSION

    def __init__(self, seed: int = 1, fingerprint: str = FINGERPRINT) -> None:
        """`seed`: of what is scattered; the topics are always the same."""
        self.fingerprint = fingerprint
        self._topics = np.random.default_rng(0).standard_normal((TOPICS, DIMENSION), dtype=np.float32)
        self._chance = np.random.default_rng(seed)

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        """Unit vectors, shape (len(texts), dimension)."""
        topics = self._topics[self._chance.integers(TOPICS, size=len(texts))]
        vectors = topics + self._chance.standard_normal(topics.shape, dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def synthetic_library(count: int) -> Library:
    """Passages of twenty made-up words, fifty an episode; each gets two vectors."""
    chance = random.Random(3)  # noqa: S311  # made-up words, no secrets
    episodes = [Episode(id=f"e{i}", show=None, title=f"Episode {i}") for i in range(-(-count // PER_EPISODE))]
    note = Note(file="made-up.txt", sha256="", kind="notes", author=None, reader="none")
    passages = [_passage(i, made_up(chance, 20)) for i in range(count)]
    return Library(notes=(note,), episodes=tuple(episodes), passages=tuple(passages))


def made_up(chance: random.Random, words: int) -> str:
    """So many words. Common words are common: their ranks follow Zipf's law."""
    return " ".join(f"w{int(WORDS ** chance.random())}" for _ in range(words))


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
