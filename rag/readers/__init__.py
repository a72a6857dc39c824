"""Readers: one shape of note file each. The first in the table that recognises a file reads it."""

from __future__ import annotations

from rag.readers.base import Part, Reader, Reading, Source, Unit
from rag.readers.captions import Captions
from rag.readers.cues import Cues
from rag.readers.dialogue import Dialogue
from rag.readers.outline import Outline
from rag.readers.plain import Plain
from rag.readers.summary import Summary

READERS: tuple[Reader, ...] = (Cues(), Captions(), Dialogue(), Summary(), Outline(), Plain())

__all__ = ["READERS", "Part", "Reader", "Reading", "Source", "Unit", "reader_for"]


def reader_for(source: Source) -> Reader:
    """The reader for a file, by its content."""
    return next(reader for reader in READERS if reader.sniff(source))
