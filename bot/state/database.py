"""What the tables' modules need of a database: so that none of them knows which one it is, or on which thread.

Whatever implements this is used by the thread that opened it, and by no other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Row = dict[str, Any]
"""A row by the names of its columns."""


class Database(Protocol):
    """Runs statements. What is called with one is inside a transaction."""

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        """What a statement gives back; `:name` in it stands for the value of that name.

        Raises:
            StateError: the database cannot be used.
        """
        ...


class Keeper(Database, Protocol):
    """A database and what its owner does with it."""

    def transaction(self) -> AbstractContextManager[None]:
        """Inside the block everything is written or, if it raises, nothing is."""
        ...

    def purge(self, delete: Callable[[Database], T]) -> T:
        """What `delete` gives back, in a transaction of its own; no byte of what it deleted stays on the disk."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
