"""OPML: the episodes of a podcast app's export (Overcast's "All data"), or the outline of an outliner.

A list of followed shows holds no notes and is refused, saying so. Entities are not resolved beyond XML's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from rag.errors import NoteError
from rag.reading.extract.base import AS_TEXT, Extracted, Row, characters
from rag.reading.minutes import format_seconds

_DEEPEST = 500
_LONGEST = 100 * 3600


@dataclass(frozen=True, kw_only=True)
class _Item:
    """One outline: what stands in it, how deep, and in which line."""

    said: Mapping[str, str]
    depth: int
    line: int
    under: str

    @property
    def words(self) -> str:
        return " ".join((self.said.get("text") or self.said.get("title") or "").split())


def extract(data: bytes) -> Extracted:
    """Episodes or bullets. Raises NoteError where the file is no OPML or lists shows only."""
    text, troubles = characters(data)
    title, items = _Listener().heard(text)
    if any("xmlUrl" in item.said or item.said.get("type") == "rss" for item in items):
        episodes = [item for item in items if item.said.get("type") == "podcast-episode"]
        if not episodes:
            raise NoteError(
                "The file lists the shows that are followed; it holds no episodes and no notes.",
                remedy="From Overcast, export “All data” instead.",
            )
        return Extracted.of((row for item in episodes for row in _episode(item)), troubles=troubles)
    return Extracted.of(_outline(title, items), troubles=troubles)


def _episode(item: _Item) -> Iterator[Row]:
    """A heading, the lines that name the episode, and how far it was heard."""
    said = item.said
    lines = [f"## {item.words or 'Untitled'}"]
    lines += [f"Podcast: {item.under}"] if item.under else []
    lines += [f"Date: {said['pubDate'][:10]}"] if said.get("pubDate") else []
    lines += [f"Link: {said[key]}" for key in ("overcastUrl", "url", "enclosureUrl") if said.get(key)]
    reached = _reached(said.get("progress", ""))
    heard = "Heard to the end." if said.get("played") == "1" else f"Heard up to [{reached}]." if reached else ""
    notes = [" ".join(said[key].split()) for key in ("_note", "note", "description") if said.get(key)]
    lines += ["", *(f"- {words}" for words in (heard, *notes) if words), ""]
    for line in lines:
        yield Row(text=line, first=item.line, last=item.line)


def _reached(progress: str) -> str:
    """A place in the audio out of whole seconds; "" for none."""
    digits = progress.partition(".")[0]
    seconds = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
    return format_seconds(seconds) if 0 < seconds < _LONGEST else ""


def _outline(title: str, items: list[_Item]) -> Iterator[Row]:
    if title:
        yield Row(text=f"# {title}", first=1, last=1)
        yield Row(text="", first=1, last=1)
    for item in items:
        indent = "  " * item.depth
        if item.words:
            yield Row(text=f"{indent}- {item.words}", first=item.line, last=item.line)
        note = " ".join(item.said.get("_note", "").split())
        if note:
            yield Row(text=f"{indent}  - {note}", first=item.line, last=item.line)


class _Listener:
    """Hears the tags of one file as expat reads them."""

    def __init__(self) -> None:
        self._items: list[_Item] = []
        self._open: list[str] = []
        self._outlines: list[str] = []
        self._title: list[str] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.EntityDeclHandler = self._entity

    def heard(self, text: str) -> tuple[str, list[_Item]]:
        """The file's title and its outlines, in order."""
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise NoteError(f"Line {error.lineno} is no valid OPML: {reason}.", remedy="Export it again.") from error
        return " ".join("".join(self._title).split()), self._items

    def _start(self, tag: str, said: dict[str, str]) -> None:
        if not self._open and tag != "opml":
            raise NoteError("This XML is no OPML.", remedy="Export the notes in another format.")
        self._open.append(tag)
        if len(self._open) > _DEEPEST:
            raise NoteError("The file is nested too deeply to be read.", remedy=AS_TEXT)
        if tag == "outline":
            under = self._outlines[-1] if self._outlines else ""
            line = self._parser.CurrentLineNumber
            item = _Item(said=said, depth=len(self._outlines), line=line, under=under)
            self._items.append(item)
            self._outlines.append(item.words)

    def _end(self, tag: str) -> None:
        self._open.pop()
        if tag == "outline":
            self._outlines.pop()

    def _words(self, words: str) -> None:
        if self._open[1:] == ["head", "title"]:
            self._title.append(words)

    def _entity(self, *_: object) -> None:
        raise NoteError("The file declares entities, which no OPML needs.", remedy="Export it again.")
