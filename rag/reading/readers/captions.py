"""A transcript in caption lines: every line opens with the same mark, and sentences run over line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.reading import minutes
from rag.reading.readers import whole
from rag.reading.readers.base import Reading, Source, Unit
from rag.reading.readers.blocks import blocks, infer_headings, runs_on
from rag.reading.readers.front import front_matter
from rag.reading.readers.windows import windows
from rag.reading.text import Line

_CAPTION = re.compile(r"(?:[*\-•>]\s+)(?=\S)")
_LEAST = 12


class Captions:
    """Marked lines that read as one text."""

    name = "captions"

    def sniff(self, source: Source) -> bool:
        texts = [line.text for line in source.lines if line.text.strip()]
        marked = [text for text in texts if _CAPTION.match(text)]
        return len(marked) >= _LEAST and len(marked) >= 0.8 * len(texts) and runs_on(marked)

    def read(self, source: Source) -> Reading:
        front = front_matter(source)
        rest = range(front.lines, len(source.lines))
        first = next((n for n in rest if _CAPTION.match(source.lines[n].text)), len(source.lines))
        found = infer_headings(blocks(source, source.lines[front.lines : first]))
        top = whole.top(source, front, found)
        spoken = [line for line in source.lines[first:] if line.text.strip()]
        units = [block.unit() for block in found[top.blocks :]] + list(_units(spoken))
        top = replace(top, about=top.about.filled(whole.spoken(source)))
        return whole.reading(source, front, top, units, kind="transcript")


def _units(lines: Sequence[Line]) -> Iterator[Unit]:
    words = [_CAPTION.sub("", line.text, count=1) for line in lines]
    for window in windows(list(zip(lines, words, strict=True)), words):
        (first, opening), (last, _) = window[0], window[-1]
        stamp = minutes.leading(opening)
        yield Unit(
            start=first.end - len(opening),
            end=last.end,
            line_start=first.number,
            line_end=last.number,
            seconds=stamp.seconds if stamp else None,
        )
