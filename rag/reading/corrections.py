"""Writing the owner's decisions into `episodes.toml`; what already stands there stays as it is, comments too."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from rag import durable
from rag.errors import NotesError
from rag.reading.overrides import FILE
from rag.types import Library, Proposal

_TITLE = "What Footnote shall take for granted about the episodes; knowledge/README.md says what can stand here."


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What shall be done with some notes or episodes, and why, for the comment."""

    action: Literal["join", "separate"]
    names: tuple[str, ...]
    why: str


def decided(proposal: Proposal, library: Library, action: Literal["join", "separate"]) -> Decision:
    """The decision about a proposal. Episodes are named by their note where it is about nothing else, else by id."""
    homes = [entry.note_file for episode in library.episodes for entry in episode.entries]
    names = []
    for episode in library.episodes:
        if episode.id in (proposal.one, proposal.other):
            file = episode.entries[0].note_file
            names.append(file if homes.count(file) == 1 and not set(file) & set("*?[") else episode.id)
    return Decision(action=action, names=tuple(names), why=f"{proposal.why} ({proposal.confidence:.0%} sure)")


def write(folder: Path, decisions: Sequence[Decision]) -> None:
    """Add the decisions to the folder's file, in one step. Raises NotesError where that cannot be done."""
    path = (folder / FILE).resolve()
    try:
        before = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        document = tomlkit.parse(before) if before else tomlkit.document().add(tomlkit.comment(_TITLE))
        tables = document.setdefault("episode", tomlkit.aot())
        for decision in decisions:
            tables.append(_table(decision) if isinstance(tables, AoT) else {decision.action: list(decision.names)})
        after = tomlkit.dumps(document)
    except (TOMLKitError, UnicodeDecodeError, AttributeError) as error:
        raise NotesError(f"{FILE} cannot be added to: {error}.", remedy="Mend it, then run this again.") from error
    if "\r\n" in before:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    _replace(path, after)


def _table(decision: Decision) -> Table:
    table = tomlkit.table()
    table.append(decision.action, tomlkit.item(list(decision.names)).comment(decision.why))
    return table


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(text.encode())
        if path.exists():
            shutil.copymode(path, fresh)
        durable.put(fresh, path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise NotesError(
            f"{path} cannot be written: {error.strerror or error}.", remedy="Check the folder's permissions."
        ) from error
