"""What a question takes for granted and a passage says otherwise: a number, a year, who is ahead of whom.

Pure functions on words. Only what code can be sure of: a number of the same unit in a passage about the same, or the
same comparison the other way round. Silence is no agreement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rag.sentences import sentence_spans
from rag.words import STOPWORDS, content_words, stem, terms

ABOUT_THE_SAME = 0.6  # share of the question's other content words that the passage must hold
_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "t": 1e12,
          "trillion": 1e12}  # fmt: skip
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNITS = rf"(?:{'|'.join(sorted(_SCALE, key=len, reverse=True))})\b"
_QUANTITY = re.compile(
    rf"(?<![\w.:/-])(?P<currency>[$€£])?(?P<low>{_NUMBER})(?:\s?(?P<scale>{_UNITS}))?"
    rf"(?:\s*(?:-|–|to)\s*[$€£]?(?P<high>{_NUMBER})(?:\s?(?P<scale2>{_UNITS}))?)?(?![\d:/]|\.\d)"
    r"(?P<percent>\s?(?:%|percent\b))?(?:\s+(?P<noun>[^\W\d_]{3,}))?",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"(?:\b(?:over|under|about|around|roughly|nearly|almost|than|least|most|to|up|some|or|only|just)|[~≈<>])\s*$",
    re.IGNORECASE,
)
_WAYS = (
    ("ahead of", "behind"),
    ("better than", "worse than"),
    ("more than", "less than"),
    ("bigger than", "smaller than"),
    ("larger than", "smaller than"),
    ("higher than", "lower than"),
    ("faster than", "slower than"),
    ("cheaper than", "more expensive than"),
    ("older than", "younger than"),
    ("stronger than", "weaker than"),
    ("before", "after"),
)
_WAY = "|".join(sorted({way for pair in _WAYS for way in pair}, key=len, reverse=True))
_COMPARISON = re.compile(
    rf"\b(?P<one>[\w'-]+)(?:\s+(?:is|are|was|were|being|beats))?(?:\s+(?:much|far|way|slightly|a lot|still))?"
    rf"\s+(?P<way>{_WAY})\s+(?:the\s+|a\s+)?(?P<other>[\w'-]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number or a range with what it counts: a currency, "%", or the stem of the noun behind it."""

    low: float
    high: float
    unit: str
    written: str
    start: int

    def meets(self, other: Quantity) -> bool:
        return self.low <= other.high and other.low <= self.high


def correction(question: str, text: str, *, context: AbstractSet[str] = frozenset()) -> str:
    """ "3,000, not 5,000" where `text` contradicts the question for sure; "" where it does not, or nothing is sure.

    `context`: terms the passage stands under, which count as said.
    """
    return _turned_round(question, text) or _other_number(question, text, context)


def quantities(text: str) -> list[Quantity]:
    """The numbers of `text` that count something."""
    return [quantity for match in _QUANTITY.finditer(text) if (quantity := _quantity(match)) is not None]


def _quantity(match: re.Match[str]) -> Quantity | None:
    noun = match["noun"] or ""
    unit = match["currency"] or ("%" if match["percent"] else "" if noun.casefold() in STOPWORDS else stem(noun))
    if not unit:
        return None
    last = _scale(match["scale2"]) if match["high"] else 1.0
    low = float(match["low"].replace(",", "")) * (_scale(match["scale"]) if match["scale"] else last)
    high = float(match["high"].replace(",", "")) * last if match["high"] else low
    return Quantity(low=low, high=high, unit=unit, written=match[0].removesuffix(noun).strip(), start=match.start())


def _scale(written: str | None) -> float:
    return _SCALE[written.casefold()] if written else 1.0


def _other_number(question: str, text: str, context: AbstractSet[str]) -> str:
    """A number of the question against the only one of its unit in a sentence about the same."""
    for asked in quantities(question):
        if _LOOSE.search(question[: asked.start]):
            continue
        for sentence in _sentences(text):
            told = [quantity for quantity in quantities(sentence) if quantity.unit == asked.unit]
            about = _shared(question, asked, {*terms(sentence), *context})
            if len(told) == 1 and not told[0].meets(asked) and about >= ABOUT_THE_SAME:
                return f"{told[0].written}, not {asked.written}"
    return ""


def _shared(question: str, asked: Quantity, said: AbstractSet[str]) -> float:
    """Share of the question's content words, its numbers aside, that are said."""
    others = [word.stem for word in content_words(question) if not any(c.isdigit() for c in word.written)]
    others = [term for term in others if term != asked.unit]
    return sum(term in said for term in others) / len(others) if len(others) > 1 else 0.0


def _turned_round(question: str, text: str) -> str:
    """A comparison of the question that the text makes the other way round."""
    for asked in _COMPARISON.finditer(question):
        for told in _COMPARISON.finditer(text):
            if _opposed(asked, told):
                return f"“{told[0]}”, not “{asked[0]}”"
    return ""


def _opposed(asked: re.Match[str], told: re.Match[str]) -> bool:
    one, other = (stem(asked[name]) for name in ("one", "other"))
    way, says = asked["way"].casefold(), told["way"].casefold()
    if (stem(told["one"]), stem(told["other"])) == (other, one):
        return way == says
    return (stem(told["one"]), stem(told["other"])) == (one, other) and says in _opposites(way)


def _opposites(way: str) -> set[str]:
    return {other for pair in _WAYS if way in pair for other in pair if other != way}


def _sentences(text: str) -> Iterable[str]:
    spans: Sequence[tuple[int, int]] = sentence_spans(text)
    return (text[start:end] for start, end in spans)
