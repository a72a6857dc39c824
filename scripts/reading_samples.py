"""One long made-up file for each extractor, and what the library it stands on takes to read the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from xml.parsers import expat

import mammoth
from pypdf import PdfReader

from tests.rag.extract.samples import docx, pdf

_SENTENCE = "The gate is painted green every second spring, and number {} was not."


def _sentences(count: int) -> list[str]:
    return [_SENTENCE.format(i) for i in range(count)]


def _json() -> bytes:
    segments = [
        {"id": i, "start": 4.5 * i, "end": 4.5 * i + 4, "text": f" {text}"} for i, text in enumerate(_sentences(8_000))
    ]
    return json.dumps({"text": "", "segments": segments, "language": "en"}).encode()


def _html() -> bytes:
    body = "".join(f"<li>{text}</li>\n" for text in _sentences(8_000))
    return f"<html><body><h1>Odd Hours: Gates</h1><ul>\n{body}</ul></body></html>".encode()


def _opml() -> bytes:
    episodes = "".join(
        f'<outline text="Talk {i}" type="podcast-episode" url="https://example.com/{i}.mp3" title="{text}"/>\n'
        for i, text in enumerate(_sentences(4_000))
    )
    feed = f'<outline text="Odd Hours" type="rss" xmlUrl="https://example.com/feed.xml">\n{episodes}</outline>'
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{feed}</body></opml>'.encode()


def _docx() -> bytes:
    return docx(_sentences(2_000))


def _pdf() -> bytes:
    lines = _sentences(4_000)
    return pdf(
        [[(72, 760 - 16 * i, 11, line) for i, line in enumerate(lines[p : p + 40])] for p in range(0, 4_000, 40)]
    )


def _bare_pdf(data: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def _bare_opml(data: bytes) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: None
    parser.Parse(data, True)


SAMPLES: dict[str, Callable[[], bytes]] = {"json": _json, "opml": _opml, "html": _html, "docx": _docx, "pdf": _pdf}
BARE: dict[str, Callable[[bytes], object]] = {
    "json": json.loads,
    "opml": _bare_opml,
    "html": lambda data: HTMLParser().feed(data.decode()),
    "docx": lambda data: mammoth.convert_to_html(io.BytesIO(data)),
    "pdf": _bare_pdf,
}
