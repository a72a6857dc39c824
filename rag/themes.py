"""Which of many passages are shown as points, and under which sub-themes. Pure functions over arrays and words.

Points are chosen by maximal marginal relevance (Carbonell and Goldstein 1998, "The Use of MMR"), sub-themes
found by complete-linkage clustering. Knows nothing of the index or of how relevance was measured.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np

from rag.types import FloatArray, Passage
from rag.words import Word, content_words, is_stopword, words

RELEVANCE_WEIGHT = 0.7  # of relevance against novelty
TOO_ALIKE = 0.60  # cosine from which a further point would tell the reader little new
SAYS_THE_SAME = 0.60  # cosine from which a passage is cited with a point instead of getting its own
SAME_THEME = 0.10  # least cosine, the topic itself taken out, of two points under one sub-theme
MOST_THEMES = 4
LEAST_WORDS = 3  # content words; a passage with fewer is a heading or half a thought
LABEL_LETTERS = 3  # a shorter word names no theme

_ASKS = re.compile(
    r"^(?:why|how|what|when|where|who|which|is|are|was|were|do|does|did|can|could|should)\b[^.?!]*\?+$", re.IGNORECASE
)


def makes_a_point(text: str) -> bool:
    """Whether a text says something by itself: not a question alone, and no mere heading."""
    return len(content_words(text)) >= LEAST_WORDS and not _ASKS.match(text)


def diverse(relevance: FloatArray, cosines: FloatArray, owners: Sequence[str], *, count: int, each: int) -> list[int]:
    """Up to `count` positions, best first: relevant, none too like one before it, at most `each` of an owner.

    `relevance` has shape (n,), `cosines` (n, n). An owner gets more than `each` only where no other has any left.
    """
    spread = float(np.ptp(relevance)) if len(relevance) else 0.0
    scaled = (relevance - relevance.min()) / spread if spread > 0 else np.ones_like(relevance)
    chosen: list[int] = []
    left = np.ones(len(relevance), dtype=bool)
    while len(chosen) < count and left.any():
        taken = Counter(owners[i] for i in chosen)
        within = left & np.asarray([taken[owner] < each for owner in owners])
        nearest = cosines[:, chosen].max(axis=1) if chosen else np.zeros_like(relevance)
        value = RELEVANCE_WEIGHT * scaled - (1 - RELEVANCE_WEIGHT) * nearest
        best = int(np.argmax(np.where(within if within.any() else left, value, -np.inf)))
        chosen.append(best)
        left &= cosines[best] < TOO_ALIKE
        left[best] = False
    return chosen


def companions(chosen: Sequence[int], cosines: FloatArray, files: Sequence[str]) -> dict[int, int]:
    """For each chosen position another that says nearly the same, if any: of another file first, then the nearest.

    None is given twice, and none that was chosen itself.
    """
    used = set(chosen)
    found: dict[int, int] = {}
    for i in chosen:
        same = [j for j in range(len(files)) if j not in used and cosines[i, j] >= SAYS_THE_SAME]
        if same:
            found[i] = max(same, key=lambda j: (files[j] != files[i], cosines[i, j]))
            used.add(found[i])
    return found


def without_topic(vectors: FloatArray, topic: FloatArray) -> FloatArray:
    """Unit vectors of shape (n, dimension) with what they share with the topic's, shape (dimension,), taken out."""
    rest = vectors - np.outer(vectors @ topic, topic)
    norms = np.linalg.norm(rest, axis=1, keepdims=True)
    return np.asarray(np.divide(rest, norms, out=np.zeros_like(rest), where=norms > 0), dtype=np.float32)


def grouped(cosines: FloatArray) -> list[list[int]]:
    """Positions in groups of like ones, by complete linkage; `cosines` has shape (n, n)."""
    groups = [[i] for i in range(len(cosines))]
    while len(groups) > 1:
        linkage, a, b = max(
            (float(cosines[np.ix_(groups[a], groups[b])].min()), a, b) for b in range(len(groups)) for a in range(b)
        )
        if linkage < SAME_THEME and len(groups) <= MOST_THEMES:
            break
        groups[a] += groups.pop(b)
    return sorted(sorted(group) for group in groups)


def heading(group: Sequence[Passage], *, topic: AbstractSet[str]) -> str:
    """The heading that more than half of the passages stand under, or "".

    One that says no more than the topic does (`topic`: its stems) counts for nothing.
    """
    headings = Counter(passage.section[-1].strip().rstrip(":") for passage in group if passage.section)
    for name, n in headings.most_common(1):
        if 2 * n > len(group) and not {word.stem for word in content_words(name)} <= topic:
            return name
    return ""


def phrases(text: str, *, without: AbstractSet[str]) -> list[str]:
    """What could name a text in its own words: two content words side by side, neither of them in `without` (stems)."""
    return [
        text[one.start : two.end]
        for one, two in pairwise(words(text))
        if text[one.end : two.start] == " " and all(_names(word, without) for word in (one, two))
    ]


def _names(word: Word, without: AbstractSet[str]) -> bool:
    plain = word.written.isalpha() and len(word.written) >= LABEL_LETTERS and not is_stopword(word.written)
    return plain and word.stem not in without
