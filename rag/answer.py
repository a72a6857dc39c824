"""A question becomes an answer in the notes' own words, or an honest refusal.

question -> resolved question -> hits -> evidence -> gate -> ranking by the language model -> spans -> answer

The gate stands before the language model, so that a refusal costs none of its time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rag import language, rank
from rag.boilerplate import asks_for_asides
from rag.citations import cite
from rag.clock import Clock
from rag.errors import Interrupted, QuestionError
from rag.fields import in_context
from rag.gate import Evidence, GateModel, Thresholds, weigh
from rag.index import Index
from rag.question import asks_about_episode, can_answer, exact_words, is_wordless, resolve
from rag.spans import best_span, says_the_same
from rag.spelling import correct
from rag.types import Answer, Cancelled, Citation, Embedder, FloatArray, Generator, Hit, NotCovered, Sentence
from rag.words import Word, content_words

HITS = 20
SPANS = 3
NEAR_BEST = 0.10  # a further passage is quoted if its score is no further behind the best
RANK_SECONDS = 1.5  # no passage is begun after this; the ranking keeps what it has
LEAD_IN = "Your notes say:"
FOREIGN = (
    "Your question is in {question}, your notes are in {notes}: the starter embedder cannot compare the two. "
    "Ask in the language of the notes. A multilingual embedder could; models/catalog.toml is where one will be named."
)


@dataclass(frozen=True, kw_only=True)
class Retrieved:
    """What search found for a question, before anything is decided.

    Attributes:
        searched: the question as it was searched for, a follow-up resolved.
        vector: of `searched`, unit length, shape (dimension,).
        words: its content words.
        hits: best first, up to 20.
        p_answerable: the gate's estimate, 0 to 1.
        cosine: of the nearest hit, -1 to 1.
    """

    searched: str
    vector: FloatArray
    words: tuple[Word, ...]
    hits: tuple[Hit, ...]
    p_answerable: float
    cosine: float


class Answerer:
    """Answers questions from one index with one embedder and, for the ranking, one language model."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        generator: Generator | None,
        *,
        gate: GateModel,
        thresholds: Thresholds,
    ) -> None:
        """`generator` None leaves the passages in the order in which search found them."""
        self._index = index
        self._embedder = embedder
        self._generator = generator
        self._gate = gate
        self._thresholds = thresholds

    def ask(
        self, question: str, *, history: Sequence[str] = (), cancelled: Cancelled | None = None
    ) -> Answer | NotCovered:
        """Answer from the notes. Raises QuestionError without a word to search for, Interrupted if cancelled."""
        clock = Clock()
        found = self.retrieve(question, history=history, clock=clock)
        if self._thresholds.outcome(found.p_answerable, found.cosine) == "not_covered":
            return self.decide(question, found, (), clock=clock)
        return self.decide(question, found, self.ranked(found, clock=clock, cancelled=cancelled), clock=clock)

    def decide(
        self, question: str, found: Retrieved, hits: Sequence[Hit], *, clock: Clock | None = None
    ) -> Answer | NotCovered:
        """What the gate makes of the evidence, quoting from `hits`, best first."""
        clock = clock or Clock()
        outcome = self._thresholds.outcome(found.p_answerable, found.cosine)
        foreign = self._foreign(question)
        if outcome == "not_covered":
            return self._refuse(question, found, (), clock, foreign)
        with clock.stage("quote"):
            citations = self._quote(found, hits, nearest=outcome == "closest")
        if outcome == "closest" or foreign:
            return self._refuse(question, found, citations, clock, foreign)
        return Answer(
            question=question,
            lead_in=LEAD_IN,
            sentences=tuple(Sentence(text=c.display, citations=(c.n,)) for c in citations),
            citations=citations,
            p_answerable=found.p_answerable,
            timings_ms=clock.timings(),
            searched=found.searched,
        )

    def retrieve(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        without: AbstractSet[int] = frozenset(),
        clock: Clock | None = None,
    ) -> Retrieved:
        """Search and weigh the evidence, as if the rows in `without` were not in the notes."""
        clock = clock or Clock()
        if is_wordless(question):
            raise QuestionError("There is no word in that question to search for.", remedy="Ask in words.")
        resolved = resolve(question, history, names=self._index.names)
        searched = correct(resolved, known=self._index.lexical.knows, names=self._index.name_words)
        with clock.stage("embed"):
            vector = self._embedder.embed([searched])[0]
        with clock.stage("search"):
            return self.retrieve_vector(searched, vector, without=without)

    def retrieve_vector(
        self, searched: str, vector: FloatArray, *, without: AbstractSet[int] = frozenset()
    ) -> Retrieved:
        """`retrieve` for a question whose vector is known, shape (dimension,)."""
        words = tuple(content_words(searched))
        hits = find(self._index, searched, vector, without=without)
        evidence = evidence_of(self._index, searched, hits, without=without)
        return Retrieved(
            searched=searched,
            vector=vector,
            words=words,
            hits=tuple(hits),
            p_answerable=self._gate.p_answerable(evidence) if hits else 0.0,
            cosine=evidence.cosine,
        )

    def ranked(self, found: Retrieved, *, clock: Clock | None = None, cancelled: Cancelled | None = None) -> list[Hit]:
        """The hits, the best few in the order the language model's say gives them."""
        clock = clock or Clock()
        hits = list(found.hits)
        if self._generator is None or len(hits) < 2:
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
                values += self._generator.log_likelihoods(rank.PREFIX, [text], rank.continuation(found.searched))
            return rank.reorder(hits, values)

    def _quote(self, found: Retrieved, hits: Sequence[Hit], *, nearest: bool) -> tuple[Citation, ...]:
        """Up to three citations, none saying what one before it says.

        An answer quotes only what comes near the best; `nearest` takes the nearest whatever their distance.
        """
        citations: list[Citation] = []
        for hit in hits[: rank.RANKED]:
            if len(citations) == SPANS or not (nearest or hit.score >= hits[0].score - NEAR_BEST):
                break
            if citations and self._index.is_heading(hit.passage):
                continue
            span = best_span(hit.passage.text, lambda texts: self._relevance(found, texts))
            episode, also = self._index.episode_of(hit.passage), self._index.also(hit.passage, span)
            citation = cite(len(citations) + 1, hit.passage, span, episode, also=also)
            if not any(says_the_same(citation.display, other.display) for other in citations):
                citations.append(citation)
        return tuple(citations)

    def _relevance(self, found: Retrieved, texts: Sequence[str]) -> list[float]:
        """How near each text is to the question: cosine, and the share of its words that occur in it."""
        cosines = self._embedder.embed(texts) @ found.vector
        stems = {word.stem for word in found.words}
        shares = [len(stems & {w.stem for w in content_words(t)}) / max(1, len(stems)) for t in texts]
        return [float(c) + share for c, share in zip(cosines, shares, strict=True)]

    def _foreign(self, question: str) -> str:
        """What to say of a question in a language that the notes are not in; "" of any other."""
        asked, known = language.language_of(question), self._index.languages
        if asked is None or not known or asked in known:
            return ""
        notes = " and ".join(sorted(map(language.name, known)))
        return FOREIGN.format(question=language.name(asked), notes=notes)

    def _refuse(
        self, question: str, found: Retrieved, closest: tuple[Citation, ...], clock: Clock, foreign: str
    ) -> NotCovered:
        absent = tuple(word.written for word in found.words if not self._index.lexical.knows(word.stem))
        reason = "I found no clear answer to this in your notes." if closest else "Your notes do not cover this."
        return NotCovered(
            question=question,
            reason=foreign or reason,
            closest=closest,
            absent_words=absent,
            p_answerable=found.p_answerable,
            timings_ms=clock.timings(),
            searched=found.searched,
        )


def find(index: Index, searched: str, vector: FloatArray, *, without: AbstractSet[int] = frozenset()) -> list[Hit]:
    """The passages nearest to a question whose vector has shape (dimension,), what fits it preferred, best first."""
    about_episode, wants_asides = asks_about_episode(searched), asks_for_asides(searched)

    def bonus(hit: Hit) -> float:
        misplaced = index.is_heading(hit.passage) and not about_episode
        beside = not wants_asides and index.is_aside(hit.passage)
        return rank.FITS * can_answer(searched, hit.passage.text) + rank.HEADING * misplaced + rank.ASIDE * beside

    terms = [word.stem for word in content_words(searched)]
    return rank.prefer(index.search(vector, terms, HITS, without=without), bonus)


def evidence_of(
    index: Index, searched: str, hits: Sequence[Hit], *, without: AbstractSet[int] = frozenset()
) -> Evidence:
    """The gate's evidence for a question and what was found for it, with the rows in `without` left out."""
    return weigh(
        hits,
        [word.stem for word in content_words(searched)],
        terms_of=lambda hit: index.terms_of(hit.passage),
        names=index.names,
        idf=lambda term: index.idf(term, without=without),
        exact_terms=[word.stem for word in exact_words(searched)],
        typed=bool(hits) and can_answer(searched, hits[0].passage.text),
    )
