"""Sentences with their tags out of text that arrives in pieces. Pure; knows nothing of who writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag.sentences import sentence_spans

_TAGS = r"(?:\s*\[\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\])+"
_BEHIND = re.compile(rf"(?P<stop>[.!?…]+[\"”’)]*)(?P<tags>{_TAGS})(?P<more>[.!?…]*)")
_RUN = re.compile(_TAGS)
_NUMBER = re.compile(r"\d{1,3}")
_PARTIAL = re.compile(r"\s*\[[\d,\s]*$")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """A sentence without the numbers in square brackets that it came with, and those, each once."""

    text: str
    tags: tuple[int, ...]


def tagged_sentences(pieces: Iterable[str]) -> Iterator[Tagged]:
    """Every sentence as soon as the next one begins, the last at the end."""
    buffer, told = "", 0
    for piece in pieces:
        buffer += piece
        if not any(map(str.isspace, piece)):  # nothing ends inside a word, and a long one must not cost its square
            continue
        whole = split(_PARTIAL.sub("", buffer))[:-1]
        yield from whole[told:]
        told = max(told, len(whole))
    yield from split(buffer)[told:]


def split(text: str) -> list[Tagged]:
    """The sentences of a text. A tag behind a full stop belongs to the sentence before it."""
    return [tagged for line in text.split("\n") for tagged in _line(_BULLET.sub("", line))]


def _line(line: str) -> list[Tagged]:
    inside = _BEHIND.sub(lambda m: f"{m['tags']}{m['stop']} ", line)
    found = (_tagged(inside[start:end]) for start, end in sentence_spans(inside))
    return [tagged for tagged in found if tagged.text or tagged.tags]


def _tagged(sentence: str) -> Tagged:
    numbers = [int(n) for run in _RUN.findall(sentence) for n in _NUMBER.findall(run)]
    text = " ".join(_RUN.sub("", sentence).split())
    return Tagged(text=re.sub(r"\s+([.,;:!?])", r"\1", text), tags=tuple(dict.fromkeys(numbers)))
