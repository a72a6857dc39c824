"""Blocks: the headings, bullets and paragraphs of a file, as lines show them.

Knows Markdown's marks (as Obsidian and Logseq extend them) and the bullets of plain text. A Markdown parser would
know no more than this of plain text, and gives no place within a line. Knows nothing of episodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from rag.reading import minutes
from rag.reading.readers.base import Source, Unit
from rag.reading.text import Line, readable
from rag.sentences import ends_sentence

BlockKind = Literal["heading", "bullet", "paragraph"]

MARKDOWN, BOLD, PLAIN = 1, 7, 8
"""Heading levels: Markdown's own are 1 to 6; a bold line and an unmarked one rank below them."""

_BULLET = re.compile(
    r"(?!\s*>[>\s]*[–—])(?P<indent>\s*(?:>\s*)*)"
    r"(?:[-*+•◦▪‣●○–—·]|\d{1,3}[.)])\s+(?:\[[ xX/-]\]\s+)?(?:#{1,6}\s+)?(?=\S)"
)
_LONE_MARK = re.compile(r"\s*[-*+•◦▪‣●○]$")
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>\S.*)$")
_BOLD = re.compile(r"(?:\*\*|__)(?P<text>[^*_].{0,118}?)(?:\*\*|__)\s*:?$")
_RULE = re.compile(r"\s*(?:(?:[-*_=~]\s?){3,})$")
_UNDERLINE = re.compile(r" {0,3}(?P<mark>=+|-+)$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_QUOTE = re.compile(r"(?:\s*>)+\s?")
_CALLOUT = re.compile(r"(?:\s*>)+\s*\[![\w-]{1,30}(?:\|[^\]]*)?\][+-]?\s*")
_FOOTNOTE = re.compile(r"\s*\[\^[^\]\s]{1,40}\]:\s+(?=\S)")
_BLOCK_ID = re.compile(r"(?<=\S)\s\^(?=[\w-]*[A-Za-z])[\w-]{2,40}$")
_NOISE = re.compile(
    r"\s*(?:<[!/a-zA-Z][^>]*>\s*)+(?:</\w+>)?$"  # tags and nothing else
    r"|\s*\[(?!\^)[^\]]+\]:\s+<?[^\s>]*[/.#:@][^\s>]*>?(?:\s+[\"'(].*)?$"  # where a link leads
    r"|\s*!\[[^\]]*\]\([^)]*\)$|\s*!\[\[[^\]]*\]\]$"  # a picture or an embedded note
    r"|\s*(?:[-*+]\s+)?(?:id|collapsed|heading|background-color|created-at|updated-at|logseq\.[\w.-]+|ls-\w+)::.{0,200}$"
    r"|\s*%%\s*$"
)
_LINK_LINE = re.compile(
    r"(?:(?:episode|video|audio|show|podcast) )?(?:links?|urls?|source|video|audio|listen|watch|youtube|spotify"
    r"|overcast|apple podcasts?|permalink|website|recording)\s*[:：]{1,2}\s+(?=.{0,160}https?://)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[\w ]{1,24}:\s+")
_INNER_END = re.compile(r"[.!?][\"”’)]? [A-ZÀ-ÖØ-Þ\"“]")
_HEADING_LENGTH = 80
_CUT_LENGTH = 30
_LINK_LENGTH = 240
_LAST_STAMP = re.compile(r"\s*[(\[][\d:\s–-]+[)\]]$")
_MOST_PARENTS = 8
_STAMP_WORD = re.compile(r"\d ?(?:h|m|s|min|sec)s?\b|time ?(?:stamp|code)?\b|\bstarts?\b|\bto\b", re.IGNORECASE)


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
        if len(self.text) <= _LINK_LENGTH and _LINK_LINE.match(self.text):
            return True
        words = re.split(r"[\s,|]+", _LABEL.sub("", self.text, count=1).strip(" |,"))
        return all(word.lstrip("(<[").startswith(("http://", "https://")) for word in words)

    def unit(self) -> Unit:
        """The passage this block is."""
        return self.unit_at(minutes.moment(self.text))

    def unit_at(
        self, moment: minutes.Moment | None, section: tuple[str, ...] = (), parents: tuple[str, ...] = ()
    ) -> Unit:
        """The same, where its moment in the audio is known already."""
        return Unit(
            start=self.start,
            end=self.end,
            line_start=self.line_start,
            line_end=self.line_end,
            section=section,
            parents=parents,
            seconds=moment.seconds if moment else None,
            seconds_end=moment.seconds_end if moment else None,
            seconds_around=moment.around if moment else False,
        )

    @property
    def is_anchor(self) -> bool:
        """Whether the block is a minute and hardly a word besides: what follows is about there."""
        if self.kind != "paragraph" or len(self.text) > 120 or minutes.leading(self.text) is None:
            return False
        return not any(map(str.isalpha, _STAMP_WORD.sub("", self.text)))


def is_markup(text: str) -> bool:
    """Whether a line holds marks and no words: tags, a rule, a fence, a picture, a link's address, an outline's id."""
    return bool(_RULE.match(text) or _NOISE.match(text) or _FENCE.match(text) or _LONE_MARK.match(text))


def blocks(source: Source, lines: Sequence[Line]) -> tuple[Block, ...]:
    """The blocks of `lines`, in order."""
    wrapped = runs_on([line.text for line in lines if not _BULLET.match(line.text)])
    return tuple(_Scanner(source, wrapped=wrapped).scan(lines))


def runs_on(texts: Sequence[str]) -> bool:
    """Whether sentences run over line ends: a line is cut anywhere, and the next carries on in small letters."""
    carried = broken = begun = ended = inner = 0
    for one, other in pairwise(texts):
        opens = other.lstrip(" *•-\t")[:1]
        inner += _INNER_END.search(one) is not None or (not opens and _is_ended(one))
        if len(one) < _CUT_LENGTH or not opens:
            continue
        if _is_ended(one):
            ended += 1
            begun += opens.isupper() or not opens.isalpha()
        else:
            broken += 1
            carried += opens.islower()
    sentences = begun + inner >= 0.1 * broken and begun >= 0.75 * ended
    return broken >= 3 and carried >= 0.45 * broken and sentences


def _is_ended(line: str) -> bool:
    return ends_sentence(line) or line.rstrip(" *_").endswith((":", ";"))


def units(found: Sequence[Block], *, skip: int = 0) -> Iterator[Unit]:
    """The passages of one episode's blocks; the first `skip` blocks only name it.

    A heading is the section of what follows, and a passage itself only where nothing does. A passage without a
    minute of its own is around that of the bullet above it, of its heading, or of the line that is only a minute.
    """
    section: list[tuple[int, str, int | None]] = []
    clock: int | None = None
    parents: list[tuple[int, Unit, str]] = []
    moments = _moments(found[skip:])
    for index, (block, moment) in enumerate(zip(found[skip:], moments, strict=True), start=skip):
        if block.kind == "heading":
            section = [above for above in section if above[0] < block.level]
            after = found[index + 1] if index + 1 < len(found) else None
            if after is None or (after.kind == "heading" and after.level <= block.level):
                yield block.unit_at(moment, tuple(text for _, text, _ in section))
            clock = moment.seconds if moment else section[-1][2] if section else None
            section.append((block.level, block.text, clock))
            parents = []
            continue
        parents = [p for p in parents if block.kind == "bullet" and p[0] < block.level]
        texts = tuple(text for *_, text in parents[-_MOST_PARENTS:])
        unit = block.unit_at(moment, tuple(text for _, text, _ in section), texts)
        if block.is_anchor:
            clock = unit.seconds
            section = [*section[:-1], (*section[-1][:2], clock)] if section else []
        inherited = parents[-1][1].seconds if parents else None
        inherited = clock if inherited is None else inherited
        if unit.seconds is None and inherited is not None:
            unit = replace(unit, seconds=inherited, seconds_around=True)
        yield unit
        if block.kind == "bullet":
            parents.append((block.level, unit, block.text))
        elif block.text.endswith(":"):
            parents = [(-1, unit, block.text)]


def _moments(found: Sequence[Block]) -> list[minutes.Moment | None]:
    """The blocks' moments; words right above a line that is only a link have the second it starts at."""
    own = minutes.settled([minutes.moment(block.text) for block in found])
    for index, (block, link) in enumerate(pairwise(found)):
        if own[index] is None and block.kind == link.kind == "paragraph" and link.is_link and not link.apart:
            own[index] = minutes.linked(link.text)
    return own


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
    if block.is_anchor:
        return False
    opens = next((c for c in text if c.isalnum()), "")
    return not _LAST_STAMP.sub("", text).endswith((".", "!", ",", ";", "…")) and (
        not opens.islower() or text.endswith(":")
    )


def _rules_table(text: str) -> bool:
    """Whether a line is the one under the head of a table."""
    return "|" in text and "--" in text and not text.strip("|:- \t")


def _open_end(words: str) -> int:
    """Where a heading's words end: before the marks that may close it."""
    bare = words.rstrip("#")
    return len(bare.rstrip()) if bare != words and bare[-1:].isspace() else len(words)


def _end(line: Line, start: int = 0) -> int:
    """Where the words of a line that begin at `start` end: before the id that Obsidian gives a block."""
    mark = _BLOCK_ID.search(line.text)
    return mark.start() if mark and mark.start() > start else len(line.text)


class _Scanner:
    """Lines to blocks, one pass; keeps the block that the next line may still belong to."""

    def __init__(self, source: Source, *, wrapped: bool) -> None:
        self._source = source
        self._wrapped = wrapped
        self._open: Block | None = None
        self._apart = True
        self._fences = 0
        self._titled = False
        self._table = -1

    @property
    def _fenced(self) -> bool:
        return self._fences % 2 == 1

    def scan(self, lines: Sequence[Line]) -> Iterator[Block]:
        fences = sum(_FENCE.match(line.text) is not None for line in lines)
        self._last_fence = fences - fences % 2
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
        if _FENCE.match(line.text) and self._fences < self._last_fence:
            self._fences += 1
            return None
        if not line.text.strip(" \t\ufeff"):
            self._table = -1
            return None
        if not self._fenced and self._open is not None and self._reshaped(self._open, line):
            return self._open
        if not self._fenced and self._is_noise(line):
            return None
        block = None if self._fenced else self._row(line) if self._table >= 0 else self._marked(line)
        if block is None and self._open is not None and self._continues(line):
            return self._extended(self._open, line)
        return block or self._paragraph(line)

    def _reshaped(self, block: Block, line: Line) -> bool:
        """Whether the line only says what the one above is: a heading that it underlines, or the head of a table."""
        if self._apart or block.kind != "paragraph" or not block.single:
            return False
        if _rules_table(line.text) and "|" in self._source.text[block.start : block.end]:
            self._table = 0
            self._open = self._cells(replace(block, kind="bullet"))
            return True
        mark = _UNDERLINE.match(line.text)
        if mark and len(mark["mark"]) >= 3 and block.end - block.start <= _HEADING_LENGTH:
            self._open = replace(block, kind="heading", level=1 if mark["mark"][0] == "=" else 2)
            return True
        return False

    def _row(self, line: Line) -> Block | None:
        """A row of the table that is open, under its head; None where the table has ended."""
        if "|" not in line.text:
            self._table = -1
            return self._marked(line)
        return self._cells(self._block("bullet", line, 0, 1))

    def _cells(self, row: Block) -> Block:
        """A row without the bars at its ends."""
        text = self._source.text[row.start : row.end]
        if not text.strip(" \t|"):
            return row
        left = len(text) - len(text.lstrip(" \t|"))
        return replace(row, start=row.start + left, end=row.start + len(text.rstrip(" \t|")))

    def _is_noise(self, line: Line) -> bool:
        if _LONE_MARK.match(line.text):
            self._titled = True
            return True
        callout = _CALLOUT.match(line.text)
        return is_markup(line.text) or (callout is not None and callout.end() == len(line.text))

    def _marked(self, line: Line) -> Block | None:
        text = line.text.lstrip("\ufeff")
        shift = len(line.text) - len(text)
        if heading := _HEADING.match(text):
            start = shift + heading.start("text")
            return self._block("heading", line, start, len(heading["marks"]), end=start + _open_end(heading["text"]))
        if bold := _BOLD.match(text):
            if "**" not in bold["text"] and not minutes.leading(bold["text"]):
                return self._block("heading", line, shift + bold.start("text"), BOLD, end=shift + bold.end("text"))
        elif bullet := _BULLET.match(text):
            return self._block("bullet", line, shift + bullet.end(), len(bullet["indent"].expandtabs(4)))
        elif note := _FOOTNOTE.match(text):
            return self._block("paragraph", line, shift + note.end(), 0)
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
        self._open = replace(block, end=line.start + _end(line), line_end=line.number)
        return self._open

    def _paragraph(self, line: Line) -> Block:
        titled, self._titled = self._titled, False
        quote = _CALLOUT.match(line.text) or _QUOTE.match(line.text)
        start = quote.end() if quote and quote.end() < len(line.text) else 0
        while start < len(line.text) - 1 and line.text[start] in " \t\ufeff":
            start += 1
        if titled and len(line.text) <= _HEADING_LENGTH:
            return replace(self._block("heading", line, start, PLAIN), marked=False)
        return replace(self._block("paragraph", line, start, 0), text=">" if quote else "")

    def _block(self, kind: BlockKind, line: Line, start: int, level: int, *, end: int | None = None) -> Block:
        self._titled = False
        end = _end(line, start) if end is None else end
        return Block(
            kind=kind,
            start=line.start + start,
            end=line.start + end,
            line_start=line.number,
            line_end=line.number,
            text="",
            level=level,
            apart=self._apart,
        )
