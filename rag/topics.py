"""What all episodes say about a topic: cited points, grouped by sub-theme, and the episodes that cover it.

topic -> passages that speak of it, in every episode -> episodes that cover it -> pool -> points -> sub-themes

A passage speaks of a topic as far as it is near in meaning and holds the topic's words. Notes keep to a subject
for a few lines and do not repeat its name in each, so a passage beside one that speaks plainly is read too.
No language model is asked; every point is a verbatim span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.answer import Clock
from rag.citations import cite
from rag.errors import Interrupted, QuestionError
from rag.fusion import row_cosine
from rag.index import Index
from rag.spans import best_span
from rag.spelling import correct
from rag.themes import diverse, grouped, seconds
from rag.types import Cancelled, Citation, Embedder, Episode, FloatArray, NotCovered, Passage, TopicPoint, TopicSummary
from rag.words import Word, content_words

POINTS = 8
CLOSEST = 3
POOL = 60  # passages the points are chosen from, at most
FOUND = 200  # passages looked at one by one; search itself reads all

# Strength is a cosine plus a share of words; docs/lab-notes.md says how these were measured.
WORDS_WEIGHT = 0.3
SPEAKS = 0.58  # strength from which a passage speaks of the topic
NEAR = 0.50  # relevance from which a passage is worth reading with those that do
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
            vector = self._embedder.embed([searched])[0]
        _check(cancelled)
        with clock.stage("search"):
            spoken = self._read(vector, words)
        plain = [s for s in spoken if s.strength >= SPEAKS]
        if len(plain) < 2:
            return self._refuse(topic, searched, words, vector, spoken, clock)
        episodes = self._covering(plain)
        _check(cancelled)
        with clock.stage("choose"):
            pool = self._pool(spoken, {episode.id for episode in episodes})
            chosen = self._choose(pool, words, len(episodes))
        _check(cancelled)
        with clock.stage("quote"):
            points, citations = self._quote(chosen, vector)
        return TopicSummary(
            topic=topic, points=points, citations=citations, episodes=episodes, timings_ms=clock.timings()
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
            Spoken(row=row, passage=self._index.passages[row], strength=s, relevance=s + self._lift(row, strengths))
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
        """The weighted share of the topic's words, by idf, that a passage or its headings hold."""
        held = self._index.terms_of(passage)
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
        """The episodes that cover the topic, the one with the most passages about it first."""
        level = COVERS * max(s.strength for s in plain)
        counts = Counter(s.passage.episode_id for s in plain)
        covering = {s.passage.episode_id for s in plain if s.strength >= level}
        return tuple(self._index.episodes[id_] for id_, _ in counts.most_common() if id_ in covering)

    def _pool(self, spoken: Sequence[Spoken], episodes: set[str]) -> list[Spoken]:
        """What points are chosen from: the most relevant passages of the covering episodes."""
        near = [s for s in spoken if s.strength >= SPEAKS or s.relevance >= NEAR]
        within = [s for s in near if s.passage.episode_id in episodes]
        return sorted(within, key=self._rank, reverse=True)[:POOL]

    def _rank(self, spoken: Spoken) -> float:
        beside = OWN_WORDS_FIRST * (spoken.passage.note_file in self._summaries)
        return spoken.relevance - beside - ASIDES_LAST * self._index.is_aside(spoken.passage)

    def _choose(self, pool: Sequence[Spoken], words: Sequence[Word], episodes: int) -> list[tuple[str, list[Passage]]]:
        """(sub-theme, passages) for each point, in the order of showing; the first of its passages is quoted."""
        vectors = self._index.store.vectors([self._index.vector_numbers(s.row)[0] for s in pool])
        cosines = vectors @ vectors.T
        passages = [s.passage for s in pool]
        relevance = np.asarray([self._rank(s) for s in pool], dtype=np.float32)
        chosen = diverse(
            relevance,
            cosines,
            [passage.episode_id for passage in passages],
            count=POINTS,
            each=max(-(-POINTS // 3), -(-POINTS // episodes)),
        )
        second = seconds(chosen, cosines, [passage.note_file for passage in passages])
        groups = [[chosen[i] for i in sorted(group)] for group in grouped(cosines[np.ix_(chosen, chosen)])]
        groups.sort(key=lambda group: chosen.index(group[0]))
        names = labels(
            [[passages[i] for i in group] for group in groups],
            passages,
            topic={word.stem for word in words},
            idf=self._index.idf,
        )
        themed = [
            (name, [passages[i], *([passages[second[i]]] if i in second else [])])
            for name, group in zip(names, groups, strict=True)
            for i in group
        ]
        return sorted(themed, key=lambda point: names.index(point[0]))  # groups of one name stand together

    def _quote(
        self, chosen: Sequence[tuple[str, list[Passage]]], vector: FloatArray
    ) -> tuple[tuple[TopicPoint, ...], tuple[Citation, ...]]:
        """The points with their citations, numbered in order. A second passage is quoted where it is nearest to the first."""
        citations: list[Citation] = []
        points: list[TopicPoint] = []
        for theme, passages in chosen:
            quoted: list[Citation] = []
            for passage in passages:
                aim = self._embedder.embed([quoted[0].display])[0] if quoted else vector
                quoted.append(self._cite(len(citations) + len(quoted) + 1, passage, aim))
            citations += quoted
            points.append(TopicPoint(text=quoted[0].display, citations=tuple(c.n for c in quoted), theme=theme))
        return tuple(points), tuple(citations)

    def _cite(self, n: int, passage: Passage, aim: FloatArray) -> Citation:
        span = best_span(passage.text, lambda texts: (self._embedder.embed(texts) @ aim).tolist())
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
            closest = tuple(self._cite(n, s.passage, vector) for n, s in enumerate(nearest, 1))
        return NotCovered(
            question=topic,
            reason=_reason(nearest),
            closest=closest,
            absent_words=tuple(word.written for word in words if not self._index.lexical.knows(word.stem)),
            p_answerable=0.0,  # the gate is for questions; it is not asked about topics
            timings_ms=clock.timings(),
            searched=searched,
        )


def _reason(nearest: Sequence[Spoken]) -> str:
    if not nearest:
        return "Your notes do not cover this."
    if nearest[0].strength >= SPEAKS:
        return "Only one passage of your notes speaks of this."
    return "Your notes do not cover this. The closest they come:"


def _place(passage: Passage) -> tuple[str, str, tuple[str, ...]]:
    return passage.note_file, passage.episode_id, passage.section


def _check(cancelled: Cancelled | None) -> None:
    if cancelled and cancelled():
        raise Interrupted("Cancelled.")
