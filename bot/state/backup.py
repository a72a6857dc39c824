"""The database in one file and back. A backup is taken while the bot runs; it is put back while no bot does."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bot.state import migrations
from bot.state.errors import StateCorrupt, StateError
from bot.state.store import Store, as_dict, before_restore, check_file, lock_of, read_store, translated


def back_up(path: Path, to: Path) -> None:
    """Copy the database at `path` into the new file `to`, as it is at one moment, whoever has it open.

    Raises:
        StateError: the database cannot be read, `to` is there already or cannot be written.
    """
    if to.exists():
        raise StateError(f"{to} is there already.", remedy="Name a file that is not.")
    with read_store(path) as store:
        copy(store, to)


def copy(store: Store, to: Path) -> None:
    """The same for a database that is open; not inside a transaction. `to` is replaced, if it is there, in one step."""
    with _beside(to) as unfinished:
        _copy(store, unfinished)
        unfinished.replace(to)


def restore(path: Path, backup: Path) -> Path | None:
    """Put `backup` where the database at `path` is; what was there is kept, and where is returned.

    At every moment there is a whole database at `path`: it stays as it was until the backup has been checked and
    copied beside it. An older version is brought up to date when the bot opens it.

    Raises:
        StateError: a bot uses the database, or `backup` is missing, damaged, newer or no database of Footnote's.
    """
    if not backup.is_file():
        raise StateError(f"There is no file {backup}.", remedy="Name one that footnote backup has made.")
    lock = lock_of(path)
    try:
        with _beside(path) as unfinished:
            _take(backup, unfinished)
            kept = _set_aside(path)
            unfinished.replace(path)
    finally:
        lock.release()
    return kept


def _take(backup: Path, to: Path) -> None:
    """A checked copy of a backup, at the newest version; the backup itself is left alone."""
    with closing(_read_only(backup)) as source:
        store = Store(backup, source)
        check_file(store, len(migrations.load()))
        if not store.version():
            raise StateCorrupt(f"{backup} is no backup of Footnote's.", remedy="Name another file.")
        found = store.rows("PRAGMA integrity_check(1)")[0]["integrity_check"]
        if found != "ok":
            raise StateCorrupt(f"{backup} is damaged.", remedy="Name another backup.")
        _copy(store, to)


def _copy(store: Store, to: Path) -> None:
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with translated(to), closing(sqlite3.connect(to)) as target:
        store.connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it


def _read_only(path: Path) -> sqlite3.Connection:
    with translated(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = as_dict
    return connection


def _set_aside(path: Path) -> Path | None:
    """A copy of the database that is about to be replaced, its log written into it."""
    if not path.exists():
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = before_restore(path)
    shutil.copy2(path, kept)
    for log in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        log.unlink(missing_ok=True)  # it is left beside a damaged database, and would be read into the restored one
    return kept


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A name for an unfinished file next to `path`; what is left under it at the end is deleted."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
    except OSError as error:
        raise StateError(f"{path} cannot be written ({error.strerror}).", remedy="Name another place.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
