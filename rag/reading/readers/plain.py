"""Plain text: whatever no other reader knows, paragraph by paragraph, and said to be so.

The reader of last resort: it takes any text.
"""

from __future__ import annotations

from dataclasses import replace

from rag.phrase import Phrase
from rag.reading.readers.base import Reading, Source
from rag.reading.readers.outline import Outline
from rag.types import ReadWarning

_REASON = Phrase(
    "No headings, bullets, minutes or speakers were recognised; it was read as plain text, paragraph by paragraph."
)


class Plain:
    """Paragraphs and nothing else."""

    name = "plain"

    def sniff(self, source: Source) -> bool:
        return True

    def read(self, source: Source) -> Reading:
        reading = Outline().read(source)
        if not any(part.units for part in reading.parts):
            return reading
        note = ReadWarning(file=source.file, line=None, reason=_REASON)
        return replace(reading, warnings=(*reading.warnings, note))
