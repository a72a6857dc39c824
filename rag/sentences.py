"""Where the sentences of a text begin and end. Knows nothing of passages."""

from __future__ import annotations

import re

# A run of marks is taken whole and looked at once (`++`, `(?<!...)`): a page of dots must cost no more than a page.
_CLOSING = r"[\"'”’)\]]*+"
_END = re.compile(rf"(?<![.!?…])[.!?…]++{_CLOSING}(?=\s++[\"'“‘(\[]?[A-Z0-9À-Þ]|\s*+$)|[。！？]++[」』”]*+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|cf|no|approx|Inc|Ltd|Jr|Sr|al|Fig|fig|p|pp|Vol))\.$"
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences of `text`, in order, white space around them left out.

    Together they cover every character that is not white space. A text without end marks is one sentence.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _ABBREVIATION.search(text[start : match.end()]):
            continue
        _append(spans, text, start, match.end())
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if left < right:
        spans.append((left, right))
