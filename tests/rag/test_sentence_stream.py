"""Sentences with their tags, whole or in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.writing.sentence_stream import Tagged, split, tagged_sentences
from tests.scripted import pieces


def tagged(text: str, *tags: int) -> Tagged:
    return Tagged(text=text, tags=tags)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bees dance [1]. Drones sleep. [2][3]", [tagged("Bees dance.", 1), tagged("Drones sleep.", 2, 3)]),
        ("Queens [1, 4] lay eggs [1].", [tagged("Queens lay eggs.", 1, 4)]),
        ("- Bees dance [1]\n2. Drones sleep [2]", [tagged("Bees dance", 1), tagged("Drones sleep", 2)]),
        ("It takes Dr. Ashby 3.5 hours [2].", [tagged("It takes Dr. Ashby 3.5 hours.", 2)]),
        ("[1][2] [3]", [tagged("", 1, 2, 3)]),
        ("Nothing cited", [tagged("Nothing cited")]),
        ("", []),
    ],
)
def test_a_tag_belongs_to_the_sentence_before_it(text: str, expected: list[Tagged]) -> None:
    assert split(text) == expected
    assert list(tagged_sentences(pieces(text, 1))) == expected


def test_a_sentence_comes_once_the_next_one_begins() -> None:
    sentences = tagged_sentences(iter(["Bees dance. ", "[1]", " Drones", " sleep", " well. ", "[2"]))
    assert next(sentences) == tagged("Bees dance.", 1)


@given(st.text(alphabet="ab .!\n[]12,", max_size=80), st.integers(1, 9))
def test_pieces_make_no_difference_where_sentences_are_told_apart_by_lines(text: str, size: int) -> None:
    lines = "\n".join(f"{line} x [1]" for line in text.split("\n"))
    assert [t.text for t in tagged_sentences(pieces(lines, size))][-1:] == [t.text for t in split(lines)][-1:]
