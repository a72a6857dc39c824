"""Files in the formats that are extracted, made small and from scratch: a page, a document, an archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from rag.errors import NoteError
from rag.reading.library import Loaded, load, read_library
from rag.types import Library

SPOKEN = (
    "Old grains taste better than new ones, and nobody knows why.",
    "I would bake with einkorn every single day if my oven let me.",
    "It rises slowly overnight, and that is the whole point of it.",
    "Well, patience is the cheapest thing in the whole bakery.",
)


def read(folder: Path, name: str, data: bytes | str) -> Loaded:
    """The file as the library reads it."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return load(path, name)


def refused(folder: Path, name: str, data: bytes | str) -> str:
    """The sentence its owner gets about a file that cannot be read."""
    try:
        read(folder, name, data)
    except NoteError as error:
        return str(error)
    raise AssertionError(f"{name} was read")


def library(folder: Path, **files: bytes | str) -> Library:
    """A folder of these files, `name_suffix=content`, read."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(data)
    return read_library(folder)


def doubts(loaded: Loaded) -> list[tuple[int | None, str]]:
    """(place, reason) of what the owner is told, without the notice that a file of mere paragraphs gets."""
    return [(w.line, w.reason) for w in loaded.warnings if "it was read as plain text" not in w.reason]


def shown(loaded: Loaded) -> list[tuple[tuple[int, int], int | None, str]]:
    """(place in the file, seconds, words) of every passage."""
    return [
        (loaded.source.place(u.line_start, u.line_end), u.seconds, loaded.source.text[u.start : u.end])
        for part in loaded.reading.parts
        for u in part.units
    ]


def docx(paragraphs: Sequence[str], *, styles: Sequence[str] = (), extra: Mapping[str, bytes] | None = None) -> bytes:
    """A Word document of these paragraphs (ECMA-376, part 1): `styles` are ids such as Heading1, one a paragraph."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    named = dict(enumerate(styles))
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{named.get(number, "Normal")}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
        for number, text in enumerate(paragraphs)
    )
    listed = "".join(
        f'<w:style w:type="paragraph" w:styleId="{style}"><w:name w:val="{style.replace("Heading", "heading ")}"/>'
        "</w:style>"
        for style in sorted({"Normal", *styles})
    )
    types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="a" Type="{kind}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{relations}"><Relationship Id="a" '
        f'Type="{kind}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles xmlns:w="{word}">{listed}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>',
    }
    return packed({**{name: text.encode() for name, text in parts.items()}, **(extra or {})})


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def pdf(pages: Sequence[Sequence[tuple[float, float, float, str]]]) -> bytes:
    """A PDF (ISO 32000-1) of these pages: (x, y, letter size, words) of each line drawn."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        drawn = "".join(f"BT /F1 {size} Tf {x} {y} Td ({words}) Tj ET\n" for x, y, size, words in page).encode("cp1252")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (5 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    return numbered(objects)


def numbered(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, the first of them its catalogue."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + table + tail
