"""The database file: opened, brought to the newest version, locked against a second bot. Here alone is SQLite used.

Python's own sqlite3 and no layer above it: there are eight small tables and no query that is put together at run time,
so an ORM would add more than it saves; an async layer would put its own thread behind every statement, where one whole
transaction a hop is wanted (bot/state/memory.py). A connection refuses every thread but the one that opened it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import filelock

from bot.state import migrations
from bot.state.database import Database, Row
from bot.state.errors import StateBeingRead, StateBusy, StateCorrupt, StateError, StateFull, StateNewer, StateUnwritable
from rag import durable
from rag.phrase import Phrase

T = TypeVar("T")

FOLDER = "state"
FILE = "state.sqlite3"
BEFORE = ".before-restore"
OLDER = ".before-upgrade"
HOLDER = "holder"
APPLICATION_ID = 0x466F6F74  # "Foot", in the header of the file
OLDEST_SQLITE = (3, 37, 0)  # for STRICT tables
BUSY_SECONDS = 1.0

KEYS = {
    "turns": "id",
    "subscriptions": "id",
    "views": "token",
    "votes": "turn, user",
    "reports": "turn, user, citation",
    "pending": "id",
    "asked": "day, server, user",
}
"""What a row is known by, of the tables that have something of people in them; not every version has all of them."""

_KINDS: dict[int, tuple[type[StateError], str, str]] = {
    sqlite3.SQLITE_BUSY: (StateBusy, "is locked by another program", "Close what has it open."),
    sqlite3.SQLITE_LOCKED: (StateBusy, "is locked by another program", "Close what has it open."),
    sqlite3.SQLITE_FULL: (StateFull, "does not fit on the disk any longer", "Make some space."),
    sqlite3.SQLITE_IOERR: (StateUnwritable, "cannot be read or written", "Look after the disk."),
    sqlite3.SQLITE_READONLY: (StateUnwritable, "is read-only", "Let the bot's account write to it and its folder."),
    sqlite3.SQLITE_CANTOPEN: (StateUnwritable, "cannot be opened", "Let the bot's account write to it and its folder."),
    sqlite3.SQLITE_PERM: (StateUnwritable, "may not be opened", "Let the bot's account write to it and its folder."),
    sqlite3.SQLITE_CORRUPT: (StateCorrupt, "is damaged", "Restore a backup: footnote restore FILE"),
    sqlite3.SQLITE_NOTADB: (StateCorrupt, "is damaged", "Restore a backup: footnote restore FILE"),
}


def state_path(data: Path) -> Path:
    """Where the database lies in the data folder `data`."""
    return data / FOLDER / FILE


def before_restore(path: Path) -> Path:
    """Where the database that a restore replaced is kept."""
    return path.with_name(path.name + BEFORE)


def before_upgrade(path: Path) -> Path:
    """Where the database is kept as it was before a newer Footnote brought it forward."""
    return path.with_name(path.name + OLDER)


class Store:
    """The open database, for the thread that opened it. Make one with `open_store` or `read_store`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: filelock.BaseFileLock | None = None) -> None:
        self.path = path
        self.connection = connection
        self._lock = lock

    def __enter__(self) -> Store:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.close()

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        """What a statement gives back. Raises StateError."""
        with translated(self.path):
            return self.connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Inside the block everything is written or, if it raises, nothing is. On the disk at its end."""
        self.rows("BEGIN")
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.rows("ROLLBACK")
            raise

    def purge(self, delete: Callable[[Database], T]) -> T:
        """Delete something, here and in the databases that are kept from before; no byte of it stays on the disk."""
        outcome = self._purge(delete)
        self._follow(before_upgrade(self.path))
        replaced = before_restore(self.path)
        if replaced.exists():
            try:
                with _open(replaced, migrations.load(), keep=False) as store:
                    store._purge(delete)
                    store.rows("PRAGMA journal_mode = DELETE")  # no log is left beside it
            except StateError:
                replaced.unlink(missing_ok=True)  # what cannot be searched may hold it
        return outcome

    def _follow(self, older: Path) -> None:
        """Delete from the database of an older version whatever is no longer in this one."""
        if not older.exists():
            return
        try:
            with closing(sqlite3.connect(older, isolation_level=None)) as copy:
                copy.execute("ATTACH ? AS now", (str(self.path),))
                copy.execute("PRAGMA secure_delete = ON")
                held = {name for (name,) in copy.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")}
                for table, key in ((table, key) for table, key in KEYS.items() if table in held):
                    copy.execute(f"DELETE FROM main.{table} WHERE ({key}) NOT IN (SELECT {key} FROM now.{table})")  # noqa: S608
                copy.execute("DETACH now")
                copy.execute("VACUUM")
        except sqlite3.Error:
            older.unlink(missing_ok=True)  # what cannot be searched may hold it

    def _purge(self, delete: Callable[[Database], T]) -> T:
        with self.transaction():
            outcome = delete(self)
        self.rows("VACUUM")
        if self.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0]["busy"]:
            raise StateBeingRead(f"{self.path} is being read by another program.", remedy="Erase again after it.")
        return outcome

    def version(self) -> int:
        """Of the database's tables; 0 of an empty one."""
        return int(self.rows("PRAGMA user_version")[0]["user_version"])

    def close(self) -> None:
        """Let go of the file; what is in its log is written into it."""
        self.connection.close()
        if self._lock:
            self._lock.release()


def open_store(path: Path, *, steps: Sequence[str] | None = None) -> Store:
    """The database at `path`, made if it is not there, at the newest version and nobody else's to write.

    Args:
        steps: SQL that leads from each version to the next; Footnote's own by default.

    Raises:
        StateError: it cannot be used, with what to do about it. An older version that could not be brought to the
            newest one is left as it was.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise StateError(f"SQLite is {sqlite3.sqlite_version}, older than {needed}.", remedy="Use a newer Python.")
    lock = lock_of(path)
    try:
        _sweep(path)
        return _open(path, migrations.load() if steps is None else steps, lock)
    except BaseException:
        lock.release()
        raise


def read_store(path: Path) -> Store:
    """The database at `path` for reading, whether or not a bot has it open.

    Raises:
        StateError: there is none, it cannot be used, or it is not of the newest version.
    """
    if not path.exists():
        nothing = Phrase("There is nothing in {path} yet.").format(path=str(path))
        raise StateError(nothing, remedy=Phrase("It is made by the bot: footnote bot"))
    store = Store(path, _connect(path))
    try:
        newest = len(migrations.load())
        check_file(store, newest)
        if store.version() < newest:
            raise StateError(
                Phrase("{path} is of version {version}, not {newest}.").format(
                    path=str(path), version=store.version(), newest=newest
                ),
                remedy=Phrase("Start the bot once: footnote bot"),
            )
        store.rows("PRAGMA query_only = ON")
    except BaseException:
        store.close()
        raise
    return store


def lock_of(path: Path) -> filelock.BaseFileLock:
    """The right to write the database at `path`, until it is released. Raises StateBusy, StateUnwritable, StateFull."""
    lock = filelock.FileLock(path.with_name("lock"), thread_local=False)
    try:
        durable.make_folder(path.parent)
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise StateBusy(f"Another Footnote{_holder(path)} uses {path}.", remedy="Stop that bot first.") from error
    except OSError as error:
        full = durable.is_full(error)
        kind, remedy = (
            (StateFull, "Make some space.") if full else (StateUnwritable, "Let the bot's account write there.")
        )
        raise kind(f"{path.parent} cannot be used ({error.strerror}).", remedy=remedy) from error
    with suppress(OSError):  # the lock holds without it; it ends with its process, however that ends
        path.with_name(HOLDER).write_text(str(os.getpid()), encoding="ascii")
    return lock


def _holder(path: Path) -> str:
    """Which process has the lock, as far as it said so."""
    try:
        return f" (process {int(path.with_name(HOLDER).read_text(encoding='ascii'))})"
    except (OSError, ValueError):
        return ""


def check_file(store: Store, newest: int) -> None:
    """Whether it is a database of Footnote's, undamaged, and no newer than version `newest`.

    Raises:
        StateCorrupt, StateNewer: it is not.
    """
    found = store.rows("PRAGMA quick_check(1)")
    application = store.rows("PRAGMA application_id")[0]["application_id"]
    if found[0]["quick_check"] != "ok":
        damaged = Phrase("{path} is damaged.").format(path=str(store.path))
        raise StateCorrupt(damaged, remedy=Phrase("Restore a backup: footnote restore FILE"))
    if application != APPLICATION_ID and (application or store.rows("SELECT 1 FROM sqlite_master")):
        foreign = Phrase("{path} is no database of Footnote's.").format(path=str(store.path))
        raise StateCorrupt(foreign, remedy=Phrase("Name another file."))
    if store.version() > newest:
        raise StateNewer(
            Phrase("{path} is of version {version}; this Footnote reads up to version {newest}.").format(
                path=str(store.path), version=store.version(), newest=newest
            ),
            remedy=Phrase(
                "Install the newer Footnote again, or restore what was kept from before the upgrade or another backup: "
                "footnote restore {file}"
            ).format(file=before_upgrade(store.path).name),
        )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Inside the block, SQLite's errors about the file become StateErrors; those about the statement stay."""
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary not in _KINDS:
            raise
        kind, what, remedy = _KINDS[primary]
        raise kind(f"{path} {what}.", remedy=remedy) from error


def _connect(path: Path) -> sqlite3.Connection:
    with translated(path):
        if not path.exists():
            _create(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = as_dict
    return connection


def _open(path: Path, steps: Sequence[str], lock: filelock.BaseFileLock | None = None, *, keep: bool = True) -> Store:
    store = Store(path, _connect(path), lock)
    try:
        _prepare(store, steps, keep=keep)
    except BaseException:
        store.close()
        raise
    return store


def _create(path: Path) -> None:
    """An empty file that nobody but its owner may read."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        durable.sync(path.parent)
    except OSError as error:
        raise refused(path, error, otherwise=Phrase("Let the bot's account write there.")) from error


def as_dict(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> Row:
    """A row by the names of its columns."""
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _prepare(store: Store, steps: Sequence[str], *, keep: bool) -> None:
    check_file(store, len(steps))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        store.rows(f"PRAGMA {pragma}")
    store.rows("PRAGMA temp_store = MEMORY")  # no copy of anything outside the folder
    if keep and 0 < store.version() < len(steps):
        _keep(store, before_upgrade(store.path))
    for version, step in enumerate(steps[store.version() :], start=store.version() + 1):
        _migrate(store, step, version)


def _keep(store: Store, older: Path) -> None:
    """Put a copy of the database beside it, in one step and on the disk."""
    with unfinished_copy(store.connection, older) as made:
        durable.put(made, older)


@contextmanager
def unfinished_copy(connection: sqlite3.Connection, to: Path) -> Iterator[Path]:
    """A whole copy of a database beside `to`, for the block to put there; otherwise it is gone afterwards.

    What a kill has left of one an hour ago goes away too. Raises StateError, for the block's OSErrors as well.
    """
    unfinished = durable.unfinished(to)
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with translated(to), closing(sqlite3.connect(unfinished)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
        yield unfinished
    except OSError as error:
        raise refused(to, error, otherwise=Phrase("Name another place.")) from error
    finally:
        with suppress(OSError):
            _drop(unfinished)


def _sweep(path: Path) -> None:
    """Delete what a kill has left of copies of the database: somebody may have been forgotten since.

    Of those alone which only the holder of its lock makes: others may be being made.
    """
    for target in (path, before_restore(path), before_upgrade(path)):
        durable.sweep(target, at_once=True)


def _drop(unfinished: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)


def refused(path: Path, error: OSError, *, otherwise: str) -> StateError:
    """What to raise where the system does not let `path` be written; `otherwise`: what to do unless space is short."""
    said = Phrase("{path} cannot be written ({why}).").format(path=str(path), why=str(error.strerror))
    if durable.is_full(error):
        return StateFull(said, remedy=Phrase("Make some space."))
    return StateUnwritable(said, remedy=otherwise)


def _migrate(store: Store, step: str, version: int) -> None:
    """One step and the version it leads to: both or neither."""
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};"
    with translated(store.path):
        try:
            store.connection.executescript(f"BEGIN IMMEDIATE; {step}\n; {marks} COMMIT;")
        except sqlite3.Error:
            if store.connection.in_transaction:
                store.rows("ROLLBACK")
            raise
