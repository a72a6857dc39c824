"""A report as a PDF file. The one file that imports `fpdf`, which is not installed unless it is asked for.

It is written with fonts of this machine, so that every alphabet they know is there; without one, in Latin letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bot import wording
from bot.files import fonts
from bot.files.report import EPISODES, MODEL_WROTE, Chapter, Quote, Report, opening
from bot.language import _
from rag.errors import FootnoteError
from rag.phrase import Phrase

if TYPE_CHECKING:
    from fpdf import FPDF

MISSING = Phrase("PDF files need one more library, fpdf2.")
REMEDY = Phrase("Install it beside Footnote: pip install fpdf2. Or write an .html file and print that.")
TITLE, HEADING, TEXT, SMALL = 20, 14, 11, 9  # points
MARGIN = 20  # millimetres
LATIN = "windows-1252"  # what is written without a font of this machine
QUIET, INK, LINK = (92, 98, 108), (20, 20, 24), (31, 79, 156)


class NoPdf(FootnoteError):
    """PDF files cannot be written here."""


def check_pdf() -> None:
    """Raises NoPdf where the library is missing."""
    if find_spec("fpdf") is None:
        raise NoPdf(MISSING, remedy=REMEDY)


def pdf(report: Report, *, written_with: Sequence[Path] | None = None) -> bytes:
    """The file; `written_with`: the fonts, the best first, None: those that are found. Raises NoPdf."""
    made = _Document(report.topic, fonts.found() if written_with is None else written_with)
    made.line(report.topic, size=TITLE)
    made.line(opening(report), size=SMALL, colour=QUIET)
    for chapter in report.chapters:
        _chapter(made, chapter)
    for remark in report.remarks:
        made.line(remark, size=SMALL, colour=QUIET, above=2)
    made.line(_(EPISODES), size=HEADING, above=6)
    for name in report.episodes:
        made.line(f"•  {name}", size=TEXT)
    return made.content()


def _chapter(made: _Document, chapter: Chapter) -> None:
    if chapter.theme:
        made.line(chapter.theme, size=HEADING, above=6)
    for point in chapter.points:
        if point.said:
            made.line(point.said, size=TEXT, above=3)
            made.line(_(MODEL_WROTE), size=SMALL, colour=QUIET)
        for each in point.quotes:
            _quote(made, each)


def _quote(made: _Document, each: Quote) -> None:
    made.gap(3)
    for text in each.before:
        made.line(text, size=SMALL, colour=QUIET, indent=6)
    made.line(wording.quoted(each.text), size=TEXT, indent=3)
    for text in each.after:
        made.line(text, size=SMALL, colour=QUIET, indent=6)
    made.line(f"[{each.n}] {each.source}", size=SMALL, colour=LINK if each.url else QUIET, indent=3, link=each.url)


class _Document:
    """A PDF that grows line by line."""

    def __init__(self, title: str, written_with: Sequence[Path]) -> None:
        self._pdf = _new()
        self._pdf.core_fonts_encoding = LATIN
        self._pdf.set_title(title)
        self._pdf.set_margin(MARGIN)
        self._pdf.set_auto_page_break(auto=True, margin=MARGIN)
        self._pdf.add_page()
        usable = [path for path in written_with if path.suffix.casefold() in (".ttf", ".otf")]
        self._family = "0" if usable else "helvetica"
        for number, path in enumerate(usable):
            self._pdf.add_font(str(number), fname=path)
        self._pdf.set_fallback_fonts([str(number) for number in range(1, len(usable))])

    def line(
        self,
        text: str,
        *,
        size: int,
        colour: tuple[int, int, int] = INK,
        indent: int = 0,
        above: int = 0,
        link: str = "",
    ) -> None:
        """A paragraph; `indent` and the gap `above` it in millimetres."""
        self.gap(above)
        self._pdf.set_font(self._family, size=size)
        self._pdf.set_text_color(*colour)
        self._pdf.set_x(MARGIN + indent)
        shown = text if self._family == "0" else text.encode(LATIN, "replace").decode(LATIN)
        self._pdf.multi_cell(0, size * 0.5, shown, align="L", link=link, new_x="LMARGIN", new_y="NEXT")

    def gap(self, height: int) -> None:
        """Some room, in millimetres."""
        self._pdf.ln(height)

    def content(self) -> bytes:
        """The file as it is now."""
        return bytes(self._pdf.output())


def _new() -> FPDF:
    try:
        from fpdf import FPDF
    except ImportError as error:
        raise NoPdf(MISSING, remedy=REMEDY) from error
    return FPDF()
