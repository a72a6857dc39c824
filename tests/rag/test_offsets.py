from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.offsets import Offsets


@given(st.lists(st.integers(0, 50)))
def test_it_is_the_sequence_it_was_made_of(values: list[int]) -> None:
    kept = Offsets.of(values)
    assert list(kept) == values
    assert kept == tuple(values)
    assert kept == Offsets(kept.runs, len(values))
    assert hash(kept) == hash(Offsets.of(values))
    assert [kept[i] for i in range(-len(values), len(values))] == values * 2
    assert kept[1:-1] == tuple(values)[1:-1]


def test_a_run_takes_no_more_room_for_being_long() -> None:
    assert Offsets.of(range(100_000)).runs == ((0, 0),)
    assert sys.getsizeof(Offsets.of(range(100_000)).runs) < 100


def test_it_ends_where_it_ends() -> None:
    with pytest.raises(IndexError):
        Offsets.of([3, 4])[2]
    assert Offsets.of([3, 4]) != (3, 5)
