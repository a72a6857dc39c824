from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import IndexCorrupt
from rag.reading.duplicates import Duplicates, find_duplicates, key, load, matching_span, save
from tests.builders import BEES, RYE, TIDES, passage

LONG = "Rye bread keeps for a whole week because its crumb holds water well."


def groups(*texts: str, **more: object) -> tuple[tuple[int, ...], ...]:
    return find_duplicates([passage(text, position=i, **more) for i, text in enumerate(texts)]).groups


@pytest.mark.parametrize(
    "other",
    [
        LONG.upper(),
        "- " + LONG,
        "Rye bread keeps for the whole week, because its crumb holds water well",
        "Rye breads keep for a whole week because its crumb holds water well!",
    ],
)
def test_case_punctuation_endings_and_articles_make_no_difference(other: str) -> None:
    assert groups(LONG, BEES, other) == ((0, 2),)


@pytest.mark.parametrize(
    ("one", "other"), [("Rye", "Oat"), ("keeps", "never keeps"), ("week", "month"), ("because", "before"), ("a", "2")]
)
def test_any_other_word_does(one: str, other: str) -> None:
    assert groups(LONG, LONG.replace(one, other, 1)) == ()


def test_what_is_short_is_a_copy_only_under_the_same_headings() -> None:
    """ "It costs $5" under two headings speaks of two things."""
    one, same, other = (
        passage("It costs $5", position=i, section=(heading,)) for i, heading in enumerate(["Salt", "Salt", "Rye"])
    )
    assert find_duplicates([one, same, other]).groups == ((0, 1),)


def test_a_sentence_is_found_in_every_passage_that_holds_it() -> None:
    both = f"{TIDES} {LONG}"
    found = find_duplicates([passage(LONG), passage(both), passage(BEES)])
    assert found.groups == ()
    assert found.rows_with(LONG) == {0, 1}
    assert found.rows_with(both) == frozenset()
    assert found.rows_with("It costs $5.") == frozenset()
    assert matching_span(both, LONG) == (len(TIDES) + 1, len(both))
    assert matching_span(BEES, LONG) is None


def test_they_come_back_from_the_disk(tmp_path: Path) -> None:
    found = find_duplicates([passage(LONG), passage(RYE), passage(LONG)])
    save(tmp_path, found)
    assert load(tmp_path) == found == Duplicates(groups=((0, 2),), sentences={key(LONG): (0, 2)})
    (tmp_path / "duplicates.json").write_text("{")
    with pytest.raises(IndexCorrupt):
        load(tmp_path)
