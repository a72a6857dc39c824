from __future__ import annotations

import pytest

from rag.choices import choose
from rag.errors import QuestionError
from rag.types import Filter, FilterKind
from tests.builders import episode

EPISODES = (
    episode(id="venus", show="Clear Skies", title="Venus", guests=("Mara Lindqvist",), date="2023-09-10"),
    episode(id="tides", show="Clear Skies", title="The tide", guests=("Tom Lind", "Zoë Ray"), date="2024-02"),
    episode(id="rye", show="Crumb", title="Rye", guests=("Ines Carvalho",), date="--05-01"),
    episode(id="rye-2", show="Crumb", title="Rye", guests=("Tom Lind",), date="2025"),
)


def wish(kind: FilterKind, label: str) -> Filter:
    return Filter(kind=kind, label=label, hard=True)


@pytest.mark.parametrize(
    ("filters", "left", "shown"),
    [
        ([wish("episode", "tides")], {"tides"}, ["Clear Skies: The tide"]),
        ([wish("episode", "the TIDE")], {"tides"}, ["Clear Skies: The tide"]),
        ([wish("episode", "venus")], {"venus"}, ["Clear Skies: Venus"]),
        ([wish("show", "crumb")], {"rye", "rye-2"}, ["Crumb"]),
        ([wish("guest", "lindqvist")], {"venus"}, ["Mara Lindqvist"]),
        ([wish("guest", "zoe ray")], {"tides"}, ["Zoë Ray"]),
        ([wish("guest", "Tom Lind"), wish("show", "Crumb")], {"rye-2"}, ["Tom Lind", "Crumb"]),
        ([wish("since", "2024")], {"tides", "rye-2"}, ["from 2024"]),
        ([wish("since", "15 Feb 2024")], {"tides", "rye-2"}, ["from 2024-02-15"]),
        ([wish("since", "2023-09-11"), wish("until", "Feb 2024")], {"tides"}, ["from 2023-09-11", "until 2024-02"]),
        ([wish("until", "2023-09-10")], {"venus"}, ["until 2023-09-10"]),
    ],
)
def test_a_choice_is_kept_to_and_shown(filters: list[Filter], left: set[str], shown: list[str]) -> None:
    choice = choose(filters, EPISODES)
    assert choice is not None
    assert choice.episodes == left
    assert [each.label for each in choice.shown] == shown


def test_without_a_filter_nothing_is_chosen() -> None:
    assert choose((), EPISODES) is None


def test_what_has_no_date_is_left_out_and_counted() -> None:
    choice = choose([wish("since", "2023")], EPISODES)
    assert choice is not None
    assert choice.remarks == ("Episodes whose date your notes do not tell were left out: 1.",)


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ([wish("guest", "Mara Lindquist")], "no guest “Mara Lindquist” in your notes. Did you mean Mara Lindqvist"),
        ([wish("show", "zzz")], "There is no show “zzz” in your notes. Choose one of those offered"),
        ([wish("show", "?!")], "There is no show “?!” in your notes."),
        ([wish("episode", "clear skies")], "several of the episodes in your notes: Clear Skies: Venus or"),
        ([wish("since", "next week")], "“next week” is not a date with a year. Write it like 2024"),
        ([wish("until", "5 May")], "“5 May” is not a date with a year."),
        ([wish("since", "2025"), wish("until", "2024-02")], "The first date is behind the last. Swap the two."),
        ([wish("show", "Crumb"), wish("guest", "Mara Lindqvist")], "all of this: Crumb, Mara Lindqvist. Leave one"),
    ],
)
def test_what_fits_nothing_is_a_sentence(filters: list[Filter], sentence: str) -> None:
    with pytest.raises(QuestionError) as raised:
        choose(filters, EPISODES)
    assert sentence in str(raised.value)
