"""A question becomes an answer in the notes' own words, or an honest refusal.

question -> what was found (rag/retrieve.py) -> gate -> ranking by the language model -> spans -> answer

The gate stands before the language model, so that a refusal costs none of its time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property

from rag import language, rank
from rag.citations import cite
from rag.clock import Clock
from rag.errors import Interrupted
from rag.fields import in_context
from rag.filters import attribution
from rag.gate import GateModel, Thresholds
from rag.index import Index
from rag.premise import correction
from rag.protocols import Cancelled, Embedder, Ranker
from rag.question import holds_asked
from rag.retrieve import HITS, Part, Retrieved, Retriever, evidence_of, find
from rag.spans import best_span, says_the_same
from rag.spelling import suggest
from rag.types import SHIPPED, Answer, Citation, Earlier, FloatArray, Hit, NotCovered, Passage, Pipeline, Sentence
from rag.words import Word, content_words, terms, words

__all__ = ["HITS", "Answerer", "Retrieved", "evidence_of", "find"]

SPANS = 3
HELD = 0.2  # for a sentence that holds the kind of thing asked for, in units of its cosine
NEAR_BEST = 0.10  # a further passage is quoted if its score is no further behind the best
NEAR_EPISODES = 3
AROUND = 2  # passages shown before and behind one, on request
HOLDS_THE_WORDS = 0.3  # share of BM25 from which a passage is worth showing, however far its meaning is
ABOUT_THE_SAME = 0.5  # share of the question's words, its names left out, that it must hold
TELLING_WORDS = 2  # so many words of a question, and half of them, make two passages about the same
FURTHER = 0.10  # so much further ahead stands a passage elsewhere that is nearer than what was asked for
RANK_SECONDS = 1.5  # no passage is begun after this; the ranking keeps what it has
LEAD_IN = "Your notes say:"
CORRECTED = "Your notes say {correction}"
NO_CLEAR_ANSWER = "I found no clear answer to this in your notes."
NOT_COVERED = "Your notes do not cover this."
NO_WORD_KNOWN = "None of the words in your question occur in your notes. Check the spelling, or use other words."
PART_NOT_COVERED = "I found no clear answer to this part: {asked}"
ONE_WORD = "You asked with one word; a topic summary gathers what all episodes say about it."
FOREIGN = (
    "Your question is in {question}, your notes are in {notes}: the starter embedder cannot compare the two. "
    "Ask in the language of the notes. A multilingual embedder could; models/catalog.toml is where one will be named."
)


class Answerer:
    """Answers questions from one index with one embedder and, for the ranking, one language model."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        ranker: Ranker | None,
        *,
        gate: GateModel,
        thresholds: Thresholds,
        pipeline: Pipeline = SHIPPED,
    ) -> None:
        """`ranker` None leaves the passages in the order in which search found them."""
        self._index = index
        self._embedder = embedder
        self._ranker = ranker
        self._thresholds = thresholds
        self._retriever = Retriever(index, embedder, gate=gate, pipeline=pipeline)

    def ask(
        self, question: str, *, history: Sequence[Earlier] = (), cancelled: Cancelled | None = None
    ) -> Answer | NotCovered:
        """Answer from the notes. Raises QuestionError without a word to search for, Interrupted if cancelled."""
        clock = Clock()
        found = self.retrieve(question, history=history, clock=clock)
        if self._thresholds.outcome(found.p_answerable, found.cosine) == "not_covered":
            return self.decide(question, found, found.hits, clock=clock)
        return self.decide(question, found, self.ranked(found, clock=clock, cancelled=cancelled), clock=clock)

    def decide(
        self, question: str, found: Retrieved, hits: Sequence[Hit], *, clock: Clock | None = None
    ) -> Answer | NotCovered:
        """What the gate makes of the evidence, quoting from `hits`, best first."""
        clock = clock or Clock()
        outcome = self._thresholds.outcome(found.p_answerable, found.cosine)
        if foreign := self._foreign(question):
            return self._refuse(question, found, hits if outcome != "not_covered" else (), clock, foreign)
        if outcome == "answer":
            return self._answer(question, found, hits, clock)
        with clock.stage("elsewhere"):
            other = self._elsewhere(found)
        if other:
            episode = self._index.episode_of(other.hits[0].passage)
            reason = attribution([scope.shown for scope in found.scopes], episode)
            return self._refuse(question, found, [*other.hits[:1], *hits], clock, reason)
        holds = any(hit.bm25 >= HOLDS_THE_WORDS for hit in found.hits)
        near = outcome == "closest" or holds or _asks_for_place(found)
        return self._refuse(question, found, hits if near else (), clock)

    def retrieve(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        without: AbstractSet[int] = frozenset(),
        clock: Clock | None = None,
    ) -> Retrieved:
        """Search and weigh the evidence, as if the rows in `without` were not in the notes."""
        return self._retriever.retrieve(question, history=history, without=without, clock=clock)

    def retrieve_vector(
        self, searched: str, vector: FloatArray, *, without: AbstractSet[int] = frozenset()
    ) -> Retrieved:
        """`retrieve` for a question whose vector is known, shape (dimension,)."""
        return self._retriever.retrieve_vector(searched, vector, without=without)

    def ranked(self, found: Retrieved, *, clock: Clock | None = None, cancelled: Cancelled | None = None) -> list[Hit]:
        """The hits, the best few in the order the language model's say gives them."""
        clock = clock or Clock()
        hits = list(found.hits)
        if self._ranker is None or len(hits) < 2:
            return hits
        with clock.stage("rank"):
            deadline = time.monotonic() + RANK_SECONDS
            values: list[float] = []
            for hit in hits[: rank.RANKED]:
                if cancelled and cancelled():
                    raise Interrupted("Cancelled.")
                if time.monotonic() > deadline:
                    break
                text = rank.context(in_context(hit.passage, self._index.episode_of(hit.passage)))
                values += self._ranker.log_likelihoods(rank.PREFIX, [text], rank.continuation(found.searched))
            return rank.reorder(hits, values)

    def _answer(self, question: str, found: Retrieved, hits: Sequence[Hit], clock: Clock) -> Answer:
        answered = [part for part in found.parts if self._is_enough(part)]
        first = [part.hits[0] for part in answered]
        with clock.stage("quote"):
            citations = self._quote(found, [*first, *hits], nearest=False, least=len(first))
        missing = [part for part in found.parts if part not in answered and not _touched(part, citations)]
        corrected = self._correction(found, hits, citations)
        return Answer(
            question=question,
            lead_in=f"{corrected}:" if corrected else LEAD_IN,
            sentences=tuple(Sentence(text=c.display, citations=(c.n,)) for c in citations),
            citations=citations,
            p_answerable=found.p_answerable,
            timings_ms=clock.timings(),
            searched=found.searched,
            filters=tuple(scope.shown for scope in found.scopes),
            remarks=(*_remarks(question, found), *(PART_NOT_COVERED.format(asked=part.asked) for part in missing)),
        )

    def _is_enough(self, part: Part) -> bool:
        return self._thresholds.outcome(part.p_answerable, part.cosine) == "answer"

    def _elsewhere(self, found: Retrieved) -> Retrieved | None:
        """What is said outside of what the question names, if it comes clearly nearer than what is said inside."""
        other = self._retriever.elsewhere(found)
        if other is None or not other.hits or self._index.is_heading(other.hits[0].passage):
            return None
        ahead = not found.hits or other.hits[0].score > found.hits[0].score + FURTHER
        said = self._index.terms_of(other.hits[0].passage)
        about = sum(word.stem in said for word in other.words) >= ABOUT_THE_SAME * len(other.words)
        sure = other.p_answerable >= self._thresholds.answer
        return other if sure or (ahead and about and other.p_answerable > found.p_answerable) else None

    def _correction(self, found: Retrieved, hits: Iterable[Hit], citations: Sequence[Citation]) -> str:
        """What the best quote says otherwise than the question takes for granted."""
        quoted = next((hit.passage for hit in hits if citations and hit.passage.id == citations[0].passage_id), None)
        if quoted is None:
            return ""
        context = self._index.terms_of(quoted)
        corrected = correction(found.searched, citations[0].display, context=context)
        return CORRECTED.format(correction=corrected) if corrected else ""

    def _quote(self, found: Retrieved, hits: Sequence[Hit], *, nearest: bool, least: int = 0) -> tuple[Citation, ...]:
        """Up to three citations, none saying what one before it says; the first `least` hits in any case.

        An answer quotes only what comes near the best, or has every word of the question that the first has: two notes
        that contradict each other must both be heard. `nearest` takes the nearest whatever their distance.
        """
        citations: list[Citation] = []
        best = max((hit.score for hit in hits[least:]), default=0.0)
        held = _held(found, hits[0]) if hits else frozenset()
        tells = len(held) >= max(TELLING_WORDS, ABOUT_THE_SAME * len(found.words))
        for number, hit in enumerate(hits[: rank.RANKED + least]):
            wanted = number < least or nearest or hit.score >= best - NEAR_BEST
            if len(citations) >= max(SPANS, least):
                break
            if not wanted and not (tells and held <= _held(found, hit)):
                continue
            if citations and self._index.is_heading(hit.passage):
                continue
            citation = self._cite(len(citations) + 1, found, hit)
            if not any(says_the_same(citation.display, other.display) for other in citations):
                citations.append(citation)
        return tuple(citations)

    def _cite(self, n: int, found: Retrieved, hit: Hit) -> Citation:
        span = best_span(hit.passage.text, lambda texts: self._relevance(found, texts))
        episode, also = self._index.episode_of(hit.passage), self._index.also(hit.passage, span)
        before, after = self._around(hit.passage)
        citation = cite(n, hit.passage, span, episode, also=also)
        return replace(citation, whole=hit.passage.text, before=before, after=after)

    def _around(self, passage: Passage) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The texts of the passages before and behind a passage, in its note and about its episode."""
        places = range(passage.position - AROUND, passage.position + AROUND + 1)
        near = filter(None, (self._by_position.get((passage.note_file, place)) for place in places))
        here = [other for other in near if other.episode_id == passage.episode_id]
        before = tuple(other.text for other in here if other.position < passage.position)
        return before, tuple(other.text for other in here if other.position > passage.position)

    @cached_property
    def _by_position(self) -> Mapping[tuple[str, int], Passage]:
        return {(passage.note_file, passage.position): passage for passage in self._index.passages}

    def _relevance(self, found: Retrieved, texts: Sequence[str]) -> list[float]:
        """How near each text is to the question: cosine, share of its words, and whether it holds what is asked for."""
        cosines = self._embedder.embed(texts) @ found.vector
        stems = {word.stem for word in found.words}
        shares = [len(stems & {w.stem for w in content_words(t)}) / max(1, len(stems)) for t in texts]
        held = [HELD * holds_asked(found.searched, text) for text in texts]
        return [float(c) + share + kind for c, share, kind in zip(cosines, shares, held, strict=True)]

    def _foreign(self, question: str) -> str:
        """What to say of a question in a language that the notes are not in; "" of any other.

        One too short to tell its language is told by its script, unless a word of it occurs in the notes.
        """
        code, known = language.language_of(question), self._index.languages
        asked = language.name(code) if code and code not in known else ""
        if code is None and not any(self._index.lexical.knows(word.stem) for word in words(question)):
            asked = language.foreign_script(question, known)
        notes = " and ".join(sorted(map(language.name, known)))
        return FOREIGN.format(question=asked, notes=notes) if asked and known else ""

    def _refuse(
        self, question: str, found: Retrieved, hits: Sequence[Hit], clock: Clock, reason: str = ""
    ) -> NotCovered:
        """A refusal that shows the best of `hits` as what comes closest; `reason` where there is one to tell."""
        with clock.stage("quote"):
            closest = self._quote(found, hits, nearest=True)
        asked = _beside_names(found)
        absent = tuple(word.written for word in asked if not self._index.lexical.knows(word.stem))
        corrected = self._correction(found, hits, closest)
        plain = NO_CLEAR_ANSWER if closest else NO_WORD_KNOWN if _all(absent, found.words) else NOT_COVERED
        return NotCovered(
            question=question,
            reason=reason or (f"{corrected}." if corrected else plain),
            closest=closest,
            absent_words=absent,
            p_answerable=found.p_answerable,
            timings_ms=clock.timings(),
            searched=found.searched,
            filters=tuple(scope.shown for scope in found.scopes),
            remarks=_remarks(question, found),
            did_you_mean=suggest(absent, self._retriever.name_words),
            near_episodes=self._near_episodes(hits) if closest else (),
        )

    def _near_episodes(self, hits: Iterable[Hit]) -> tuple[str, ...]:
        names = dict.fromkeys(self._index.episode_of(hit.passage).name for hit in hits)
        return tuple(names)[:NEAR_EPISODES]


def _held(found: Retrieved, hit: Hit) -> frozenset[str]:
    """The stems of the question's words that stand in a passage itself, not in its headings."""
    return frozenset(word.stem for word in found.words) & frozenset(terms(hit.passage.text))


def _touched(part: Part, citations: Iterable[Citation]) -> bool:
    """Whether something that is quoted is among the nearest to a part: one passage may answer two of them."""
    nearest = {hit.passage.id for hit in part.hits[:SPANS]}
    return any(citation.passage_id in nearest for citation in citations)


def _beside_names(found: Retrieved) -> list[Word]:
    """The question's words, those left out that name what was searched: nobody looks for them in the texts."""
    naming = {word for scope in found.scopes for word in scope.words}
    return [word for word in found.words if word not in naming]


def _asks_for_place(found: Retrieved) -> bool:
    """Whether the search was narrowed to a minute or by all of the question's words: what stands there is near.

    All that someone has written is no place.
    """
    at_a_minute = any(scope.seconds is not None for scope in found.scopes)
    in_all_words = not _beside_names(found) and all(scope.files is None for scope in found.scopes)
    return found.rows is not None and (at_a_minute or in_all_words)


def _remarks(question: str, found: Retrieved) -> tuple[str, ...]:
    return (*found.remarks, *((ONE_WORD,) if len(words(question)) == 1 else ()))


def _all(absent: Sequence[str], asked: Sequence[Word]) -> bool:
    return bool(asked) and len(absent) == len(asked)
