from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.text import decode, is_binary, lines, readable, repair, slug

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=300)


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"plain\r\nold\n", "plain\r\nold\n", "utf-8"),
        ("naïve – “so”".encode(), "naïve – “so”", "utf-8"),
        (b"\xef\xbb\xbfmarked", "\ufeffmarked", "utf-8"),
        ("\ufeffgrüße".encode("utf-16-le"), "\ufeffgrüße", "utf-16-le"),
        ("\ufeffgrüße".encode("utf-16-be"), "\ufeffgrüße", "utf-16-be"),
        ("no mark here, only letters".encode("utf-16-le"), "no mark here, only letters", "utf-16-le"),
    ],
)
def test_decoding_names_its_encoding_and_loses_no_byte(data: bytes, text: str, encoding: str) -> None:
    decoded = decode(data)
    assert (decoded.text, decoded.encoding, decoded.damaged) == (text, encoding, None)
    assert decoded.text.encode(decoded.encoding) == data


def test_windows_text_is_guessed_and_said_so() -> None:
    data = "The café’s “best” idea – they said – was naïve.\n".encode("cp1252") * 5
    decoded = decode(data)
    assert decoded.text.startswith("The café’s “best” idea")
    assert decoded.guessed
    assert decoded.text.encode(decoded.encoding) == data


def test_an_accident_in_utf8_costs_only_itself() -> None:
    decoded = decode("grün, blau, weiß\nzweite Zeile ä".encode() + b"\xff" + " Ende ü".encode())
    assert "grün, blau, weiß" in decoded.text
    assert decoded.damaged == 2


@given(st.binary(max_size=400))
def test_any_bytes_decode(data: bytes) -> None:
    decoded = decode(data)
    if decoded.damaged is None:
        assert decoded.text.encode(decoded.encoding) == data


@pytest.mark.parametrize(
    ("data", "binary"),
    [
        (b"words and words", False),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 20, True),
        (b"%PDF-1.7 text follows", True),
        (b"one NUL \x00 in a long enough text of notes" * 1 + b" and on and on" * 20, False),
        ("\ufeffzwei".encode("utf-16"), False),
        (b"", False),
    ],
)
def test_binary_files_are_told_from_text(data: bytes, binary: bool) -> None:
    assert is_binary(data) is binary


def test_lines_split_at_line_ends_only() -> None:
    found = lines("a  \r\nb\rc\u2028d\n\ne")
    assert [(line.number, line.text) for line in found] == [(1, "a"), (2, "b"), (3, "c\u2028d"), (4, ""), (5, "e")]
    assert [line.start for line in found] == [0, 5, 7, 11, 12]
    assert len(lines("a\n")) == 1
    assert len(lines("")) == 1


@given(ANY_TEXT)
def test_lines_stand_where_they_say(text: str) -> None:
    for line in lines(text):
        assert text[line.start : line.end] == line.text
        assert (
            text.count("\n", 0, line.start) + text.replace("\r\n", "  ").count("\r", 0, line.start) == line.number - 1
        )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("two  spaces\tand a tab", "two spaces and a tab"),
        ("first line\r\n*  second line\n*  third", "first line second line third"),
        ("Part 1 \u00e2\u20ac\u201c Fundamentals", "Part 1 – Fundamentals"),
        ("the model\u00e2\u20ac\u2122s caf\u00c3\u00a9", "the model’s café"),
        ("already – “right” é 👀 日本", "already – “right” é 👀 日本"),
        ("**Bold** words, 2**10 and f(**kw)", "Bold words, 2**10 and f(**kw)"),
        ("see [the paper](https://x.org/a_b) now", "see the paper (https://x.org/a_b) now"),
        ("escaped \\[laughs\\]", "escaped [laughs]"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("  padded  ", "padded"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("", ""),
    ],
)
def test_repair_shows_what_was_meant(raw: str, shown: str) -> None:
    assert readable(raw) == shown


@given(ANY_TEXT)
def test_repair_maps_every_character_back(raw: str) -> None:
    repaired = repair(raw)
    assert len(repaired.text) == len(repaired.text_to_raw)
    assert all(a <= b for a, b in zip(repaired.text_to_raw, repaired.text_to_raw[1:], strict=False))
    assert all(0 <= place < len(raw) for place in repaired.text_to_raw)
    repaired.text.encode("utf-8")
    assert repaired.text == " ".join(repaired.text.split())


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_plain_words_map_to_themselves(raw: str) -> None:
    assert repair(raw).text_to_raw == tuple(range(len(raw)))


def test_a_quote_that_ends_in_broken_characters_keeps_all_of_them() -> None:
    raw = "it said \u00e2\u20ac\u0153no\u00e2\u20ac\x9d and left"
    repaired = repair(raw)
    assert repaired.text == "it said “no” and left"
    start, end = repaired.text.index("“"), repaired.text.index("”") + 1
    span = raw[repaired.text_to_raw[start] : repaired.text_to_raw[end - 1] + 1]
    assert span == "\u00e2\u20ac\u0153no\u00e2\u20ac\x9d"


@pytest.mark.parametrize("unit", [" ", "a", "a ", "[", "é", "â€", "**", "\n", "* ", "\\"])
def test_a_huge_line_of_anything_is_quick(unit: str) -> None:
    start = time.process_time()
    repair(unit * (300_000 // len(unit)))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [("The Café: №1!", "the-cafe-no1"), ("日本 語", "日本-語"), ("--", ""), ("x" * 200, "x" * 80)],
)
def test_slug(text: str, expected: str) -> None:
    assert slug(text) == expected
