"""A sentence that somebody wrote and what it cites, taken apart once for every check. Knows nothing of models."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from rag.sentences import sentence_spans
from rag.words import terms, words

NEAR_BEST = 0.5  # a sentence of the evidence counts if it holds so much of what the one that holds most does
_TURN = re.compile(r"(?:^|(?<=[.!?…\n]))\s*(?P<who>[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){0,3}):\s")


def flat(_term: str) -> float:
    """Every word counts the same."""
    return 1.0


@dataclass(frozen=True, kw_only=True)
class Cited:
    """One span that a sentence cites.

    Attributes:
        text: the words that are quoted.
        context: what they stand under and a reader sees with them: show, title, date, headings.
        people: who is on the episode.
        speaker: who says it, in a transcript.
    """

    text: str
    context: str = ""
    people: tuple[str, ...] = ()
    speaker: str = ""

    @property
    def above(self) -> str:
        """What a reader sees with the words: what they stand under, who speaks, who is on the episode."""
        speakers = ", ".join(dict.fromkeys(who for who, _ in self.turns if who))
        return f"{self.context}\n{self.speaker}\n{', '.join(self.people)}\n{speakers}"

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The words, sentence by sentence."""
        return tuple(self.text[start:end] for start, end in sentence_spans(self.text))

    @cached_property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """(speaker, what is said) in order; ("", text) where nobody is named."""
        starts = list(_TURN.finditer(self.text))
        ends = [*(match.start() for match in starts), len(self.text)]
        first = self.text[: ends[0]]
        led = [(self.speaker, first)] if first.strip() else []
        said = [(match["who"], self.text[match.end() : end]) for match, end in zip(starts, ends[1:], strict=True)]
        return (*led, *said)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence without its tags, the spans that those name, the question, and how much a word says by its stem."""

    text: str
    cited: tuple[Cited, ...]
    question: str = ""
    idf: Callable[[str], float] = flat

    @cached_property
    def evidence(self) -> str:
        """All that is quoted."""
        return "\n".join(cited.text for cited in self.cited)

    @cached_property
    def said(self) -> str:
        """All that is quoted and what it stands under."""
        return "\n".join((self.evidence, *(cited.above for cited in self.cited)))

    @cached_property
    def terms(self) -> frozenset[str]:
        """Stems of the sentence's content words."""
        return frozenset(terms(self.text))

    @cached_property
    def known(self) -> frozenset[str]:
        """Stems of every word of `said`."""
        return frozenset(word.stem for word in words(self.said))

    @cached_property
    def carrying(self) -> tuple[str, ...]:
        """The sentences of the evidence that hold most of the sentence's words."""
        pieces = [piece for cited in self.cited for piece in cited.sentences]
        shared = [len(self.terms & set(terms(piece))) for piece in pieces]
        most = max(shared, default=0)
        return tuple(piece for piece, count in zip(pieces, shared, strict=True) if count >= NEAR_BEST * most > 0)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check says of a sentence; `reason` is for a reader and "" where it passes."""

    check: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        return not self.reason
