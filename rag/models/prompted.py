"""An embedder that wants words before a question or before a text, such as "search_query: ".

Wraps another one. Knows nothing of which models want what; the catalogue does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from rag.protocols import Embedder
from rag.types import FloatArray


def prompted_fingerprint(sha256: str, question_prefix: str, text_prefix: str) -> str:
    """What vectors are known by: the model's hash, or a hash of it with its prefixes where it has any."""
    if not question_prefix and not text_prefix:
        return sha256
    return hashlib.sha256(f"{sha256}\n{question_prefix}\n{text_prefix}".encode()).hexdigest()


class OpenEmbedder(Embedder, Protocol):
    """An `Embedder` that holds something open."""

    def close(self) -> None:
        """Let go of it."""
        ...


class PromptedEmbedder:
    """An `Embedder` over another, with a prefix for questions and one for texts."""

    def __init__(self, inner: OpenEmbedder, *, question_prefix: str, text_prefix: str) -> None:
        self._inner = inner
        self._question_prefix = question_prefix
        self._text_prefix = text_prefix

    @property
    def dimension(self) -> int:
        return self._inner.dimension

    @property
    def fingerprint(self) -> str:
        return prompted_fingerprint(self._inner.fingerprint, self._question_prefix, self._text_prefix)

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        """Unit vectors of the texts with their prefix, shape (len(texts), dimension)."""
        prefix = self._question_prefix if questions else self._text_prefix
        return self._inner.embed([f"{prefix}{text}" for text in texts], questions=questions)

    def close(self) -> None:
        """Let go of the model."""
        self._inner.close()
