"""Characters: from a file's bytes to its text, and from a note's words to what a person reads.

Decoding never translates line ends, so an offset into the decoded text always leads back to the same
bytes. Repairing keeps, for every character it shows, where that character stands in the original.
Knows nothing of notes, episodes or passages.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ftfy
from charset_normalizer import from_bytes

from rag.reading.offsets import Offsets

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_END = r"(?:\r\n|\r|\n)"
_CUE = rf"(?:[\w.:-]{{1,40}}{_END})?(?:\d+:)?\d?\d:\d\d[.,]\d{{1,3}}[ \t]+-->[^\r\n]*{_END}(?:[ \t]*<v[^<>\r\n]*>)?"
_PIECE = re.compile(
    rf"(?P<gap>[\r\n]\s*(?:{_CUE}|[*•>+-][ \t]+)?|<br\s*/?>|</?(?:p|div|li|ul|ol|details|summary|blockquote)>)"
    # a line end, with the mark the next line opens with or a caption's number and times; a tag that breaks the line
    r"|(?P<tag></?(?:b|i|u|em|strong|c|span|sub|sup|v)(?:[ .][^<>\r\n]{0,200})?>|<\d\d:\d\d[\d:.]*>)"
    r"|(?P<drop>(?<!\w)\*\*(?=\S[^*\r\n]{0,200}\*\*(?!\w))|(?<=\S)\*\*(?!\w)|\\(?=[\[\]*_#])|\[(?=[^\[\]\r\n]{1,300}\]\(https?:))"
    r"|(?P<link>\](?=\(https?:))"
    r"|(?P<wide>[^\x00-\x7f]+)"
    r"|(?P<plain>[^\r\n*\\\[\]<\u0080-\U0010ffff]+|.)"
)
_TIMES = re.compile(r"\s*(?P<start>[0-9:]{4,9}[.,][0-9]{1,3})\s*-->\s*(?P<end>[0-9:]{4,9}[.,][0-9]{1,3})")
_TAG = re.compile(r"<[^<>]{0,80}>")
_FLASH = 0.05  # seconds: a caption this short only carries the line of the one before over to the next
_PLAIN = re.compile(r"[!-)+-;=-Z^-~]+(?: [!-)+-;=-Z^-~]+)*")


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A file's text. `text.encode(encoding)` gives the bytes back unless `damaged` names a line.

    Attributes:
        guessed: True where the bytes did not say their encoding and were not UTF-8.
        damaged: first line with bytes that mean nothing in the encoding, or None.
    """

    text: str
    encoding: str
    guessed: bool = False
    damaged: int | None = None


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """Text as read, and for each of its characters the offset it came from."""

    text: str
    text_to_raw: Offsets


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line without its line end.

    Attributes:
        number: 1-based.
        start: offset of its first character.
        end: offset behind its last character that is not white space.
    """

    number: int
    start: int
    end: int
    text: str


def is_binary(data: bytes) -> bool:
    """Whether bytes cannot be a note: NULs outside UTF-16/32, or too many control characters."""
    named = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    sample = data[:_SAMPLE].decode(named or _wide_encoding(data) or "latin-1", errors="replace")
    control = sum(character < " " and character not in "\t\n\r\f\x1b" for character in sample)
    return data.startswith((b"%PDF-", b"PK\x03\x04")) or control > len(sample) * 0.02


def decode(data: bytes) -> Decoded:
    """Text of `data`, a byte order mark and line ends included. Never fails."""
    named = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if not named and _wide_encoding(data):
        return _guess(data)
    encoding = named or "utf-8"
    decoded = _strict(data, encoding)
    if decoded is not None:
        return Decoded(text=decoded, encoding=encoding)
    return _lenient(data, encoding) if named or _mostly_utf8(data) else _guess(data)


def lines(text: str) -> tuple[Line, ...]:
    """The lines of `text`, split at CRLF, LF and CR only."""
    return tuple(_lines(text))


def rolled(raw: str) -> list[tuple[int, int]]:
    """Spans of the captions' lines in `raw` that only repeat the line shown before, as captions that roll do.

    Such a line stands above another one, or alone in a caption that is hardly shown: who says a word twice is heard.
    """
    found: list[tuple[int, int]] = []
    shown, flash, fresh, begun = "", False, False, False
    known = [line for line in _lines(raw) if line.text]
    for line, after in zip(known, [*known[1:], None], strict=False):
        if times := _TIMES.match(line.text):
            flash, fresh = _seconds(times["end"]) - _seconds(times["start"]) < _FLASH, True
            continue
        words = " ".join(_TAG.sub("", line.text).split())
        above = after is not None and after.number == line.number + 1 and not _TIMES.match(after.text)
        same = words == shown or (not begun and words.endswith(f" {shown}"))  # a quote may begin within a line
        if fresh and words and same and (flash or above):
            found.append((line.start, line.end))
        begun = begun or (bool(shown) and not same)
        shown, fresh = words or shown, fresh and not words
    return found


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part or 0)
    return total


def repair(raw: str) -> Repaired:
    """`raw` for reading: mojibake mended, marks and inner line starts dropped, white space collapsed."""
    if _PLAIN.fullmatch(raw):
        return Repaired(text=raw, text_to_raw=Offsets.of(range(len(raw))))
    pieces = _pieces(raw)
    characters, offsets = _collapse(_without(pieces, rolled(raw)) if "-->" in raw else pieces)
    return Repaired(text="".join(characters), text_to_raw=Offsets.of(offsets))


def readable(raw: str) -> str:
    """The text of `repair` alone."""
    return repair(raw).text


def slug(text: str, *, limit: int = 80) -> str:
    """Lower-case words of `text` joined by hyphens; letters of other scripts stay."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", kept).strip("-")[:limit].strip("-")


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _encodes(text: str, encoding: str) -> bytes | None:
    """The bytes of `text`. Some East Asian encodings read two spellings of a character and write only one."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark shows as a NUL in nearly every other byte."""
    sample = data[:4096]
    if len(sample) < 4:
        return None
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if odd > len(sample) * 0.35 and even < len(sample) * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) * 0.35 and odd < len(sample) * 0.05 else None


def _mostly_utf8(data: bytes) -> bool:
    """More characters of several bytes than broken ones: UTF-8 with an accident in it."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return sum(ord(c) > 127 for c in text) - broken > broken


def _lenient(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    return Decoded(text=text, encoding=encoding, damaged=text.count("\n", 0, text.index("\ufffd")) + 1)


def _guess(data: bytes) -> Decoded:
    best = _wide_encoding(data)
    if best is None:
        match = from_bytes(data[:_SAMPLE]).best()
        best = match.encoding if match else None
    for encoding in (_western(best), "cp1252", "latin-1"):
        text = _strict(data, encoding)
        if text is not None and _encodes(text, encoding) == data:
            return Decoded(text=text, encoding=encoding, guessed=True)
    return _lenient(data, "utf-8")


def _western(name: str | None) -> str:
    """The guess, with the rare single-byte Latin sets it is often confused with read as Windows-1252."""
    latin = ("cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "latin_1", "iso8859", "mac_", "cp4", "cp5", "cp8", "hp_")
    return "cp1252" if name is None or name.startswith(latin) else name


def _lines(text: str) -> Iterator[Line]:
    for number, match in enumerate(_LINE.finditer(text), start=1):
        if match.end() == len(text) and match.start() == match.end() and number > 1:
            return
        words = match[1].rstrip()
        yield Line(number=number, start=match.start(), end=match.start() + len(words), text=words)


def _pieces(raw: str) -> Iterator[tuple[Iterable[str], Iterable[int]]]:
    for match in _PIECE.finditer(raw):
        start, end = match.span()
        if match.lastgroup in ("gap", "link"):
            yield " ", (start,)
        elif match.lastgroup == "wide":
            yield _mend(match[0], start, opens=start == 0 or raw[start - 1].isspace())
        elif match.lastgroup == "plain":
            yield match[0], range(start, end)


def _without(
    pieces: Iterable[tuple[Iterable[str], Iterable[int]]], spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[Iterable[str], Iterable[int]]]:
    """The pieces without the characters that stand in `spans` (in order, apart)."""
    starts = [start for start, _ in spans]
    for piece, places in pieces:
        kept = [(c, at) for c, at in zip(piece, places, strict=True) if not _within(at, spans, starts)]
        yield [c for c, _ in kept], [at for _, at in kept]


def _within(at: int, spans: Sequence[tuple[int, int]], starts: Sequence[int]) -> bool:
    nearest = bisect_right(starts, at) - 1
    return nearest >= 0 and at < spans[nearest][1]


def _mend(run: str, start: int, *, opens: bool) -> tuple[str, list[int]]:
    """A run of non-ASCII characters, mended. Each mended character stands for several original ones:
    the first of them where it opens a word, the last where it closes one, so a quote keeps them all."""
    mended = _fix(run)
    if mended == run:
        return run, list(range(start, start + len(run)))
    widths = [len(c.encode("utf-8", "replace")) for c in mended]
    scale = len(run) / sum(widths)
    edges = [0]
    for width in widths:
        edges.append(edges[-1] + width)
    first = [min(int(edge * scale), len(run) - 1) for edge in edges[:-1]]
    last = [max(a, min(int(edge * scale) - 1, len(run) - 1)) for a, edge in zip(first, edges[1:], strict=True)]
    places = first[:1] + last[1:] if opens else last
    return mended, [start + place for place in places]


@lru_cache(maxsize=4096)
def _fix(run: str) -> str:
    return run if len(run) == 1 or len(run) > 500 else ftfy.fix_encoding(run)


def _collapse(pieces: Iterable[tuple[Iterable[str], Iterable[int]]]) -> tuple[list[str], list[int]]:
    characters: list[str] = []
    offsets: list[int] = []
    pending = -1
    for piece, places in pieces:
        for character, place in zip(piece, places, strict=True):
            if character.isspace():
                pending = place if pending < 0 else pending
            elif (shown := _shown(character)) is not None:
                if pending >= 0 and characters:
                    characters.append(" ")
                    offsets.append(pending)
                pending = -1
                characters.append(shown)
                offsets.append(place)
    return characters, offsets


def _shown(character: str) -> str | None:
    """The character as shown: None for one that has no shape, a mark for half of a surrogate pair."""
    if " " < character < "\x7f":
        return character
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return None if category == "Cc" or character in "\ufeff\u200b\u2060" else character
