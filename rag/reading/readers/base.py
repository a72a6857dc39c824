"""What every reader takes and gives: a decoded file in, parts about episodes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from rag.reading.text import Line, lines, readable
from rag.types import Counted, EpisodeEntry, NoteKind, ReadWarning


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file as its readers see it.

    Attributes:
        file: path relative to the notes folder, with forward slashes.
        text: its decoded text, line ends untouched.
        lines: the same, cut in lines.
        line_map: for each line, the first and last line of the file it was extracted from; empty where they are one.
        counted: what those lines of the file are.
    """

    file: str
    text: str
    lines: tuple[Line, ...]
    line_map: tuple[tuple[int, int], ...] = ()
    counted: Counted = "line"

    @classmethod
    def of(
        cls, file: str, text: str, *, line_map: tuple[tuple[int, int], ...] = (), counted: Counted = "line"
    ) -> Source:
        """The source of a decoded file, or of what was extracted from one."""
        return cls(file=file, text=text, lines=lines(text), line_map=line_map, counted=counted)

    def place(self, line_start: int, line_end: int) -> tuple[int, int]:
        """Where lines of the text stand in the file: the same, unless it was extracted."""
        places = self.line_map[line_start - 1 : line_end]
        if not places:
            return line_start, line_end
        return min(first for first, _ in places), max(last for _, last in places)

    @property
    def stem(self) -> str:
        """The file's name without folder and extension."""
        return self.file.rpartition("/")[2].rpartition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A passage that does not know its episode yet: a span of the file and what stands around it."""

    start: int
    end: int
    line_start: int
    line_end: int
    section: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    seconds: int | None = None
    seconds_end: int | None = None
    seconds_around: bool = False
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one file says of one episode.

    Attributes:
        entry: the episode as this file names it; `title` is "" where it names none.
        units: its passages, in the order of the file.
        header: text of the lines that name the episode; the passages' context.
        guessed_guests: True where guests were only gathered from who speaks in the text.
    """

    entry: EpisodeEntry
    units: tuple[Unit, ...]
    header: str = ""
    guessed_guests: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A file as read."""

    kind: NoteKind
    author: str | None
    parts: tuple[Part, ...]
    warnings: tuple[ReadWarning, ...] = field(default=())


class Reader(Protocol):
    """One shape of file."""

    @property
    def name(self) -> str: ...

    def sniff(self, source: Source) -> bool:
        """Whether the file has this reader's shape. Must not fail."""
        ...

    def read(self, source: Source) -> Reading:
        """The file's parts. Must not fail on any text."""
        ...


def shown(source: Source, start: int, end: int) -> str:
    """The words of a span, as read."""
    return readable(source.text[start:end])
