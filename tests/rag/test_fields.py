from __future__ import annotations

import pytest

from rag.fields import header, in_context, lexical_terms, only_names, vector_texts
from tests.builders import BEES, TIDES, episode, passage


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "The Garden Hour: Bees"),
        ({"show": None}, "Bees"),
        ({"guests": ("Ines Moreau", "Tom Ashby")}, "The Garden Hour: Bees. Ines Moreau, Tom Ashby"),
        ({"title": "Ines Moreau", "guests": ("Ines Moreau", "Tom Ashby")}, "The Garden Hour: Ines Moreau. Tom Ashby"),
    ],
)
def test_header_has_every_name_once(more: dict[str, object], expected: str) -> None:
    assert header(episode(**more)) == expected


@pytest.mark.parametrize(
    "text",
    ["Ines Moreau on The Garden Hour", "Show: The Garden Hour", "The Garden Hour, 2/5 https://example.org/bees-dance"],
)
def test_a_passage_may_only_name_its_episode(text: str) -> None:
    assert only_names(passage(text), episode(guests=("Ines Moreau",)))


@pytest.mark.parametrize("text", [BEES, "Ines Moreau on drones", "Guest: Tom Ashby"])
def test_or_say_more(text: str) -> None:
    assert not only_names(passage(text), episode(guests=("Ines Moreau",)))


def test_context_goes_from_outside_in() -> None:
    nested = passage("they dance", section=("Hive", "Summer"), parents=("how bees talk",))
    assert in_context(nested, episode()) == "The Garden Hour: Bees. Hive. Summer. how bees talk. they dance"


def test_a_passage_of_one_sentence_has_two_vectors() -> None:
    assert vector_texts(passage(BEES), episode()) == [BEES, f"The Garden Hour: Bees. {BEES}"]


def test_each_of_several_sentences_has_one_more() -> None:
    both = f"{BEES} {TIDES}"
    assert vector_texts(passage(both), episode()) == [both, f"The Garden Hour: Bees. {both}", BEES, TIDES]


def test_sentences_that_say_nothing_have_none() -> None:
    assert vector_texts(passage(f"Yes. No. {BEES} {TIDES} Oh!"), episode())[2:] == [BEES, TIDES]
    assert vector_texts(passage(f"Yes. {BEES}"), episode())[2:] == []


def test_words_of_episode_and_headings_count_too() -> None:
    found = lexical_terms(passage("it dances", section=("Hive",)), episode(guests=("Ines Moreau",)))
    assert found == ["garden", "hour", "bee", "ine", "moreau", "hive", "danc"]
