"""The database in one file and back. A backup is taken while the bot runs; it is put back while no bot does."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.state import migrations
from bot.state.errors import StateCorrupt, StateError
from bot.state.store import Store, as_dict, before_restore, check_file, lock_of, read_store, translated, unfinished_copy
from rag import durable
from rag.phrase import Phrase


def back_up(path: Path, to: Path) -> None:
    """Copy the database at `path` into the new file `to`, as it is at one moment, whoever has it open.

    Raises:
        StateError: the database cannot be read, `to` is there already or cannot be written.
    """
    if to.exists():
        there = Phrase("{file} is there already.").format(file=str(to))
        raise StateError(there, remedy=Phrase("Name a file that is not."))
    with read_store(path) as store:
        copy(store, to)


def copy(store: Store, to: Path) -> None:
    """The same for a database that is open; not inside a transaction. `to` is replaced, if it is there, in one step."""
    with unfinished_copy(store.connection, to) as made:
        durable.put(made, to)


def restore(path: Path, backup: Path) -> Path | None:
    """Put `backup` where the database at `path` is; what was there is kept, and where is returned.

    At every moment there is a whole database at `path`: it stays as it was until the backup has been checked and
    copied beside it. An older version is brought up to date when the bot opens it.

    Raises:
        StateError: a bot uses the database, or `backup` is missing, damaged, newer or no database of Footnote's.
    """
    if not backup.is_file():
        gone = Phrase("There is no file {file}.").format(file=str(backup))
        raise StateError(gone, remedy=Phrase("Name one that footnote backup has made."))
    lock = lock_of(path)
    try:
        with closing(_checked(backup)) as source, unfinished_copy(source, path) as made:
            kept = _set_aside(path)
            durable.put(made, path)
    finally:
        lock.release()
    return kept


def _checked(backup: Path) -> sqlite3.Connection:
    """A backup, opened to be copied: sound, Footnote's, and no newer than this version. Raises StateError."""
    connection = _read_only(backup)
    try:
        store = Store(backup, connection)
        check_file(store, len(migrations.load()))
        if not store.version():
            other = Phrase("{file} is no backup of Footnote's.").format(file=str(backup))
            raise StateCorrupt(other, remedy=Phrase("Name another file."))
        if store.rows("PRAGMA integrity_check(1)")[0]["integrity_check"] != "ok":
            damaged = Phrase("{file} is damaged.").format(file=str(backup))
            raise StateCorrupt(damaged, remedy=Phrase("Name another backup."))
    except BaseException:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> sqlite3.Connection:
    with translated(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = as_dict
    return connection


def _set_aside(path: Path) -> Path | None:
    """A copy of the database that is about to be replaced, with what is in its log. Raises StateError, OSError."""
    if not path.exists():
        return None
    kept = before_restore(path)
    try:
        with translated(path), closing(sqlite3.connect(path)) as old:
            with unfinished_copy(old, kept) as made:
                durable.put(made, kept)
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # until the new one is there, this one stays whole
    except StateCorrupt:
        shutil.copy2(path, kept)
        durable.sync(kept)
    for log in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        log.unlink(missing_ok=True)  # it is left beside a damaged database, and would be read into the restored one
    return kept
