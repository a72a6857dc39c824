"""What all episodes say about a topic: cited points, grouped by sub-theme, and the episodes that cover it.

topic -> passages that speak of it (rag/topics/mentions.py) -> pool -> quotes, diverse -> groups, each of them a point
-> coverage, agreement and disagreement of what is shown

Every point is a verbatim span with further spans of the same matter. A model that may write joins these into one
checked sentence (rag/topics/joining.py); it is asked for nothing else.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rag.clock import Clock
from rag.disagreement import agreement, disagreements
from rag.errors import Interrupted
from rag.index import Index
from rag.map_types import Coverage, TopicPoint, TopicSummary
from rag.phrase import Phrase, Said
from rag.protocols import NOBODY, Cancelled, Embedder, Stage, Watch
from rag.spans import at_odds
from rag.spelling import suggest
from rag.topics.joining import Joiner
from rag.topics.mentions import Mention, Mentions, Relevant
from rag.topics.quoting import nearest_span
from rag.topics.subjects import names_nothing
from rag.topics.themes import (
    by_theme,
    companions,
    diverse,
    foremost,
    grouped,
    heading,
    makes_a_point,
    phrases,
    shared_words,
    whole_sentences,
    without_topic,
)
from rag.topics.wanted import POINTS, wanted, within_reason
from rag.types import Citation, Episode, FloatArray, NotCovered, Sentence

__all__ = ["POINTS", "Summarizer"]

TOO_LITTLE = Phrase("Your notes say too little about this for a summary.")
NOTHING = Phrase("Your notes do not cover this.")
NAMES = Phrase("The topic names {what}: this is what is said there.")
ALSO_CALLED = Phrase("Also looked for: {names}.")

LEAST = 2  # passages that speak of a topic, or there is no summary
CLOSEST = 3
CLOSE = 0.45  # strength from which a passage is worth showing with a refusal
QUOTES = 3  # to a point, on average
POOL = 60  # passages the quotes are chosen from, at most
NEAR_TOPICS = 3
NEAR_PASSAGES = 40  # whose phrases are looked at for a topic that the notes do have
OWN_WORDS_FIRST = 0.10  # a machine's summary stands back by this against a person's notes
ASIDES_LAST = 0.10  # and so does a sponsor read, a link list or a call to subscribe
JOINING_SECONDS = 60.0  # for the sentences of all points; those that are left stay quotes
KEPT = 50  # summaries remembered: a build never changes, so they stay right


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A passage chosen to be shown and the span of it that is.

    Attributes:
        relevance: what it was chosen by.
        vector: of the whole passage, unit length, shape (dimension,).
        also: a passage of another episode or speaker that says nearly the same.
    """

    mention: Mention
    span: tuple[int, int]
    relevance: float
    vector: FloatArray
    also: Mention | None = None

    @property
    def text(self) -> str:
        """What is quoted, as a reader sees it."""
        return self.mention.passage.text[slice(*self.span)]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Quotes of one matter, the foremost first, under a name in the notes' own words; "" where they have none."""

    theme: str
    quotes: Sequence[Quote]


class Summarizer:
    """Summarises topics over one index."""

    def __init__(self, index: Index, embedder: Embedder, *, joiner: Joiner | None = None) -> None:
        """`joiner`: what joins the quotes of a point into a sentence; None: every point is a quote."""
        self._index = index
        self._embedder = embedder
        self._joiner = joiner
        self._mentions = Mentions(index, embedder)
        self._summaries = {note.file for note in index.notes if note.kind == "summary"}
        self._known: OrderedDict[tuple[str, int], TopicSummary | NotCovered] = OrderedDict()

    def relevant(self, topic: str) -> Relevant:
        """What the notes hold of `topic`: the passages above its level, and what stands near them.

        The step that every view of topics starts from; the same topic is looked up once.

        Raises:
            QuestionError: there is no word in it that says anything.
        """
        return self._mentions.relevant(topic)

    def summarize(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        """Up to `points` cited points, or a refusal if fewer than two passages speak of `topic`.

        `points`: where None, as many as the topic itself asks for ("five things about sleep"), else eight.

        Raises:
            QuestionError: there is no word in it that says anything.
            Interrupted: cancelled.
        """
        asked, counted = wanted(topic)
        count = within_reason(points or counted)
        if (topic, count) not in self._known:
            made = self._summarize(asked, count, _Steps(cancelled=cancelled, watch=watch))
            shown = replace(made, topic=topic) if isinstance(made, TopicSummary) else replace(made, question=topic)
            self._known[topic, count] = shown
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[topic, count]

    def _summarize(self, topic: str, count: int, steps: _Steps) -> TopicSummary | NotCovered:
        with steps.stage("search"):
            found = self.relevant(topic)
        speaking = [m for m in found.above if makes_a_point(m.passage.text)]
        if len({self._index.copies(m.row)[0] for m in speaking}) < LEAST:
            return self._refuse(found, steps)
        coverage = self._coverage(speaking)
        with steps.stage("choose"):
            quotes = self._choose(self._pool(found, {c.episode.id for c in coverage}), found, count, len(coverage))
        if not quotes:  # all that is said there asks something
            return self._refuse(found, steps)
        with steps.stage("group"):
            groups = self._groups(quotes, found, count)
        with steps.stage("quote"):
            points, citations, remarks = self._cited(groups)
        if self._joiner:
            with steps.stage("write"):
                points = self._joined(topic, points, citations, steps)
        covering = {c.episode.id for c in coverage}
        return TopicSummary(
            topic=topic,
            points=points,
            citations=citations,
            episodes=tuple(c.episode for c in coverage),
            timings_ms=steps.timings(),
            searched=found.searched if found.searched != topic else "",
            coverage=_with_shown(coverage, speaking, citations),
            silent=tuple(episode for episode in self._episodes if episode.id not in covering),
            remarks=(*_taken_for(found), *remarks),
        )

    @cached_property
    def _episodes(self) -> tuple[Episode, ...]:
        """All of them, by show and date."""
        return tuple(sorted(self._index.episodes.values(), key=lambda e: (e.show or "", e.date or "", e.title)))

    def _coverage(self, speaking: Sequence[Mention]) -> tuple[Coverage, ...]:
        """The episodes that speak of the topic, the one with the most passages about it first."""
        counts = Counter(mention.passage.episode_id for mention in speaking)
        return tuple(Coverage(episode=self._index.episodes[id_], passages=n) for id_, n in counts.most_common())

    def _pool(self, found: Relevant, episodes: AbstractSet[str]) -> list[Mention]:
        """What quotes are chosen from: the most relevant passages of the covering episodes, none saying the same."""
        only_asides = all(mention.aside for mention in found.above)
        within = [
            mention
            for mention in found.near
            if mention.passage.episode_id in episodes
            and (only_asides or not mention.aside)
            and makes_a_point(mention.passage.text)
        ]
        firsts: dict[int, Mention] = {}
        for mention in sorted(within, key=self._rank, reverse=True):
            firsts.setdefault(self._index.copies(mention.row)[0], mention)
        heard = {mention.passage.episode_id: mention for mention in reversed(firsts.values())}
        first = sorted(heard.values(), key=self._rank, reverse=True)
        return [*first, *(mention for mention in firsts.values() if mention not in first)][:POOL]

    def _rank(self, mention: Mention) -> float:
        beside = OWN_WORDS_FIRST * (mention.passage.note_file in self._summaries)
        return mention.relevance - beside - ASIDES_LAST * mention.aside

    def _choose(self, pool: Sequence[Mention], found: Relevant, points: int, episodes: int) -> list[Quote]:
        """The quotes, most relevant first, at most a third of one episode where more cover the topic."""
        vectors = self._index.store.vectors([self._index.vector_numbers(mention.row)[0] for mention in pool])
        cosines = vectors @ vectors.T
        relevance = np.asarray([self._rank(mention) for mention in pool], dtype=np.float32)
        count = QUOTES * points
        each = max(-(-count // 3), -(-count // episodes))
        chosen = diverse(relevance, cosines, [m.passage.episode_id for m in pool], count=count, each=each)
        also = companions(chosen, vectors, found.vector, [m.passage for m in pool])
        quotes = (
            Quote(
                mention=pool[i],
                span=self._span(pool[i].row, found.vector),
                relevance=float(relevance[i]),
                vector=vectors[i],
                also=pool[also[i]] if i in also else None,
            )
            for i in chosen
        )
        return [quote for quote in quotes if makes_a_point(quote.text)]

    def _groups(self, quotes: Sequence[Quote], found: Relevant, points: int) -> list[Group]:
        """The quotes in groups of one matter each, in the order of their best, those of one name side by side."""
        vectors = np.stack([quote.vector for quote in quotes])
        rest = without_topic(vectors, found.vector)
        topic = {word.stem for word in found.words}
        groups: list[Group] = []
        for members in grouped(rest @ rest.T, most=points):
            relevance = np.asarray([quotes[i].relevance for i in members], dtype=np.float32)
            order = foremost(relevance, vectors[members] @ vectors[members].T, [quotes[i].text for i in members])
            inside = [quotes[members[i]] for i in order]
            theme = heading([quote.mention.passage for quote in inside], topic=topic) or self._telling(
                [quote.text for quote in inside],
                rest[members].mean(axis=0),
                without=topic | self._nameless,
            )
            groups.append(Group(theme=theme, quotes=inside))
        return by_theme(groups, [group.theme for group in groups])

    @cached_property
    def _nameless(self) -> AbstractSet[str]:
        """The stems that no theme is called by: those of episodes, shows and guests, and those that say nothing."""
        return self._index.names | names_nothing()

    def _telling(self, texts: Sequence[str], centre: FloatArray, *, without: AbstractSet[str]) -> str:
        """The phrase of most of the texts, or the word they share, that is nearest to their centre; "" without one.

        A phrase that the notes write but once is no name of anything.
        """
        written = Counter(name for text in texts for name in dict.fromkeys(phrases(text.casefold(), without=without)))
        most = (name for name, n in written.items() if 2 * n >= len(texts))
        candidates = [name for name in most if self._mentions.writes(name) >= LEAST]
        candidates = candidates or shared_words(texts, without=without)
        return candidates[int(np.argmax(self._embedder.embed(candidates) @ centre))] if candidates else ""

    def _cited(self, groups: Sequence[Group]) -> tuple[tuple[TopicPoint, ...], tuple[Citation, ...], tuple[Said, ...]]:
        """The points as a reader sees them, citations numbered in their order, and where these agree or not."""
        points: list[TopicPoint] = []
        citations: list[Citation] = []
        remarks: list[Said] = []
        for group in groups:
            first = len(citations)
            for quote in group.quotes:
                citations.append(self._index.cited(len(citations) + 1, quote.mention.passage, quote.span))
                if quote.also:
                    span = self._span(quote.also.row, quote.vector)
                    citations.append(self._index.cited(len(citations) + 1, quote.also.passage, span))
                    remarks += _agreeing(*citations[-2:])
            shown = citations[first:]
            more = tuple(Sentence(text=c.display, citations=(c.n,)) for c in shown[1:])
            points.append(TopicPoint(text=shown[0].display, citations=(shown[0].n,), theme=group.theme, more=more))
            remarks += disagreements(shown)
        return tuple(points), tuple(citations), tuple(remarks)

    def _joined(
        self, topic: str, points: Sequence[TopicPoint], citations: Sequence[Citation], steps: _Steps
    ) -> tuple[TopicPoint, ...]:
        """The points, each with a sentence above its quotes where a model wrote one that passed, as long as time is."""
        until = time.monotonic() + JOINING_SECONDS
        made: list[TopicPoint] = []
        for point in points:
            quotes = (Sentence(text=point.text, citations=point.citations), *point.more)
            shown = [citations[n - 1] for quote in quotes for n in quote.citations]
            own = None
            if self._joiner and time.monotonic() < until:
                own = self._joiner.join(topic, shown, cancelled=steps.cancelled)
            joined = own and replace(point, text=own.text, citations=own.citations, more=quotes, verbatim=False)
            made.append(joined or point)
        return tuple(made)

    def _span(self, row: int, aim: FloatArray) -> tuple[int, int]:
        """Which part of a row to quote: what is nearest to `aim`, a vector of shape (dimension,)."""
        return whole_sentences(self._index.passages[row].text, nearest_span(self._index, row, aim))

    def _refuse(self, found: Relevant, steps: _Steps) -> NotCovered:
        close = [mention for mention in found.near if mention.strength >= CLOSE]
        nearest = sorted(close, key=lambda mention: mention.strength, reverse=True)[:CLOSEST]
        with steps.stage("quote"):
            closest = tuple(
                self._index.cited(n, mention.passage, self._span(mention.row, found.vector))
                for n, mention in enumerate(nearest, 1)
            )
        absent = tuple(word.written for word in found.words if not self._index.lexical.knows(word.stem))
        return NotCovered(
            question=found.topic,
            reason=TOO_LITTLE if nearest else NOTHING,
            closest=closest,
            absent_words=absent,
            did_you_mean=suggest(absent, self._index.name_words),
            p_answerable=0.0,  # the gate is for questions; it is not asked about topics
            searched=found.searched,
            near_topics=self._near_topics(found),
            timings_ms=steps.timings(),
        )

    def _near_topics(self, found: Relevant) -> tuple[str, ...]:
        """What the notes do have a summary of, in their own words: headings and phrases of the passages that come
        nearest, the nearest first."""
        order = np.argsort(-self._index.nearness(found.vector), kind="stable")[:NEAR_PASSAGES]
        named: dict[str, set[int]] = {}
        for row in order.tolist():
            passage = self._index.passages[row]
            for name in (*passage.section[-1:], *phrases(passage.text, without=self._nameless)):
                named.setdefault(name.casefold(), set()).add(row)
        candidates = [name for name, rows in named.items() if len(rows) >= LEAST]
        if not candidates:
            return ()
        likeness = self._embedder.embed(candidates) @ found.vector
        return tuple(candidates[i] for i in np.argsort(-likeness, kind="stable")[:NEAR_TOPICS])


class _Steps:
    """Times the stages of one summary, tells who watches, and stops between them where the user has given up."""

    def __init__(self, *, cancelled: Cancelled | None, watch: Watch) -> None:
        self._clock = Clock()
        self.cancelled = cancelled
        self._watch = watch

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """One of them. Raises Interrupted at its begin where the user has given up."""
        if self.cancelled and self.cancelled():
            raise Interrupted("Cancelled.")
        self._watch.on_stage(stage)
        with self._clock.stage(stage):
            yield

    def timings(self) -> dict[str, float]:
        """Milliseconds of each stage so far, and of the whole."""
        return self._clock.timings()


def _with_shown(
    coverage: Sequence[Coverage], speaking: Sequence[Mention], citations: Sequence[Citation]
) -> tuple[Coverage, ...]:
    """What is shown speaks of the topic, too: the least that a reader counts of an episode is what they see."""
    seen = {(mention.passage.episode_id, mention.passage.id) for mention in speaking}
    counts = Counter(episode for episode, _ in seen | {(c.episode_id, c.passage_id) for c in citations})
    counted = (replace(each, passages=counts[each.episode.id]) for each in coverage)
    return tuple(sorted(counted, key=lambda each: -each.passages))


def _taken_for(found: Relevant) -> list[Said]:
    """What the topic was taken for, where that is more than its words."""
    named = [NAMES.format(what=found.named)] if found.named else []
    return [*named, *([ALSO_CALLED.format(names=", ".join(found.ways))] if found.ways else [])]


def _agreeing(one: Citation, other: Citation) -> list[Said]:
    """That two quotes say nearly the same, unless they may contradict each other."""
    return [] if at_odds(one.display, other.display) else [agreement(one, other)]
