"""HTML pages. Apple Notes: the `body` of a note as its scripting dictionary gives it (one div a line). Google Docs:
"Web page" under File, Download (`lst-kix_` list classes, links through google.com/url). Podcasting 2.0:
github.com/Podcastindex-org/podcast-namespace, transcripts/transcripts.md, "HTML" (cite, time, p).
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rag.reading.extract import extract, extractor_for
from rag.reading.extract.html import rows
from tests.rag.extract.samples import SPOKEN, doubts, library, read, refused, shown

APPLE = """<div><h1>Karl Vogt on The Long Table</h1></div>
<div>Date: 2023-05-06</div>
<div><br></div>
<div>old grains taste better</div>
<ul>
<li>einkorn most of all</li>
<li>(12:30) it rises slowly</li>
</ul>
"""

GOOGLE = """<html><head><meta charset="utf-8"><style type="text/css">.lst-kix_a-0 > li { color: red }</style></head>
<body class="c3"><p class="c1 title"><span>Karl Vogt on The Long Table</span></p>
<p class="c1"><span>Link: </span><a href="https://www.google.com/url?q=https://youtu.be/abcdefghijk&amp;sa=D">talk</a></p>
<p class="c1"><span>We spoke of bread.</span></p>
<ul class="c2 lst-kix_a-0 start"><li class="c1"><span>old grains </span><b>taste</b> better</li></ul>
<ul class="c2 lst-kix_a-1 start"><li class="c1"><span>einkorn &amp; emmer</span></li></ul>
<ul class="c2 lst-kix_a-0"><li class="c1"><span>patience</span></li></ul></body></html>"""


def texts(page: str) -> list[str]:
    return [row.text for row in rows(page)[0]]


def test_a_note_of_apple_notes(tmp_path: Path) -> None:
    loaded = read(tmp_path, "note.html", APPLE)
    assert loaded.note.derived == "html"
    entry = loaded.reading.parts[0].entry
    assert (entry.show, entry.title, entry.date) == ("The Long Table", "Karl Vogt", "2023-05-06")
    assert shown(loaded)[1:] == [
        ((4, 4), None, "old grains taste better"),
        ((6, 6), None, "einkorn most of all"),
        ((7, 7), 750, "(12:30) it rises slowly"),
    ]


def test_a_document_of_google_docs(tmp_path: Path) -> None:
    loaded = read(tmp_path, "talk.html", GOOGLE)
    entry = loaded.reading.parts[0].entry
    assert (entry.show, entry.title) == ("The Long Table", "Karl Vogt")
    assert entry.urls == ("https://youtu.be/abcdefghijk",)
    passages = library(tmp_path).passages
    nested = next(p for p in passages if p.text == "einkorn & emmer")
    assert (nested.parents, nested.line_start) == (("old grains taste better",), 6)


def test_a_transcript_of_podcasting(tmp_path: Path) -> None:
    spoken = zip(("Kevin", "Alban ") * 4, SPOKEN * 2, range(8), strict=True)
    page = "\n".join(f"<cite>{name}:</cite>\n<time>{n}:09</time>\n<p>{words}</p>" for name, words, n in spoken)
    loaded = read(tmp_path, "talk.html", page)
    assert (loaded.note.reader, loaded.note.kind) == ("dialogue", "transcript")
    assert shown(loaded)[0][1] == 9
    assert "Alban : 1:09" in loaded.source.text


def test_scripts_styles_and_comments_are_left_out(tmp_path: Path) -> None:
    page = (
        "<p>seen</p><script>let hidden = '<p>'</script><style>hidden{}</style><!-- hidden --><svg><text>hidden</text>"
    )
    page += "</svg><noscript>hidden</noscript><template><p>hidden</p></template><p onclick='hidden()'>also seen</p>"
    assert texts(page) == ["seen", "", "also seen", ""]
    loaded = read(tmp_path, "a.html", page)
    assert "hidden" not in loaded.source.text
    assert doubts(loaded) == []


@pytest.mark.parametrize(
    ("page", "line"), [("<p>seen</p>\n<style>lost<p>lost", 2), ("<p>seen</p>\n\n<!-- lost\n<p>lost</p>", 3)]
)
def test_what_is_lost_behind_an_unclosed_tag_is_said(tmp_path: Path, page: str, line: int) -> None:
    loaded = read(tmp_path, "a.html", page)
    assert [(at, "never closed" in reason) for at, reason in doubts(loaded)] == [(line, True)]
    assert [words for *_, words in shown(loaded)] == ["seen"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<h1>A</h1><h3>B</h3>c", ["# A", "", "### B", "", "c"]),
        ("<title>T</title><p>x</p>", ["# T", "", "x", ""]),
        ("<title>T</title><h1>H</h1>", ["# H", ""]),
        ("<title>T<body><p>x", ["# T", "", "x"]),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", ["- a", "  - b", "- c", ""]),
        ("<li>a<li>b", ["- a", "- b"]),
        ("<p>a<br>b</p>", ["a", "b", ""]),
        ("<pre>one\n  two\n</pre>x", ["one", "  two", "", "x"]),
        ("<blockquote><p>q</p></blockquote>x", ["> q", "", "x"]),
        (
            "<table><tr><th>a</th><td>b</td></tr><tr><td><p>c</p></td><td><p>d</p></td></tr></table>",
            ["a | b", "c | d", ""],
        ),
        ("<a href='https://a.example/b'>words</a>", ["[words](https://a.example/b)"]),
        ("<a href='https://a.example/b'>https://a.example/b</a>", ["https://a.example/b"]),
        ("<a href='javascript:x()'>words</a>", ["words"]),
        ("x <a href='https://[bad'>words</a>", ["x words"]),
        ("&lt;b&gt; &eacute;&#8212;&nbsp;x", ["<b> é— x"]),
        ("a</p></ul></div></td></script>b", ["a", "", "b"]),
    ],
)
def test_tags_become_marks(page: str, expected: list[str]) -> None:
    assert texts(page) == expected


def test_a_line_knows_where_its_words_stand() -> None:
    found, _ = rows("<!--\n\n-->\n<p>\n\n one\n two\n</p>\n<p>three</p>")
    assert [(row.text, row.first, row.last) for row in found if row.text] == [("one two", 6, 7), ("three", 9, 9)]


def test_a_page_without_words_is_refused(tmp_path: Path) -> None:
    assert "no words" in refused(tmp_path, "a.html", "<script>words()</script><p> &nbsp;</p>")


def test_nul_bytes(tmp_path: Path) -> None:
    assert "not a text file" in refused(tmp_path, "a.html", b"<p>" + bytes(range(256)) * 4)
    assert "a\0b" in read(tmp_path, "b.html", b"<p>a\0b" + b" words" * 50 + b"</p>").source.text


def test_ten_thousand_levels_are_read(tmp_path: Path) -> None:
    for tag in ("div", "ul><li", "blockquote", "b", "table><tr><td"):
        page = f"<{tag}>" * 10_000 + "deep words" + "</div>" * 10_000
        assert [words for *_, words in shown(read(tmp_path, "a.html", page))] == ["deep words"]


HOSTILE = [
    "<!--",
    "<!-- >",
    "<a ",
    "<![CDATA[ >",
    "<![CDATA[",
    "<?",
    "<!x",
    "&",
    "&#",
    "</",
    "<a b='>",
    '<a b="',
    "<title>",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("end", ["", ">", "-->", "</p>"])
def test_no_page_takes_quadratic_time(piece: str, end: str) -> None:
    """The standard parser looks for the end of an unfinished tag anew at each of them: hours for such a page."""
    start = time.perf_counter()
    rows(piece * 100_000 + end)
    assert time.perf_counter() - start < 10


def test_html_is_known_by_its_ending() -> None:
    for suffix in (".html", ".HTM", ".xhtml"):
        extractor = extractor_for(suffix)
        assert extractor is not None
        assert extract(extractor, b"<p>words</p>").text == "words\n"
    assert extractor_for(".md") is None
