"""Blocks: the headings, bullets and paragraphs of a file, as lines show them.

Knows Markdown's marks and the bullets of plain text. Knows nothing of episodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from rag import minutes
from rag.readers.base import Source, Unit
from rag.text import Line, readable

BlockKind = Literal["heading", "bullet", "paragraph"]

MARKDOWN, BOLD, PLAIN = 1, 7, 8
"""Heading levels: Markdown's own are 1 to 6; a bold line and an unmarked one rank below them."""

_BULLET = re.compile(r"(?P<indent>\s*)(?:>\s*)?(?:[-*+•◦▪‣●○–—·]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(?=\S)")
_LONE_MARK = re.compile(r"\s*[-*+•◦▪‣●○]$")
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>\S.*?)(?:\s+#+)?$")
_BOLD = re.compile(r"(?:\*\*|__)(?P<text>[^*_].{0,118}?)(?:\*\*|__)\s*:?$")
_RULE = re.compile(r"\s*(?:(?:[-*_=~]\s?){3,})$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_NOISE = re.compile(r"\s*(?:<[!/a-zA-Z][^>]*>\s*)+(?:</\w+>)?$|\s*\[[^\]]+\]:\s+\S+.*$|\s*!\[[^\]]*\]\([^)]*\)$")
_QUOTE = re.compile(r"\s*>\s?")
_ENDED = re.compile(r"[.!?:;…][\"'”’)\]*_]*$")
_LABEL = re.compile(r"[\w ]{1,24}:\s+")
_INNER_END = re.compile(r"[.!?][\"”’)]? [A-ZÀ-ÖØ-Þ\"“]")
_HEADING_LENGTH = 80
_CUT_LENGTH = 30


@dataclass(frozen=True, kw_only=True)
class Block:
    """A run of lines that belong together; `start` is behind the mark it opens with.

    Attributes:
        level: rank of a heading (1 highest), or width of a bullet's indent.
        apart: True where a blank line, or nothing, stands above.
        marked: False for a heading that only its place gives away.
    """

    kind: BlockKind
    start: int
    end: int
    line_start: int
    line_end: int
    text: str
    level: int = 0
    apart: bool = False
    marked: bool = True

    @property
    def single(self) -> bool:
        return self.line_start == self.line_end

    @property
    def is_link(self) -> bool:
        words = re.split(r"[\s,|]+", _LABEL.sub("", self.text, count=1).strip(" |,"))
        return all(word.lstrip("(<[").startswith(("http://", "https://")) for word in words)

    def unit(self, section: tuple[str, ...] = (), parents: tuple[str, ...] = ()) -> Unit:
        """The passage this block is."""
        moment = minutes.moment(self.text)
        return Unit(
            start=self.start,
            end=self.end,
            line_start=self.line_start,
            line_end=self.line_end,
            section=section,
            parents=parents,
            seconds=moment.seconds if moment else None,
            seconds_end=moment.seconds_end if moment else None,
        )


def blocks(source: Source, lines: Sequence[Line]) -> tuple[Block, ...]:
    """The blocks of `lines`, in order."""
    wrapped = runs_on([line.text for line in lines if not _BULLET.match(line.text)])
    return tuple(_Scanner(source, wrapped=wrapped).scan(lines))


def runs_on(texts: Sequence[str]) -> bool:
    """Whether sentences run over line ends: a line is cut anywhere, and the next carries on in small letters."""
    carried = broken = begun = ended = inner = 0
    for one, other in pairwise(texts):
        opens = other.lstrip(" *•-\t")[:1]
        inner += _INNER_END.search(one) is not None or (not opens and _ENDED.search(one) is not None)
        if len(one) < _CUT_LENGTH or not opens:
            continue
        if _ENDED.search(one.rstrip()):
            ended += 1
            begun += opens.isupper() or not opens.isalpha()
        else:
            broken += 1
            carried += opens.islower()
    sentences = begun + inner >= 0.1 * broken and begun >= 0.75 * ended
    return broken >= 3 and carried >= 0.45 * broken and sentences


def units(found: Sequence[Block], *, skip: int = 0) -> Iterator[Unit]:
    """The passages of one episode's blocks; the first `skip` blocks only name it.

    A heading is the section of what follows, and a passage itself only where nothing does.
    """
    section: list[tuple[int, str]] = []
    clock: int | None = None
    parents: list[tuple[int, Unit, str]] = []
    for index, block in enumerate(found[skip:], start=skip):
        if block.kind == "heading":
            section = [(level, text) for level, text in section if level < block.level]
            after = found[index + 1] if index + 1 < len(found) else None
            if after is None or (after.kind == "heading" and after.level <= block.level):
                yield block.unit(tuple(text for _, text in section))
            section.append((block.level, block.text))
            moment = minutes.leading(block.text)
            clock, parents = (moment.seconds if moment else None), []
            continue
        parents = [p for p in parents if block.kind == "bullet" and p[0] < block.level]
        unit = block.unit(tuple(text for _, text in section), tuple(text for *_, text in parents))
        inherited = parents[-1][1].seconds if parents else clock if block.kind == "bullet" else None
        if unit.seconds is None and inherited is not None:
            unit = replace(unit, seconds=inherited)
        yield unit
        if block.kind == "bullet":
            parents.append((block.level, unit, block.text))
        elif block.text.endswith(":"):
            parents = [(-1, unit, block.text)]


def infer_headings(found: Sequence[Block]) -> tuple[Block, ...]:
    """Unmarked headings made headings: a short line without a full stop, with bullets under it."""
    return tuple(
        replace(block, kind="heading", level=PLAIN, marked=False)
        if _is_title(block) and index + 1 < len(found) and found[index + 1].kind == "bullet"
        else block
        for index, block in enumerate(found)
    )


def _is_title(block: Block) -> bool:
    text = block.text
    if block.kind != "paragraph" or not block.single or not 1 < len(text) <= _HEADING_LENGTH or block.is_link:
        return False
    opens = next((c for c in text if c.isalnum()), "")
    return not text.endswith((".", "!", ",", ";", "…")) and (not opens.islower() or text.endswith(":"))


class _Scanner:
    """Lines to blocks, one pass; keeps the block that the next line may still belong to."""

    def __init__(self, source: Source, *, wrapped: bool) -> None:
        self._source = source
        self._wrapped = wrapped
        self._open: Block | None = None
        self._apart = True
        self._fenced = False
        self._titled = False

    def scan(self, lines: Sequence[Line]) -> Iterator[Block]:
        for line in lines:
            block = self._next(line)
            if block is not self._open:
                if self._open is not None:
                    yield self._finished(self._open)
                self._open = block
            self._apart = not line.text.strip(" \t\ufeff")
        if self._open is not None:
            yield self._finished(self._open)

    def _finished(self, block: Block) -> Block:
        return replace(block, text=readable(self._source.text[block.start : block.end]))

    def _next(self, line: Line) -> Block | None:
        """The block this line opens or belongs to; None where it ends what was open."""
        if _FENCE.match(line.text):
            self._fenced = not self._fenced
            return None
        if not line.text.strip(" \t\ufeff") or (not self._fenced and self._is_noise(line)):
            return None
        block = None if self._fenced else self._marked(line)
        if block is None and self._open is not None and self._continues(line):
            return self._extended(self._open, line)
        return block or self._paragraph(line)

    def _is_noise(self, line: Line) -> bool:
        if _LONE_MARK.match(line.text):
            self._titled = True
            return True
        return bool(_RULE.match(line.text) or _NOISE.match(line.text))

    def _marked(self, line: Line) -> Block | None:
        text = line.text.lstrip("\ufeff")
        shift = len(line.text) - len(text)
        if heading := _HEADING.match(text):
            return self._block(
                "heading", line, shift + heading.start("text"), len(heading["marks"]), end=shift + heading.end("text")
            )
        if bold := _BOLD.match(text):
            if "**" not in bold["text"] and not minutes.leading(bold["text"]):
                return self._block("heading", line, shift + bold.start("text"), BOLD, end=shift + bold.end("text"))
        elif bullet := _BULLET.match(text):
            return self._block("bullet", line, shift + bullet.end(), len(bullet["indent"].expandtabs(4)))
        return None

    def _continues(self, line: Line) -> bool:
        block = self._open
        if block is None or self._apart or block.kind == "heading" or minutes.leading(line.text.strip()):
            return False
        if self._fenced or self._wrapped:
            return True
        indent = len(line.text) - len(line.text.lstrip())
        hangs = block.kind == "bullet" and indent > block.level
        return hangs or (block.text == ">" and _QUOTE.match(line.text) is not None)

    def _extended(self, block: Block, line: Line) -> Block:
        self._open = replace(block, end=line.end, line_end=line.number)
        return self._open

    def _paragraph(self, line: Line) -> Block:
        titled, self._titled = self._titled, False
        quote = _QUOTE.match(line.text)
        start = quote.end() if quote and quote.end() < len(line.text) else 0
        while start < len(line.text) - 1 and line.text[start] in " \t\ufeff":
            start += 1
        if titled and len(line.text) <= _HEADING_LENGTH:
            return replace(self._block("heading", line, start, PLAIN), marked=False)
        return replace(self._block("paragraph", line, start, 0), text=">" if quote else "")

    def _block(self, kind: BlockKind, line: Line, start: int, level: int, *, end: int | None = None) -> Block:
        self._titled = False
        return Block(
            kind=kind,
            start=line.start + start,
            end=line.end if end is None else line.start + end,
            line_start=line.number,
            line_end=line.number,
            text="",
            level=level,
            apart=self._apart,
        )
