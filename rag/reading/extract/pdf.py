"""PDF: the text layer, page by page; two columns are read one after the other. Places are page numbers.

Knows nothing of pictures: a page that is only one is named, and text is never recognised in it.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PdfReadError

from rag.errors import NoteError
from rag.reading.extract.base import Extracted, Row, Trouble
from rag.sentences import ends_sentence

_MOST_PAGES = 3_000
_LEAST_LINES, _SHARE = 5, 0.4
_NEAR = 4.0
_GLYPH = 0.45
"""Width of a letter over its height, on the short side of what fonts have."""

_MARKED = re.compile(r"[-*•◦▪●–—]\s|\d{1,3}[.)]\s|[(\[]?\d{1,2}:\d\d")
_CUT = re.compile(r"[^\W\d_][-\u00ad]$")

_log = logging.getLogger(__name__)
logging.getLogger("pypdf").setLevel(logging.ERROR)


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Words drawn in one go, and where."""

    x: float
    y: float
    size: float
    text: str

    @property
    def end(self) -> float:
        return self.x + _GLYPH * self.size * len(self.text.rstrip())


def extract(data: bytes) -> Extracted:
    """The pages' lines. Raises NoteError where the file is no PDF, encrypted, or has no text."""
    texts, broken = _texts(_pages(data))
    empty = [number for number, lines in enumerate(texts, start=1) if not any(map(str.strip, lines))]
    if len(broken) == len(texts):
        raise NoteError("No page of the PDF can be read.", remedy="Export it again.")
    if len(empty) == len(texts):
        raise NoteError(
            "The PDF has no text, only pictures of pages.",
            remedy="Have its text recognised (for example with ocrmypdf) and index again.",
        )
    rows = [Row(text=text, first=number, last=number) for number, lines in enumerate(texts, 1) for text in [*lines, ""]]
    return Extracted.of(rows, counted="page", troubles=[*_gaps(empty, broken)])


def _pages(data: bytes) -> Sequence[PageObject]:
    encrypted = NoteError("The PDF is encrypted.", remedy="Open it and save or print it as a PDF without a password.")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise encrypted
        count = len(reader.pages)
        if count > _MOST_PAGES:
            raise NoteError(f"The PDF has {count:,} pages; at most {_MOST_PAGES:,} are read.", remedy="Split it.")
        return list(reader.pages)
    except (DependencyError, FileNotDecryptedError) as error:
        raise encrypted from error
    except PdfReadError as error:
        raise NoteError("This is no PDF, or a damaged one.", remedy="Export it again.") from error


def _texts(pages: Sequence[PageObject]) -> tuple[list[list[str]], list[int]]:
    """The lines of every page, and the numbers of those pages that cannot be read."""
    texts: list[list[str]] = []
    broken: list[int] = []
    for number, page in enumerate(pages, start=1):
        try:
            texts.append(_lines(page))
        except Exception:
            _log.debug("page %d", number, exc_info=True)
            texts.append([])
            broken.append(number)
    return texts, broken


def _gaps(empty: Sequence[int], broken: Sequence[int]) -> Iterator[Trouble]:
    pictures = [number for number in empty if number not in broken]
    for pages, what in ((pictures, "without text, perhaps pictures,"), (broken, "that are damaged")):
        if pages:
            named = ", ".join(map(str, pages[:10])) + (" and more" if len(pages) > 10 else "")
            yield pages[0], f"Pages {what} were left out: {named}."


def _lines(page: PageObject) -> list[str]:
    """The page's lines in the order a person reads them."""
    pieces: list[_Piece] = []

    def drawn(text: str, user: Sequence[float], line: Sequence[float], _font: object, size: float) -> None:
        if text.strip():
            x, y = line[4] * user[0] + line[5] * user[2] + user[4], line[4] * user[1] + line[5] * user[3] + user[5]
            pieces.append(_Piece(x=x, y=y, size=size * abs(line[3] * user[3]) or size, text=text))

    plain = page.extract_text(visitor_text=drawn)
    edge = _second_column(pieces)
    lines = list(_by_column(_drawn_lines(pieces), edge)) if edge is not None else re.split(r"[\r\n]", plain)
    sizes = {_joined([piece]): piece.size for piece in pieces}
    return _unwrapped([" ".join(line.split()) for line in lines], sizes)


def _unwrapped(lines: Sequence[str], sizes: Mapping[str, float]) -> list[str]:
    """The lines, with those joined that a sentence runs over; as they are where lines do not seem to be wrapped.

    `sizes`: the height of the letters of a line, where that is known; a heading ends where they change.
    """
    longest = sorted(map(len, lines))[len(lines) * 9 // 10] if lines else 0
    runs_on = [
        len(line) >= 0.7 * longest and _goes_on(line, after) and _alike(sizes.get(line), sizes.get(after))
        for line, after in pairwise(lines)
    ]
    carried = sum(after[0].islower() for goes, after in zip(runs_on, lines[1:], strict=True) if goes)
    if carried < 0.3 * sum(runs_on):
        return list(lines)
    joined = list(lines[:1])
    for goes, after in zip(runs_on, lines[1:], strict=True):
        if goes:
            joined[-1] = _together(joined[-1], after)
        else:
            joined.append(after)
    return joined


def _goes_on(line: str, after: str) -> bool:
    return bool(after) and not line.endswith(":") and not ends_sentence(line) and not _MARKED.match(after)


def _alike(one: float | None, other: float | None) -> bool:
    """Whether two letter sizes are the same, as far as both are known."""
    return not one or not other or 0.9 < one / other < 1.1


def _together(line: str, after: str) -> str:
    """Two lines as one; a word that a hyphen cuts at the line end is whole again."""
    return line[:-1] + after if _CUT.search(line) and after[0].islower() else f"{line} {after}"


def _second_column(pieces: Sequence[_Piece]) -> float | None:
    """Where a second column starts: an edge in the middle of the text at which many lines start anew, and which
    few lines run across."""
    if not pieces:
        return None
    left, right = min(piece.x for piece in pieces), max(piece.end for piece in pieces)
    lines = _drawn_lines(pieces)
    starts = Counter(round(piece.x / _NEAR) for piece in pieces)
    middle = [place for place in starts if 0.35 < (place * _NEAR - left) / max(1.0, right - left) < 0.65]
    if not middle:
        return None
    edge = max(middle, key=lambda place: starts[place]) * _NEAR - _NEAR
    sides = [[piece for piece in line if (piece.x >= edge) is side] for line in lines for side in (False, True)]
    lefts, rights = (sum(map(bool, sides[side::2])) for side in (0, 1))
    across = sum(_crosses(line, edge) for line in lines)
    least = max(_LEAST_LINES, _SHARE * len(lines) / 2)
    return edge if min(lefts - across, rights) >= least and across < 0.3 * lefts else None


def _crosses(line: Sequence[_Piece], edge: float) -> bool:
    return any(piece.x < edge and piece.end > edge + 2 * _NEAR for piece in line)


def _drawn_lines(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Pieces of one height together, from the top of the page down, each line from the left."""
    heights: dict[int, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        heights[round(piece.y / 3)].append(piece)
    return [sorted(heights[height], key=lambda piece: piece.x) for height in sorted(heights, reverse=True)]


def _by_column(lines: Sequence[Sequence[_Piece]], edge: float) -> Iterator[str]:
    """The left column and then the right one, above and below each line that spans both."""
    columns: tuple[list[str], list[str]] = ([], [])
    for line in lines:
        if _crosses(line, edge):
            yield from (*columns[0], *columns[1], _joined(line))
            columns = ([], [])
            continue
        for side, column in zip((False, True), columns, strict=True):
            words = _joined([piece for piece in line if (piece.x >= edge) is side])
            if words:
                column.append(words)
    yield from (*columns[0], *columns[1])


def _joined(line: Sequence[_Piece]) -> str:
    return " ".join(" ".join(piece.text for piece in line).split())
