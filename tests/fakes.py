"""An embedder and a language model that need no model file: the same numbers on every machine, every call recorded."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from rag.errors import Interrupted
from rag.protocols import Cancelled
from rag.types import FloatArray
from rag.words import words

DIMENSION = 48


@lru_cache(maxsize=10_000)
def _direction(stem: str) -> tuple[float, ...]:
    return tuple(np.random.default_rng(zlib.crc32(stem.encode())).standard_normal(DIMENSION))


def bag_of_words(text: str) -> FloatArray:
    """A unit vector that is near those of texts with the same words; shape (48,)."""
    stems = [word.stem for word in words(text)] or [text]
    total = np.sum([_direction(stem) for stem in stems], axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


@dataclass
class FakeEmbedder:
    """An `Embedder` over hashed words.

    Attributes:
        calls: every list of texts that was embedded.
        asked: those of them that were questions.
        before: called with the texts first; raise in it to fail.
    """

    fingerprint: str = "f" * 64
    before: Callable[[Sequence[str]], None] = lambda _texts: None
    calls: list[list[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def dimension(self) -> int:
        return DIMENSION

    @property
    def texts(self) -> list[str]:
        """Everything embedded so far, in order."""
        return [text for call in self.calls for text in call]

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        self.before(texts)
        if questions:
            self.asked.extend(texts)
        self.calls.append(list(texts))
        return np.stack([bag_of_words(text) for text in texts]) if texts else np.zeros((0, DIMENSION), np.float32)

    def close(self) -> None:
        """Nothing to let go of."""


def flat(_context: str) -> float:
    return -3.0


@dataclass
class FakeRanker:
    """A `Ranker` whose log-likelihoods are `value(context)`.

    Attributes:
        most: it has time for so many contexts; 0 is a server that is away.
        calls: every (prefix, contexts, continuation).
        deadlines: those it was given.
    """

    value: Callable[[str], float] = flat
    most: int = 100
    calls: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)
    deadlines: list[float | None] = field(default_factory=list)

    def log_likelihoods(
        self,
        prefix: str,
        contexts: Sequence[str],
        continuation: str,
        *,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> list[float]:
        self.calls.append((prefix, tuple(contexts), continuation))
        self.deadlines.append(deadline)
        if cancelled and cancelled():
            raise Interrupted("Cancelled.")
        return [self.value(context) for context in contexts[: self.most]]
