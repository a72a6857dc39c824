"""A person's notes: bullets, paragraphs and timestamped lines, about one episode or many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.phrase import Phrase
from rag.reading.readers import dates, heads, whole
from rag.reading.readers import header as headers
from rag.reading.readers.base import Part, Reading, Source
from rag.reading.readers.blocks import BOLD, Block, blocks, infer_headings, units
from rag.reading.readers.front import Front, front_matter
from rag.reading.readers.heads import Head
from rag.types import ReadWarning

_HEAD_LENGTH = 140
_EARLY = 4
_LOOK = 400


class Outline:
    """Notes as people write them."""

    name = "outline"

    def sniff(self, source: Source) -> bool:
        if source.file.lower().endswith((".md", ".markdown")) or front_matter(source).lines:
            return True
        found = infer_headings(blocks(source, source.lines[:_LOOK]))
        return any(_is_note(block) for block in found) or bool(found and _can_open(found[0]))

    def read(self, source: Source) -> Reading:
        front = front_matter(source)
        found = infer_headings(blocks(source, source.lines[front.lines :]))
        day_first = dates.day_first(_headlike(found))
        starts = {} if front.about.title else episode_heads(found, day_first=bool(day_first))
        if len(starts) < 2:
            top = whole.top(source, front, found)
            return whole.reading(source, front, top, list(units(found, skip=top.blocks)), kind="notes", guess=True)
        first = min(starts)
        author = front.about.author or headers.author_of(block.text for block in found[:first] if block.single)
        parts = _with_front(source, front, _parts(source, found, starts))
        wrong = whole.date_warnings(
            source, [*range(1, front.lines + 1), *(found[i].line_start for i in sorted(starts))]
        )
        unsettled = _unsettled(source, found, starts) if day_first is None else ()
        return Reading(
            kind=headers.kind(front.about, "notes"),
            author=author,
            parts=parts,
            warnings=(*front.warnings, *wrong, *unsettled),
        )


def _with_front(source: Source, front: Front, parts: Sequence[Part]) -> tuple[Part, ...]:
    """Every part with the show the front matter names; the notes kept there stand with the first."""
    show = front.about.show
    named = [replace(part, entry=replace(part.entry, show=part.entry.show or show)) for part in parts]
    named[0] = replace(named[0], units=(*whole.front_units(source, front), *named[0].units))
    return tuple(named)


def _is_note(block: Block) -> bool:
    """Whether a block has more shape than a paragraph."""
    if block.kind != "paragraph" or headers.field(block.text) or block.unit().seconds is not None:
        return True
    return bool(headers.links(block.text))


def episode_heads(found: Sequence[Block], *, day_first: bool = False) -> dict[int, Head]:
    """Indices of the blocks that open an episode, where a file has several; otherwise at most one."""
    ratings = dates.are_ratings(_headlike(found))
    heard = {
        index: heads.parse(block.text, day_first=day_first, ratings=ratings)
        for index, block in enumerate(found)
        if _can_open(block)
    }
    ranks = Counter(_rank(found[index]) for index, head in heard.items() if head.sure or _has_fields(found, index))
    best: dict[int, Head] = {}
    for rank, sure in ranks.items():
        group = {index: head for index, head in heard.items() if _rank(found[index]) == rank}
        marked = 0 < rank < BOLD
        if marked and sure * 2 < len(group):
            continue
        chosen = {i: h for i, h in group.items() if h.sure or h.shaped or marked or _has_fields(found, i)}
        if len(chosen) > len(best):
            best = chosen
    return best


def _headlike(found: Sequence[Block]) -> list[str]:
    return [block.text for block in found if _can_open(block)]


def _can_open(block: Block) -> bool:
    """A short line on its own, marked as a heading or with nothing right above it."""
    if block.kind == "bullet" or not block.single or not 2 < len(block.text) <= _HEAD_LENGTH:
        return False
    if block.is_link or headers.field(block.text) or whole.is_metadata(block) or block.text.endswith((".", ",", ";")):
        return False
    return (block.apart or (block.kind == "heading" and block.marked)) and not block.text[0].islower()


def _rank(block: Block) -> int:
    """Headings of one rank are alike: Markdown's level, bold, or unmarked (0)."""
    return block.level if block.kind == "heading" and block.marked else 0


def _has_fields(found: Sequence[Block], index: int) -> bool:
    """Whether a marked heading has lines right under it that name an episode."""
    block = found[index]
    under = found[index + 1] if index + 1 < len(found) else None
    names_it = under is not None and (headers.is_about(under) or whole.is_metadata(under))
    return block.kind == "heading" and block.marked and names_it


def _parts(source: Source, found: Sequence[Block], starts: Mapping[int, Head]) -> list[Part]:
    order = sorted(starts)
    return [
        _part(source, found[start:end], starts[start])
        for start, end in zip(order, [*order[1:], len(found)], strict=True)
    ]


def _part(source: Source, found: Sequence[Block], head: Head) -> Part:
    after = whole.named(found, 1)
    about = headers.of_blocks(found[1:after], headers.from_head(head))
    early = [block for block in found[after : after + _EARLY] if block.is_link]
    about = about.filled(headers.About(urls=headers.of_blocks(early).urls))
    named = whole.header_units(source, found[:after])
    entry = about.entry(source, found[0].line_start, found[-1].line_end)
    body = tuple(units(found, skip=after))
    return Part(entry=entry, units=(*named, *body), header=" ".join(block.text for block in found[:after]))


def _unsettled(source: Source, found: Sequence[Block], starts: Mapping[int, Head]) -> list[ReadWarning]:
    """One notice where numeric dates could be read either way round."""
    for index in sorted(starts):
        date = starts[index].date
        if (
            date
            and date.startswith("--")
            and dates.day_first([found[index].text + " 13/1"])
            and "/" in found[index].text
        ):
            reason = Phrase("Dates such as the one here were read as month/day; write 2024-09-10 to be sure.")
            return [ReadWarning(file=source.file, line=found[index].line_start, reason=reason)]
    return []
