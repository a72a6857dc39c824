"""Captions with times: SRT and WebVTT, with voices (`<v Ann Lee>`), with speakers in the text (`Ann: `), or without.

The libraries for these formats give cues without their place in the file; a citation needs it, so cues are found here.
Windows follow sentences and speakers; their minute is that of their first cue. Of captions that roll, as YouTube's
automatic ones do, each line is read once.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.phrase import Phrase
from rag.reading import minutes
from rag.reading.readers import header as headers
from rag.reading.readers import whole
from rag.reading.readers.base import Reading, Source, Unit
from rag.reading.readers.dialogue import speakers_as_guests, speech
from rag.reading.readers.front import Front
from rag.reading.readers.header import About
from rag.reading.readers.windows import windows
from rag.reading.text import Line, rolled
from rag.types import ReadWarning

_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d\d[.,:]\d{1,3}"
_TIMES = re.compile(rf"\s*(?P<start>{_CLOCK})\s*-{{1,2}}>\s*(?P<end>{_CLOCK})(?:\s+\S.*)?$")
_VOICE = re.compile(r"\s*<v(?:\.[^\s<>]*)?\s+(?P<name>[^<>]{1,80})>")
_NUMBER = re.compile(r"\ufeff?\s*\d+$")
_ASIDE = re.compile(r"\ufeff?(?:WEBVTT(?:\s.*)?|NOTE(?:\s.*)?|STYLE|REGION)$")
_SETTING = re.compile(r"(?:Kind|Language): [\w-]+$")
_COMMENT = re.compile(r"\ufeff?(?:WEBVTT|NOTE)(?:\s+-?\s*|$)")
_ROLLING = Phrase("The captions repeat each line as they roll; so do the passages. Export them without rolling.")
_UNKNOWN = frozenset({"unknown", "speaker", "narrator", "unidentified"})


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One caption.

    Attributes:
        start: offset of its first word.
        end: offset behind its last.
        text: its words, tags taken out.
    """

    start: int
    end: int
    line_start: int
    line_end: int
    seconds: int
    seconds_end: int
    speaker: str | None
    text: str


class Cues:
    """SubRip and WebVTT."""

    name = "cues"

    def sniff(self, source: Source) -> bool:
        texts = [line.text for line in source.lines[:200] if line.text.strip("\ufeff \t")]
        times = sum(_TIMES.match(text) is not None for text in texts)
        return times >= 2 and times >= 0.15 * len(texts)

    def read(self, source: Source) -> Reading:
        cues = _named(list(_cues(source)))
        about = _head(source).filled(whole.spoken(source))
        about = about.filled(About(guests=_guests(cues, about)).marked("words"))
        top = whole.Top(about=about, blocks=0, units=tuple(_asides(source, cues)), header="")
        units = sorted((*top.units, *_units(cues, [unit.start for unit in top.units])), key=lambda unit: unit.start)
        top = replace(top, units=())
        return whole.reading(source, Front(), top, units, kind="transcript", warnings=_warnings(source, cues))


def _cues(source: Source) -> Iterator[Cue]:
    lines = source.lines
    marks = [index for index, line in enumerate(lines) if _TIMES.match(line.text)]
    repeats = {start for start, _ in rolled(source.text)}
    for place, index in enumerate(marks):
        last = marks[place + 1] if place + 1 < len(marks) else len(lines)
        body = [line for line in _body(lines[index + 1 : last], final=last == len(lines)) if line.start not in repeats]
        times = _TIMES.match(lines[index].text)
        if body and times:
            yield _cue(body, _seconds(times["start"]), _seconds(times["end"]))


def _body(lines: Sequence[Line], *, final: bool) -> Iterator[Line]:
    """The caption's own lines: up to the number or name that the next one opens with, or a comment."""
    kept = list(lines)
    if not final and kept and kept[-1].text.strip() and (_NUMBER.match(kept[-1].text) or _follows_blank(kept)):
        kept.pop()
    for number, line in enumerate(kept):
        if _ASIDE.match(line.text) and number and not kept[number - 1].text.strip():
            return
        if line.text.strip():
            yield line


def _follows_blank(lines: Sequence[Line]) -> bool:
    return len(lines) > 1 and not lines[-2].text.strip()


def _cue(body: Sequence[Line], start: int, end: int) -> Cue:
    voice = _VOICE.match(body[0].text)
    skip = voice.end() if voice else 0
    skip += len(body[0].text[skip:]) - len(body[0].text[skip:].lstrip("\ufeff \t-"))
    words = " ".join([body[0].text[skip:], *(line.text for line in body[1:])])
    return Cue(
        start=body[0].start + min(skip, len(body[0].text)),
        end=body[-1].end,
        line_start=body[0].number,
        line_end=body[-1].number,
        seconds=start,
        seconds_end=end,
        speaker=voice["name"].strip() if voice else None,
        text=" ".join(re.sub(r"</?[^<>]{0,80}>", "", words).split()),
    )


def _seconds(clock: str) -> int:
    return minutes.parse_seconds(re.sub(r"[.,:]\d{1,3}$", "", clock))


def _named(cues: Sequence[Cue]) -> list[Cue]:
    """The cues with the speakers that are named in their text, from one name to the next."""
    if any(cue.speaker for cue in cues):
        return list(cues)
    said = [speech(cue.text) for cue in cues]
    counts = Counter(name for name, _ in filter(None, said))
    regular = {name for name, count in counts.items() if count > 1}
    speaker: str | None = None
    found = []
    for cue, turn in zip(cues, said, strict=True):
        if turn and turn[0] in regular:
            speaker = None if turn[0].casefold() in _UNKNOWN else turn[0]
        found.append(replace(cue, speaker=speaker))
    return found


def _guests(cues: Sequence[Cue], about: About) -> tuple[str, ...]:
    turns = [
        one.speaker
        for one, other in zip(cues, [None, *cues], strict=False)
        if other is None or one.speaker != other.speaker
    ]
    return speakers_as_guests([name for name in turns if name], " ".join(cue.text for cue in cues[:80]), about.show)


def _units(cues: Sequence[Cue], comments: Sequence[int]) -> Iterator[Unit]:
    """Windows that end where another speaks, and before a comment."""
    start = 0
    for index in range(1, len(cues) + 1):
        if index == len(cues) or _parted(cues[index - 1], cues[index], comments):
            run = cues[start:index]
            for window in windows(run, [cue.text for cue in run]):
                yield _unit(window[0], window[-1])
            start = index


def _parted(one: Cue, other: Cue, comments: Sequence[int]) -> bool:
    return one.speaker != other.speaker or bisect(comments, one.end) != bisect(comments, other.start)


def _unit(first: Cue, last: Cue) -> Unit:
    return Unit(
        start=first.start,
        end=last.end,
        line_start=first.line_start,
        line_end=last.line_end,
        seconds=first.seconds,
        seconds_end=last.seconds_end if last.seconds_end > first.seconds else None,
        speaker=first.speaker,
    )


def _asides(source: Source, cues: Sequence[Cue]) -> Iterator[Unit]:
    """What stands outside the captions: a title behind WEBVTT, and comments."""
    taken = {number for cue in cues for number in range(cue.line_start, cue.line_end + 1)}
    run: list[Line] = []
    for line in (*source.lines, Line(number=0, start=0, end=0, text="")):
        mark = _COMMENT.match(line.text) if not run and line.number not in taken else None
        apart = _TIMES.match(line.text) or _SETTING.match(line.text)
        outside = line.text.strip() and line.number not in taken and not apart
        if mark and (line.number == 1 or line.text.startswith("NOTE")):
            run = [replace(line, start=line.start + mark.end())]
        elif run and outside:
            run.append(line)
        elif run:
            run = [part for part in run if part.start < part.end]
            if run:
                first, last = run[0], run[-1]
                yield Unit(start=first.start, end=last.end, line_start=first.number, line_end=last.number)
            run = []


def _head(source: Source) -> About:
    """What the lines above the first caption say: `Title: ...`, or a title behind WEBVTT."""
    first = next((n for n, line in enumerate(source.lines) if _TIMES.match(line.text)), 0)
    lines = [line.text for line in source.lines[:first]]
    opening = " ".join(lines[0].split()) if lines else ""
    title = re.match(r"\ufeff?WEBVTT (?:- )?(?P<title>\w.*)$", opening)
    fields = [named for text in lines if (named := headers.field(text.removeprefix("NOTE ").strip()))]
    about = headers.from_fields(fields)
    return about.filled(About(title=title["title"] if title else "").marked("heading"))


def _warnings(source: Source, cues: Sequence[Cue]) -> list[ReadWarning]:
    found = []
    back = next((other for one, other in pairwise(cues) if other.seconds < one.seconds), None)
    if back:
        reason = Phrase("The times go backwards here; the order of the file was kept.")
        found.append(ReadWarning(file=source.file, line=back.line_start, reason=reason))
    twice = sum(one.text.endswith(other.text) or other.text.startswith(one.text) for one, other in pairwise(cues))
    if len(cues) > 10 and twice > 0.3 * len(cues):
        found.append(ReadWarning(file=source.file, line=None, reason=_ROLLING))
    return found
