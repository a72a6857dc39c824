"""Where each character of a repaired text stands in the original, kept as the few places where the count jumps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload


class Offsets(Sequence[int]):
    """An unchangeable sequence of offsets that mostly count on by one: a run takes two numbers, however long it is."""

    __slots__ = ("_length", "_runs")

    def __init__(self, runs: Iterable[Sequence[int]], length: int) -> None:
        """`runs`: (index, offset) of every place where the offsets do not simply count on, the first included."""
        self._runs = tuple((index, offset) for index, offset in runs)
        self._length = length

    @classmethod
    def of(cls, offsets: Sequence[int]) -> Offsets:
        """The same offsets, small."""
        if isinstance(offsets, range) and offsets.step == 1:
            return cls([(0, offsets.start)] if offsets else [], len(offsets))
        jumps = (i for i, (a, b) in enumerate(pairwise(offsets), start=1) if b != a + 1)
        return cls([(i, offsets[i]) for i in ([0, *jumps] if offsets else [])], len(offsets))

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        return self._runs

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return tuple(self)[index]
        place = index + self._length if index < 0 else index
        if not 0 <= place < self._length:
            raise IndexError(index)
        first, offset = self._runs[bisect_right(self._runs, place, key=lambda run: run[0]) - 1]
        return offset + place - first

    def __iter__(self) -> Iterator[int]:
        for (first, offset), (end, _) in pairwise((*self._runs, (self._length, 0))):
            yield from range(offset, offset + end - first)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Offsets):
            return (self._runs, self._length) == (other._runs, other._length)
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self._runs, self._length))

    def __repr__(self) -> str:
        return f"Offsets({self._runs!r}, {self._length})"
