from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.episodes import Claim, join, link_id
from rag.types import EpisodeEntry


def claim(
    file: str,
    *,
    show: str | None = "The Long Table",
    title: str = "",
    guests: tuple[str, ...] = (),
    date: str | None = None,
    urls: tuple[str, ...] = (),
    guessed: bool = False,
    fallback: str = "",
) -> Claim:
    entry = EpisodeEntry(
        note_file=file,
        line_start=1,
        line_end=9,
        show=show,
        title=title or ("" if guessed else " and ".join(guests)),
        guests=guests,
        date=date,
        urls=urls,
    )
    return Claim(entry=entry, guessed=guessed, fallback=fallback)


def groups(*claims: Claim) -> list[int]:
    return list(join(claims)[1])


def together(one: Claim, other: Claim) -> bool:
    first, second = groups(one, other)
    return first == second


FULL = ("Karl Vogt", "Mia Sand")
VIDEO = "https://www.youtube.com/watch?v=abc&list=x"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (claim("a", guests=FULL), claim("b", guests=FULL), True),
        (claim("a", guests=FULL), claim("b", guests=FULL, show=None), True),
        (claim("a", guests=FULL), claim("b", guests=FULL, show="Odd Lots"), False),
        (claim("a", guests=FULL, date="--04-16"), claim("b", guests=FULL), True),
        (claim("a", guests=FULL, date="--04-16"), claim("b", guests=FULL, date="2024-04-16"), True),
        (claim("a", guests=FULL, date="--04-16"), claim("b", guests=FULL, date="--04-17"), False),
        (claim("a", guests=("Karl", "Mia")), claim("b", guests=FULL), True),
        (claim("a", guests=("Karl", "Mia"), show=None), claim("b", guests=FULL), False),
        (claim("a", guests=("Karl",)), claim("b", guests=FULL), False),
        (claim("a", guests=("Karl Voght", "Mia Sand")), claim("b", guests=FULL), True),
        (claim("a", guests=("Karl Vogt", "Jo Park")), claim("b", guests=FULL), False),
        (claim("a", guests=FULL), claim("a", guests=FULL), True),
        (claim("a", guests=FULL, date="--04-16"), claim("a", guests=FULL), False),
        (claim("a", urls=(VIDEO,), show=None), claim("b", urls=("https://youtu.be/abc?t=3",)), True),
        (claim("a", urls=(VIDEO,), guests=FULL), claim("b", urls=("https://youtu.be/xyz",), guests=FULL), False),
        (claim("a", title="Bread and salt"), claim("b", title="Bread & Salt!", show=None), False),
        (claim("a", title="Why bread is slow"), claim("b", title="Why Bread is Slow", show=None), True),
        (claim("a", title="Soil, part 1 of 2"), claim("b", title="Soil, part 2 of 2"), False),
        (claim("a", title="Bread", guests=FULL), claim("b", title="Tides and mills", guests=FULL), False),
        (claim("a"), claim("b"), False),
    ],
)
def test_when_two_entries_are_one_episode(one: Claim, other: Claim, expected: bool) -> None:
    assert together(one, other) is expected
    assert together(other, one) is expected


def test_the_fullest_of_each_is_kept() -> None:
    (episode,), _ = join(
        [
            claim("a", guests=("Karl", "Mia"), date="--04-16", urls=("https://blog.example.org/1",)),
            claim("b", guests=FULL, urls=("https://youtu.be/abc",)),
            claim("c", title="Why bread is slow", guests=FULL, date="2024-04-16"),
        ]
    )
    assert (episode.title, episode.guests, episode.date) == ("Why bread is slow", FULL, "2024-04-16")
    assert episode.urls == ("https://blog.example.org/1", "https://youtu.be/abc")
    assert [entry.note_file for entry in episode.entries] == ["a", "b", "c"]
    assert [entry.date for entry in episode.entries] == ["--04-16", None, "2024-04-16"]
    assert episode.id == "the-long-table-why-bread-is-slow-2024-04-16"


def test_guessed_guests_take_the_names_of_the_episode_they_fit() -> None:
    (episode,), places = join(
        [claim("a", guests=("Mia", "Vogt", "Karl", "Gwern"), guessed=True), claim("b", guests=FULL)]
    )
    assert places == (0, 0)
    assert (episode.guests, episode.title) == (FULL, "Karl Vogt and Mia Sand")
    assert [entry.guests for entry in episode.entries] == [FULL, FULL]


def test_guessed_guests_fit_only_where_every_guest_speaks() -> None:
    assert not together(claim("a", guests=("Mia", "Jo"), guessed=True), claim("b", guests=FULL))
    assert not together(claim("a", guests=FULL, guessed=True, show=None), claim("b", guests=FULL))


def test_an_episode_nobody_names_takes_the_fallback() -> None:
    (episode,), _ = join([claim("a", show=None, fallback="Thoughts after the run")])
    assert episode.name == "Thoughts after the run"


def test_ids_differ_where_names_do_not() -> None:
    episodes, _ = join([claim("a", title="Bread"), claim("a", title="Bread", date="2024"), claim("b", title="Brot!")])
    assert len({episode.id for episode in episodes}) == 3
    twins, _ = join(
        [claim("a", title="x"), claim("b", title="y", show="Odd Lots"), claim("c", title="!"), claim("d", title="?")]
    )
    assert len({episode.id for episode in twins}) == len(twins)


def test_order_is_by_show_then_date() -> None:
    episodes, places = join(
        [claim("a", title="Zeta"), claim("b", show=None, title="Q"), claim("c", show="Acquired", title="Costco")]
    )
    assert [episode.show for episode in episodes] == ["Acquired", "The Long Table", None]
    assert places == (1, 2, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.youtube.com/watch?v=abc", "https://youtu.be/abc?si=1"),
        ("https://www.youtube.com/watch?v=abc", "http://m.youtube.com/watch?t=3&v=abc"),
        ("https://www.youtube.com/live/abc", "https://www.youtube.com/embed/abc"),
        ("https://x.org/ep/1/", "http://www.x.org/ep/1?utm_source=mail"),
    ],
)
def test_addresses_of_one_recording(one: str, other: str) -> None:
    assert link_id(one) == link_id(other)


def test_addresses_of_two_recordings() -> None:
    assert link_id("https://podcasts.apple.com/p/id1?i=1") != link_id("https://podcasts.apple.com/p/id1?i=2")
    assert link_id("https://x.org/a") != link_id("https://x.org/b")
    assert link_id("http://[broken") == "http://[broken"


WORD = st.sampled_from(["Karl", "Karl Vogt", "Mia Sand", "", "Bread", "Part 1"])
CLAIM = st.builds(
    claim,
    st.sampled_from("abc"),
    show=st.sampled_from([None, "Odd Lots", "The Long Table"]),
    title=WORD,
    guests=st.lists(WORD.filter(bool), max_size=3).map(tuple),
    date=st.sampled_from([None, "2024-04-16", "--04-16", "2023"]),
    urls=st.sampled_from([(), ("https://youtu.be/a",), ("https://x.org/1", "https://youtu.be/b")]),
    guessed=st.booleans(),
)


@given(st.lists(CLAIM, max_size=8))
def test_every_claim_has_one_home(claims: list[Claim]) -> None:
    episodes, places = join(claims)
    assert len(places) == len(claims)
    assert len({episode.id for episode in episodes}) == len(episodes)
    assert sum(len(episode.entries) for episode in episodes) == len(claims)
    for given_claim, place in zip(claims, places, strict=True):
        assert given_claim.entry.note_file in {entry.note_file for entry in episodes[place].entries}
    assert all(episode.title for episode in episodes)
