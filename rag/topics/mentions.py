"""Which passages speak of a topic, and how plainly, in every episode: the one step all views of topics start from.

A passage speaks of a topic as far as it is near in meaning and holds the topic's words, under any of the names the
notes have for it. Notes keep to a subject for a few lines and do not repeat its name in each, so a passage beside one
that speaks plainly is read too. A topic that is nothing but the name of an episode, a guest or a date stands for
what is said there. Knows nothing of summaries or groups, and asks no language model.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from rag.errors import QuestionError
from rag.fields import header
from rag.filters import Names, Scope
from rag.index import Index
from rag.phrase import Phrase
from rag.protocols import Embedder
from rag.spelling import correct
from rag.topics.themes import makes_a_point
from rag.topics.variants import spelt_out, wordings
from rag.types import FloatArray, Passage
from rag.words import Word, content_words, terms

# Strength is a cosine plus a share of words; docs/lab-notes.md says how these were measured.
WORDS_WEIGHT = 0.3
SPEAKS = 0.54  # strength from which a passage speaks of any topic
PLAIN = 0.75  # share of the plainest passage's strength from which one speaks of this topic
NEAR = 0.5  # the same share of relevance, from which a passage is worth reading
OUT = 1.0  # robust standard deviations above what passages have to do with any topic, from which one stands out
BESIDE = 5  # passages to each side that count as beside
REACH = 1_500  # characters, within which they begin: a few bullets, but hardly the next window of a transcript
BESIDE_WEIGHT = 0.5
LONGEST_ENDING = 5  # letters by which a word may differ from its stem; more make it another word
LONGEST = 40  # words of a topic that are read; a whole paragraph is about no one thing
LOOKED_AT = 150  # of the most relevant, whether they are beside the matter
LONGEST_NAME = 300  # characters; see `_only_names`
KEPT = 50  # topics remembered

NO_WORD = Phrase("There is no word in that topic to search for.")
NAME_IT = Phrase("Name it in a word or a few.")

_LETTERS = re.compile(r"[^\W\d_]+")

Strengths = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A passage with what it has to do with the topic.

    Attributes:
        row: its number in the index.
        strength: cosine to the topic plus the weighted share of the topic's words it holds, about 0 to 1.3.
        relevance: strength, lifted by a strong passage beside it.
        aside: it is a sponsor read, a link list or a call to subscribe; told of the most relevant ones only.
    """

    row: int
    passage: Passage
    strength: float
    relevance: float
    aside: bool = False


@dataclass(frozen=True, kw_only=True)
class Relevant:
    """What the notes hold of a topic.

    Attributes:
        topic: as it was asked for.
        searched: the same, spelt as the notes do.
        ways: other names of it in the notes, which were looked for as well.
        words: what it says, stop words left out.
        vector: its unit vector, shape (dimension,).
        near: passages worth reading, most relevant first; of copies in one episode only the strongest.
        level: the strength from which one speaks of this topic.
        named: the episode, guest or date that the topic is the name of; "" for any other.
    """

    topic: str
    searched: str
    ways: tuple[str, ...]
    words: Sequence[Word]
    vector: FloatArray
    near: tuple[Mention, ...]
    level: float
    named: str = ""

    @property
    def above(self) -> list[Mention]:
        """The passages that speak of the topic, most relevant first; asides only where there is nothing else."""
        speaking = [mention for mention in self.near if mention.strength >= self.level]
        return [mention for mention in speaking if not mention.aside] or speaking


class Mentions:
    """Looks topics up in one index. The same topic is looked up once: a build never changes."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._known: OrderedDict[str, Relevant] = OrderedDict()

    def relevant(self, topic: str) -> Relevant:
        """What the notes hold of `topic`. Raises QuestionError where no word in it says anything."""
        if topic not in self._known:
            self._known[topic] = self._look_up(topic)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[topic]

    def writes(self, phrase: str) -> int:
        """In how many passages the notes write a phrase, whatever its case."""
        stems = {word.stem for word in content_words(phrase)}
        texts = self._vocabulary.texts(*stems) if stems else ()
        return sum(phrase.casefold() in text.casefold() for text in texts)

    def _look_up(self, topic: str) -> Relevant:
        asked = " ".join(topic.split()[:LONGEST])
        if not content_words(asked):
            raise QuestionError(NO_WORD, remedy=NAME_IT)
        spelt = correct(
            asked,
            known=self._index.lexical.knows,
            names=self._index.name_words,
            vocabulary=lambda: self._written,
        )
        searched = spelt_out(spelt, self._vocabulary)
        ways = tuple(wordings(searched, self._vocabulary))
        vectors = self._embedder.embed([searched, *ways], questions=True)
        strengths = np.max([self._strengths(v, way) for v, way in zip(vectors, (searched, *ways), strict=True)], axis=0)
        scopes = self._scopes(searched, strengths)
        if scopes:
            ways, vectors = (), self._within(scopes)
            strengths = np.maximum(self._strengths(vectors[0], searched), self._held(scopes, vectors[0]))
        near, level = self._read(strengths)
        return Relevant(
            topic=topic,
            searched=searched,
            ways=ways,
            words=content_words(searched),
            vector=vectors[0],
            near=near,
            level=level,
            named=", ".join(scope.shown.label for scope in scopes),
        )

    @cached_property
    def _vocabulary(self) -> _Notes:
        return _Notes(self._index)

    @cached_property
    def _written(self) -> Mapping[str, int]:
        """How often each word occurs in the notes; only what a topic in haste may mean, so the quick way will do."""
        return Counter(word for passage in self._index.passages for word in _LETTERS.findall(passage.text.casefold()))

    @cached_property
    def _names(self) -> Names:
        return Names(self._index.episodes.values(), self._index.notes)

    def _scopes(self, topic: str, strengths: Strengths) -> list[Scope]:
        """What a topic names, if it does nothing else; a first name that the notes leave out does no harm.

        The title of an episode is a topic like any other where other episodes speak of it, too.
        """
        scopes = [scope for scope in self._names.scopes(topic) if scope.seconds is None and scope.episodes]
        named = {word.stem for scope in scopes for word in scope.words}
        if any(self._index.lexical.knows(w.stem) for w in content_words(topic) if w.stem not in named):
            return []
        outside = (row for row in np.flatnonzero(strengths >= SPEAKS).tolist() if not self._is_held(scopes, row))
        is_title = any(scope.shown.kind == "episode" for scope in scopes)
        return [] if is_title and next(outside, None) is not None else scopes

    def _is_held(self, scopes: Sequence[Scope], row: int) -> bool:
        return any(scope.holds(self._index.passages[row]) for scope in scopes)

    def _within(self, scopes: Sequence[Scope]) -> FloatArray:
        """What is said in the scopes as one unit vector, shape (1, dimension)."""
        rows = [row for row in range(len(self._index.passages)) if self._is_held(scopes, row)]
        if not rows:
            return np.zeros((1, self._index.store.vectors([0]).shape[1]), dtype=np.float32)
        mean = self._index.store.vectors(self._index.first_vector[rows]).mean(axis=0, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def _held(self, scopes: Sequence[Scope], vector: FloatArray) -> Strengths:
        """How plainly each passage in the scopes speaks of what is said there, shape (passages,); 0 outside."""
        held = np.asarray([self._is_held(scopes, row) for row in range(len(self._index.passages))])
        return np.where(held, self._index.nearness(vector) + WORDS_WEIGHT, 0.0).astype(np.float32)

    def _strengths(self, vector: FloatArray, topic: str) -> Strengths:
        """How plainly each passage speaks of a topic, shape (passages,)."""
        words = content_words(topic)
        idf = [self._index.idf(word.stem) for word in words]
        share = np.zeros(len(self._index.passages), dtype=np.float32)
        for word, weight in zip(words, idf, strict=True):
            share[self._rows_that_hold(word)] += weight / sum(idf)
        return np.asarray(self._index.nearness(vector) + WORDS_WEIGHT * share, dtype=np.float32)

    def _rows_that_hold(self, word: Word) -> list[int]:
        """The rows with a word in the passage, its headings or parents; the name of its episode does not count.

        Some endings are a word of their own: "accessibility" has the stem of "access", and is not what that is about.
        """
        beginning = word.written.casefold()[:-LONGEST_ENDING]
        further = len(beginning) > len(word.stem)
        titled = {e.id for e in self._index.episodes.values() if word.stem in _named_in(header(e))}
        found = ((row, self._index.passages[row]) for row in self._index.rows_with(word.stem))
        return [
            row
            for row, passage in found
            if (not further and passage.episode_id not in titled) or _says(passage, beginning if further else word.stem)
        ]

    def _read(self, strengths: Strengths) -> tuple[tuple[Mention, ...], float]:
        """What is worth reading, most relevant first, and the strength from which it speaks of the topic."""
        own = stands_out(strengths)
        for row in np.flatnonzero(strengths >= min(own, NEAR * SPEAKS)).tolist():
            if self._only_names(self._index.passages[row]):
                strengths[row] = 0.0
        plainest = max(self._second(strengths), SPEAKS)
        own = min(own, NEAR * plainest)  # in a few notes about one thing nothing stands out
        speaking = np.flatnonzero(strengths >= PLAIN * plainest).tolist()
        rows = {*np.flatnonzero(strengths >= NEAR * plainest), *(b for row in speaking for b, _ in self._beside(row))}
        mentions = [self._mention(row, strengths) for row in sorted(map(int, rows)) if strengths[row] >= own]
        near = [mention for mention in mentions if mention.relevance >= NEAR * plainest]
        near.sort(key=lambda mention: mention.relevance, reverse=True)
        first = [replace(mention, aside=self._index.is_aside(mention.passage)) for mention in near[:LOOKED_AT]]
        return tuple(self._without_copies([*first, *near[LOOKED_AT:]])), max(SPEAKS, PLAIN * plainest)

    def _only_names(self, passage: Passage) -> bool:
        """Whether a passage only names its episode, which a long one never does."""
        return len(passage.text) <= LONGEST_NAME and self._index.is_heading(passage)

    def _second(self, strengths: Strengths) -> float:
        """The strength of the second plainest passage that says something: one alone may be an oddity."""
        found = 0
        for row in np.argsort(-strengths, kind="stable")[: KEPT * 2]:
            if self._index.copies(int(row))[0] == row and makes_a_point(self._index.passages[row].text):
                found += 1
            if found == 2:
                return float(strengths[row])
        return 0.0

    def _mention(self, row: int, strengths: Strengths) -> Mention:
        passage, strength = self._index.passages[row], float(strengths[row])
        lent = max((near * float(strengths[other]) for other, near in self._beside(row)), default=0.0)
        return Mention(
            row=row,
            passage=passage,
            strength=strength,
            relevance=strength + BESIDE_WEIGHT * max(0.0, lent),
        )

    def _beside(self, row: int) -> Iterable[tuple[int, float]]:
        """Rows beside a row in the same note, episode and section, with their nearness: below 1, above 0."""
        here = self._index.passages[row]
        for distance in range(1, BESIDE + 1):
            for other in (row - distance, row + distance):
                if 0 <= other < len(self._index.passages):
                    nearness = (1 - distance / (BESIDE + 1)) * _nearness(here, self._index.passages[other])
                    if nearness > 0:
                        yield other, nearness

    def _without_copies(self, mentions: Iterable[Mention]) -> Iterable[Mention]:
        """One of those that say the same in one episode; another episode that says it says it, too."""
        seen: set[tuple[int, str]] = set()
        for mention in mentions:
            key = self._index.copies(mention.row)[0], mention.passage.episode_id
            if key not in seen:
                seen.add(key)
                yield mention


def stands_out(strengths: Strengths) -> float:
    """The strength from which a passage has anything to do with a topic by itself, and not merely by standing beside.

    Most passages have nothing to do with it: their middle and their spread are those of chance.
    """
    middle = float(np.median(strengths))
    spread = 1.4826 * float(np.median(np.abs(strengths - middle)))
    return middle + OUT * spread


class _Notes:
    """An index as the vocabulary of its notes."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def knows(self, stem: str) -> bool:
        return self._index.lexical.knows(stem)

    def beginning(self, letters: str) -> Sequence[str]:
        return self._index.lexical.beginning(letters)

    def texts(self, *stems: str) -> Iterable[str]:
        rows = frozenset.intersection(*(self._index.rows_with(stem) for stem in stems))
        return (self._index.passages[row].text for row in sorted(rows))


def _nearness(one: Passage, other: Passage) -> float:
    """How near two passages begin to each other, from 1 to 0; 0 under another heading or about another episode."""
    places = {(p.note_file, p.episode_id, p.section) for p in (one, other)}
    return 1 - abs(one.char_start - other.char_start) / REACH if len(places) == 1 else 0.0


@lru_cache(maxsize=10_000)
def _named_in(header: str) -> frozenset[str]:
    return frozenset(terms(header))


def _says(passage: Passage, stem: str) -> bool:
    """Whether a word of the passage, its headings or parents begins like a stem: all their words would take long."""
    text = " ".join([*passage.section, *passage.parents, passage.text]).casefold()
    return re.search(rf"\b{re.escape(stem.removesuffix('i'))}", text) is not None
