"""What all episodes say about a topic: cited points, grouped by sub-theme, and the episodes that cover it.

topic -> passages that speak of it, in every episode -> episodes that cover it -> pool -> points -> sub-themes

A passage speaks of a topic as far as it is near in meaning and holds the topic's words. Notes keep to a subject
for a few lines and do not repeat its name in each, so a passage beside one that speaks plainly is read too.
No language model is asked; every point is a verbatim span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from rag.citations import cite
from rag.clock import Clock
from rag.errors import Interrupted, QuestionError
from rag.fusion import row_cosine
from rag.index import Index
from rag.protocols import Cancelled, Embedder
from rag.spans import best_span
from rag.spelling import correct
from rag.themes import companions, diverse, grouped, heading, makes_a_point, phrases, without_topic
from rag.types import Citation, Episode, FloatArray, NotCovered, Passage, TopicPoint, TopicSummary
from rag.words import Word, content_words, terms

TOO_LITTLE = "Your notes say too little about this for a summary."
NOTHING = "Your notes do not cover this."

POINTS = 8
CLOSEST = 3
POOL = 60  # passages the points are chosen from, at most
FOUND = 200  # passages looked at one by one; search itself reads all

# Strength is a cosine plus a share of words; docs/lab-notes.md says how these were measured.
WORDS_WEIGHT = 0.3
SPEAKS = 0.54  # strength from which a passage speaks of the topic
NEAR = 0.45  # relevance from which a passage is worth reading with those that do
COVERS = 0.75  # an episode covers the topic if its best passage comes this near to the best of all
BESIDE = 3  # passages to each side that count as beside
BESIDE_WEIGHT = 0.5
OWN_WORDS_FIRST = 0.10  # a machine's summary stands back by this against a person's notes
ASIDES_LAST = 0.10  # and so does a sponsor read, a link list or a call to subscribe


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A passage with what it has to do with the topic.

    Attributes:
        strength: cosine to the topic plus the weighted share of the topic's words it holds, about 0 to 1.3.
        relevance: strength, lifted by a strong passage beside it.
    """

    row: int
    passage: Passage
    strength: float
    relevance: float


@dataclass(frozen=True, kw_only=True)
class Point:
    """A passage chosen to be shown, the span of it that is quoted, and another passage that says nearly the same.

    Attributes:
        vector: of the whole passage, unit length, shape (dimension,).
    """

    passage: Passage
    span: tuple[int, int]
    vector: FloatArray
    also: Passage | None

    @property
    def text(self) -> str:
        """What is quoted, as a reader sees it."""
        return self.passage.text[slice(*self.span)]


class Summarizer:
    """Summarises topics over one index."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._rows = {passage.id: row for row, passage in enumerate(index.passages)}
        self._summaries = {note.file for note in index.notes if note.kind == "summary"}

    def summarize(self, topic: str, *, cancelled: Cancelled | None = None) -> TopicSummary | NotCovered:
        """Up to eight cited points, or a refusal if fewer than two passages speak of `topic`.

        Raises:
            QuestionError: there is no word in it that says anything.
            Interrupted: cancelled.
        """
        clock = Clock()
        if not content_words(topic):
            raise QuestionError("There is no word in that topic to search for.", remedy="Name it in a word or a few.")
        searched = correct(topic, known=self._index.lexical.knows, names=self._index.name_words)
        words = content_words(searched)
        with clock.stage("embed"):
            vector = self._embedder.embed([searched], questions=True)[0]
        _check(cancelled)
        with clock.stage("search"):
            spoken = self._read(vector, words)
        plain = [s for s in spoken if s.strength >= SPEAKS and makes_a_point(s.passage.text)]
        if len(plain) < 2:
            return self._refuse(topic, searched, words, vector, spoken, clock)
        episodes = self._covering(plain)
        _check(cancelled)
        with clock.stage("choose"):
            pool = self._pool(spoken, {episode.id for episode in episodes})
            points = self._choose(pool, vector, episodes=len(episodes))
        _check(cancelled)
        with clock.stage("group"):
            themed = self._themed(points, vector, words)
        with clock.stage("quote"):
            shown, citations = self._cited(themed)
        return TopicSummary(
            topic=topic,
            points=tuple(shown),
            citations=tuple(citations),
            episodes=episodes,
            timings_ms=clock.timings(),
        )

    def _read(self, vector: FloatArray, words: Sequence[Word]) -> list[Spoken]:
        """What search finds for the topic and what stands beside the plainest of it, most relevant first."""
        hits = self._index.search(vector, [word.stem for word in words], FOUND)
        strengths = {
            self._rows[hit.passage.id]: hit.cosine + self._named(hit.passage, words)
            for hit in hits
            if not self._index.is_heading(hit.passage)
        }
        beside = {b for row, s in strengths.items() if s >= SPEAKS for b, _ in self._beside(row)} - set(strengths)
        strengths |= self._strengths(sorted(beside), vector, words)
        spoken = [
            Spoken(
                row=row,
                passage=self._index.passages[row],
                strength=s,
                relevance=s + self._lift(row, strengths),
            )
            for row, s in strengths.items()
        ]
        return sorted(spoken, key=lambda s: s.relevance, reverse=True)

    def _strengths(self, rows: Sequence[int], vector: FloatArray, words: Sequence[Word]) -> dict[int, float]:
        """Strength of each row that is not merely an episode's name."""
        passages = {row: self._index.passages[row] for row in rows}
        kept = [row for row in rows if not self._index.is_heading(passages[row])]
        numbers = [list(self._index.vector_numbers(row)) for row in kept]
        flat = iter(self._index.store.cosines(vector, [n for ns in numbers for n in ns]).tolist())
        cosines = [row_cosine([next(flat) for _ in ns])[1] for ns in numbers]
        return {row: c + self._named(passages[row], words) for row, c in zip(kept, cosines, strict=True)}

    def _named(self, passage: Passage, words: Sequence[Word]) -> float:
        """The weighted share of the topic's words, by idf, that a passage, its headings and parents hold."""
        held = set(terms(". ".join([*passage.section, *passage.parents, passage.text])))
        idf = {word.stem: self._index.idf(word.stem) for word in words}
        return WORDS_WEIGHT * sum(v for stem, v in idf.items() if stem in held) / sum(idf.values())

    def _beside(self, row: int) -> Iterable[tuple[int, float]]:
        """Rows beside a row in the same note, episode and section, with their nearness: below 1, above 0."""
        here = _place(self._index.passages[row])
        for distance in range(1, BESIDE + 1):
            for other in (row - distance, row + distance):
                if 0 <= other < len(self._index.passages) and _place(self._index.passages[other]) == here:
                    yield other, 1 - distance / (BESIDE + 1)

    def _lift(self, row: int, strengths: Mapping[int, float]) -> float:
        best = max((near * strengths.get(other, 0.0) for other, near in self._beside(row)), default=0.0)
        return BESIDE_WEIGHT * max(0.0, best)

    def _covering(self, plain: Sequence[Spoken]) -> tuple[Episode, ...]:
        """The episodes that cover the topic, the one with the most passages about it first.

        Those are the ones that speak of it nearly as plainly as any, or at least half as often as any.
        """
        plainest = max(s.strength for s in plain)
        counts = Counter(s.passage.episode_id for s in plain)
        often = counts.most_common(1)[0][1]
        covering = {s.passage.episode_id for s in plain if s.strength >= COVERS * plainest}
        covering |= {id_ for id_, n in counts.items() if 2 * n >= often}
        return tuple(self._index.episodes[id_] for id_, _ in counts.most_common() if id_ in covering)

    def _pool(self, spoken: Sequence[Spoken], episodes: set[str]) -> list[Spoken]:
        """What points are chosen from: the most relevant passages of the covering episodes."""
        near = [s for s in spoken if s.strength >= SPEAKS or s.relevance >= NEAR]
        within = [s for s in near if s.passage.episode_id in episodes and makes_a_point(s.passage.text)]
        return sorted(within, key=self._rank, reverse=True)[:POOL]

    def _rank(self, spoken: Spoken) -> float:
        beside = OWN_WORDS_FIRST * (spoken.passage.note_file in self._summaries)
        return spoken.relevance - beside - ASIDES_LAST * self._index.is_aside(spoken.passage)

    def _choose(self, pool: Sequence[Spoken], vector: FloatArray, *, episodes: int) -> list[Point]:
        """The points, most relevant first, each with a second passage where one says nearly the same."""
        vectors = self._index.store.vectors([self._index.vector_numbers(s.row)[0] for s in pool])
        cosines = vectors @ vectors.T
        relevance = np.asarray([self._rank(s) for s in pool], dtype=np.float32)
        owners = [s.passage.episode_id for s in pool]
        each = max(-(-POINTS // 3), -(-POINTS // episodes))
        chosen = diverse(relevance, cosines, owners, count=POINTS, each=each)
        also = companions(chosen, cosines, [s.passage.note_file for s in pool])
        return [
            Point(
                passage=pool[i].passage,
                span=self._span(pool[i].passage, vector),
                vector=vectors[i],
                also=pool[also[i]].passage if i in also else None,
            )
            for i in chosen
        ]

    def _themed(
        self, points: Sequence[Point], vector: FloatArray, words: Sequence[Word]
    ) -> list[tuple[str, list[Point]]]:
        """The points under their sub-themes, in the order of their best. Each name is the notes' own words."""
        rest = without_topic(np.stack([point.vector for point in points]), vector)
        topic = {word.stem for word in words}
        themes: dict[str, list[Point]] = {}
        for group in grouped(rest @ rest.T):
            members = [points[i] for i in group]
            name = heading([p.passage for p in members], topic=topic) or self._telling(
                [p.text for p in members], rest[group].mean(axis=0), without=topic | self._index.names
            )
            themes.setdefault(name, []).extend(members)
        return list(themes.items())

    def _telling(self, texts: Sequence[str], centre: FloatArray, *, without: AbstractSet[str]) -> str:
        """The phrase of the texts that is nearest to their centre; "" if they have none."""
        candidates = list(dict.fromkeys(phrase for text in texts for phrase in phrases(text, without=without)))
        return candidates[int(np.argmax(self._embedder.embed(candidates) @ centre))] if candidates else ""

    def _cited(self, themed: Sequence[tuple[str, list[Point]]]) -> tuple[list[TopicPoint], list[Citation]]:
        """The points as a reader sees them, citations numbered in their order.

        A second passage is quoted where it is nearest to the first.
        """
        shown: list[TopicPoint] = []
        citations: list[Citation] = []
        for theme, points in themed:
            for point in points:
                first = len(citations) + 1
                citations.append(self._cite(first, point.passage, point.span))
                if point.also:
                    span = self._span(point.also, self._embedder.embed([point.text])[0])
                    citations.append(self._cite(first + 1, point.also, span))
                numbers = tuple(range(first, len(citations) + 1))
                shown.append(TopicPoint(text=point.text, citations=numbers, theme=theme))
        return shown, citations

    def _span(self, passage: Passage, aim: FloatArray) -> tuple[int, int]:
        """Which part of a passage to quote: what is nearest to `aim`, a vector of shape (dimension,)."""
        return best_span(passage.text, lambda texts: (self._embedder.embed(texts) @ aim).tolist())

    def _cite(self, n: int, passage: Passage, span: tuple[int, int]) -> Citation:
        return cite(n, passage, span, self._index.episode_of(passage), also=self._index.also(passage, span))

    def _refuse(
        self,
        topic: str,
        searched: str,
        words: Sequence[Word],
        vector: FloatArray,
        spoken: Sequence[Spoken],
        clock: Clock,
    ) -> NotCovered:
        nearest = sorted((s for s in spoken if s.strength >= NEAR), key=lambda s: s.strength, reverse=True)[:CLOSEST]
        with clock.stage("quote"):
            closest = tuple(self._cite(n, s.passage, self._span(s.passage, vector)) for n, s in enumerate(nearest, 1))
        return NotCovered(
            question=topic,
            reason=TOO_LITTLE if nearest else NOTHING,
            closest=closest,
            absent_words=tuple(word.written for word in words if not self._index.lexical.knows(word.stem)),
            p_answerable=0.0,  # the gate is for questions; it is not asked about topics
            timings_ms=clock.timings(),
            searched=searched,
        )


def _place(passage: Passage) -> tuple[str, str, tuple[str, ...]]:
    return passage.note_file, passage.episode_id, passage.section


def _check(cancelled: Cancelled | None) -> None:
    if cancelled and cancelled():
        raise Interrupted("Cancelled.")
