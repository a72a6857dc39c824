"""A hostile file costs only itself: time, memory, and the death of the process that reads it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from rag.errors import NoteError
from rag.reading.extract.apart import Apart
from tests.rag.extract.samples import SPOKEN, docx, numbered, pdf

GOOD = pdf([[(72, 740, 11, "hello there")]])


PAGES = 60  # pypdf gives up on one of them after some seconds of its own


def nested(levels: int) -> bytes:
    """Pages that draw a form ten times, which draws one ten times, and so on: 10 ** levels words in two kilobytes."""
    words = b"BT /F1 9 Tf (words) Tj ET"
    head = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * PAGES, PAGES),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
        b" /Resources << /XObject << /X 6 0 R >> /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length 5 >>\nstream\n/X Do\nendstream",
    ]
    for level in range(levels + 1):
        body = b"/X Do " * 10 if level < levels else words
        named = b"<< /Font << /F1 4 0 R >> /XObject << /X %d 0 R >> >>" % (7 + level)
        form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources %s /Length %d >>" % (named, len(body))
        head.append(form + b"\nstream\n" + body + b"\nendstream")
    return numbered(head)


@pytest.fixture
def apart() -> Iterator[Apart]:
    reader = Apart(seconds=4)
    yield reader
    reader.close()


def test_what_is_read_apart_is_what_is_read(apart: Apart) -> None:
    found = apart.extract("pdf", GOOD)
    assert (found.text.strip(), found.counted, found.line_map[0]) == ("hello there", "page", (1, 1))
    assert SPOKEN[0] in apart.extract("docx", docx(SPOKEN)).text


def test_a_refusal_keeps_its_words_and_what_to_do(apart: Apart) -> None:
    with pytest.raises(NoteError) as refusal:
        apart.extract("pdf", b"%PDF-1.4 no more")
    assert str(refusal.value) == "This is no PDF, or a damaged one. Export it again."
    assert refusal.value.remedy == "Export it again."


def test_a_file_that_takes_too_long_is_ended_and_the_next_is_read(apart: Apart) -> None:
    started = time.monotonic()
    with pytest.raises(NoteError, match="longer than 4 seconds"):
        apart.extract("pdf", nested(9))
    assert time.monotonic() - started < 20
    assert apart.extract("pdf", GOOD).text.strip() == "hello there"


@pytest.mark.skipif(os.name != "posix", reason="no limit on memory there")
def test_a_process_that_has_too_little_memory_costs_only_the_file() -> None:
    reader = Apart(memory=24 * 1024**2)
    for _ in range(2):
        with pytest.raises(NoteError, match="more memory than it may have"):
            reader.extract("pdf", bytes(80 * 1024**2))
    reader.close()
