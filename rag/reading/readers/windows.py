"""Windows: cutting running speech into passages of a few sentences, at line ends only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rag.sentences import ends_sentence

ENOUGH, FULL = 250, 450
"""Characters after which a window may close at the end of a sentence, and those it should not pass."""

T = TypeVar("T")


def windows(items: Sequence[T], texts: Sequence[str]) -> Iterator[Sequence[T]]:
    """Runs of neighbouring `items` (a line or a turn each), whose words are `texts`; every item in one run."""
    start = size = 0
    for index, text in enumerate(texts):
        if index > start and size + len(text) > FULL:
            yield items[start:index]
            start, size = index, 0
        size += len(text) + 1
        if size >= ENOUGH and ends_sentence(text):
            yield items[start : index + 1]
            start, size = index + 1, 0
    if start < len(items):
        yield items[start:]
