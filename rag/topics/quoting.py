"""Quotes the part of a passage that is nearest to something, with the vectors that the index holds already.

Nothing is embedded, so a hundred passages are quoted in no time. Knows nothing of what is looked for.
"""

from __future__ import annotations

import numpy as np

from rag.citations import cite
from rag.fields import SENTENCE_MIN_CHARS
from rag.index import Index
from rag.sentences import sentence_spans
from rag.spans import best_span
from rag.types import Citation, FloatArray


def quote(index: Index, n: int, row: int, aim: FloatArray) -> Citation:
    """Citation number `n`: of a row, what is nearest to `aim`, a unit vector of shape (dimension,)."""
    passage = index.passages[row]
    span = nearest_span(index, row, aim)
    return cite(n, passage, span, index.episode_of(passage), also=index.also(passage, span))


def nearest_span(index: Index, row: int, aim: FloatArray) -> tuple[int, int]:
    """The half-open span of a row's text that is nearest to `aim`, a unit vector of shape (dimension,)."""
    known = _known(index, row, aim)
    return best_span(index.passages[row].text, lambda texts: [known.get(text, 0.0) for text in texts])


def _known(index: Index, row: int, aim: FloatArray) -> dict[str, float]:
    """The cosine of each sentence that has a vector of its own; see rag/fields.py for their order."""
    text = index.passages[row].text
    numbers = list(index.vector_numbers(row))[2:]
    sentences = [text[a:b] for a, b in sentence_spans(text) if b - a >= SENTENCE_MIN_CHARS]
    if not numbers:
        return {}
    return dict(zip(sentences, index.store.cosines(aim, numbers).tolist(), strict=True))


def centre(index: Index, row: int) -> FloatArray:
    """The vector of a row's whole text, unit length, shape (dimension,)."""
    vectors = index.store.vectors([index.vector_numbers(row)[0]])
    return np.asarray(vectors[0], dtype=np.float32)
