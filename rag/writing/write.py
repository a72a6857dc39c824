"""Lets a model write an answer from evidence, and shows no sentence of it that its spans do not carry.

evidence -> prompt -> sentences as they come -> checks -> shown, or written anew from its spans alone, or its quote

What the model gives back is untrusted: it may loop, stop, invent, obey a passage, or never end. Whatever it does, what
comes out is checked sentences and quotes, perhaps none at all. Knows nothing of search or of how answers are shown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.disagreement import opposed
from rag.drafts import Draft, Fate, Writing
from rag.errors import FootnoteError, Interrupted
from rag.protocols import Cancelled, Generator, Message, OnSentence, awaited_until, unheard
from rag.sentences import sentence_spans
from rag.spans import says_the_same
from rag.types import Citation, Sentence
from rag.writing.checks import Claim, Verdict, check, tagged
from rag.writing.checks.claim import flat
from rag.writing.checks.coverage import LEAST, coverage
from rag.writing.evidence import Evidence
from rag.writing.prompt import Source, Style, messages
from rag.writing.sentence_stream import Tagged, split, tagged_sentences

SECONDS = 60.0  # for all of it; what is shown by then stays
SPARE_SECONDS = 5.0  # before nobody waits any longer it ends, so that what is there is still shown
TOKENS = 240  # of an answer
TOKENS_ONE = 80  # of a sentence that is written anew
MOST_CHARS = 4_000  # of an answer that are read at most, however many the model sends
MOST_BLANK = 200  # of them in a row without a word
MOST_DRAFTS = 8  # sentences that are looked at
TOO_LONG = "it took too long"
TOO_MUCH = "it wrote on and on"
NOTHING = "it wrote nothing"
SAID = Verdict(check="repeats", reason="it is said already")
NO_ROOM = "the passages do not fit into its context"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be answered: the question, the earlier ones of the conversation, and whether the user has given up."""

    question: str
    earlier: tuple[str, ...] = ()
    cancelled: Cancelled | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """The sentences to show and the citations that carry them, numbered as they were first used."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    writing: Writing

    @property
    def wrote(self) -> bool:
        """Whether any sentence is the model's own."""
        return any(not sentence.verbatim for sentence in self.sentences)


class Writer:
    """Writes with one model. `idf`: how much a word tells, by its stem."""

    def __init__(
        self,
        generator: Generator,
        *,
        idf: Callable[[str], float] = flat,
        style: Style | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._generator = generator
        self._idf = idf
        self._style = style or Style()
        self._seconds = seconds

    def write(self, asked: Asked, evidence: Sequence[Evidence], *, on_sentence: OnSentence = unheard) -> Written:
        """An answer of checked sentences, perhaps of none; `on_sentence` is told each one with what it cites.

        Raises Interrupted if the user gave up; whatever else befalls the model only ends its writing.
        """
        deadline = min(time.monotonic() + self._seconds, awaited_until(asked.cancelled) - SPARE_SECONDS)
        page = _Page(on_sentence=on_sentence, most=self._style.sentences)
        try:
            fitting = self._fitting(asked, evidence)
            stopped = self._draft(asked, fitting, page, deadline) if fitting else NO_ROOM
            stopped = self._mend(asked, page, deadline) or stopped
        except Interrupted:
            if asked.cancelled and asked.cancelled():
                raise
            fitting, stopped = evidence, TOO_LONG
        except Exception as error:  # a model that fails must not cost the answer
            logger.warning("the model %s failed: %s", self._generator.name, type(error).__name__)
            fitting, stopped = evidence, str(error) if isinstance(error, FootnoteError) else type(error).__name__
        page.give_up()
        page.tell_other_side(evidence)
        writing = Writing(model=self._generator.name, passages=len(fitting), drafts=tuple(page.drafts), stopped=stopped)
        return Written(sentences=tuple(page.sentences), citations=tuple(page.citations), writing=writing)

    def _fitting(self, asked: Asked, evidence: Sequence[Evidence]) -> Sequence[Evidence]:
        """As many of the first spans as fit into the model's context together with what is to be written."""
        for count in range(len(evidence), 0, -1):
            prompt = self._prompt(asked, evidence[:count])
            if self._generator.count_tokens(prompt) + TOKENS <= self._generator.context_tokens:
                return evidence[:count]
        return ()

    def _prompt(self, asked: Asked, evidence: Sequence[Evidence], *, one: bool = False) -> list[Message]:
        sources = [_source(each) for each in evidence]
        return messages(asked.question, sources, style=self._style, earlier=asked.earlier, one=one)

    def _draft(self, asked: Asked, evidence: Sequence[Evidence], page: _Page, deadline: float) -> str:
        """Let the model write and deal with each sentence as it comes; why it was stopped, or ""."""
        stream = _Stream(asked.cancelled, deadline)
        pieces = self._generator.generate(
            self._prompt(asked, evidence), max_tokens=TOKENS, cancelled=asked.cancelled, deadline=deadline
        )
        drafts = 0
        try:
            for drafts, untagged in enumerate(tagged_sentences(stream.read(pieces)), start=1):
                draft = _placed(untagged, evidence)
                page.take(draft, evidence, self._verdict(asked, draft, evidence))
                if drafts == MOST_DRAFTS or page.is_full:
                    break
        finally:
            _close(pieces)
        return stream.stopped or ("" if drafts else NOTHING)

    def _mend(self, asked: Asked, page: _Page, deadline: float) -> str:
        """Have each failed sentence written anew from its spans alone; why that was stopped, or ""."""
        while page.failed and not page.is_full:
            failed = page.failed[0]
            stream = _Stream(asked.cancelled, deadline)
            anew = self._anew(asked, failed.spans, stream, deadline) if failed.spans else None
            passed = anew is not None and self._verdict(asked, anew, failed.spans).passed
            page.settle(failed, anew, passed=passed)
            if stream.stopped == TOO_LONG:
                return TOO_LONG
        return ""

    def _anew(self, asked: Asked, mine: Sequence[Evidence], stream: _Stream, deadline: float) -> Tagged | None:
        """The first sentence that the model writes from these spans; without a tag it is carried by all of them."""
        pieces = self._generator.generate(
            self._prompt(asked, mine, one=True), max_tokens=TOKENS_ONE, cancelled=asked.cancelled, deadline=deadline
        )
        try:
            first = next(iter(split("".join(stream.read(pieces)))), None)
        finally:
            _close(pieces)
        return replace(first, tags=first.tags or tuple(range(1, len(mine) + 1))) if first else None

    def _verdict(self, asked: Asked, draft: Tagged, evidence: Sequence[Evidence]) -> Verdict:
        verdict = tagged(draft.tags, len(evidence))
        if not verdict.passed:
            return verdict
        cited = tuple(evidence[tag - 1].cited for tag in draft.tags)
        claim = Claim(text=draft.text, cited=cited, question=asked.question, idf=self._idf)
        return check(claim, trims=self._style.trims)


@dataclass(frozen=True, kw_only=True)
class _Failed:
    """A draft that a check did not pass, and the spans that it cites, as far as there are such."""

    draft: Tagged
    verdict: Verdict
    spans: tuple[Evidence, ...]


@dataclass(kw_only=True)
class _Page:
    """What is shown so far, what failed, and what became of each draft."""

    on_sentence: OnSentence
    most: int
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    failed: list[_Failed] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether as many sentences are shown as are wanted."""
        return len(self.sentences) >= self.most

    def take(self, draft: Tagged, evidence: Sequence[Evidence], verdict: Verdict) -> None:
        """Show a draft that passed, keep one that failed for later."""
        spans = tuple(evidence[tag - 1] for tag in draft.tags if 1 <= tag <= len(evidence))
        if not verdict.passed:
            self.failed.append(_Failed(draft=draft, verdict=verdict, spans=spans))
        elif self._is_said(draft.text):
            self._note(draft, "dropped", SAID)
        else:
            self._show_own(draft.text, [span.citation for span in spans])
            self._note(draft, "written", verdict)

    def settle(self, failed: _Failed, anew: Tagged | None, *, passed: bool) -> None:
        """Show what a failed draft was written anew as, if that passed; else its quote, if that is not shown yet."""
        self.failed.remove(failed)
        rewritten = anew.text if anew else ""
        if anew and passed and not self._is_said(anew.text):
            self._show_own(anew.text, [failed.spans[tag - 1].citation for tag in anew.tags])
            self._note(failed.draft, "rewritten", failed.verdict, rewritten)
        else:
            self._note(failed.draft, "quoted" if self._quote(failed) else "dropped", failed.verdict, rewritten)

    def give_up(self) -> None:
        """Deal with what is left without the model."""
        for failed in tuple(self.failed):
            self.settle(failed, None, passed=False)

    def tell_other_side(self, evidence: Sequence[Evidence]) -> None:
        """Quote what disagrees with a citation of what is shown."""
        for citation in opposed(self.citations, [each.citation for each in evidence]):
            if not any(_same(citation, known) for known in self.citations):
                self._show(citation.display, [citation], verbatim=True)

    def _quote(self, failed: _Failed) -> bool:
        """Show the span that carries most of a draft; False where it is shown already, or there is none."""
        text = failed.draft.text
        nearest = max(failed.spans, key=lambda span: coverage(Claim(text=text, cited=(span.cited,))), default=None)
        if nearest is None or self.is_full or self._is_said(nearest.citation.display):
            return False
        self._show(nearest.citation.display, [nearest.citation], verbatim=True)
        return True

    def _is_said(self, text: str) -> bool:
        return any(says_the_same(text, sentence.text) for sentence in self.sentences)

    def _show_own(self, text: str, cited: Sequence[Citation]) -> None:
        """Show what a model wrote; where it only copied whole sentences, that is a quote."""
        copied = [citation for citation in cited if _is_whole(text, citation.display)]
        self._show(text, copied[:1] or cited, verbatim=bool(copied))

    def _show(self, text: str, cited: Sequence[Citation], *, verbatim: bool) -> None:
        numbers = tuple(self._number(citation) for citation in cited)
        self.sentences.append(Sentence(text=text, citations=numbers, verbatim=verbatim))
        self.on_sentence(self.sentences[-1], [self.citations[n - 1] for n in numbers])

    def _number(self, citation: Citation) -> int:
        """The number under which a reader sees a citation."""
        for known in self.citations:
            if _same(citation, known):
                return known.n
        self.citations.append(replace(citation, n=len(self.citations) + 1))
        return len(self.citations)

    def _note(self, draft: Tagged, fate: Fate, verdict: Verdict, rewritten: str = "") -> None:
        self.drafts.append(
            Draft(
                text=draft.text,
                tags=draft.tags,
                fate=fate,
                check=verdict.check,
                reason=verdict.reason,
                rewritten=rewritten,
            )
        )


class _Stream:
    """Reads what a model sends for as long as it makes sense to; `stopped` says why it was not longer."""

    def __init__(self, cancelled: Cancelled | None, deadline: float) -> None:
        self._cancelled = cancelled
        self._deadline = deadline
        self.stopped = ""

    def read(self, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces, up to an end. Raises Interrupted if the user gave up."""
        length = blank = 0
        for piece in pieces:
            if self._cancelled and self._cancelled():
                raise Interrupted("Cancelled.")
            length += len(piece)
            blank = 0 if piece.strip() else blank + len(piece)
            blank = max(blank, len(piece) - len(piece.rstrip()))
            yield piece[:MOST_CHARS]
            if time.monotonic() > self._deadline:
                self.stopped = TOO_LONG
            elif length > MOST_CHARS or blank > MOST_BLANK:
                self.stopped = TOO_MUCH
            if self.stopped:
                return


def _placed(draft: Tagged, evidence: Sequence[Evidence]) -> Tagged:
    """A draft without a tag with that of the span that carries most of it, if any carries enough.

    It is checked against that span like every other; who forgets a number has not invented anything yet.
    """
    if draft.tags or not draft.text:
        return draft
    shares = [coverage(Claim(text=draft.text, cited=(each.cited,))) for each in evidence]
    best = max(range(len(shares)), key=shares.__getitem__)
    return replace(draft, tags=(best + 1,)) if shares[best] >= LEAST else draft


def _is_whole(text: str, display: str) -> bool:
    """Whether a text is one or more sentences of what is quoted: a part of one may say something else."""
    spans = sentence_spans(display)
    ends = {end for _, end in spans}
    return any(display.startswith(text, start) and start + len(text) in ends for start, _ in spans)


def _same(one: Citation, other: Citation) -> bool:
    """Whether two citations are of the same span, whatever their numbers."""
    return replace(one, n=other.n) == other


def _source(evidence: Evidence) -> Source:
    """A span as the model reads it."""
    citation = evidence.citation
    name = ": ".join(filter(None, (citation.show, citation.episode)))
    return Source(text=evidence.cited.text, name=", ".join(filter(None, (name, citation.date))))


def _close(pieces: Iterator[str]) -> None:
    """End a generation that is not read to its end: a model writes one thing at a time."""
    close = getattr(pieces, "close", None)
    if close:
        close()
