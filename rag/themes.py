"""Which of many passages are shown as points, and under which sub-themes. Pure functions over arrays and words.

Points are chosen by maximal marginal relevance (Carbonell and Goldstein 1998, "The Use of MMR"), sub-themes
found by average-linkage clustering. Knows nothing of the index or of how relevance was measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np

from rag.types import FloatArray, Passage
from rag.words import Word, content_words

RELEVANCE_WEIGHT = 0.7  # of relevance against novelty
TOO_ALIKE = 0.55  # cosine from which a further point would tell the reader little new
SAYS_THE_SAME = 0.65  # cosine from which a passage is cited with a point instead of getting its own
SAME_THEME = 0.30  # mean cosine down to which points stand under one sub-theme
MOST_THEMES = 4
LABEL_LETTERS = 3  # a shorter word names no theme


def diverse(relevance: FloatArray, cosines: FloatArray, owners: Sequence[str], *, count: int, each: int) -> list[int]:
    """Up to `count` positions, best first: relevant, none too like one before it, at most `each` of an owner.

    `relevance` has shape (n,), `cosines` (n, n). An owner gets more than `each` only where no other has any left.
    """
    spread = float(np.ptp(relevance)) if len(relevance) else 0.0
    scaled = (relevance - relevance.min()) / spread if spread > 0 else np.ones_like(relevance)
    chosen: list[int] = []
    open_ = np.ones(len(relevance), dtype=bool)
    while len(chosen) < count and open_.any():
        taken = Counter(owners[i] for i in chosen)
        within = open_ & np.asarray([taken[owner] < each for owner in owners])
        nearest = cosines[:, chosen].max(axis=1) if chosen else np.zeros_like(relevance)
        value = RELEVANCE_WEIGHT * scaled - (1 - RELEVANCE_WEIGHT) * nearest
        best = int(np.argmax(np.where(within if within.any() else open_, value, -np.inf)))
        chosen.append(best)
        open_ &= cosines[best] < TOO_ALIKE
        open_[best] = False
    return chosen


def seconds(chosen: Sequence[int], cosines: FloatArray, files: Sequence[str]) -> dict[int, int]:
    """For each chosen position the one that says nearly the same, if any: of another file first, then the nearest.

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


def grouped(cosines: FloatArray) -> list[list[int]]:
    """Positions in groups of like ones, by average linkage; `cosines` has shape (n, n)."""
    groups = [[i] for i in range(len(cosines))]
    while len(groups) > 1:
        linkage, a, b = max(
            (float(cosines[np.ix_(groups[a], groups[b])].mean()), a, b) for b in range(len(groups)) for a in range(b)
        )
        if linkage < SAME_THEME and len(groups) <= MOST_THEMES:
            break
        groups[a] += groups.pop(b)
    return groups


def heading(group: Sequence[Passage], *, topic: AbstractSet[str]) -> str:
    """The heading that more than half of the passages stand under, or "".

    One that says no more than the topic does (`topic`: its stems) counts for nothing.
    """
    headings = Counter(passage.section[-1].strip().rstrip(":") for passage in group if passage.section)
    for name, n in headings.most_common(1):
        if 2 * n > len(group) and not {word.stem for word in content_words(name)} <= topic:
            return name
    return ""


def phrases(texts: Iterable[str], *, without: AbstractSet[str]) -> list[str]:
    """What could name a group of texts in their own words: runs of two content words, as written, each once.

    A phrase with a word of `without` (stems) or a number in it is left out.
    """
    found: dict[tuple[str, ...], str] = {}
    for text in texts:
        named = content_words(text)
        for one, two in pairwise(named):
            if text[one.end : two.start] == " " and not {one.stem, two.stem} & without and _is_name(one, two):
                found.setdefault((one.stem, two.stem), text[one.start : two.end])
    return list(found.values())


def _is_name(*parts: Word) -> bool:
    return all(part.written.isalpha() and len(part.written) >= LABEL_LETTERS for part in parts)
