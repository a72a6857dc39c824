"""From a question to what was found for it and how well the notes cover it; nothing is decided here.

question -> resolved and spelt -> what it names -> hits and evidence, of the whole and of each part
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from rag import rank
from rag.choices import Choice, choose
from rag.clock import Clock
from rag.errors import QuestionError
from rag.filters import Names, Scope, narrow, nearness, preferred
from rag.gate import Evidence, GateModel, weigh
from rag.index import Index
from rag.parts import compared, left_out, split
from rag.phrase import AND, Phrase, listed
from rag.pipeline import SHIPPED, Pipeline
from rag.protocols import Embedder
from rag.question import asks_about_episode, can_answer, exact_words, first_words, is_wordless, leans, resolve
from rag.reading.boilerplate import asks_for_asides
from rag.spelling import correct
from rag.types import Earlier, Filter, FloatArray, Hit
from rag.words import Word, content_words, words

HITS = 20
WHEN = frozenset({"date", "minute"})  # what a passage stands under and need not say
CUT = Phrase("Your question is very long: only its beginning, up to “{last}”, was searched for.")
CUT_SHOWN = 40  # characters of where it was cut
NOTHING_UNDER = Phrase("Nothing in your notes fits {names}, so everything was searched.")
NOT_DATED = Phrase("No episode in your notes is dated {date}, so everything was searched.")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of several things that are asked, with what was found for it.

    Attributes:
        asked: what it asks, or whom it asks about.
        vector: of what was searched for it, unit length, shape (dimension,).
        hits: best first.
        p_answerable: the gate's estimate, 0 to 1.
        cosine: of the nearest hit, -1 to 1.
    """

    asked: str
    vector: FloatArray
    hits: tuple[Hit, ...]
    p_answerable: float
    cosine: float


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
        scopes: what the question names.
        rows: those the search was narrowed to; None where it was not.
        within: those that were chosen beside the question: what else the notes have does not count. None for all.
        chosen: the filters that chose them.
        parts: what it asks, one by one; empty where it asks one thing.
        remarks: what the reader should know about the search.
    """

    searched: str
    vector: FloatArray
    words: tuple[Word, ...]
    hits: tuple[Hit, ...]
    p_answerable: float
    cosine: float
    scopes: tuple[Scope, ...] = ()
    rows: frozenset[int] | None = None
    within: frozenset[int] | None = None
    chosen: tuple[Filter, ...] = ()
    parts: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()


class Retriever:
    """Searches one index with one embedder."""

    def __init__(self, index: Index, embedder: Embedder, *, gate: GateModel, pipeline: Pipeline = SHIPPED) -> None:
        self._index = index
        self._embedder = embedder
        self._gate = gate
        self._pipeline = pipeline
        self._names = Names(index.episodes.values(), index.notes)

    def retrieve(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        without: AbstractSet[int] = frozenset(),
        clock: Clock | None = None,
    ) -> Retrieved:
        """Search and weigh the evidence, as if the rows in `without` were not in the notes.

        Raises QuestionError, for `filters` as `rag.choices.choose` does.
        """
        clock = clock or Clock()
        choice = choose(filters, self._index.episodes.values())
        within = self._rows_of(choice) if choice else None
        if is_wordless(question):
            raise QuestionError(
                Phrase("There is no word in that question to search for."), remedy=Phrase("Ask in words.")
            )
        asked = first_words(question)
        resolved = self._resolved(asked, history)
        searched = self._spelt(resolved)
        corrected = frozenset(word.written for word in words(searched)) - {word.written for word in words(resolved)}
        with clock.stage("embed"):
            vector = self._embedder.embed([searched], questions=True)[0]
        with clock.stage("search"):
            before = self._before(asked, history)
            found = self.retrieve_vector(
                searched, vector, without=without, within=within, before=before, corrected=corrected
            )
            if choice:
                found = replace(found, chosen=choice.shown, remarks=(*choice.remarks, *found.remarks))
            cut = (CUT.format(last=asked[-CUT_SHOWN:]),) if asked != question else ()
            found = replace(found, remarks=(*cut, *found.remarks))
            return self._with_parts(found, without) if self._pipeline.parts else found

    def retrieve_vector(
        self,
        searched: str,
        vector: FloatArray,
        *,
        without: AbstractSet[int] = frozenset(),
        within: frozenset[int] | None = None,
        before: Sequence[Scope] = (),
        corrected: AbstractSet[str] = frozenset(),
    ) -> Retrieved:
        """`retrieve` for a question whose vector is known, shape (dimension,); `before` is preferred, too.

        `corrected`: words of it that were typed otherwise; a name among them is only preferred. `within`: the only rows
        that count, as if there were no others in the notes.
        Where the search is narrowed, the evidence must hold in all of the notes as well as in what is left of them:
        a passage elsewhere that is much nearer speaks against an answer.
        """
        scopes = (self._names.scopes(searched, corrected=corrected) or list(before)) if self._pipeline.filters else []
        rows = self._narrowed(scopes, within)
        hits = self._find(searched, vector, scopes, without=without, within=within)
        told = left_out(searched, [word for scope in scopes if scope.shown.kind in WHEN for word in scope.words])
        p, cosine = self._weigh(told, hits)
        if rows is not None:
            inside = self._find(searched, vector, scopes, without=without, within=rows)
            hits, rows = (inside, rows) if inside else (hits, None)
            p = min(p, self._weigh(told, hits)[0])
        return Retrieved(
            searched=searched,
            vector=vector,
            words=tuple(content_words(searched)),
            hits=tuple(hits),
            p_answerable=p,
            cosine=cosine,
            scopes=tuple(scope if rows is not None else _softened(scope) for scope in scopes),
            rows=rows,
            within=within,
            remarks=_left_nothing(scopes, rows),
        )

    def elsewhere(self, found: Retrieved) -> Retrieved | None:
        """What is found outside of what the question names, for the question without those names.

        None where it names nothing for sure.
        """
        if found.rows is None:
            return None
        asked = left_out(found.searched, [word for scope in found.scopes for word in scope.words])
        if not content_words(asked):
            return None
        vector = self._embedder.embed([asked], questions=True)[0]
        hits = find(self._index, asked, vector, without=found.rows, within=found.within, pipeline=self._pipeline)
        p, cosine = self._weigh(asked, hits)
        said = tuple(content_words(asked))
        return replace(found, words=said, hits=tuple(hits), p_answerable=p, cosine=cosine, rows=None)

    def _find(
        self,
        searched: str,
        vector: FloatArray,
        scopes: Sequence[Scope],
        *,
        without: AbstractSet[int],
        within: AbstractSet[int] | None = None,
    ) -> list[Hit]:
        return find(self._index, searched, vector, scopes, without=without, within=within, pipeline=self._pipeline)

    def _weigh(self, searched: str, hits: Sequence[Hit]) -> tuple[float, float]:
        """(p(answerable), cosine of the nearest) of what was found."""
        if not hits:
            return 0.0, 0.0
        evidence = evidence_of(self._index, searched, hits)
        return self._gate.p_answerable(evidence), max(hit.cosine for hit in hits)

    def _with_parts(self, found: Retrieved, without: AbstractSet[int]) -> Retrieved:
        """The same with its parts: each of those that are compared, or each of several questions."""
        names = compared(found.scopes) if found.rows is not None else ()
        pieces = () if names else split(found.searched)
        parts = [self._about(found, scope, names, without) for scope in names]
        if len(pieces) > 1:
            vectors = self._embedder.embed(list(pieces), questions=True)
            each = [
                self.retrieve_vector(piece, one, without=without, within=found.within)
                for piece, one in zip(pieces, vectors, strict=True)
            ]
            parts = [_part(piece, one) for piece, one in zip(pieces, each, strict=True)]
        best = max([found.p_answerable, *(part.p_answerable for part in parts)])
        return replace(found, parts=tuple(parts), p_answerable=best)

    def _about(self, found: Retrieved, scope: Scope, names: Sequence[Scope], without: AbstractSet[int]) -> Part:
        """What is found for one of several names that are compared, as if the others were not asked about."""
        others = [word for other in names if other is not scope for word in other.words]
        asked = left_out(found.searched, others)
        others_kinds = (s for s in found.scopes if s.shown.kind != scope.shown.kind)
        rows = self._narrowed([scope, *others_kinds], found.within)
        hits = self._find(asked, found.vector, [scope], without=without, within=found.within if rows is None else rows)
        p, cosine = self._weigh(asked, hits)
        return Part(asked=scope.shown.label, vector=found.vector, hits=tuple(hits), p_answerable=p, cosine=cosine)

    def _rows_of(self, choice: Choice) -> frozenset[int]:
        """The rows of the episodes that were chosen."""
        return frozenset(row for row, p in enumerate(self._index.passages) if p.episode_id in choice.episodes)

    def _narrowed(self, scopes: Sequence[Scope], within: frozenset[int] | None) -> frozenset[int] | None:
        """The rows of `within` that the sure names leave; None where they narrow nothing, or leave nothing."""
        rows = narrow(scopes, self._index.passages, self._index.rows_with)
        return rows if rows is None or within is None else (rows & within or None)

    def _before(self, question: str, history: Sequence[Earlier]) -> tuple[Scope, ...]:
        """What the answer before was about, preferred if the question leans on it."""
        last = history[-1] if history else ""
        if isinstance(last, str) or not leans(question, self._index.names):
            return ()
        cited = [self._index.episodes[episode] for episode in last.episodes[:1] if episode in self._index.episodes]
        return tuple(preferred(episode) for episode in cited)

    def _resolved(self, question: str, history: Sequence[Earlier]) -> str:
        """The question with what it leans on."""
        earlier = history if self._pipeline.follow_ups else ()
        return resolve(question, earlier, names=self._index.names, people=self._people)

    def _spelt(self, question: str) -> str:
        """The question with misspelt words corrected."""
        if not self._pipeline.spelling:
            return question
        index = self._index
        return correct(question, known=index.lexical.knows, names=index.name_words, vocabulary=lambda: self._vocabulary)

    def _people(self, episode_id: str) -> Sequence[str]:
        episode = self._index.episodes.get(episode_id)  # what was cited may be gone from the notes since
        return episode.guests if episode else ()

    @cached_property
    def name_words(self) -> Mapping[str, str]:
        """Every name in the notes, case-folded -> as written: theirs, and those of what they speak of.

        Those are never written small, unlike the words that sentences begin with.
        """
        written = {word.written for passage in self._index.passages for word in words(passage.text)}
        spoken = (word for word in written if word[0].isupper() and word.casefold() not in written)
        return {word.casefold(): word for word in spoken} | dict(self._index.name_words)

    @cached_property
    def _vocabulary(self) -> Mapping[str, int]:
        """How often each word occurs in the notes."""
        return Counter(word.written.casefold() for p in self._index.passages for word in words(p.text))


def _part(asked: str, found: Retrieved) -> Part:
    return Part(asked=asked, vector=found.vector, hits=found.hits, p_answerable=found.p_answerable, cosine=found.cosine)


def _softened(scope: Scope) -> Scope:
    return replace(scope, shown=replace(scope.shown, hard=False))


def _left_nothing(scopes: Sequence[Scope], rows: AbstractSet[int] | None) -> tuple[str, ...]:
    """A remark for each thing that was asked for and is not there."""
    undated = [s.shown.label for s in scopes if s.shown.kind == "date" and not s.episodes]
    hard = [s.shown.label for s in scopes if s.hard]
    together = [NOTHING_UNDER.format(names=listed(AND, hard))] if hard and rows is None else []
    return (*(NOT_DATED.format(date=date) for date in undated), *together)


def find(
    index: Index,
    searched: str,
    vector: FloatArray,
    scopes: Sequence[Scope] = (),
    *,
    without: AbstractSet[int] = frozenset(),
    within: AbstractSet[int] | None = None,
    pipeline: Pipeline = SHIPPED,
) -> list[Hit]:
    """The passages nearest to a question whose vector has shape (dimension,), what fits it preferred, best first.

    What `scopes` name is preferred too; `within` names the only rows that are looked at, where it is given.
    """
    about_episode, wants_asides = asks_about_episode(searched), asks_for_asides(searched)

    def bonus(hit: Hit) -> float:
        misplaced = index.is_heading(hit.passage) and not about_episode
        beside = not wants_asides and index.is_aside(hit.passage)
        fits = rank.FITS * can_answer(searched, hit.passage.text) + rank.NAMED * nearness(scopes, hit.passage)
        return fits + rank.HEADING * misplaced + rank.ASIDE * beside

    terms = [word.stem for word in content_words(searched)]
    hits = index.search(vector, terms, HITS, without=without, within=within, pipeline=pipeline)
    return rank.prefer(hits, bonus) if pipeline.preferences else hits


def evidence_of(index: Index, searched: str, hits: Sequence[Hit]) -> Evidence:
    """The gate's evidence for a question and what was found for it, best first."""
    return weigh(
        hits,
        [word.stem for word in content_words(searched)],
        terms_of=lambda hit: index.terms_of(hit.passage),
        names=index.names,
        exact_terms=[word.stem for word in exact_words(searched)],
    )
