"""A machine's summary of an episode: named sections of bullets, headings without marks.

Told from a person's notes by the section names such tools use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.reading.readers import header as headers
from rag.reading.readers import heads, names, whole
from rag.reading.readers.base import Reading, Source
from rag.reading.readers.blocks import PLAIN, Block, blocks, units
from rag.reading.readers.front import front_matter
from rag.reading.readers.header import About

_OUTER, _INNER = PLAIN, PLAIN + 1
_LENGTH = 90


class Summary:
    """A summary with sections, written by a program."""

    name = "summary"

    def sniff(self, source: Source) -> bool:
        sections = {line.text.strip(" #*_:").casefold() for line in source.lines if heads.is_section(line.text)}
        return len(sections) >= 3

    def read(self, source: Source) -> Reading:
        front = front_matter(source)
        found = _with_headings(blocks(source, source.lines[front.lines :]))
        top = whole.top(source, front, found)
        if not top.about.guests:
            top = replace(top, about=top.about.filled(About(guests=_subjects(found)).marked("words")))
        return whole.reading(source, front, top, list(units(found, skip=top.blocks)), kind="summary")


def _with_headings(found: Sequence[Block]) -> tuple[Block, ...]:
    """Short lines between bullets as headings: outer where an emoji or another heading says so, else inner."""
    short = [_is_short(block) for block in found]
    return tuple(
        replace(block, kind="heading", marked=False, level=_OUTER if _is_outer(found, short, i) else _INNER)
        if short[i]
        else block
        for i, block in enumerate(found)
    )


def _is_short(block: Block) -> bool:
    if block.kind == "heading":
        return not block.marked
    return (
        block.kind == "paragraph"
        and block.single
        and len(block.text) <= _LENGTH
        and not block.is_link
        and not block.text.endswith((".", "!", ","))
        and not headers.field(block.text)
    )


def _is_outer(found: Sequence[Block], short: Sequence[bool], index: int) -> bool:
    text = found[index].text
    symbol = not text[:1].isalnum() and not text[:1].isascii()
    return symbol or heads.is_section(text) or (index + 1 < len(found) and short[index + 1])


def _subjects(found: Sequence[Block]) -> tuple[str, ...]:
    """Full names that are the subject of the first paragraph which has such a subject."""
    texts = (block.text for block in found[:20] if block.kind == "paragraph")
    return next(filter(None, map(names.leading, texts)), ())
