"""Where the sentences of a text begin and end, in any script: the one definition of it. Knows nothing of passages."""

from __future__ import annotations

import re

# A run of marks is taken whole and looked at once (`++`, `(?<!...)`): a page of dots must cost no more than a page.
# Marks that end a sentence wherever they stand: Chinese and Japanese, Devanagari, Urdu, Arabic, Armenian, Ethiopic,
# Khmer, Myanmar, Tibetan. Those of the Latin script do so before a letter that is no small one, or at the end.
_FULL = "。！？｡︒।॥۔؟։።፧៕။။༎"
_CLOSING = '」』”’")\\]'
_END = re.compile(
    rf"(?:[{_FULL}]++[{_CLOSING}]*+|(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?:(?=\s++[\"'“‘«(\[¿¡]*+(?P<next>\w))|\s*+$)"
    r"|(?<=[\u0e00-\u0e7f]{12})[ ]+(?=[\u0e00-\u0e7f]))"  # Thai has no mark, only a space
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|cf|no|approx|Inc|Ltd|Jr|Sr|al|Fig|fig|p|pp|Vol))\.$"
)
_MARKS = tuple(".!?…" + _FULL)
CUT = re.compile(rf"[.!?…][{_CLOSING}»']*\s|[{_FULL}]+[{_CLOSING}]*|\n")
"""Where a text that is too long may be cut: behind what may well be a sentence, or a line."""


def ends_sentence(text: str) -> bool:
    """Whether `text`, white space at its end aside, stops where a sentence does."""
    return text.rstrip().rstrip("」』”’\")]»'*_").endswith(_MARKS)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences of `text`, in order, white space around them left out.

    Together they cover every character that is not white space. A text without end marks is one sentence.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _goes_on(match["next"]) or _ABBREVIATION.search(text[start : match.end()]):
            continue
        _append(spans, text, start, match.end())
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def _goes_on(following: str | None) -> bool:
    """Whether the letter behind a full stop is a small one, so that the sentence goes on."""
    return following is not None and following.islower()


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if left < right:
        spans.append((left, right))
