"""BM25 over the passages, beside the vectors. The one file that imports `bm25s`.

Knows nothing of vectors; a passage is a row number here. Scores are those of Lucene's BM25
(Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond").
"""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import bm25s
import numpy as np

from rag.errors import IndexCorrupt
from rag.types import FloatArray

K1 = 1.2
B = 0.5  # notes are short: length says little about how much of a passage is about a word

FREQUENCIES = "frequencies.json"
NO_TERM = ""  # bm25s cannot index nothing at all

logging.getLogger("bm25s").setLevel(logging.WARNING)  # importing it sets it to DEBUG


class LexicalIndex:
    """BM25 scores of every passage for a question's terms."""

    def __init__(self, index: bm25s.BM25, frequencies: Mapping[str, int], size: int) -> None:
        self._index = index
        self._frequencies = frequencies
        self._size = size

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> LexicalIndex:
        """Index `documents`: the terms of each passage, one list a passage."""
        index = bm25s.BM25(k1=K1, b=B, method="lucene")
        index.index([list(terms) or [NO_TERM] for terms in documents], show_progress=False)
        frequencies = Counter(term for terms in documents for term in set(terms))
        return cls(index, frequencies, len(documents))

    def save(self, folder: Path) -> None:
        """Write everything `load` needs into `folder`, which is made."""
        self._index.save(str(folder), show_progress=False)
        (folder / FREQUENCIES).write_text(json.dumps(self._frequencies), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, size: int) -> LexicalIndex:
        """Open what `save` wrote, memory-mapped. Raises IndexCorrupt."""
        try:
            frequencies = json.loads((folder / FREQUENCIES).read_text(encoding="utf-8"))
            return cls(bm25s.BM25.load(str(folder), mmap=True, load_corpus=False), frequencies, size)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise IndexCorrupt("The word index cannot be read.", remedy="Run: footnote index") from error

    def scores(self, terms: Sequence[str]) -> FloatArray:
        """BM25 of every passage, shape (passages,); zeros where no term occurs at all."""
        known = [term for term in terms if self.knows(term)]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)

    def ceiling(self, terms: Sequence[str]) -> float:
        """The most that `scores` could give a passage for these terms, those that occur nowhere counted too."""
        return sum(self.idf(term) for term in terms)

    def knows(self, term: str) -> bool:
        """Whether a term occurs in any passage."""
        return term in self._frequencies

    def beginning(self, letters: str) -> list[str]:
        """The terms that begin with these letters, the most frequent first."""
        found = (term for term in self._frequencies if term.startswith(letters))
        return sorted(found, key=lambda term: -self._frequencies[term])

    def idf(self, term: str) -> float:
        """Lucene's inverse document frequency; a term that occurs nowhere has the highest."""
        n = self._frequencies.get(term, 0)
        return math.log(1 + (self._size - n + 0.5) / (n + 0.5))
