from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.line.fair import FairLine


def line_of(*entries: str) -> FairLine[str]:
    """Entries such as "a1", of the person "a"."""
    line: FairLine[str] = FairLine()
    for entry in entries:
        line.put(entry, entry[0])
    return line


def taken(line: FairLine[str]) -> list[str]:
    served = []
    while line:
        served.append(line.take())
    return served


def test_who_asks_much_waits_for_their_turn_and_nobody_waits_for_all_of_it() -> None:
    assert taken(line_of("a1", "a2", "a3", "b1", "b2", "c1")) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_who_has_just_been_served_lets_others_go_first() -> None:
    line = line_of("a1", "a2", "a3")
    assert line.take() == "a1"
    line.put("b1", "b")
    assert line.order() == ["b1", "a2", "a3"]
    assert line.take() == "b1"
    line.put("c1", "c")
    line.put("b2", "b")
    assert taken(line) == ["a2", "c1", "b2", "a3"]


def test_what_is_patient_waits_behind_everybody() -> None:
    line = line_of("a1")
    line.put("a0", "a", patient=True)
    line.put("a2", "a")
    line.put("b1", "b")
    assert taken(line) == ["a1", "b1", "a2", "a0"]


def test_what_is_dropped_has_no_turn_and_dropping_it_again_does_nothing() -> None:
    line = line_of("a1", "a2", "b1")
    for entry in ("a1", "b1", "b1", "never there"):
        line.drop(entry)
    assert line.order() == ["a2"]
    line.drop("a2")
    assert not line


@given(st.lists(st.sampled_from("abcde"), max_size=40), st.integers(0, 20))
def test_the_order_that_is_told_is_the_one_that_comes_and_nobody_is_passed_twice(
    people: Sequence[str], before: int
) -> None:
    line = line_of(*(f"{person}{number}" for number, person in enumerate(people)))
    for _ in range(min(before, len(people))):
        line.take()
    told = line.order()
    waiting = {entry[0] for entry in told}
    served = taken(line)
    assert served == told
    for person in waiting:
        first = next(place for place, entry in enumerate(served) if entry[0] == person)
        assert all(served[:first].count(other) <= 1 for other in served[:first])
        assert len({entry[0] for entry in served[:first]}) == first
