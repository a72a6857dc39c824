"""Readers: one shape of note file each. The first in the table that recognises a file reads it."""

from __future__ import annotations

from rag.reading.readers.base import Part, Reader, Reading, Source, Unit
from rag.reading.readers.captions import Captions
from rag.reading.readers.cues import Cues
from rag.reading.readers.dialogue import Dialogue
from rag.reading.readers.outline import Outline
from rag.reading.readers.plain import Plain
from rag.reading.readers.summary import Summary

READERS: tuple[Reader, ...] = (Cues(), Captions(), Dialogue(), Summary(), Outline(), Plain())

__all__ = ["READERS", "Part", "Reader", "Reading", "Source", "Unit", "reader_for"]


def reader_for(source: Source) -> Reader:
    """The reader for a file, by its content."""
    return next(reader for reader in READERS if reader.sniff(source))
