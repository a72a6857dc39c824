"""From the bytes of a format that is not plain text to text with a map back: one file of this folder a format.

A new format is one file here and one line in the table. Zip archives are no format but folders: see `archive`.
Knows nothing of readers, episodes or passages.
"""

from __future__ import annotations

import logging

from rag.errors import NoteError
from rag.reading.extract import apart, docx, html, opml, pdf, transcript_json
from rag.reading.extract.base import AS_TEXT, Extracted, Extractor

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(name="json", suffixes=frozenset({".json"}), extract=transcript_json.extract),
    Extractor(name="opml", suffixes=frozenset({".opml"}), extract=opml.extract),
    Extractor(name="html", suffixes=frozenset({".html", ".htm", ".xhtml"}), extract=html.extract),
    Extractor(name="docx", suffixes=frozenset({".docx", ".docm"}), extract=docx.extract, apart=True),
    Extractor(name="pdf", suffixes=frozenset({".pdf"}), extract=pdf.extract, apart=True),
)
SUFFIXES = frozenset(suffix for extractor in EXTRACTORS for suffix in extractor.suffixes)

_log = logging.getLogger(__name__)


def extractor_for(suffix: str) -> Extractor | None:
    """The extractor for files with this ending; None where the bytes are the text."""
    return next((extractor for extractor in EXTRACTORS if suffix.lower() in extractor.suffixes), None)


def extract(extractor: Extractor, data: bytes) -> Extracted:
    """What the file says. Raises NoteError, whatever is wrong with it or with the library that reads it.

    It costs bounded time and memory: see `apart`.
    """
    return _APART.extract(extractor.name, data) if extractor.apart else extract_here(extractor, data)


def extract_here(extractor: Extractor, data: bytes) -> Extracted:
    """The same in this process, without limits."""
    try:
        return extractor.extract(data)
    except NoteError:
        raise
    except MemoryError as error:
        raise NoteError("The file needs more memory than it may have; it was left out.") from error
    except RecursionError as error:
        raise NoteError("The file is nested too deeply to be read.", remedy=AS_TEXT) from error
    except Exception as error:
        _log.debug("%s extractor failed", extractor.name, exc_info=True)
        kind = extractor.name.upper()
        raise NoteError(
            f"The {kind} is damaged, or of a kind that is not understood ({type(error).__name__}).",
            remedy=AS_TEXT,
        ) from error


_APART = apart.Apart()

__all__ = ["EXTRACTORS", "SUFFIXES", "Extracted", "Extractor", "extract", "extract_here", "extractor_for"]
