"""From what a transcript's tool says was spoken, and when, to lines such as `[1:07:30] Ann Lee: words`.

Neighbouring cues of one speaker are joined until a sentence ends. A time that cannot be one is left out, and said so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.reading.extract.base import Row, Trouble, spaced
from rag.reading.minutes import format_seconds
from rag.reading.readers.windows import windows

_LONGEST = 100 * 3600
_NAME_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Words spoken in one go.

    Attributes:
        time: when they start, as the file has it: any JSON value.
        unit: seconds that one of `time` stands for.
        speaker: a name, a letter or a number, as the file has it.
        first: first line it stands in.
        last: last line.
    """

    text: str
    time: object
    unit: float = 1.0
    speaker: object = None
    first: int
    last: int

    @property
    def seconds(self) -> float | None:
        """The start in seconds; None where it is missing or cannot be one."""
        if isinstance(self.time, bool) or not isinstance(self.time, int | float):
            return None
        sane = self.time == self.time and 0 <= self.time < _LONGEST / self.unit
        return self.time * self.unit if sane else None


def rows(cues: Iterable[Cue]) -> tuple[list[Row], list[Trouble]]:
    """The lines of a transcript, the first of them saying that it is one, and what is odd about its times."""
    spoken = [cue for cue in cues if cue.text.strip()]
    front = [Row(text=text, first=1, last=1) for text in ("---", "kind: transcript", "---", "")]
    turns = [_row(window) for run in _runs(spoken) for window in windows(run, [_words(c) for c in run])]
    return [*front, *spaced(turns)], list(_odd_times(spoken))


def _runs(cues: Sequence[Cue]) -> Iterator[list[Cue]]:
    """Neighbours of one speaker; those without a time apart, so that they hide nobody else's."""
    for _, run in groupby(cues, key=lambda cue: (_name(cue.speaker), cue.seconds is None)):
        yield list(run)


def _row(window: Sequence[Cue]) -> Row:
    name = _name(window[0].speaker)
    seconds = window[0].seconds
    stamp = "" if seconds is None else f"[{format_seconds(math.floor(seconds))}] "
    label = f"{name}: " if name else ""
    words = " ".join(map(_words, window))
    return Row(text=f"{stamp}{label}{words}", first=window[0].first, last=max(cue.last for cue in window))


def _words(cue: Cue) -> str:
    return " ".join(cue.text.split())


def _name(speaker: object) -> str:
    """A name as it stands at the head of a line; `Speaker 1` for a number, `Speaker A` for a letter."""
    if speaker is None or isinstance(speaker, bool) or not isinstance(speaker, str | int):
        return ""
    name = " ".join(str(speaker).replace(":", " ").split())[:_NAME_LENGTH]
    if len(name) == 1 or name.isdigit():
        return f"Speaker {name}"
    return " ".join(word[:1].upper() + word[1:] for word in name.split())


def _odd_times(cues: Sequence[Cue]) -> Iterator[Trouble]:
    odd = [cue for cue in cues if cue.time is not None and cue.seconds is None]
    if odd:
        reason = "cannot be a time (negative, not a number, or past 100 hours); what was said then has no minute."
        yield odd[0].first, f"What stands as the start of {len(odd):,} of {len(cues):,} cues {reason}"
    before = 0.0
    for cue in cues:
        seconds = before if cue.seconds is None else cue.seconds
        if seconds < before:
            reason = f"The times go back here, from {format_seconds(int(before))} to {format_seconds(int(seconds))}."
            yield cue.first, f"{reason} They are kept as they are."
            return
        before = seconds
