"""A notes folder that is none: it has collections and files by name, and remembers what was done to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.uploads import NoteFile, Notes, UploadRefused


@dataclass
class FakeNotes(Notes):
    """`files` by collection, `kept`: the collections that are indexed, `made`: those that were not there."""

    named: list[str] = field(default_factory=list)
    files: dict[str | None, dict[str, bytes]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    made: list[str] = field(default_factory=list)
    apart: bool = False

    def collections(self) -> Sequence[str]:
        return self.named

    def make(self, collection: str) -> bool:
        new = collection not in self.named
        if new:
            self.made.append(collection)
            self.named.append(collection)
        return new

    def keep(self, collections: Iterable[str], *, apart: bool) -> bool:
        new = set(collections) - self.kept
        self.kept, self.apart = set(collections), apart
        return bool(new)

    def listed(self, collection: str | None) -> Sequence[NoteFile]:
        files = self.files.get(collection, {})
        return [NoteFile(name=name, size=len(data), changed_at=0.0) for name, data in files.items()]

    def add(self, collection: str | None, name: str, data: bytes, *, replace: bool) -> None:
        files = self.files.setdefault(collection, {})
        if name in files and not replace:
            raise UploadRefused(f"There is a {name} already.")
        files[name] = data

    def remove(self, collection: str | None, name: str) -> str:
        if self.files.get(collection, {}).pop(name, None) is None:
            raise UploadRefused("There is no such note here.")
        return f"/kept/{name}"
