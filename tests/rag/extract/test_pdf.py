"""PDF (ISO 32000-1): the text layer, its pages and columns."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from rag.citations import cite
from tests.rag.extract.samples import SPOKEN, library, pdf, read, refused, shown

LEFT, RIGHT = " ".join(SPOKEN), " ".join(reversed(SPOKEN))
Drawn = tuple[float, float, float, str]


def column(x: float, text: str, width: int = 38) -> list[Drawn]:
    return [(x, 740 - 14 * n, 11, line) for n, line in enumerate(textwrap.wrap(text, width))]


def beside(one: list[Drawn], other: list[Drawn]) -> list[Drawn]:
    """Drawn row by row, as reports do: the order in the file is not the order of reading."""
    return sorted([*one, *other], key=lambda drawn: (-drawn[1], drawn[0]))


TITLE = (72, 790, 18, "Karl Vogt on The Long Table: a long talk about old grains")


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, order: str) -> None:
    left, right = column(72, LEFT), column(320, RIGHT)
    body = beside(left, right) if order == "rows" else [*left, *right]
    loaded = read(tmp_path, "talk.pdf", pdf([[TITLE, *body]]))
    entry = loaded.reading.parts[0].entry
    assert (entry.show, entry.guests) == ("The Long Table: a long talk about old grains", ("Karl Vogt",)) or entry.title
    text = " ".join(words for *_, words in shown(loaded))
    places = [text.find(words) for words in SPOKEN]
    assert places == sorted(places)
    assert -1 not in places
    again = [text.rfind(words) for words in SPOKEN]
    assert again == sorted(again, reverse=True)
    assert min(again) > max(places)


def test_a_table_of_minutes_and_notes_is_no_page_of_two_columns(tmp_path: Path) -> None:
    page = [
        drawn
        for n in range(8)
        for drawn in ((72, 740 - 14 * n, 11, f"1{n}:30"), (120, 740 - 14 * n, 11, SPOKEN[n % 4]))
    ]
    loaded = read(tmp_path, "talk.pdf", pdf([page]))
    assert [seconds for _, seconds, _ in shown(loaded)] == [60 * (10 + n) + 30 for n in range(8)]


def test_wrapped_lines_are_one_paragraph_and_bullets_are_not(tmp_path: Path) -> None:
    page = [
        TITLE,
        *column(72, LEFT + " And for exam- ple rye.", 70),
        (72, 600, 11, "• grains"),
        (72, 580, 11, "• (12:30) water"),
    ]
    words = [(seconds, text) for _, seconds, text in shown(read(tmp_path, "talk.pdf", pdf([page])))]
    assert words[-2:] == [(None, "grains"), (750, "(12:30) water")]
    body = " ".join(text for _, text in words)
    assert all(spoken in body for spoken in SPOKEN)
    assert len(words) <= 8


def test_a_citation_names_the_page(tmp_path: Path) -> None:
    found = library(tmp_path, talk_pdf=pdf([[TITLE], [(72, 740, 11, SPOKEN[0])]]))
    passage = next(p for p in found.passages if p.text == SPOKEN[0])
    citation = cite(1, passage, (4, 10), found.episodes[0])
    assert (citation.counted, citation.line_start, citation.line_end, citation.quote) == ("page", 2, 2, "grains")


def test_pages_without_text_are_named(tmp_path: Path) -> None:
    loaded = read(tmp_path, "talk.pdf", pdf([[TITLE], [], [(72, 740, 11, SPOKEN[0])], []]))
    assert [(w.line, w.reason) for w in loaded.warnings] == [
        (2, "Pages without text, perhaps pictures, were left out: 2, 4.")
    ]


def encrypted(password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([[TITLE]]))))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path: Path) -> None:
    assert "Karl Vogt" in read(tmp_path, "talk.pdf", encrypted("")).source.text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encrypted("secret"), "The PDF is encrypted. Open it and save or print it as a PDF without a password."),
        (pdf([[], []]), "no text, only pictures of pages. Have its text recognised"),
        (b"%PDF-1.4\n", "no PDF, or a damaged one"),
        (b"words that were saved as .pdf", "no PDF, or a damaged one"),
        (pdf([[TITLE]])[:300], "PDF"),
        (b"\0" * 5000, "PDF"),
    ],
    ids=["encrypted", "pictures", "head", "text", "cut", "nul"],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, "talk.pdf", data)
