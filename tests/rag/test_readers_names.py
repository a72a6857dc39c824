"""What a line names: an episode, its people, its date and its show."""

from __future__ import annotations

import pytest

from rag.reading.readers import dates, heads, names, shows
from rag.reading.readers.heads import Head


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("Ann Lee on Dwarkesh", Head(title="Ann Lee", show="Dwarkesh Podcast", guests=("Ann Lee",), sure=True)),
        ("How chips are made on Odd Lots", Head(title="How chips are made", show="Odd Lots", sure=True)),
        (
            "Jo on Some Show (5 May 2024)",
            Head(title="Jo", show="Some Show", guests=("Jo",), date="2024-05-05", sure=True),
        ),
        ("Acquired: Costco", Head(title="Costco", show="Acquired", sure=True, shaped=True)),
        ("Costco | Acquired", Head(title="Costco", show="Acquired", sure=True, shaped=True)),
        ("Odd Lots #41: Salt", Head(title="Salt", show="Odd Lots", sure=True, shaped=True)),
        ("The Long Table, episode 7: Bread", Head(title="Bread", show="The Long Table", sure=True, shaped=True)),
        ("Bread with Karl Vogt", Head(title="Bread with Karl Vogt", guests=("Karl Vogt",))),
        ("Goodfire’s Bet: the future", Head(title="Goodfire’s Bet: the future")),
        ("Mia: the fall of a city (6 May 1945)", Head(title="Mia: the fall of a city (6 May 1945)")),
        ("Bread (May 2024)", Head(title="Bread", date="2024-05")),
        ("2024-05-05 Bread", Head(title="Bread", date="2024-05-05", sure=True)),
        ("Oxide and Friends: July 27th, 2026", Head(title="", show="Oxide and Friends", date="2026-07-27", sure=True)),
    ],
)
def test_lines_that_name_an_episode(text: str, head: Head) -> None:
    assert heads.parse(text) == head


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-05-12", "2024-05-12"),
        ("July 06, 2023", "2023-07-06"),
        ("6 July 2023", "2023-07-06"),
        ("Jul 6th 2023", "2023-07-06"),
        ("July 2023", "2023-07"),
        ("July 6", "--07-06"),
        ("9/10", "--09-10"),
        ("23/8", "--08-23"),
        ("9/10/24", "2024-09-10"),
        ("10.09.2024", "2024-09-10"),
        ("1607522400135", "2020-12-09"),
        ("2024-13-40", None),
        ("31/31", None),
        ("3.5", None),
        ("no date, may be", None),
    ],
)
def test_dates(text: str, iso: str | None) -> None:
    assert dates.parse(text) == iso


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("--04-16", "2024-04-16", True),
        ("--04-16", "2024-04-17", False),
        ("2024-04", "2024-04-16", True),
        ("2024", "2023-04-16", False),
        (None, "2024", True),
    ],
)
def test_partial_dates_agree_where_both_speak(one: str | None, other: str | None, agree: bool) -> None:
    assert dates.agree(one, other) is agree


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Sholto", "Sholto Douglas", True),
        ("Shoto Douglas", "Sholto Douglas", True),
        ("Douglas", "Sholto Douglas", True),
        ("Ann Lee", "Ann Reed", False),
        ("Jon", "John", False),
        ("Dylan", "Dario", False),
        ("", "Ann", False),
    ],
)
def test_names_meet(one: str, other: str, expected: bool) -> None:
    assert names.same(one, other) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Lee and Bo Day", ("Ann Lee", "Bo Day")),
        ("Dario, Amanda, Chris", ("Dario", "Amanda", "Chris")),
        ("Ludwig van Beethoven & Bo", ("Ludwig van Beethoven", "Bo")),
        ("Key Points", ()),
        ("how it works", ()),
        ("", ()),
    ],
)
def test_lists_of_names(text: str, expected: tuple[str, ...]) -> None:
    assert names.split(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dwarkesh", "Dwarkesh Podcast"),
        ("lex", "Lex Fridman Podcast"),
        ('Cognitive Revolution "How AI"', "The Cognitive Revolution"),
    ],
)
def test_nicknames_of_shows(text: str, name: str) -> None:
    show = shows.by_name(text)
    assert show is not None
    assert show.name == name
    assert shows.by_name("The Long Table") is None


def test_sites_of_shows() -> None:
    show = shows.by_url("https://www.dwarkesh.com/p/x")
    assert show is not None
    assert show.name == "Dwarkesh Podcast"
    assert shows.by_url("https://notdwarkesh.com/p/x") is None
    assert shows.by_url("http://[broken") is None
