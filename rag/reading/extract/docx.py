"""Word documents, those of Google Docs too: mammoth turns them into HTML, which is then read as such.

Places are paragraph numbers. Macros, pictures and comments are left out; the first are said to be.
"""

from __future__ import annotations

import io
import zipfile

import mammoth

from rag.errors import NoteError
from rag.reading.extract import html
from rag.reading.extract.base import Extracted, Trouble

_LARGEST_PART = 20 * 1024 * 1024
_LARGEST = 200 * 1024 * 1024
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => h2:fresh"
_AS_TEXT = "Open it in Word or a like program and save it as .docx."


def extract(data: bytes) -> Extracted:
    """The document's paragraphs. Raises NoteError where it is none, encrypted, or swollen."""
    troubles = list(_checked(data))
    page: str = mammoth.convert_to_html(
        io.BytesIO(data), style_map=_STYLES, convert_image=mammoth.images.img_element(_no_pictures)
    ).value
    rows, _ = html.rows(page, counted="paragraph")
    return Extracted.of(rows, counted="paragraph", troubles=troubles)


def _checked(data: bytes) -> list[Trouble]:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NoteError("The document is encrypted, or of an old kind.", remedy="Save it as .docx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            listed = parts.infolist()
            texts = [parts.read(part) for part in _texts(listed)]
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise NoteError("This is no Word document, or a damaged one.", remedy=_AS_TEXT) from error
    if any(b"<!DOCTYPE" in text or b"<!ENTITY" in text for text in texts):
        raise NoteError("The document declares entities, which no word processor does.", remedy=_AS_TEXT)
    macros = any(part.filename.lower().endswith("vbaproject.bin") for part in listed)
    return [(None, "The document holds macros; they were ignored.")] if macros else []


def _texts(listed: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The parts that mammoth may parse. Raises NoteError where they would unpack to more than any document is."""
    if not any(part.filename == "[Content_Types].xml" for part in listed):
        raise NoteError("This is a zip archive, no Word document.", remedy=_AS_TEXT)
    texts = [part for part in listed if part.filename.lower().endswith((".xml", ".rels"))]
    swollen = any(part.file_size > _LARGEST_PART for part in texts)
    if swollen or sum(part.file_size for part in listed) > _LARGEST or len(listed) > 10_000:
        raise NoteError("The document unpacks to more than any notes are.", remedy="Split it, or save it as text.")
    if any(part.flag_bits & 1 for part in listed):
        raise NoteError("The document is encrypted.", remedy="Save it without a password.")
    return texts


def _no_pictures(_image: object) -> dict[str, str]:
    return {}
