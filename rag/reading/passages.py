"""Passages: the units of a part of a note, made whole with their episode, ids and hashes.

A unit longer than anyone writes is cut behind its sentences; data that is no prose is left out.
Knows nothing of folders or files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from rag import sentences
from rag.reading.readers import Part, Source, Unit
from rag.reading.text import repair
from rag.types import Episode, Passage

_LONG_UNIT, _PIECE = 4_000, 900


def passages_of(source: Source, part: Part, episode: Episode, *, prefix: str, first: int = 0) -> Iterator[Passage]:
    """The passages of a part; ids start with `prefix`, positions count from `first`."""
    position = first
    for unit in part.units:
        for piece in _pieces(source, unit):
            passage = _passage(source, piece, episode, prefix=prefix, position=position)
            if passage is not None:
                yield passage
                position += 1


def _passage(source: Source, unit: Unit, episode: Episode, *, prefix: str, position: int) -> Passage | None:
    raw = source.text[unit.start : unit.end]
    repaired = repair(raw)
    if not repaired.text:
        return None
    line_start, line_end = source.place(unit.line_start, unit.line_end)
    return Passage(
        id=f"{episode.id}/{prefix}/{position}",
        episode_id=episode.id,
        note_file=source.file,
        line_start=line_start,
        line_end=line_end,
        char_start=unit.start,
        char_end=unit.end,
        raw=raw,
        text=repaired.text,
        text_to_raw=repaired.text_to_raw,
        section=unit.section,
        parents=unit.parents,
        seconds=unit.seconds,
        seconds_end=unit.seconds_end,
        seconds_around=unit.seconds_around,
        speaker=unit.speaker,
        position=position,
        counted=source.counted,
        line_map=source.line_map[unit.line_start - 1 : unit.line_end],
        content_hash=_hash(repaired.text, unit.section, unit.parents, episode.name, episode.date),
    )


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _pieces(source: Source, unit: Unit) -> Iterator[Unit]:
    """The unit, or, where it is longer than anyone writes, the sentences of it in several; junk is left out."""
    raw = source.text[unit.start : unit.end]
    if len(raw) <= _LONG_UNIT:
        yield unit
        return
    if is_junk(raw):
        return
    for start, end in _cuts(raw):
        above = raw.count("\n", 0, start)
        inner = raw.count("\n", start, end)
        line = unit.line_start + above
        piece = replace(unit, start=unit.start + start, end=unit.start + end, line_start=line, line_end=line + inner)
        yield piece if start == 0 else replace(piece, seconds=None, seconds_end=None)


def _cuts(raw: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(raw):
        end = _cut(raw, start)
        piece = raw[start:end]
        lead = len(piece) - len(piece.lstrip())
        if piece.strip():
            yield start + lead, start + len(piece.rstrip())
        start = end


def _cut(raw: str, start: int) -> int:
    """Behind a sentence of about the wanted length; failing that behind a word; failing that anywhere."""
    if len(raw) - start <= _PIECE:
        return len(raw)
    match = sentences.CUT.search(raw, start + _PIECE // 2, start + 2 * _PIECE)
    if match:
        return match.end()
    space = raw.rfind(" ", start + 1, start + _PIECE)
    return space if space > start else start + _PIECE


def is_junk(text: str) -> bool:
    """Data rather than prose: thousands of ASCII characters with hardly a space."""
    sample = text[:100_000]
    return sample.isascii() and len(sample) > _LONG_UNIT and sum(map(str.isspace, sample)) < len(sample) / 100
