"""Reports: what stands in them, and that text of notes can neither format nor link nor run."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from pypdf import PdfReader

from bot.files.report import Report, report_on
from bot.files.report_html import html
from bot.files.report_markdown import escaped, markdown
from bot.files.report_pdf import pdf
from bot.language import speaking
from rag.map_types import TopicPoint
from rag.types import Sentence
from tests.bot.samples import BREAD, HEAT, SUMMARY, FakeAssistant
from tests.bot.test_timeline_pictures import Page

HOSTILE = (
    r"*a* _b_ `c` [d](https://evil.example) <b>e</b> # f ~~g~~ | h \ i &amp; ![j](k) www.evil.example "
    r"https://evil.example mail@evil.example 1. x 2) y - z + w ==q== ^r^ {s} $t$"
)


@pytest.fixture
def report() -> Report:
    return report_on(SUMMARY, FakeAssistant())


def test_a_report_has_every_quote_with_what_stands_around_it_and_its_link(report: Report) -> None:
    first = report.chapters[0].points[0].quotes[0]
    assert (first.text, first.before, first.after) == (
        "The surface is at 464 °C.",
        ("The clouds are thick.",),
        ("Lead melts there.",),
    )
    assert first.url == HEAT.url
    assert [chapter.theme for chapter in report.chapters] == ["Planets", "Baking"]
    assert report.extent == "2 points from 2 episodes"


def test_what_a_model_wrote_is_told_from_quotes() -> None:
    joined = TopicPoint(
        text="Both are hot.",
        citations=(1,),
        theme="",
        more=(Sentence(text=BREAD.display, citations=(2,)),),
        verbatim=False,
    )
    made = report_on(replace(SUMMARY, points=(joined,)), FakeAssistant())
    point = made.chapters[0].points[0]
    assert (point.said, [quote.n for quote in point.quotes]) == ("Both are hot.", [1, 2])
    for text in (markdown(made), html(made)):
        assert "Written by a model, checked against the quotes below it." in text


def test_a_report_speaks_the_language_that_is_spoken() -> None:
    """All but its quotes was in English, whatever was spoken."""
    with speaking("de"):
        made = report_on(SUMMARY, FakeAssistant())
        written, shown = markdown(made), html(made)
    assert "Was die Notizen dazu sagen: " in written
    assert "## Folgen" in written
    assert "> „The surface is at 464 °C.“" in written
    assert "<h2>Folgen</h2>" in shown
    assert [english for english in ("What the notes", "Episodes", " from ", "before:") if english in written] == []


def test_markdown_shows_quotes_links_and_context(report: Report) -> None:
    text = markdown(report)
    assert text.startswith("# heat\n\nWhat the notes say about it: 2 points from 2 episodes.\n\n## Planets\n")
    assert "> “The surface is at 464 °C.”" in text
    assert f"](<{HEAT.url}>)" in text
    assert "- *before:* The clouds are thick." in text
    assert text.endswith("\n")


@pytest.mark.parametrize("line", [HOSTILE, "- x", "+ x", "1. x", "12) x", "# x", "> x", "    x", "===", "---", "***"])
def test_escaped_text_reads_as_it_is_in_markdown(line: str) -> None:
    """By a parser with all that it knows switched on: one paragraph, of nothing but this text."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(escaped(line))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    inner = tokens[1].children or []
    assert {token.type for token in inner} <= {"text", "text_special"}
    assert "".join(token.content for token in inner) == line.strip()


def test_hostile_notes_format_and_link_nothing_in_any_report() -> None:
    hostile = replace(HEAT, display=HOSTILE, note_file=HOSTILE, episode=HOSTILE, url="javascript:alert(1)")
    point = TopicPoint(text=HOSTILE, citations=(1,), theme=HOSTILE)
    made = report_on(
        replace(SUMMARY, topic=HOSTILE, points=(point,), citations=(hostile,), remarks=(HOSTILE,)), FakeAssistant()
    )
    tokens = MarkdownIt("commonmark").parse(markdown(made))
    inner = [child.type for token in tokens for child in token.children or []]
    assert "link_open" not in inner
    assert "html_inline" not in inner
    page = Page(html(made))
    assert page.links == []
    assert "b" not in {tag for tag, _ in page.elements}


def test_an_address_with_brackets_does_not_break_the_link() -> None:
    odd = replace(HEAT, url="https://example.org/a(b)<c>?d=e")
    made = report_on(replace(SUMMARY, citations=(odd, BREAD)), FakeAssistant())
    tokens = MarkdownIt("commonmark").parse(markdown(made))
    links = [c.attrs["href"] for token in tokens for c in token.children or [] if c.type == "link_open"]
    assert links[0] == "https://example.org/a(b)%3Cc%3E?d=e"


def test_a_pdf_has_the_quotes_and_their_links(report: Report) -> None:
    pytest.importorskip("fpdf", reason="PDF files need footnote[pdf]")
    read = PdfReader(io.BytesIO(pdf(report)))
    text = " ".join(" ".join(page.extract_text() for page in read.pages).split())
    for part in ("heat", "The surface is at 464", "Lead melts there.", "Planets", "Ines Carvalho"):
        assert part in text
    links = [a.get_object()["/A"]["/URI"] for page in read.pages for a in page.get("/Annots", ())]
    assert HEAT.url in links


def test_a_pdf_without_a_font_of_the_machine_still_has_its_letters(report: Report) -> None:
    pytest.importorskip("fpdf", reason="PDF files need footnote[pdf]")
    read = PdfReader(io.BytesIO(pdf(replace(report, topic="Größe 日本"), written_with=())))
    text = read.pages[0].extract_text()
    assert "Größe ??" in text
    assert "“The surface is at 464 °C.”" in text
