"""What every extractor takes and gives: a file's bytes in, rows of text that know their place in the file out.

Knows nothing of episodes or passages: those are made from the extracted text as from any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rag.errors import NoteError
from rag.reading.text import decode, is_binary
from rag.types import Counted

Trouble = tuple[int | None, str]
"""A place in the file, or None for the whole of it, and a sentence for its owner."""

AS_TEXT = "Export it again, or save it as text."
"""What to do about a file that an extractor cannot read."""

_UNFIT = re.compile(r"[\r\n\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of extracted text, and the first and last line (page, paragraph) of the file it comes from."""

    text: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """The text of a file whose bytes are not the text.

    Attributes:
        text: what readers read; passages are exact slices of it.
        line_map: for each line of `text`, the first and last place in the file it comes from.
        counted: what those places are.
        troubles: what the file's owner should know.
    """

    text: str
    line_map: tuple[tuple[int, int], ...]
    counted: Counted = "line"
    troubles: tuple[Trouble, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Row], *, counted: Counted = "line", troubles: Iterable[Trouble] = ()) -> Extracted:
        """The text of `rows`, a line each. Raises NoteError where they hold no words."""
        kept = tuple(rows)
        text = "\n".join(_UNFIT.sub(_fit, row.text) for row in kept)
        if not any(map(str.isalnum, text)):
            raise NoteError("The file holds no words.")
        places = tuple((row.first, row.last) for row in kept)
        return cls(text=text, line_map=places, counted=counted, troubles=tuple(troubles))


@dataclass(frozen=True, kw_only=True)
class Extractor:
    """One format: `extract` raises NoteError with a sentence for the file's owner where there is nothing to read.

    Attributes:
        apart: a library of others does the work, whose time and memory nobody can promise: it runs in a process of
            its own, with limits.
    """

    name: str
    suffixes: frozenset[str]
    extract: Callable[[bytes], Extracted]
    apart: bool = False


def characters(data: bytes) -> tuple[str, list[Trouble]]:
    """The characters of a format that is written as text (JSON, HTML, OPML), and the doubts about them."""
    if is_binary(data):
        raise NoteError("This is not a text file, whatever its name says.", remedy="Export it again.")
    decoded = decode(data)
    troubles: list[Trouble] = []
    if decoded.guessed:
        troubles.append((None, f"The file is not UTF-8; it was read as {decoded.encoding}."))
    if decoded.damaged is not None:
        troubles.append((decoded.damaged, f"Some bytes mean nothing in {decoded.encoding}; they are shown as \ufffd."))
    return decoded.text.removeprefix("\ufeff"), troubles


def spaced(rows: Iterable[Row]) -> Iterable[Row]:
    """The rows with an empty one between each, so that every one is a paragraph."""
    for number, row in enumerate(rows):
        if number:
            yield Row(text="", first=row.first, last=row.first)
        yield row


def _fit(match: re.Match[str]) -> str:
    return " " if match[0] in "\r\n" else "\ufffd"
