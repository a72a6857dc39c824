from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.episodes import Claim, join, link_id
from rag.reading.grouping import Wishes
from rag.reading.likeness import JOIN, PROPOSE
from rag.types import Episode, EpisodeEntry


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
    number: str | None = None,
    hosts: tuple[str, ...] = (),
    origins: tuple[tuple[str, str], ...] = (),
    lines: tuple[int, int] = (1, 9),
) -> Claim:
    entry = EpisodeEntry(
        note_file=file,
        line_start=lines[0],
        line_end=lines[1],
        show=show,
        title=title or ("" if guessed else " and ".join(guests)),
        guests=guests,
        date=date,
        urls=urls,
        number=number,
        hosts=hosts,
        origins=origins,
    )
    return Claim(entry=entry, guessed=guessed, fallback=fallback)


def of(claims: list[Claim]) -> tuple[Episode, ...]:
    return join(claims).episodes


def groups(*claims: Claim) -> list[int]:
    return list(join(claims).places)


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
        (claim("a", title="Bread", number="12"), claim("b", guests=FULL, number="12"), True),
        (claim("a", number="12", show=None), claim("b", number="12"), False),
        (claim("a", guests=FULL, number="12"), claim("b", guests=FULL, number="13"), False),
        (claim("a", date="2024-04-16"), claim("b", date="2024-04-16", guests=FULL), True),
        (claim("a", date="2024-04"), claim("b", date="2024-04", guests=FULL), False),
        (claim("a", date="2024-04-16", guests=("Jo Park",)), claim("b", date="2024-04-16", guests=FULL), False),
        (claim("a", urls=("https://table.example.org/",)), claim("b", urls=("https://table.example.org",)), False),
        (claim("a", urls=("https://youtube.com/@table",)), claim("b", urls=("https://youtube.com/@table",)), False),
        (claim("a", urls=(VIDEO,), date="2024-04-16"), claim("b", urls=(VIDEO,), date="2024-04-17"), False),
        (claim("a", title="12: Why bread is slow"), claim("b", title="Why bread is slow", show=None), True),
        (claim("The Long Table/Episode 12 - Rye/notes.md", show=None), claim("b", number="12"), True),
        (claim("x/Episode 12.md"), claim("y/Episode 13.md"), False),
        (claim("410 - rye.md", number="410", origins=(("number", "words"),)), claim("b", number="410"), True),
        (claim("a", number="410", origins=(("number", "words"),)), claim("b", number="410"), False),
        (claim("410 - rye.md"), claim("b", number="410"), False),
        (claim("2024-04-16.md", guests=FULL), claim("b", guests=FULL, date="2024-04-19"), True),
    ],
)
def test_when_two_entries_are_one_episode(one: Claim, other: Claim, expected: bool) -> None:
    assert together(one, other) is expected
    assert together(other, one) is expected


def test_the_fullest_of_each_is_kept() -> None:
    (episode,) = of(
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
    (episode,) = of([claim("a", guests=("Mia", "Vogt", "Karl", "Gwern"), guessed=True), claim("b", guests=FULL)])
    assert (episode.guests, episode.title) == (FULL, "Karl Vogt and Mia Sand")
    assert [entry.guests for entry in episode.entries] == [FULL, FULL]


def test_guessed_guests_fit_only_where_every_guest_speaks() -> None:
    assert not together(claim("a", guests=("Mia", "Jo"), guessed=True), claim("b", guests=FULL))
    assert not together(claim("a", guests=FULL, guessed=True, show=None), claim("b", guests=FULL))


def test_an_episode_nobody_names_takes_the_fallback() -> None:
    (episode,) = of([claim("a", show=None, fallback="Thoughts after the run")])
    assert episode.name == "Thoughts after the run"


def test_ids_differ_where_names_do_not() -> None:
    episodes = of([claim("a", title="Bread"), claim("a", title="Bread", date="2024"), claim("b", title="Brot!")])
    assert len({episode.id for episode in episodes}) == 3
    twins = of(
        [claim("a", title="x"), claim("b", title="y", show="Odd Lots"), claim("c", title="!"), claim("d", title="?")]
    )
    assert len({episode.id for episode in twins}) == len(twins)


def test_order_is_by_show_then_date() -> None:
    joined = join(
        [claim("a", title="Zeta"), claim("b", show=None, title="Q"), claim("c", show="Acquired", title="Costco")]
    )
    episodes, places = joined.episodes, joined.places
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
    joined = join(claims)
    episodes, places = joined.episodes, joined.places
    assert len(places) == len(claims)
    assert len({episode.id for episode in episodes}) == len(episodes)
    assert sum(len(episode.entries) for episode in episodes) == len(claims)
    for given_claim, place in zip(claims, places, strict=True):
        assert given_claim.entry.note_file in {entry.note_file for entry in episodes[place].entries}
    assert all(episode.title for episode in episodes)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (claim("a", title="Bread", date="2024-04-16"), claim("b", title="Tides", date="2024-04-16"), "other titles"),
        (claim("a", title="Bread", number="12"), claim("b", title="Tides", number="12"), "other titles"),
        (claim("a", guests=("Karl", "Mia"), show=None), claim("b", guests=FULL), "the same guests"),
        (claim("a", guests=("Mia Sand",), show=None), claim("b", guests=FULL), "a guest of both"),
        (claim("a", title="Why bread rises slow"), claim("b", title="How bread rises slowly"), "nearly the same"),
        (claim("a", urls=(VIDEO,), date="2024-04-16"), claim("b", urls=(VIDEO,), date="2024-04-17"), "another date"),
        (claim("a", guests=FULL[:1], date="--04-16"), claim("b", guests=("Jo Park",), date="--04-16"), "other guests"),
    ],
)
def test_what_is_not_sure_is_proposed(one: Claim, other: Claim, why: str) -> None:
    joined = join([one, other])
    assert len(joined.episodes) == 2
    (proposal,) = joined.proposals
    assert {proposal.one, proposal.other} == {episode.id for episode in joined.episodes}
    assert why in proposal.why
    assert PROPOSE <= proposal.confidence < JOIN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (claim("a", guests=FULL, show="Odd Lots"), claim("b", guests=FULL)),
        (claim("a", title="Bread"), claim("b", title="Tides and mills")),
        (claim("a", title="Bread", guests=FULL), claim("b", title="Tides and mills", guests=FULL)),
        (claim("a", guests=FULL, date="--04-16"), claim("b", guests=FULL, date="--04-17")),
        (claim("a", guests=FULL), claim("a", guests=FULL[:1])),
    ],
)
def test_what_contradicts_is_not_even_proposed(one: Claim, other: Claim) -> None:
    assert join([one, other]).proposals == ()


def test_an_episode_is_proposed_with_a_few_others_at_most() -> None:
    """A link that stood in 8,000 files gave 335,000 proposals."""
    days = [f"2024-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 21)]
    joined = join([claim(day, urls=(VIDEO,), date=day) for day in days])
    assert len(joined.episodes) == len(days)
    partners = Counter(id for proposal in joined.proposals for id in (proposal.one, proposal.other))
    assert 1 <= min(partners.values()) <= max(partners.values()) <= 5


def test_a_link_under_many_titles_leads_to_a_show() -> None:
    feed = ("https://table.example.org/listen",)
    titles = ("Rye", "Tides", "Salt", "Why mills stopped", "Hunger", "Clocks and bells", "Glass")
    assert len(of([claim(title, title=title, urls=feed) for title in titles])) == len(titles)
    assert len(of([claim(title, title=title, urls=(VIDEO,)) for title in titles])) == 1


def test_the_owner_is_asked_before_anything_that_was_read() -> None:
    claims = [claim("a", guests=FULL), claim("b", guests=FULL), claim("c", title="Tides and mills")]
    apart = join(claims, Wishes(apart={0: frozenset({1}), 1: frozenset({0})}))
    assert len(apart.episodes) == 3
    assert apart.proposals == ()
    together = join(claims, Wishes(together=(frozenset({0, 2}),)))
    assert len(together.episodes) == 1
    chained = join(claims, Wishes(together=(frozenset({0, 2}), frozenset({2, 1}))))
    assert len(chained.episodes) == 1


def test_every_field_says_where_it_came_from() -> None:
    first = claim("a", guests=FULL, date="--04-16", origins=(("date", "heading"), ("guests", "line")))
    second = claim("b", title="Why bread is slow", guests=FULL, date="2024-04-16", origins=(("date", "front matter"),))
    (episode,) = of([first, second])
    said = dict(episode.origins)
    assert (said["date"], said["guests"], said["title"]) == ("front matter", "line", "text")
    assert "number" not in said
    assert episode.entries[0].origin("date") == "heading"


def test_what_another_note_knows_is_marked_as_its() -> None:
    (episode,) = of([claim("a", guests=("Mia", "Vogt", "Karl"), guessed=True), claim("b", guests=FULL)])
    assert episode.entries[0].origin("guests") == "note"
    assert episode.entries[0].origin("title") == "note"


def test_folder_and_file_name_fill_what_nobody_says() -> None:
    (episode,) = of([claim("Huberman Lab/Episode 12 - Sleep/notes.txt", show=None)])
    assert (episode.show, episode.number, episode.title) == ("Huberman Lab", "12", "Sleep")
    assert episode.hosts == ("Andrew Huberman",)
    origins = {"show": "folder", "number": "folder", "title": "folder", "hosts": "shows table"}
    assert dict(episode.origins) == origins
    (stated,) = of([claim("Huberman Lab/Episode 12 - Sleep/notes.txt", title="Dreams", number="13")])
    assert (stated.show, stated.number, stated.title) == ("The Long Table", "13", "Dreams")


def test_of_a_file_about_many_episodes_the_path_tells_the_show_only() -> None:
    file = "Huberman Lab/2024-05-01 Episode 3 log.md"
    found = of([claim(file, title="Sleep", show=None), claim(file, title="Light", show=None, lines=(10, 19))])
    assert [(e.show, e.number, e.date) for e in found] == [("Huberman Lab", None, None)] * 2


def test_a_date_of_a_file_name_gives_way_to_a_stated_one() -> None:
    dated, kept = claim("2024-05-01.md", guests=FULL), claim("b", guests=FULL, date="2024-04-16")
    (episode,) = of([dated, kept])
    assert episode.date == "2024-04-16"
    (fuller,) = of([claim("2024-04-16.md", guests=FULL), claim("b", guests=FULL, date="--04-16")])
    assert (fuller.date, dict(fuller.origins)["date"]) == ("2024-04-16", "file name")


def test_hosts_who_speak_are_no_guests() -> None:
    spoke = (("guests", "words"),)
    (episode,) = of([claim("acquired/x.md", show="Acquired", guests=("Ben Gilbert", "Mia Sand"), origins=spoke)])
    assert episode.guests == ("Mia Sand",)


@pytest.mark.parametrize("alike", ["titles", "guests", "nothing"])
def test_ten_thousand_entries_are_joined_in_seconds(alike: str) -> None:
    """Comparing all pairs would take minutes; a test that is slow only on a busy machine measures its own time."""
    chance = random.Random(5)
    syllables = ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu"]
    titles = [" ".join("".join(chance.choices(syllables, k=3)) for _ in range(4)) for _ in range(5000)]
    claims = [
        claim(
            f"{number}.md",
            title=titles[number // 2] if alike != "nothing" else "",
            guests=FULL if alike == "guests" else (),
        )
        for number in range(10_000)
    ]
    start = time.process_time()
    found = of(claims)
    assert time.process_time() - start < 5
    assert len(found) == (10_000 if alike == "nothing" else len(set(titles)))
