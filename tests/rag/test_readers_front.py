"""Front matter: fields, the notes kept inside it, and what is wrong with it.

YAML after https://jekyllrb.com/docs/front-matter/, TOML and JSON after https://gohugo.io/content-management/front-matter/.
"""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from rag.reading.readers import Reading, Source, reader_for
from rag.types import EpisodeEntry
from tests.rag.reader_samples import EPOCH, JSON, TOML, YAML


def read(text: str, file: str = "note.md") -> Reading:
    source = Source.of(file, text)
    return reader_for(source).read(source)


def entry(text: str) -> EpisodeEntry:
    return read(text).parts[0].entry


def test_yaml() -> None:
    found = entry(YAML)
    assert (found.show, found.title, found.number) == ("Paper Tape Radio", "Salt: who's afraid of it?", "41")
    assert (found.guests, found.date) == (("Mia Sand", "Karl Vogt"), "2025-05-01")
    assert {found.origin(name) for name in ("show", "title", "number", "guests", "date")} == {"front matter"}


@pytest.mark.parametrize(
    ("text", "title", "date", "number"),
    [(TOML, "Tides and mills", "2024-03-03", "12"), (JSON, "Keeping bees", "2024-02-11", "9")],
)
def test_toml_and_json(text: str, title: str, date: str, number: str) -> None:
    found = entry(text)
    assert (found.show, found.title, found.date, found.number) == ("The Lighthouse Hour", title, date, number)
    units = read(text).parts[0].units
    body = text.rstrip().rpartition("\n")[2]
    assert [text[unit.start : unit.end] for unit in units if unit.line_start > 7] == [body]
    assert any(f"{title}" in text[unit.start : unit.end] for unit in units)


def test_milliseconds_since_1970_and_the_number() -> None:
    found = entry(EPOCH)
    assert (found.date, found.number, found.title) == ("2020-12-09", "41", "Salt")


def test_notes_inside_are_passages_where_they_stand() -> None:
    units = read(YAML).parts[0].units
    found = {YAML[unit.start : unit.end]: unit for unit in units}
    nested = found["by a third"]
    assert (nested.section, nested.parents, nested.seconds) == (("Notes",), ("salt slows yeast (12:30)",), 750)
    assert nested.seconds_around
    assert not found["salt slows yeast (12:30)"].seconds_around
    assert found["Two percent is the usual amount."].section == ("Notes",)
    assert found["A talk on salt."].section == ("Summary",)
    assert found["dough is soft"].section == ("Bread",)
    assert all(a.end <= b.start for a, b in pairwise(units))


def test_numbers_and_dates_stay_as_they_are_written() -> None:
    assert entry("---\nshow: Hours\ntitle: 1_000 hours\nepisode: 007\n---\n\n- a\n").number == "7"


def test_aliases_are_refused_and_the_rest_still_read() -> None:
    """Nine lines of aliases can stand for a billion words."""
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    start = time.perf_counter()
    reading = read(f"---\ntitle: Salt\nshow: Odd Hours\n{bomb}---\n\n- one\n")
    assert time.perf_counter() - start < 1
    assert (reading.parts[0].entry.title, reading.parts[0].entry.show) == ("Salt", "Odd Hours")
    assert "aliases" in reading.warnings[0].reason


@pytest.mark.parametrize(
    "front",
    [
        "title: Salt: a story\nshow: [Odd",
        "\ttitle: Salt",
        "title: !!python/object:os.system Salt",
        "title: " + "[" * 5000,
    ],
)
def test_front_matter_that_is_not_valid_is_read_by_line_and_said(front: str) -> None:
    reading = read(f"---\n{front}\n---\n\n- one\n")
    assert "not valid YAML" in reading.warnings[0].reason
    assert reading.warnings[0].line is not None


def test_a_colon_in_an_unquoted_title_is_kept() -> None:
    assert entry("---\ntitle: Salt: a story\nshow: Odd Hours\n---\n\n- one\n").title == "Salt: a story"


def test_a_day_that_does_not_exist_is_told_with_its_line() -> None:
    reading = read("---\ntitle: Salt\ndate: 2024-02-30\n---\n\n- one\n")
    assert reading.parts[0].entry.date is None
    assert [(w.line, "2024-02-30" in w.reason) for w in reading.warnings] == [(3, True)]


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    reading = read("---\n\nSalt slows the yeast.\n\n---\n\nBread is slow.\n")
    text = "---\n\nSalt slows the yeast.\n\n---\n\nBread is slow.\n"
    assert "Salt slows the yeast." in [text[u.start : u.end] for u in reading.parts[0].units]
