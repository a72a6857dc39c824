from __future__ import annotations

import pytest

from rag.filters import Names, attribution, narrow, nearness, preferred
from rag.types import Episode, Filter, Note
from rag.words import is_stopword
from tests.builders import entry, episode, passage

BEES = episode(guests=("Ines Moreau",), hosts=("Tom Ashby",), date="2024-05-02", entries=(entry(),))
RYE = episode(id="rye", show="The Slow Oven", title="Rye Bread – Part 1", guests=("Mara Lind", "Jo"), date="--09-10")
SALT = episode(id="salt", show="The Slow Oven", title="Jo", guests=("Jo",), date="2024-03-01")
NOTES = (Note(file="bees.txt", sha256="", kind="notes", author="Nils Berg", reader="plain"),)
NAMES = Names((BEES, RYE, SALT), NOTES)


def found(question: str, **more: frozenset[str]) -> list[tuple[str, str, bool]]:
    return [(s.shown.kind, s.shown.label, s.hard) for s in NAMES.scopes(question, **more)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does Ines Moreau say?", [("guest", "Ines Moreau", True)]),
        ("what does ines moreau say", [("guest", "Ines Moreau", True)]),
        ("what did ines say", [("guest", "Ines Moreau", False)]),
        ("What is Ines's advice?", [("guest", "Ines Moreau", True)]),
        ("WHAT DOES INES SAY", [("guest", "Ines Moreau", True)]),
        ("Does Jo Walker bake?", [("guest", "Jo", False)]),
        ("What does Dylan Moreau say?", []),
        ("What does Jo Ashby say?", [("guest", "Jo", False)]),
        ("How Long Does Ines Dance With Drones?", [("guest", "Ines Moreau", True)]),
        ("What do Ines and Mara say?", [("guest", "Ines Moreau", True), ("guest", "Mara Lind", True)]),
        ("What did Tom Ashby ask?", [("host", "Tom Ashby", False)]),
        ("Who was on The Slow Oven?", [("show", "The Slow Oven", True)]),
        ("how do i mend the slow oven", [("show", "The Slow Oven", False)]),
        ("What is rye bread?", [("episode", "Rye Bread – Part 1", False)]),
        ("What is in the rye bread episode?", [("episode", "Rye Bread – Part 1", True)]),
        ("What did Nils note of it?", [("author", "Nils Berg", True)]),
        ("What happened on 9/10?", [("date", "10 Sep", True)]),
        ("Is it a 7/10?", []),
        ("What was said in September?", [("date", "September", False)]),
        ("the March episode", [("date", "March", True)]),
        ("May we march in?", []),
        ("last July", [("date", "July", False)]),
        ("What is said around minute 40?", [("minute", "around 40:00", True)]),
        ("What does Mara say at 12:30?", [("guest", "Mara Lind", True), ("minute", "around 12:30", True)]),
        ("Does Mara get up at 12:30 pm?", [("guest", "Mara Lind", True)]),
        ("What happens at 12:30?", []),
        ("Why do bees dance?", [("episode", "Bees", False)]),
        ("", []),
    ],
)
def test_what_a_question_names(question: str, expected: list[tuple[str, str, bool]]) -> None:
    assert found(question) == expected


@pytest.mark.parametrize(
    ("question", "naming"),
    [
        ("What did 3 cats do on 9/10?", {"9/10"}),
        ("What did 10 cats do on 2 May 2024?", {"2", "2024"}),
        ("Did cats dance in September?", {"September"}),
        ("What do 40 cats do around minute 41?", {"minute", "41"}),
    ],
)
def test_the_words_of_a_date_or_minute_are_told_from_others(question: str, naming: set[str]) -> None:
    """September was said to "occur nowhere in your notes" where it had been understood as a date."""
    (scope,) = NAMES.scopes(question)
    assert {word.written for word in scope.words if not is_stopword(word.written)} == naming


def test_a_corrected_word_is_never_sure() -> None:
    assert found("What does Ines say?", corrected=frozenset({"Ines"})) == [("guest", "Ines Moreau", False)]


def test_a_guest_of_two_episodes_is_one_filter_over_both() -> None:
    assert [scope.episodes for scope in NAMES.scopes("What does Jo say?")] == [{"rye", "salt"}]


def test_a_show_that_a_guest_implies_says_nothing_more() -> None:
    assert found("What did Mara Lind say on The Slow Oven?") == [("guest", "Mara Lind", True)]


def test_a_filter_that_names_everything_is_none() -> None:
    assert Names((BEES,), ()).scopes("What does Ines Moreau say?") == []


PASSAGES = (
    passage("the dance", episode_id="garden"),
    passage("rye keeps", episode_id="rye", seconds=2400, note_file="rye.md"),
    passage("Ines said so too", episode_id="salt", note_file="salt.md"),
    passage("salt", episode_id="salt", note_file="salt.md"),
)


def says(term: str) -> frozenset[int]:
    return frozenset(row for row, p in enumerate(PASSAGES) if term in p.text.casefold())


def rows(question: str) -> set[int] | None:
    left = narrow(NAMES.scopes(question), PASSAGES, says)
    return None if left is None else set(left)


def test_a_passage_that_names_the_guest_stays_wherever_it_stands() -> None:
    assert rows("What does Ines think?") == {0, 2}


def test_filters_of_one_kind_add_up_and_others_narrow() -> None:
    assert rows("What do Ines and Mara say?") == {0, 1, 2}
    assert rows("What did Mara say around minute 40?") == {1}
    assert rows("What did Mara say around minute 90?") is None
    assert rows("what did mara say") is None


def test_a_preference_counts_each_unsure_filter_and_how_near_the_minute_is() -> None:
    soft = NAMES.scopes("what did mara say in September")
    assert [nearness(soft, p) for p in PASSAGES] == [0, 2, 0, 0]
    minute = NAMES.scopes("What is said around minute 41?")
    assert nearness(minute, PASSAGES[1]) == pytest.approx(2 * (1 - 60 / 180))
    assert nearness(minute, PASSAGES[0]) == 0
    assert nearness([preferred(RYE)], PASSAGES[1]) == 1


@pytest.mark.parametrize(
    ("kind", "label", "where", "expected"),
    [
        ("guest", "Jo", BEES, "Closest: said by Ines Moreau in The Garden Hour: Bees, not by Jo."),
        ("guest", "Ines Moreau", SALT, "Closest: said in The Slow Oven: Jo, not by Ines Moreau."),
        ("episode", "Rye bread", SALT, "Closest: said in The Slow Oven: Jo, not in Rye bread."),
        ("minute", "around 40:00", SALT, "Closest: said in The Slow Oven: Jo, not around 40:00."),
    ],
)
def test_attribution(kind: str, label: str, where: Episode, expected: str) -> None:
    assert attribution([Filter(kind=kind, label=label, hard=True)], where) == expected  # type: ignore[arg-type]
