"""What those who run the bot can do with the notes from a distance: list them, add one, take one away.

Names and limits only; how it is done is in bot/notes_folder.py. Knows nothing of Discord.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.errors import QuestionError

LARGEST = 20 * 1024 * 1024  # bytes of a file
LARGEST_TOTAL = 500 * 1024 * 1024  # bytes of all the files in a collection; of those that are kept beside the notes
LARGEST_UNPACKED = 50 * 1024 * 1024  # bytes of all the notes in an archive
KEPT_DAYS = 30  # what is replaced or removed is kept


class UploadRefused(QuestionError):
    """Nothing was added or taken away; the message is for whoever wanted it."""


@dataclass(frozen=True, kw_only=True)
class NoteFile:
    """A file of the notes.

    Attributes:
        name: its path below the folder of its collection, with forward slashes.
        size: in bytes.
        changed_at: in seconds since 1970.
    """

    name: str
    size: int
    changed_at: float


class Notes(Protocol):
    """The notes folder; None for a collection is all of it. Blocks: not on the event loop."""

    def collections(self) -> Sequence[str]:
        """Every collection there is, in the order of their names."""
        ...

    def make(self, collection: str) -> bool:
        """Make the folder of a collection; whether it was not there. Raises UploadRefused."""
        ...

    def keep(self, collections: Iterable[str], *, apart: bool) -> bool:
        """Have these collections indexed and no others; whether one of them has no index yet. Raises UploadRefused.

        `apart`: not everything is meant for everybody, which is remembered.
        """
        ...

    def listed(self, collection: str | None) -> Sequence[NoteFile]:
        """The files in a collection, in the order of their names."""
        ...

    def add(self, collection: str | None, name: str, data: bytes, *, replace: bool) -> None:
        """Put a file there; `replace`: instead of one of that name. Raises UploadRefused, and nothing is added."""
        ...

    def remove(self, collection: str | None, name: str) -> str:
        """Take a file out of the notes; where it is put instead. Raises UploadRefused, and it stays."""
        ...
