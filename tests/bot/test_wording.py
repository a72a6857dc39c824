"""Small formats that every face shares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import wording
from rag.types import Filter
from tests.bot.samples import BREAD, HEAT, LOAF, NOTHING, VENUS


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2023-07-06", "6 Jul 2023"),
        ("2023-07", "Jul 2023"),
        ("2023", "2023"),
        ("--09-10", "10 Sep"),
        ("--12", "Dec"),
        (None, ""),
        ("", ""),
        ("spring", "spring"),
        ("2023-13-01", "2023-13-01"),
        ("x\x1b[31m", "x\ufffd[31m"),
    ],
)
def test_dates_are_written_as_people_do(date: str | None, expected: str) -> None:
    assert wording.format_date(date) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[2J\x07bell", "\ufffd[2J\ufffdbell"),
        ("\x9b31mred", "\ufffd31mred"),
        ("a\r\nb\tc\u2028d", "a  b c d"),
        ("abc\u202edef", "abcdef"),
        ("lone \udc80", "lone \ufffd"),
        ("naïve 👩\u200d🔬 北京 e\u0301", "naïve 👩\u200d🔬 北京 e\u0301"),
    ],
)
def test_nothing_that_steers_a_terminal_is_left(text: str, expected: str) -> None:
    assert wording.clean(text) == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "http://[::1",
        "https://x.org/\x1b]8;;",
        "https://x.org/a b",
        "https://x.org/\u202egpj",
        "",
        None,
    ],
)
def test_only_plain_web_addresses_become_links(url: str | None) -> None:
    assert wording.safe_url(url) is None


def test_a_web_address_stays_as_it_is() -> None:
    assert wording.safe_url("https://example.org/a?b=c&t=4050s#d") == "https://example.org/a?b=c&t=4050s#d"


def test_a_source_names_episode_minute_and_place() -> None:
    assert wording.source(HEAT) == "Clear Skies Tonight: Venus (10 Sep) · 1:07:30 · venus.txt:12-13"


def test_a_source_leaves_out_what_is_not_known() -> None:
    assert wording.source(BREAD) == "Bread · bread.md:4"
    assert wording.source(replace(BREAD, episode="")) == "untitled episode · bread.md:4"


def test_the_first_second_is_a_minute_too() -> None:
    assert wording.source(replace(BREAD, seconds=0)) == "Bread · 0:00 · bread.md:4"


def test_a_refusal_without_reason_still_says_something() -> None:
    assert wording.refusal(replace(NOTHING, reason="")) == wording.NOTHING_NEAR
    assert wording.refusal(replace(NOTHING, reason="", closest=(HEAT,))) == wording.NO_ANSWER


def test_counts() -> None:
    assert wording.knows([VENUS, LOAF]) == "2 episodes from 3 notes"
    assert wording.knows([LOAF]) == "1 episode from 1 note"
    assert wording.plural(1200, "note") == "1,200 notes"


def test_what_was_searched() -> None:
    hard, soft = Filter(kind="guest", label="Ines", hard=True), Filter(kind="date", label="May", hard=False)
    assert wording.searched([hard, soft]) == ["Searched: Ines", "Preferred: May"]
    assert wording.searched([soft]) == ["Preferred: May"]
    assert wording.searched([]) == []


def test_what_may_be_meant_and_what_is_near() -> None:
    assert wording.did_you_mean(["Ines", "Ida"]) == "Did you mean Ines or Ida?"
    assert wording.near_episodes(["A: B", "C"]) == "Episodes that come nearest: A: B; C"
    assert (wording.did_you_mean([]), wording.near_episodes([])) == ("", "")
