"""A transcript with speakers: `Name: words`, `**Name:** words`, `Name (00:12:49): words`, or a line of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.reading import minutes
from rag.reading.readers import header as headers
from rag.reading.readers import names, shows, whole
from rag.reading.readers.base import Reading, Source, Unit
from rag.reading.readers.blocks import BOLD, Block, blocks, units
from rag.reading.readers.front import front_matter
from rag.reading.readers.header import About
from rag.reading.readers.windows import windows

_STAMP = r"[(\[]?\s*\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\s*[)\]]?"
_NAME = r"[A-ZÀ-ÖØ-Þ][\w.’'-]*(?: [A-ZÀ-ÖØ-Þ][\w.’'-]*){0,3}(?: \d{1,2}(?!\d|:\d))?"
_TURN = re.compile(
    rf"(?P<lead>{_STAMP})?\s*(?P<name>{_NAME})\s*(?:(?P<stamp>{_STAMP})\s*:?|:\s*(?P<late>{_STAMP})?)\s*(?P<words>.*)$",
    re.DOTALL,
)
_STAMPED = re.compile(rf"{_NAME}\s*:?\s*{_STAMP}")
_LEAST_TURNS = 6
_MOST_SPEAKERS = 12
_OPENING = 4_000
_WELCOMED = (
    r"\b(?:joined (?:today |again )?by|(?:our|my) guests? (?:today )?(?:is|are)|(?:talking|speaking) (?:to|with)"
    r"|[Ww]ith us is)\s+"
)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one speaker says without a break, as the block it stands in."""

    unit: Unit
    text: str

    @property
    def speaker(self) -> str | None:
        return self.unit.speaker


class Dialogue:
    """Turns of named speakers."""

    name = "dialogue"

    def sniff(self, source: Source) -> bool:
        texts = [" ".join(line.text.replace("**", "").split()) for line in source.lines if line.text.strip()]
        speakers = Counter(name for text in texts if (name := _speaker(text)))
        turns = sum(count for count in speakers.values() if count > 1)
        regular = sum(count > 1 for count in speakers.values())
        stamped = sum(bool(_STAMPED.match(text)) for text in texts)
        often = turns >= 0.2 * len(texts) or stamped >= max(_LEAST_TURNS, 0.05 * len(texts))
        return turns >= _LEAST_TURNS and often and 1 <= regular <= _MOST_SPEAKERS

    def read(self, source: Source) -> Reading:
        front = front_matter(source)
        found = _unbold(blocks(source, source.lines[front.lines :]))
        first = next((n for n, block in enumerate(found) if _speaker(block.text)), 0)
        top = whole.top(source, front, found[:first])
        turns = list(_turns(source, found, top.blocks))
        top = replace(top, about=top.about.filled(whole.spoken(source)))
        often = [turn.speaker for turn in turns if turn.speaker]
        opening = source.text[:_OPENING]
        guests = About(guests=speakers_as_guests(often, opening, top.about.show)).marked("words")
        top = replace(top, about=top.about.filled(guests))
        return whole.reading(source, front, top, list(_passages(turns)), kind="transcript")


def _speaker(text: str) -> str | None:
    match = _TURN.match(text)
    return match["name"].strip() if match and headers.field(text) is None else None


def _unbold(found: Sequence[Block]) -> tuple[Block, ...]:
    """A name in bold on a line of its own is a turn's start, not a heading."""
    return tuple(
        replace(b, kind="paragraph", level=0)
        if b.kind == "heading" and b.level == BOLD and _speaker(b.text + ":")
        else b
        for b in found
    )


def _turns(source: Source, found: Sequence[Block], skip: int) -> Iterator[Turn]:
    speaker: str | None = None
    clock: int | None = None
    label: Unit | None = None
    texts = {block.start: block.text for block in found}
    for unit in units(found, skip=skip):
        match = _TURN.match(texts[unit.start])
        if match and _speaker(texts[unit.start]):
            speaker = match["name"].strip()
            clock = _seconds(match)
            if not match["words"]:
                label = unit
                continue
        yield _turn(source, label or unit, unit, speaker, clock)
        clock, label = None, None
    if label is not None:
        yield _turn(source, label, label, speaker, clock)


def _seconds(match: re.Match[str]) -> int | None:
    stamp = match["lead"] or match["stamp"] or match["late"]
    return minutes.parse_seconds(stamp.strip("()[] ")) if stamp else None


def _turn(source: Source, first: Unit, last: Unit, speaker: str | None, clock: int | None) -> Turn:
    unit = replace(last, start=first.start, line_start=first.line_start, speaker=speaker)
    unit = replace(unit, seconds=clock, seconds_end=None, seconds_around=False)
    return Turn(unit=unit, text=source.text[unit.start : unit.end])


def _passages(turns: Sequence[Turn]) -> Iterator[Unit]:
    """Short turns together, long ones alone; a window stays within one section."""
    start = 0
    for index in range(1, len(turns) + 1):
        if index == len(turns) or turns[index].unit.section != turns[start].unit.section:
            run = turns[start:index]
            for window in windows(run, [turn.text for turn in run]):
                speakers = {turn.speaker for turn in window}
                last = window[-1].unit
                speaker = window[0].speaker if len(speakers) == 1 else None
                yield replace(window[0].unit, end=last.end, line_end=last.line_end, speaker=speaker)
            start = index


def speech(text: str) -> tuple[str, str] | None:
    """Speaker and words of a turn such as `Ann Lee: Hello`."""
    match = _TURN.match(text)
    return (match["name"].strip(), match["words"]) if match and headers.field(text) is None else None


def speakers_as_guests(turns: Sequence[str], opening: str, show: str | None) -> tuple[str, ...]:
    """Who speaks often, the show's known hosts left out; of these only whom the `opening` welcomes, if it does so."""
    counts = Counter(turns)
    known = shows.by_name(show) if show else None
    hosts = known.hosts if known else ()
    often = [name for name, count in counts.items() if count >= max(2, 0.05 * len(turns)) and names.is_full_name(name)]
    others = tuple(name for name in often if not any(names.same(name, host) for host in hosts))
    welcomed = tuple(name for name in others if re.search(_WELCOMED + re.escape(name), opening))
    return welcomed or others
