"""The numbers of a text and what they count, in digits or in words. Pure functions; knows nothing of notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.words import STOPWORDS, stem

_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "t": 1e12,
          "trillion": 1e12}  # fmt: skip
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNITS = rf"(?:{'|'.join(sorted(_SCALE, key=len, reverse=True))})\b"
_BEHIND = r"(?P<percent>\s?(?:%|percent\b|per cent\b))?(?:[\s-]+(?P<noun>[^\W\d_]{3,}))?"
_DIGITS = re.compile(
    rf"(?<![\w.:/-])(?P<currency>[$€£])?(?P<low>{_NUMBER})(?:\s?(?P<scale>{_UNITS}))?"
    rf"(?:\s*(?:-|–|to)\s*[$€£]?(?P<high>{_NUMBER})(?:\s?(?P<scale2>{_UNITS}))?)?(?!\d|[:/.]\d){_BEHIND}",
    re.IGNORECASE,
)
_SMALL_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: float(value) for value, word in enumerate(_SMALL_WORDS.split())}
_TENS = {word: 10.0 * value for value, word in enumerate(_TENS_WORDS.split(), 2)}
_LARGE = {"hundred": 100.0, **{word: value for word, value in _SCALE.items() if len(word) > 2}}
WORDED = {**_SMALL, **_TENS, "dozen": 12.0, **_LARGE}
_WORD = "|".join(WORDED)
_TWO_WORDS = rf"(?:{'|'.join(_TENS)})-(?:{'|'.join(_SMALL)})|{_WORD}"
_WORDS = re.compile(rf"\b(?P<words>(?:{_WORD})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD}))*)\b{_BEHIND}", re.IGNORECASE)
_JOINS = ("and", "or", "to", "-", "–")
_ORDINALS = re.compile(r"(?<![\w.,:/-])(?P<low>\d{1,4})(?:st|nd|rd|th)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number or a range with what it counts: a currency, "%", the stem of the noun behind it, or "" """

    low: float
    high: float
    unit: str
    written: str
    start: int

    def meets(self, other: Quantity) -> bool:
        return self.low <= other.high and other.low <= self.high


def quantities(text: str) -> list[Quantity]:
    """The numbers of `text` in digits that count something."""
    return [quantity for quantity in _in_digits(text) if quantity.unit]


def numbers(text: str) -> list[Quantity]:
    """Every number of `text`, in digits or in words, with a unit or without; "one" alone is no number."""
    found = [*_in_digits(text), *_in_words(text), *_ordinals(text)]
    found.sort(key=lambda quantity: quantity.start)
    kept: list[Quantity] = []
    for quantity in found:  # "2 million" is one number, not also a million
        if not kept or quantity.start >= kept[-1].start + len(kept[-1].written):
            kept.append(quantity)
    return [_with_unit(one, behind, text) for one, behind in zip(kept, [*kept[1:], *kept[-1:]], strict=True)]


def _with_unit(one: Quantity, behind: Quantity, text: str) -> Quantity:
    """ "Two or three eggs": the first counts what the one behind it does."""
    between = text[one.start + len(one.written) : behind.start].strip()
    return replace(one, unit=behind.unit) if not one.unit and between in _JOINS else one


def _in_digits(text: str) -> Iterator[Quantity]:
    for match in _DIGITS.finditer(text):
        last = _scale(match["scale2"]) if match["high"] else 1.0
        low = _value(match["low"]) * (_scale(match["scale"]) if match["scale"] else last)
        yield _made(match, low, _value(match["high"]) * last if match["high"] else low, match["currency"] or "")


def _in_words(text: str) -> Iterator[Quantity]:
    for match in _WORDS.finditer(text):
        value = _worded(re.findall(_WORD, match["words"].casefold()))
        if value is None:  # "five thirty-second ads": several numbers, one behind the other
            for word in re.finditer(_TWO_WORDS, match["words"], re.IGNORECASE):
                apart = _worded(re.findall(_WORD, word[0].casefold())) or 0.0
                start = match.start("words") + word.start()
                yield Quantity(low=apart, high=apart, unit="", written=word[0], start=start)
        elif match["words"].casefold() != "one":
            yield _made(match, value, value, "")


def _ordinals(text: str) -> Iterator[Quantity]:
    for match in _ORDINALS.finditer(text):
        low = float(match["low"])
        yield Quantity(low=low, high=low, unit="", written=match[0], start=match.start())


def _made(match: re.Match[str], low: float, high: float, currency: str) -> Quantity:
    noun = match["noun"] or ""
    counts = noun and noun.casefold() not in STOPWORDS and noun.casefold() not in WORDED
    unit = currency or ("%" if match["percent"] else stem(noun) if counts else "")
    written = match[0].removesuffix(noun).strip().rstrip("-").strip()
    return Quantity(low=low, high=high, unit=unit, written=written, start=match.start())


def _worded(parts: list[str]) -> float | None:
    """ "two", "hundred", "five" -> 205; None where the words are several numbers."""
    total = current = 0.0
    last = 0.0
    for part in parts:
        value = WORDED[part]
        if part in _LARGE or part == "dozen":
            current = (current or 1.0) * value
            if value >= 1000:
                total, current = total + current, 0.0
        elif last and not (last >= 20 and value < last):
            return None
        else:
            current += value
        last = value
    return total + current


def _value(digits: str) -> float:
    return float(digits.replace(",", ""))


def _scale(written: str | None) -> float:
    return _SCALE[written.casefold()] if written else 1.0
