from __future__ import annotations

from dataclasses import replace

import pytest

from bot.discord.suggest import LONGEST, MOST, Kind, Suggestions
from tests.bot.samples import LOAF, VENUS

TIDES = replace(VENUS, id="tides", title="Tides and the Moon", guests=("Zoë Ray", "Tom Lind"), date="2024-02")
VENUSIAN = replace(VENUS, id="venusian", show=None, title="Venusian weather", guests=(), date="2020")
KNOWN = Suggestions([LOAF, VENUSIAN, VENUS, TIDES])


@pytest.mark.parametrize(
    ("kind", "typed", "values"),
    [
        ("episode", "", ["tides", "venus", "venusian", "bread"]),
        ("episode", "venus", ["venusian", "venus"]),  # what begins so goes before what has such a word
        ("episode", "moon tides", ["tides"]),
        ("episode", "Clear sky tonigth", ["tides", "venus"]),
        ("episode", "10 sep 2023", ["venus"]),
        ("show", "tonight", ["Clear Skies Tonight"]),
        ("guest", "zoe", ["Zoë Ray"]),
        ("guest", "Lindqivst", ["Mara Lindqvist"]),
        ("guest", "q", []),
        ("guest", "???", ["Zoë Ray", "Tom Lind", "Mara Lindqvist", "Ines Carvalho"]),
    ],
)
def test_what_is_offered_is_the_likeliest_first(kind: Kind, typed: str, values: list[str]) -> None:
    assert [offer.value for offer in KNOWN.offered(kind, typed)] == values


def test_no_more_and_nothing_longer_is_offered_than_discord_shows() -> None:
    many = Suggestions([replace(VENUS, id=f"e{n}", title=f"Long\u202e {n} " * 60) for n in range(60)])
    for typed in ("", "clear", "long", "clear skeis"):
        offers = many.offered("episode", typed)
        assert len(offers) == MOST
        assert all(1 <= len(offer.shown) <= LONGEST and "\u202e" not in offer.shown for offer in offers)


def test_a_name_without_letters_can_still_be_chosen() -> None:
    (offer,) = Suggestions([replace(VENUS, show=None, title="\u202e", date=None)]).offered("episode", "")
    assert offer.shown == "untitled"


def test_topics_are_offered_those_with_the_most_passages_first() -> None:
    known = Suggestions([VENUS], ["heat", "greenhouse effect", "heat shield"])
    assert [offer.value for offer in known.offered("topic", "")] == ["heat", "greenhouse effect", "heat shield"]
    assert [offer.value for offer in known.offered("topic", "heat")] == ["heat", "heat shield"]
    assert [offer.value for offer in known.offered("topic", "grenhouse")] == ["greenhouse effect"]
    assert Suggestions([VENUS]).offered("topic", "heat") == []


def test_a_thing_says_what_it_is() -> None:
    known = Suggestions([VENUS], ["venus flytrap"])
    assert [offer.value for offer in known.offered("thing", "venus")] == ["topic:venus flytrap", "episode:venus"]
    assert [offer.value for offer in known.offered("thing", "mara")] == ["guest:Mara Lindqvist"]
