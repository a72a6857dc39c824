"""Who is next: a line in which everybody's turn comes round, whatever others have put in before them.

Each person waits with what they put in, first in first out, and the turns go from one person to the next. Who has
just been served is last to have a turn again. What is patient waits behind everybody. Knows nothing of what waits.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain, zip_longest
from typing import Generic, TypeVar

T = TypeVar("T")


class FairLine(Generic[T]):
    """A line of entries, each of somebody; no entry is in it twice."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[T]] = {}  # by person, in the order of their turns
        self._patient: list[T] = []
        self._served: Hashable = None

    def __bool__(self) -> bool:
        return bool(self._waiting or self._patient)

    def put(self, entry: T, person: Hashable, *, patient: bool = False) -> None:
        """Put an entry in line behind those of the same person, or behind everybody."""
        (self._patient if patient else self._waiting.setdefault(person, [])).append(entry)

    def drop(self, entry: T) -> None:
        """Take an entry out of the line; nothing happens where it is not in it."""
        for person, entries in self._waiting.items():
            if entry in entries:
                entries.remove(entry)
                if not entries:
                    del self._waiting[person]
                return
        if entry in self._patient:
            self._patient.remove(entry)

    def order(self) -> list[T]:
        """The entries in the order of their turns, if nobody puts in another one."""
        people = sorted(self._waiting, key=lambda person: person == self._served)
        rounds = zip_longest(*(self._waiting[person] for person in people))
        return [*(entry for entry in chain.from_iterable(rounds) if entry is not None), *self._patient]

    def take(self) -> T:
        """The first of that order, which leaves the line. Raises IndexError where nothing waits."""
        entry = self.order()[0]
        person = next((who for who, entries in self._waiting.items() if entry in entries), self._served)
        if self._served in self._waiting:
            self._waiting[self._served] = self._waiting.pop(self._served)
        self._served = person
        self.drop(entry)
        return entry
