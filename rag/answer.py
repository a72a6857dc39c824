"""A question becomes an answer in the notes' own words, or an honest refusal.

question -> what was found (rag/retrieve.py) -> gate -> ranking by the language model -> spans -> answer

The gate stands before the language model, so that a refusal costs none of its time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, replace

from rag import language, rank
from rag.basis import basis
from rag.clock import Clock
from rag.disagreement import disagreements
from rag.fields import in_context
from rag.filters import attribution, nearness
from rag.gate import GateModel, Thresholds
from rag.index import Index
from rag.phrase import AND, Phrase, listed
from rag.pipeline import SHIPPED, Pipeline
from rag.premise import correction
from rag.protocols import NOBODY, Cancelled, Embedder, Generator, Ranker, Watch
from rag.question import holds_asked, is_asking
from rag.retrieve import HITS, Part, Retrieved, Retriever, evidence_of, find
from rag.spans import best_span, says_the_same
from rag.spelling import suggest
from rag.types import LEAD_IN, Answer, Citation, Earlier, Filter, FloatArray, Hit, NotCovered, Sentence, Trace
from rag.words import Word, content_words, terms, words
from rag.writing.evidence import MOST, Evidence, choose, gather
from rag.writing.prompt import Style
from rag.writing.write import Asked, Writer

__all__ = ["HITS", "Answerer", "Retrieved", "evidence_of", "find"]

SPANS = 3  # quoted of what comes nearest, and looked at for each part
HELD = 0.2  # for a sentence that holds the kind of thing asked for, in units of its cosine
NEAR_BEST = 0.10  # a further passage is quoted if its score is no further behind the best
NEAR_EPISODES = 3
HOLDS_THE_WORDS = 0.3  # share of BM25 from which a passage is worth showing, however far its meaning is
ABOUT_THE_SAME = 0.5  # share of the question's words, its names left out, that it must hold
TELLING_WORDS = 2  # so many words of a question, and half of them, make two passages about the same
FURTHER = 0.10  # so much further ahead stands a passage elsewhere that is nearer than what was asked for
OUT_OF_REACH = 0.5  # a passage whose score is so far behind the best is quoted by no answer, whatever ranks it
RANK_SECONDS = 1.5  # for the order; what has no likelihood by then keeps its place behind those that have one
WRITTEN = Phrase("In short, from your notes:")
EVIDENCE_AT = "until evidence"
SENTENCE_AT = "until first sentence"
CORRECTED = Phrase("Your notes say {correction}.")
CORRECTED_IN = Phrase("Your notes say {correction}:")
NO_CLEAR_ANSWER = Phrase("I found no clear answer to this in your notes.")
NOT_COVERED = Phrase("Your notes do not cover this.")
NO_WORD_KNOWN = Phrase(
    "None of the words in your question occur in your notes. Check the spelling, or use other words."
)
PART_NOT_COVERED = Phrase("I found no clear answer to this part: {asked}")
ONE_WORD = Phrase("You asked with one word; a topic summary gathers what all episodes say about it.")
MULTILINGUAL = "bge-m3"  # the first embedder of the catalogue for many languages
FOREIGN = Phrase(
    "Your question is in {question}, your notes are in {notes}: the embedder that is chosen cannot compare the two. "
    "Ask in the language of the notes. A multilingual embedder could; the owner of the notes gets one with: "
    "footnote models pull {model}, then FOOTNOTE_EMBEDDER={model} in .env, then footnote index."
)


@dataclass(frozen=True, kw_only=True)
class Session:
    """What stands around a question: the earlier ones, whether the user has given up, and who watches."""

    history: Sequence[Earlier] = ()
    cancelled: Cancelled | None = None
    watch: Watch = NOBODY


ALONE = Session()


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
        writer: Generator | None = None,
        style: Style | None = None,
        multilingual: bool = False,
        models: Sequence[str] = (),
    ) -> None:
        """`ranker` None leaves the passages in the order in which search found them, `writer` None lets none write.

        `style`: how long an answer is, written or not, and how a model words it.
        `multilingual`: the embedder compares a question with notes in another language, which are refused otherwise.
        `models`: what the models are known by; an answer of others has another basis.
        """
        self._style = style or Style()
        self._models = (*models, str(self._style))
        self._writer = Writer(writer, idf=index.idf, style=self._style) if writer else None
        self._index = index
        self._embedder = embedder
        self._multilingual = multilingual
        self._ranker = ranker
        self._thresholds = thresholds
        self._retriever = Retriever(index, embedder, gate=gate, pipeline=pipeline)

    def weighing(self, thresholds: Thresholds) -> Answerer:
        """The same with other thresholds; what is slow to make is shared."""
        other = copy(self)
        other._thresholds = thresholds
        return other

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        """Answer from the notes; `filters` are kept to.

        Raises QuestionError without a word to search for or for a filter that fits nothing, Interrupted if cancelled.
        """
        clock, session = Clock(), Session(history=history, cancelled=cancelled, watch=watch)
        found = self.retrieve(question, history=history, filters=filters, clock=clock)
        hits: Sequence[Hit] = found.hits
        passing = False
        if self._thresholds.outcome(found.p_answerable, found.cosine) != "not_covered":
            self._show_nearest(hits, clock, watch)
            hits = self.ranked(found, clock=clock, cancelled=cancelled)
            passing = self._lacks_order(hits)
        result = self.decide(question, found, hits, clock=clock, session=session)
        failed = result.trace and result.trace.writing and result.trace.writing.failed
        return result if failed or passing else replace(result, basis=self._basis(found))

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        """What an answer to this would be made from; see `Answer`. Raises QuestionError, as `ask` does."""
        return self._basis(self.retrieve(question, history=history, filters=filters))

    def decide(
        self,
        question: str,
        found: Retrieved,
        hits: Sequence[Hit],
        *,
        clock: Clock | None = None,
        session: Session = ALONE,
    ) -> Answer | NotCovered:
        """What the gate makes of the evidence, quoting from `hits`, best first."""
        clock = clock or Clock()
        result = self._decide(question, found, hits, clock)
        if isinstance(result, Answer) and self._writer and result.lead_in == LEAD_IN:
            result = self._write(result, found, hits, clock, session)
        trace = Trace(hits=tuple(hits), cosine=found.cosine, needed=self._thresholds.answer)
        if isinstance(result, Answer):
            result = replace(result, remarks=(*result.remarks, *disagreements(result.citations)))
        return replace(result, timings_ms=clock.timings(), trace=result.trace or trace)

    def _decide(self, question: str, found: Retrieved, hits: Sequence[Hit], clock: Clock) -> Answer | NotCovered:
        outcome = self._thresholds.outcome(found.p_answerable, found.cosine)
        if foreign := self._foreign(question):
            return self._refuse(question, found, hits if outcome != "not_covered" else (), clock, foreign)
        if outcome == "answer":
            return self._answer(question, found, hits, clock)
        if _asks_what_is_at_a_minute(found):
            return self._answer(question, found, _by_nearness(found), clock, nearest=True)
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
        filters: Sequence[Filter] = (),
        without: AbstractSet[int] = frozenset(),
        clock: Clock | None = None,
    ) -> Retrieved:
        """Search and weigh the evidence, as if the rows in `without` were not in the notes."""
        return self._retriever.retrieve(question, history=history, filters=filters, without=without, clock=clock)

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
            best = [hit.passage for hit in hits[: rank.RANKED]]
            values = self._ranker.log_likelihoods(
                rank.PREFIX,
                [rank.context(in_context(passage, self._index.episode_of(passage))) for passage in best],
                rank.continuation(found.searched),
                cancelled=cancelled,
                deadline=time.monotonic() + RANK_SECONDS,
            )
            return rank.reorder(hits, values)

    def _lacks_order(self, hits: Sequence[Hit]) -> bool:
        """Whether the ranker could not be used: with it there may be another answer, so this one must not be kept."""
        return self._ranker is not None and len(hits) > 1 and all(hit.log_likelihood is None for hit in hits)

    def _answer(
        self, question: str, found: Retrieved, hits: Sequence[Hit], clock: Clock, *, nearest: bool = False
    ) -> Answer:
        answered = [part for part in found.parts if self._is_enough(part)]
        first = [part.hits[0] for part in answered]
        with clock.stage("quote"):
            citations = self._quote(found, [*first, *hits], nearest=nearest, least=len(first))
        missing = [part for part in found.parts if part not in answered and not _touched(part, citations)]
        corrected = self._correction(found, hits, citations)
        return Answer(
            question=question,
            lead_in=CORRECTED_IN.format(correction=corrected) if corrected else LEAD_IN,
            sentences=tuple(Sentence(text=c.display, citations=(c.n,)) for c in citations),
            citations=citations,
            p_answerable=found.p_answerable,
            timings_ms=clock.timings(),
            searched=found.searched,
            filters=_filters(found),
            remarks=(*_remarks(question, found), *(PART_NOT_COVERED.format(asked=part.asked) for part in missing)),
        )

    def _write(self, verbatim: Answer, found: Retrieved, hits: Sequence[Hit], clock: Clock, session: Session) -> Answer:
        """The same answered in sentences of a model, as far as they pass the checks.

        As it was where none does, or where a part of the question that it answers would get lost.
        """
        assert self._writer is not None  # noqa: S101  # asked by the caller
        with clock.stage("quote"):
            evidence = self._evidence(found, hits)
        clock.mark(EVIDENCE_AT)
        session.watch.on_evidence([each.citation for each in evidence])
        asked = Asked(
            question=verbatim.question, earlier=tuple(map(_question, session.history)), cancelled=session.cancelled
        )

        def tell(sentence: Sentence, cited: Sequence[Citation]) -> None:
            clock.mark(SENTENCE_AT)
            session.watch.on_sentence(sentence, cited)

        with clock.stage("write"):
            written = self._writer.write(asked, evidence, on_sentence=tell)
        trace = Trace(hits=tuple(hits), cosine=found.cosine, needed=self._thresholds.answer, writing=written.writing)
        kept = (part for part in found.parts if self._is_enough(part) or _touched(part, verbatim.citations))
        if not written.wrote or not all(_touched(part, written.citations) for part in kept):
            return replace(verbatim, trace=trace)
        return replace(
            verbatim,
            lead_in=WRITTEN,
            sentences=written.sentences,
            citations=written.citations,
            trace=trace,
        )

    def _evidence(self, found: Retrieved, hits: Sequence[Hit]) -> tuple[Evidence, ...]:
        """What a model gets to write from: the best of each part that is answered, and what else comes near."""
        first = [part.hits[0] for part in found.parts if self._is_enough(part)]
        said = [hit for hit in hits if not self._index.is_heading(hit.passage)]
        one_episode = any(each.hard and each.kind == "episode" for each in _filters(found))
        chosen = choose([*first, *said], first=len(first), one_episode=one_episode)
        return gather(chosen, lambda n, hit: self._cite(n, found, hit), self._index.episode_of)

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
        return correction(found.searched, citations[0].display, context=context)

    def _quote(self, found: Retrieved, hits: Sequence[Hit], *, nearest: bool, least: int = 0) -> tuple[Citation, ...]:
        """As many citations as the style has sentences, no two saying the same; the first `least` hits in any case.

        An answer quotes only what comes near the best, or has every word of the question that the first has: two notes
        that contradict each other must both be heard. `nearest` takes the nearest whatever their distance.
        """
        citations: list[Citation] = []
        most = max(SPANS if nearest else self._style.sentences, least)
        best = max((hit.score for hit in hits[least:]), default=0.0)
        held = _held(found, hits[0]) if hits else frozenset()
        tells = len(held) >= max(TELLING_WORDS, ABOUT_THE_SAME * len(found.words))
        for number, hit in enumerate(hits[: rank.RANKED + least]):
            wanted = number < least or nearest or hit.score >= best - NEAR_BEST
            if len(citations) >= most:
                break
            if not wanted and not (tells and held <= _held(found, hit)):
                continue
            if citations and self._index.is_heading(hit.passage):
                continue
            citation = self._cite(len(citations) + 1, found, hit)
            if not any(says_the_same(citation.display, other.display) for other in citations):
                citations.append(citation)
        return tuple(citations)

    def _show_nearest(self, hits: Sequence[Hit], clock: Clock, watch: Watch) -> None:
        """Tell of the first passages, whole, that say more than which episode they are about."""
        said = [hit.passage for hit in hits if not self._index.is_heading(hit.passage)][:SPANS]
        if said:
            watch.on_evidence([self._index.cited(n, passage) for n, passage in enumerate(said, start=1)])
            clock.mark(EVIDENCE_AT)

    def _basis(self, found: Retrieved) -> str:
        """What is quoted from and what was decided before: whatever else stands in the notes makes no difference."""
        outcome = self._thresholds.outcome(found.p_answerable, found.cosine)
        best = found.hits[: MOST if self._writer else rank.RANKED]
        near = [hit for hit in best if hit.score >= best[0].score - OUT_OF_REACH]
        hits = [*near, *(part.hits[0] for part in found.parts if part.hits)] if outcome == "answer" else found.hits
        whole = {hit.passage.id: self._index.cited(0, hit.passage) for hit in hits}
        parts = [(part.asked, self._is_enough(part)) for part in found.parts]
        return basis(whole.values(), self._models, found.searched, outcome, parts, _filters(found), found.remarks)

    def _cite(self, n: int, found: Retrieved, hit: Hit) -> Citation:
        span = best_span(hit.passage.text, lambda texts: self._relevance(found, texts))
        return self._index.cited(n, hit.passage, span)

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
        if self._multilingual:
            return ""
        code, known = language.language_of(question), self._index.languages
        asked = language.name(code) if code and code not in known else ""
        if code is None and not any(self._index.lexical.knows(word.stem) for word in words(question)):
            asked = language.foreign_script(question, known)
        notes = listed(AND, sorted(map(language.name, known)))
        return FOREIGN.format(question=asked, notes=notes, model=MULTILINGUAL) if asked and known else ""

    def _refuse(
        self, question: str, found: Retrieved, hits: Sequence[Hit], clock: Clock, reason: str = ""
    ) -> NotCovered:
        """A refusal that shows the best of `hits` as what comes closest; `reason` where there is one to tell."""
        with clock.stage("quote"):
            closest = self._quote(found, hits, nearest=True)
        asked = _beside_names(found)
        absent = tuple(word.written for word in asked if not self._index.lexical.knows(word.stem))
        corrected = self._correction(found, hits, closest)
        plain = NO_CLEAR_ANSWER if closest else NO_WORD_KNOWN if 0 < len(absent) == len(found.words) else NOT_COVERED
        return NotCovered(
            question=question,
            reason=reason or (CORRECTED.format(correction=corrected) if corrected else plain),
            closest=closest,
            absent_words=absent,
            p_answerable=found.p_answerable,
            timings_ms=clock.timings(),
            searched=found.searched,
            filters=_filters(found),
            remarks=_remarks(question, found),
            did_you_mean=suggest(absent, self._retriever.name_words),
            near_episodes=self._near_episodes(hits) if closest else (),
        )

    def _near_episodes(self, hits: Iterable[Hit]) -> tuple[str, ...]:
        names = dict.fromkeys(self._index.episode_of(hit.passage).name for hit in hits)
        return tuple(names)[:NEAR_EPISODES]


def _filters(found: Retrieved) -> tuple[Filter, ...]:
    """What was chosen, and what the question names."""
    return (*found.chosen, *(scope.shown for scope in found.scopes))


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


def _asks_what_is_at_a_minute(found: Retrieved) -> bool:
    """Whether a minute of what is named is all that the question asks about: what stands there answers it."""
    at_a_minute = any(scope.seconds is not None for scope in found.scopes) and len(found.scopes) > 1
    return at_a_minute and found.rows is not None and all(map(is_asking, _beside_names(found)))


def _by_nearness(found: Retrieved) -> list[Hit]:
    """The hits, those nearest to the minute first, and only they."""
    near = [hit for hit in found.hits if nearness(found.scopes, hit.passage) > 0]
    return sorted(near, key=lambda hit: -nearness(found.scopes, hit.passage))


def _remarks(question: str, found: Retrieved) -> tuple[str, ...]:
    return (*found.remarks, *((ONE_WORD,) if len(words(question)) == 1 else ()))


def _question(earlier: Earlier) -> str:
    return earlier if isinstance(earlier, str) else earlier.question
