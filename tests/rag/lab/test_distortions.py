"""Minimal distortions: one thing is changed, always the same way, and the checks catch it."""

from __future__ import annotations

import random

import pytest

from rag.lab.distortions import (
    KINDS,
    Faithful,
    catch_rates,
    distort_all,
    false_alarms,
    reordered,
    whole_names,
)
from rag.writing.checks import Cited, check
from rag.writing.checks.claim import flat

TEXTS = (
    "The queen of Ines Moreau lays 2,000 eggs on a June day.",
    "Tom Ashby says the tide is higher than it was at new moon.",
    "Rye bread might keep for two weeks in Vienna.",
    "Drones do not work in August.",
)


def faithful(text: str, number: int = 0) -> Faithful:
    return Faithful(id=str(number), text=text, cited=(Cited(text=text),), source="notes")


ALL = [faithful(text, number) for number, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", TEXTS[0]),
        ("number", TEXTS[2]),
        ("name", TEXTS[0]),
        ("negation", TEXTS[1]),
        ("negation", TEXTS[3]),
        ("comparative", TEXTS[1]),
        ("hedge", TEXTS[2]),
        ("attribution", TEXTS[1]),
    ],
)
def test_each_kind_changes_the_sentence_and_is_caught(kind: str, text: str) -> None:
    one = faithful(text)
    changed = KINDS[kind](one, random.Random(1), ["Ada Byron", "Oslo"])
    assert changed
    assert changed != text
    assert check(one.claim(flat)).passed
    assert not check(Faithful(id="", text=changed, cited=one.cited, source="").claim(flat)).passed


def test_a_sentence_without_anything_of_the_kind_is_left_alone() -> None:
    bare = faithful("Bees dance.")
    assert [kind for kind, distort in KINDS.items() if distort(bare, random.Random(1), ["Oslo"])] == ["frame"]


def test_what_a_sentence_cites_may_be_put_under_words_that_deny_it() -> None:
    made = distort_all([faithful("Rye bread keeps for two weeks in Vienna.")], count=20)
    framed = [one for one in made if one.kind == "frame"]
    assert [one.text == one.one.text for one in framed] == [False, True]
    assert not any(check(one.claim(flat)).passed for one in framed)


def test_the_same_sentences_give_the_same_distortions() -> None:
    made = distort_all(ALL, count=9)
    assert made == distort_all(ALL, count=9)
    assert len(made) == len({(one.kind, one.one.id) for one in made}) == 9
    assert made != distort_all(ALL, count=9, seed=8)


def test_the_figures_count_only_what_passed_before_it_was_distorted() -> None:
    alarm = Faithful(id="x", text="Otters weave 9 baskets.", cited=(Cited(text="Rye."),), source="claims")
    distorted = distort_all([*ALL, alarm], count=50)
    caught = {row.name: row for row in catch_rates(distorted, flat)}
    assert sum(row.count for row in caught.values()) == sum(one.one is not alarm for one in distorted)
    alarms = {row.name: (row.failed, row.count) for row in false_alarms([*ALL, alarm], flat)}
    assert alarms == {"notes": (0, 4), "claims": (1, 1)}


def test_whole_names_are_kept_together() -> None:
    assert whole_names(TEXTS[0]) == ["Ines Moreau", "June"] or whole_names(TEXTS[0]) == ["Ines Moreau"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rye keeps because it holds water", "Because it holds water, rye keeps."),
        ("In winter, the bees sleep deeply", "The bees sleep deeply, In winter."),
        ("bees dance", "Bees dance."),
    ],
)
def test_reordering_changes_the_order_and_nothing_else(text: str, expected: str) -> None:
    assert reordered(text) == expected
