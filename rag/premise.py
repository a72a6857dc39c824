"""What a question takes for granted and a passage says otherwise: a number, a year, who is ahead of whom.

Pure functions on words. Only what code can be sure of: a number of the same unit in a passage about the same, or the
same comparison the other way round. Silence is no agreement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from rag.comparisons import turned_round
from rag.phrase import Phrase
from rag.quantities import Quantity, quantities
from rag.sentences import sentence_spans
from rag.words import content_words, terms

INSTEAD = Phrase("{told}, not {assumed}")
ABOUT_THE_SAME = 0.6  # share of the question's other content words that the passage must hold
_LOOSE = re.compile(
    r"(?:\b(?:over|under|about|around|roughly|nearly|almost|than|least|most|to|up|some|or|only|just)|[~≈<>])\s*$",
    re.IGNORECASE,
)


def correction(question: str, text: str, *, context: AbstractSet[str] = frozenset()) -> str:
    """ "3,000, not 5,000" where `text` contradicts the question for sure; "" where it does not, or nothing is sure.

    `context`: terms the passage stands under, which count as said.
    """
    found = contradiction(question, text, context=context)
    return INSTEAD.format(told=found[0], assumed=found[1]) if found else ""


def contradiction(one: str, other: str, *, context: AbstractSet[str] = frozenset()) -> tuple[str, str] | None:
    """(what `other` says, what `one` says) where both cannot be true; None where they can, or nothing is sure."""
    return turned_round(one, other) or _other_number(one, other, context)


def _other_number(question: str, text: str, context: AbstractSet[str]) -> tuple[str, str] | None:
    """A number of the question against the only one of its unit in a sentence about the same."""
    for asked in quantities(question):
        if _LOOSE.search(question[: asked.start]):
            continue
        for sentence in _sentences(text):
            told = [quantity for quantity in quantities(sentence) if quantity.unit == asked.unit]
            about = _shared(question, asked, {*terms(sentence), *context})
            if len(told) == 1 and not told[0].meets(asked) and about >= ABOUT_THE_SAME:
                return told[0].written, asked.written
    return None


def _shared(question: str, asked: Quantity, said: AbstractSet[str]) -> float:
    """Share of the question's content words, its numbers aside, that are said."""
    others = [word.stem for word in content_words(question) if not any(c.isdigit() for c in word.written)]
    others = [term for term in others if term != asked.unit]
    return sum(term in said for term in others) / len(others) if len(others) > 1 else 0.0


def _sentences(text: str) -> Iterable[str]:
    spans: Sequence[tuple[int, int]] = sentence_spans(text)
    return (text[start:end] for start, end in spans)
