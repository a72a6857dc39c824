"""Which of many passages are shown of a topic, in which groups and under which names. Pure functions, arrays and words.

They are chosen by maximal marginal relevance (Carbonell and Goldstein 1998, "The Use of MMR") and grouped by
complete-linkage clustering. Knows nothing of the index or of how relevance was measured.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import TypeVar

import numpy as np

from rag.sentences import ends_sentence, sentence_spans
from rag.types import FloatArray, Passage
from rag.words import Word, content_words, is_stopword, words

RELEVANCE_WEIGHT = 0.7  # of relevance against novelty
TOO_ALIKE = 0.70  # cosine from which a further quote would tell the reader little new
SAYS_THE_SAME = 0.70  # cosine from which a passage of another episode or speaker says so, too
MOST_TOGETHER = 4  # quotes of one point
LEAST_WORDS = 3  # content words; a passage with fewer is a heading or half a thought
SURELY_LONG = 120  # characters, in which there are as many words as that
ENOUGH_WORDS = 8  # content words from which a text is as specific as any
LABEL_LETTERS = 3  # a shorter word names no theme

T = TypeVar("T")

_ASKS = re.compile(
    r"^(?:why|how|what|when|where|who|which|is|are|was|were|do|does|did|can|could|should)\b[^.?!]*\?+$", re.IGNORECASE
)


def makes_a_point(text: str) -> bool:
    """Whether a text says something by itself: not questions alone, and no mere heading."""
    stated = _stated(text)
    return len(stated) >= SURELY_LONG or len(content_words(stated)) >= LEAST_WORDS


def _stated(text: str) -> str:
    """The sentences of a text that ask nothing."""
    return " ".join(said for a, b in sentence_spans(text) if not _ASKS.match(said := text[a:b]))


def diverse(relevance: FloatArray, cosines: FloatArray, owners: Sequence[str], *, count: int, each: int) -> list[int]:
    """Up to `count` positions: relevant, none too like one before it, one of every owner first, at most `each` of one.

    `relevance` has shape (n,), `cosines` (n, n). An owner gets more than `each` only where no other has any left.
    """
    spread = float(np.ptp(relevance)) if len(relevance) else 0.0
    scaled = (relevance - relevance.min()) / spread if spread > 0 else np.ones_like(relevance)
    chosen: list[int] = []
    left = np.ones(len(relevance), dtype=bool)
    while len(chosen) < count and left.any():
        taken = Counter(owners[i] for i in chosen)
        unheard = left & np.asarray([owner not in taken for owner in owners])
        within = unheard if unheard.any() else left & np.asarray([taken[owner] < each for owner in owners])
        nearest = cosines[:, chosen].max(axis=1) if chosen else np.zeros_like(relevance)
        value = RELEVANCE_WEIGHT * scaled - (1 - RELEVANCE_WEIGHT) * nearest
        best = int(np.argmax(np.where(within if within.any() else left, value, -np.inf)))
        chosen.append(best)
        left &= cosines[best] < TOO_ALIKE
        left[best] = False
    return chosen


def companions(
    chosen: Sequence[int], vectors: FloatArray, topic: FloatArray, passages: Sequence[Passage]
) -> dict[int, int]:
    """For each chosen position the nearest of another voice that says nearly the same, if any.

    `vectors` has shape (n, dimension), `topic` (dimension,), all of unit length; that two speak of the topic does not
    make them say the same of it. None is given twice, and none that was chosen itself.
    """
    rest = without_topic(vectors, topic)
    alike = np.minimum(vectors @ vectors.T, rest @ rest.T)
    used = set(chosen)
    found: dict[int, int] = {}
    for i in chosen:
        others = (j for j in range(len(passages)) if j not in used and _another_voice(passages[i], passages[j]))
        same = [j for j in others if alike[i, j] >= SAYS_THE_SAME]
        if same:
            found[i] = max(same, key=lambda j: alike[i, j])
            used.add(found[i])
    return found


def _another_voice(one: Passage, other: Passage) -> bool:
    """Whether two passages are of different episodes, or of speakers who are known to be different."""
    speakers = {one.speaker, other.speaker} - {None}
    return one.episode_id != other.episode_id or len(speakers) > 1


def without_topic(vectors: FloatArray, topic: FloatArray) -> FloatArray:
    """Unit vectors of shape (n, dimension) with what they share with the topic's, shape (dimension,), taken out."""
    rest = vectors - np.outer(vectors @ topic, topic)
    norms = np.linalg.norm(rest, axis=1, keepdims=True)
    return np.asarray(np.divide(rest, norms, out=np.zeros_like(rest), where=norms > 0), dtype=np.float32)


def grouped(cosines: FloatArray, *, most: int, together: int = MOST_TOGETHER) -> list[list[int]]:
    """Positions in at most `most` groups of like ones, none of more than `together` if that leaves a choice.

    By complete linkage: of two groups the least like members count. `cosines` has shape (n, n).
    """
    groups = [[i] for i in range(len(cosines))]
    while len(groups) > most:
        joinable = [
            (float(cosines[np.ix_(groups[a], groups[b])].min()), a, b)
            for b in range(len(groups))
            for a in range(b)
            if len(groups[a]) + len(groups[b]) <= together
        ]
        if not joinable:
            together += 1
            continue
        _, a, b = max(joinable, key=lambda joined: joined[0])
        groups[a] += groups.pop(b)
    return sorted(sorted(group) for group in groups)


def foremost(relevance: FloatArray, cosines: FloatArray, texts: Sequence[str]) -> list[int]:
    """The positions of a group, the one that speaks best for it first: relevant, central, and specific.

    `relevance` has shape (n,) and is above 0, `cosines` (n, n).
    """
    central = cosines.mean(axis=1)
    specific = np.asarray([min(1.0, len(content_words(_stated(text))) / ENOUGH_WORDS) for text in texts])
    return [int(i) for i in np.argsort(-relevance * central * specific, kind="stable")]


def whole_sentences(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """A half-open span of several sentences without a torn one at either end.

    A transcript's window begins and ends in the middle of what is said. A lone sentence is left as it is, and so are
    notes that write every sentence small or without a full stop.
    """
    spans = [(span[0] + a, span[0] + b) for a, b in sentence_spans(text[slice(*span)])]
    if len(spans) > 1 and text[spans[0][0]].islower() and not text[spans[1][0]].islower():
        spans = spans[1:]
    if len(spans) > 1 and not ends_sentence(text[slice(*spans[-1])]):
        spans = spans[:-1]
    return (spans[0][0], spans[-1][1]) if spans else span


def heading(group: Sequence[Passage], *, topic: AbstractSet[str]) -> str:
    """The heading that more than half of the passages stand under, or "".

    One that says no more than the topic does (`topic`: its stems) counts for nothing.
    """
    headings = Counter(passage.section[-1].strip().rstrip(":") for passage in group if passage.section)
    for name, n in headings.most_common(1):
        if 2 * n > len(group) and not {word.stem for word in content_words(name)} <= topic:
            return name
    return ""


def by_theme(groups: Sequence[T], themes: Sequence[str]) -> list[T]:
    """The groups in their order, but those of one theme side by side; "" is no theme."""
    places = [themes.index(theme) if theme else place for place, theme in enumerate(themes)]
    return [groups[i] for i in sorted(range(len(groups)), key=lambda i: places[i])]


def shared_words(texts: Sequence[str], *, without: AbstractSet[str]) -> list[str]:
    """The words that name what most of several texts have in common, none in `without` (stems), as written first."""
    written = [{w.stem: w.written for w in words(text) if _names(w, without)} for text in texts]
    counts = Counter(stem for each in written for stem in each)
    return [
        next(each[stem] for each in written if stem in each)
        for stem, n in counts.items()
        if n > 1 and 2 * n >= len(texts)
    ]


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
