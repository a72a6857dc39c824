"""What holds for every reader and any text.

Nothing is lost silently: every letter and digit of a file stands in a passage, in a heading that is the section
of one, in front matter, among a caption's times, or in a line without words (`is_markup`), or a warning tells it.
"""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.reading.readers import READERS, Reader, Reading, Source, Unit, reader_for
from rag.reading.readers.blocks import is_markup
from rag.reading.readers.front import front_matter
from rag.reading.text import decode, readable
from tests.rag.reader_samples import SAMPLES

LINES = sorted({line for text in SAMPLES.values() for line in text.split("\n")})
HOSTILE = [
    "\ufeff",
    "\x00",
    "\r",
    "\u2028",
    "\u202e",
    "\ud800",
    "- " * 40,
    "> " * 40,
    "|" * 30,
    "\t" * 20,
    "&a [*a]",
    "2024-02-30",
]
LINE = st.one_of(st.sampled_from(LINES), st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=50))
TEXT = st.lists(LINE, max_size=40).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)
NAME = st.sampled_from(sorted(SAMPLES))
_TIMES = re.compile(r"\s*(?:\d+:)?\d+:\d\d[.,:]\d+\s*-{1,2}>")


def units(reading: Reading) -> list[Unit]:
    return [unit for part in reading.parts for unit in part.units]


@settings(max_examples=150, deadline=None)
@given(TEXT, NAME, st.sampled_from(READERS))
def test_no_text_breaks_a_reader_and_spans_are_in_order(text: str, name: str, other: Reader) -> None:
    source = Source.of(name, text)
    for reader in (reader_for(source), other):
        reading = reader.read(source)
        found = units(reading)
        assert reading.parts
        for unit in found:
            assert 0 <= unit.start <= unit.end <= len(text)
            assert 1 <= unit.line_start <= unit.line_end <= len(source.lines)
            assert source.lines[unit.line_start - 1].start <= unit.start
        assert all(one.end <= other.start for one, other in pairwise(found))


def lost(source: Source, reading: Reading) -> list[str]:
    """Lines of which a letter or digit is in no place it may be."""
    found = units(reading)
    held = bytearray(len(source.text))
    for unit in found:
        held[unit.start : unit.end] = b"\x01" * (unit.end - unit.start)
    sections = {re.sub(r"\W", "", name) for unit in found for name in unit.section}
    front = front_matter(source).lines
    return [
        line.text
        for line in source.lines[front:]
        if any(c.isalnum() and not held[line.start + n] for n, c in enumerate(line.text))
        and not _is_told(line.text, line.start, held, sections)
    ]


def _is_told(text: str, start: int, held: bytearray, sections: set[str]) -> bool:
    rest = "".join(c if not held[start + n] else " " for n, c in enumerate(text))
    if is_markup(text) or _TIMES.match(text) or re.fullmatch(r"\s*\d{1,3}[.)]?\s*", rest):
        return True
    if re.fullmatch(r"\s*(?:<v [^<>]*>|\s\^[\w-]+|\[\^\w+\]:|(?:>\s*)+\[![\w-]+\][+-]?|[-*+] \[[xX/]\]|\W)*\s*", rest):
        return True
    bare = re.sub(r"\W", "", readable(text))
    return any(bare in name or name in bare for name in sections if name)


def test_what_is_lost_is_noticed() -> None:
    """The check itself: a reading that leaves out a passage must fail it."""
    source = Source.of("plain.md", "# Salt\n\nMules carried it.\n\nTolls paid for it.\n")
    reading = reader_for(source).read(source)
    assert lost(source, reading) == []
    part = reading.parts[0]
    fewer = Reading(kind="notes", author=None, parts=(type(part)(entry=part.entry, units=part.units[:-1]),))
    assert lost(source, fewer) == ["Tolls paid for it."]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_is_whole(name: str) -> None:
    source = Source.of(name, SAMPLES[name])
    left = [text for text in lost(source, reader_for(source).read(source)) if not _known(name, text)]
    assert left == []


def _known(name: str, text: str) -> bool:
    """A cue's name is its number's stand-in; WEBVTT and NOTE are marks."""
    return name.endswith(".vtt") and text.split(" ")[0] in ("WEBVTT", "NOTE", "intro")


WORD = st.from_regex(r"[a-z]{2,9}", fullmatch=True)
SENTENCE = st.lists(WORD, min_size=3, max_size=9).map(lambda words: " ".join(words).capitalize() + ".")
SHAPED = st.tuples(
    st.sampled_from(["", "- ", "  - ", "> ", "1. ", "## ", "(12:30) ", "**", "[^1]: ", "| "]), SENTENCE
).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(SHAPED, st.just("")), min_size=1, max_size=30))
def test_no_sentence_of_a_note_is_lost(lines: list[str]) -> None:
    source = Source.of("any.md", "\n".join(lines))
    assert lost(source, reader_for(source).read(source)) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = "# Café of the north" + end + end + "- naïve bakers rise early" + end + "- crème is dear, they say" + end
    source = Source.of("any.md", decode(text.encode(encoding)).text)
    found = [source.text[u.start : u.end] for u in units(reader_for(source).read(source))]
    assert found[1:] == ["naïve bakers rise early", "crème is dear, they say"]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 400_000,
        "x" * 2_000_000,
        "> " * 20_000 + "deep",
        "".join("  " * n + "- level\n" for n in range(1_000)),
        "[" * 100_000,
        "# " * 50_000,
        " " * 300_000 + "end",
        "| " * 50_000 + "\n" + "|-" * 50_000,
        "00:00:01,000 --> 00:00:02,000\n" * 20_000,
        "<v " * 50_000,
        "Ann Lee" + " " * 60_000 + "x",
        "00:01.000 --> 00:02.000\nAnn Lee" + " " * 60_000 + "x\n\n00:03.000 --> 00:04.000\nyes\n",
        "---\ntitle: x" + " " * 60_000 + "y\n---\n- a\n",
        "#" * 50_000 + " x" + " #" * 20_000,
        "---\n" + "a: b\n" * 1_500 + "---\n",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_size_or_depth_is_slow(text: str) -> None:
    """A table's rule, a heading's closing marks and a block's id were once looked for in quadratic time."""
    source = Source.of("any.md", text)
    start = time.perf_counter()
    reader_for(source).read(source)
    assert time.perf_counter() - start < 8
