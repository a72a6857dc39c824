"""Collections: folders directly below the notes folder, each with an index of its own below the data folder.

    notes/NAME/             the notes of the collection NAME
    data/collections/NAME/  its index, laid out as that of all notes

A collection is indexed once it has its folder in the data. Knows nothing of who sees what.
"""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from rag.errors import IndexMissing
from rag.reading.ignored import is_ignored, leads_out

FOLDER = "collections"
LONGEST = 80  # characters of a name


def is_name(name: str) -> bool:
    """Whether a collection can be called so: one folder's name that is written the same everywhere."""
    plain = name == name.strip(" .") and not any(map(_unfit, name))
    return plain and 0 < len(name) <= LONGEST and not is_ignored(name)


def in_notes(notes: Path) -> tuple[str, ...]:
    """Every collection there is, in the order of their names; none where the folder cannot be read."""
    try:
        found = [path.name for path in notes.iterdir() if path.is_dir() and not leads_out(path, notes.resolve())]
    except OSError:
        return ()
    return tuple(sorted(filter(is_name, found), key=str.casefold))


def notes_of(notes: Path, name: str) -> Path:
    """Where the notes of a collection lie."""
    return notes / _checked(name)


def data_of(data: Path, name: str) -> Path:
    """Where the index of a collection lies."""
    return data / FOLDER / _checked(name)


def indexed(data: Path) -> tuple[str, ...]:
    """The collections that are to be indexed, in the order of their names."""
    return in_notes(data / FOLDER)


def are_apart(data: Path) -> bool:
    """Whether notes have been set apart: not everything is meant for everybody. Tells it without any database."""
    return (data / FOLDER).is_dir()


def keep_indexed(data: Path, names: Iterable[str], *, apart: bool = False) -> None:
    """Have these collections indexed from now on, and the index of every other one deleted. Raises OSError.

    `apart`: notes are set apart even where there are no such collections; see `are_apart`.
    """
    wanted = set(names)
    if apart or wanted:
        (data / FOLDER).mkdir(parents=True, exist_ok=True)
    for name in wanted:
        data_of(data, name).mkdir(parents=True, exist_ok=True)
    for name in set(indexed(data)) - wanted:
        shutil.rmtree(data_of(data, name), ignore_errors=True)
    if not apart and not wanted:
        shutil.rmtree(data / FOLDER, ignore_errors=True)


def _checked(name: str) -> str:
    if not is_name(name):
        raise IndexMissing("There is no collection of notes with such a name.", remedy="Choose another one.")
    return name


def _unfit(character: str) -> bool:
    """Whether a folder's name should not have it: separators, what cannot be seen, what Windows forbids."""
    return character in '/\\:*?"<>|' or unicodedata.category(character)[0] == "C"
