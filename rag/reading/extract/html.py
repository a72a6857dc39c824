"""HTML: what a browser would show of it, as Markdown-like lines. Apple Notes, Google Docs and any other.

Read with the standard library's parser, because it alone says in which line a word stands. Scripts, styles and
comments are left out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from rag.reading.extract.base import Extracted, Row, Trouble, characters
from rag.types import Counted

_DROPPED = frozenset({"script", "style", "template", "noscript", "svg", "math", "select", "textarea"})
_SET_APART = "p ul ol dl table blockquote pre section article header footer main aside nav figure body"
_ON_LINES = "div li tr dt dd br hr caption figcaption details summary address form"
_APART = frozenset(_SET_APART.split())
_BLOCKS = _APART | frozenset(_ON_LINES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_DOCS_LEVEL = re.compile(r"\blst-kix_\w+-(\d)\b")
_DEEPEST = 12


def extract(data: bytes) -> Extracted:
    """The page's words. Raises NoteError where it has none."""
    text, troubles = characters(data)
    found, lost = rows(text)
    return Extracted.of(found, troubles=[*troubles, *lost])


def rows(page: str, *, counted: Counted = "line") -> tuple[list[Row], list[Trouble]]:
    """The lines of a page, and what was lost of it; their places are its lines, or the numbers of its paragraphs."""
    walk = _Walk(by_line=counted == "line")
    tamed, lost = _tamed(page)
    walk.feed(tamed)
    walk.close()
    return walk.finished(), [*lost, *walk.lost()]


class _Walk(HTMLParser):
    """Goes through the tags once, collecting the words of one line at a time."""

    def __init__(self, *, by_line: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._by_line = by_line
        self._rows: list[Row] = []
        self._words: list[str] = []
        self._first = self._last = self._paragraph = 1
        self._dropped: list[tuple[str, int]] = []
        self._lists: list[int] = []
        self._mark = ""
        self._cell: int | None = None
        self._pre = 0
        self._quoted = 0
        self._link: tuple[int, str] | None = None
        self._title: list[str] | None = None
        self._titles: list[Row] = []
        self._headed = False

    def finished(self) -> list[Row]:
        """All lines, opened by the page's title where no heading of the first rank says it."""
        self._flush()
        return self._rows if self._headed else [*self._titles, *self._rows]

    def lost(self) -> list[Trouble]:
        """The first of the tags whose insides are left out that is never closed."""
        return [(line, _unclosed(f"<{tag}>")) for tag, line in self._dropped[:1]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped or tag in _DROPPED:
            self._dropped += [(tag, self.getpos()[0])] if tag in _DROPPED else []
            return
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS or tag in _HEADINGS:
            self._open(tag, given)
        elif tag in ("td", "th"):
            self._words += [" | "] if self._words else []
            self._cell = len(self._words)
        elif tag in ("cite", "time"):
            self._words.append(" ")
        elif tag == "title":
            self._title = []
        elif tag == "a":
            self._link = (len(self._words), _address(given.get("href", "")))

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            opened = next((n for n, (name, _) in enumerate(self._dropped) if name == tag), len(self._dropped))
            del self._dropped[opened:]
            return
        if tag in _BLOCKS or tag in _HEADINGS:
            self._close(tag)
        elif tag in ("cite", "time"):
            self._words.append(" ")
        elif tag == "title":
            self._titled()
        elif tag == "a":
            self._linked()

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._title is not None:
            self._title.append(data)
            return
        for number, words in enumerate(data.split("\n") if self._pre else [data]):
            if number:
                self._flush()
            if words.strip():
                line = self.getpos()[0] + (number or data[: len(data) - len(data.lstrip())].count("\n"))
                self._first = self._first if any(map(str.strip, self._words)) else line
                self._last = line + words.strip().count("\n")
            self._words.append(words)

    def _open(self, tag: str, given: dict[str, str]) -> None:
        if self._title is not None:
            self._titled()
        if self._cell is not None and tag in ("p", "div") and not any(map(str.strip, self._words[self._cell :])):
            return
        self._cell = None if tag == "table" else self._cell
        self._flush(apart=tag in _APART and not self._lists, soft=tag == "br")
        if tag in ("ul", "ol"):
            level = _DOCS_LEVEL.search(given.get("class", ""))
            self._lists.append(int(level[1]) if level else min(len(self._lists), _DEEPEST))
        elif tag == "li":
            self._mark = "  " * (self._lists[-1] if self._lists else 0) + "- "
        elif tag in _HEADINGS:
            self._flush(apart=True)
            self._mark = "#" * _HEADINGS[tag] + " "
        self._pre += tag == "pre"
        self._quoted += tag == "blockquote"

    def _close(self, tag: str) -> None:
        if self._cell is not None and tag in ("p", "div"):
            return
        self._cell = None if tag in ("tr", "table") else self._cell
        empty = tag == "div" and not any(map(str.strip, self._words))
        headed = self._flush() and tag == "h1"
        self._headed = self._headed or headed
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._pre = max(0, self._pre - (tag == "pre"))
        self._quoted = max(0, self._quoted - (tag == "blockquote"))
        if (empty or tag in _APART or tag in _HEADINGS) and not self._lists:
            self._gap()
        self._mark = "" if tag == "li" or tag in _HEADINGS else self._mark

    def _flush(self, *, apart: bool = False, soft: bool = False) -> bool:
        """Ends the line, and its paragraph unless it is a `soft` end; whether it had words."""
        text = "".join(self._words)
        self._words, self._link = [], None
        self._cell = self._cell and 0
        words = text.rstrip() if self._pre else " ".join(text.split())
        if words:
            mark = self._mark or ("> " if self._quoted else "")
            first, last = (self._first, self._last) if self._by_line else (self._paragraph, self._paragraph)
            self._rows.append(Row(text=mark + words, first=first, last=last))
            self._mark = " " * len(mark) if mark.strip() == "-" else ""
            self._paragraph += not soft
        if apart:
            self._gap()
        return bool(words)

    def _gap(self) -> None:
        if self._rows and self._rows[-1].text:
            self._rows.append(Row(text="", first=self._rows[-1].last, last=self._rows[-1].last))

    def _titled(self) -> None:
        words = " ".join("".join(self._title or ()).split())
        self._title = None
        if words and not self._titles:
            line = self.getpos()[0] if self._by_line else 1
            self._titles = [Row(text=f"# {words}", first=line, last=line), Row(text="", first=line, last=line)]

    def _linked(self) -> None:
        """`[words](address)`; the address alone where the words are no more than that."""
        if self._link is None or not self._link[1]:
            return
        start, address = self._link
        words = " ".join("".join(self._words[start:]).split())
        same = words.rstrip("/") in (address.rstrip("/"), address.partition("://")[2].rstrip("/"))
        if words:
            lead = " " if self._words[start][:1].isspace() else ""
            self._words[start:] = [lead + (address if same else f"[{words}]({address})")]
        self._link = None


def _address(link: str) -> str:
    """A web address, out of the redirection that Google Docs wraps it in; "" for any other."""
    if not link.startswith(("http://", "https://")) or re.search(r"[\s()<>]", link):
        return ""
    try:
        split = urlsplit(link)
    except ValueError:
        return ""
    wrapped = split.path == "/url" and (split.hostname or "").startswith("www.google.")
    return next(iter(parse_qs(split.query).get("q", [])), link) if wrapped else link


def _unclosed(what: str) -> str:
    return f"The {what} that opens here is never closed; what follows it was left out."


def _tamed(page: str) -> tuple[str, list[Trouble]]:
    """The page without what the parser takes quadratic time for, and what is lost by that.

    Comments (their line ends stay), marked sections, and an unfinished tag at the end.
    """
    parts: list[str] = []
    lost: list[Trouble] = []
    at = 0
    while (start := page.find("<!--", at)) >= 0:
        closing = page.find("-->", start + 4)
        end = len(page) if closing < 0 else closing + 3
        lost += [(page.count("\n", 0, start) + 1, _unclosed("comment"))] if closing < 0 else []
        parts += [page[at:start], "\n" * page.count("\n", start, end)]
        at = end
    whole = "".join([*parts, page[at:]]).replace("<![", "<!x")
    last = whole.rfind(">") + 1
    return whole[:last] + whole[last:].replace("<", "&lt;"), lost
