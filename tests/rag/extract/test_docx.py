"""Word documents (ECMA-376) and those that Google Docs exports in the same format."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.citations import cite
from tests.rag.extract.samples import docx, doubts, library, packed, read, refused, shown

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NOTES = docx(
    ["Karl Vogt on The Long Table", "Date: 2023-05-06", "Bread", "old grains taste better", "(12:30) & they <rise>"],
    styles=["Title", "Normal", "Heading2"],
)


def document(body: str) -> dict[str, bytes]:
    return {"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'.encode()}


def test_paragraphs_headings_and_minutes(tmp_path: Path) -> None:
    loaded = read(tmp_path, "talk.docx", NOTES)
    entry = loaded.reading.parts[0].entry
    assert (loaded.note.derived, loaded.warnings) == ("docx", ())
    assert (entry.show, entry.title, entry.date) == ("The Long Table", "Karl Vogt", "2023-05-06")
    assert shown(loaded)[-2:] == [
        ((4, 4), None, "old grains taste better"),
        ((5, 5), 750, "(12:30) & they <rise>"),
    ]
    assert loaded.reading.parts[0].units[-1].section == ("Bread",)


def test_a_citation_names_the_paragraph(tmp_path: Path) -> None:
    found = library(tmp_path, talk_docx=NOTES)
    passage = next(p for p in found.passages if "rise" in p.text)
    citation = cite(1, passage, (0, len(passage.text)), found.episodes[0])
    assert (citation.counted, citation.line_start, citation.line_end) == ("paragraph", 5, 5)


def test_a_table_is_a_line_a_row(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    rows = "".join(f"<w:tr>{cell(a)}{cell(b)}</w:tr>" for a, b in (("12:30", "grains"), ("14:00", "water")))
    loaded = read(tmp_path, "talk.docx", docx([], extra=document(f"<w:tbl>{rows}</w:tbl>")))
    assert [(seconds, words) for _, seconds, words in shown(loaded)] == [
        (750, "12:30 | grains"),
        (840, "14:00 | water"),
    ]


@pytest.mark.parametrize("name", ["talk.docm", "talk.docx"])
def test_macros_are_ignored_and_said_so(tmp_path: Path, name: str) -> None:
    loaded = read(tmp_path, name, docx(["grains taste better"], extra={"word/vbaProject.bin": b"\0" * 10}))
    assert doubts(loaded) == [(None, "The document holds macros; they were ignored.")]
    assert [words for *_, words in shown(loaded)] == ["grains taste better"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 and no more", "no Word document, or a damaged one"),
        (b"words that were saved as .docx", "no Word document, or a damaged one"),
        (NOTES[: len(NOTES) // 2], "no Word document, or a damaged one"),
        (packed({"a.txt": b"words"}), "a zip archive, no Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted, or of an old kind"),
        (docx([]), "no words"),
        (docx(["x"], extra={"word/big.xml": b" " * 30_000_000}), "unpacks to more"),
        (docx(["x"], extra={f"word/media/{n}.png": b"\0" * 30_000_000 for n in range(7)}), "unpacks to more"),
        (docx(["x"], extra={"word/e.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}), "declares entities"),
        (docx(["x"], extra={"word/document.xml": b"<w:document"}), "damaged"),
        (docx([], extra=document("<w:ins>" * 10_000 + "<w:p/>" + "</w:ins>" * 10_000)), "too deeply"),
    ],
    ids=["cut", "text", "half", "zip", "encrypted", "empty", "bomb", "pictures", "entities", "xml", "deep"],
)
def test_what_is_no_document_is_refused_with_a_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, "talk.docx", data)
