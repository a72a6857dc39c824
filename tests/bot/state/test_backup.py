"""A backup is one file that holds all of it; what cannot be put back changes nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.state import migrations
from bot.state.backup import back_up, copy, restore
from bot.state.errors import StateBusy, StateCorrupt, StateError, StateNewer
from bot.state.store import Store, before_restore, open_store, read_store, state_path, unfinished_copy
from rag.durable import LEFT_SECONDS
from tests.bot.state.builders import turn
from tests.bot.state.test_store import VERSIONS
from tests.disks import little_space


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return state_path(tmp_path)


def questions(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT question FROM turns ORDER BY id")]


def ask(store: Store, question: str) -> None:
    with store.transaction():
        turn(store, question)


@pytest.fixture
def saved(path: Path, tmp_path: Path) -> Path:
    """A backup with one question; another was asked after it."""
    with open_store(path) as store:
        ask(store, "before")
        back_up(path, tmp_path / "backup.sqlite3")
        ask(store, "after")
    return tmp_path / "backup.sqlite3"


def test_a_backup_of_a_running_bot_is_one_private_file_with_all_of_it(path: Path, saved: Path) -> None:
    assert questions(saved) == ["before"]
    assert [each.name for each in saved.parent.glob("backup*")] == [saved.name]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_a_backup_overwrites_nothing(path: Path, saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(StateError, match="there already"):
        back_up(path, saved)
    assert saved.read_bytes() == before


def test_a_backup_to_a_place_that_is_not_there_is_explained(path: Path, saved: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        back_up(path, path / "no" / "such" / "folder")


def test_a_backup_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nothing in"):
        back_up(state_path(tmp_path), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_restored_backup_serves_and_what_was_there_is_kept(path: Path, saved: Path) -> None:
    kept = restore(path, saved)
    assert kept == before_restore(path)
    assert questions(kept) == ["before", "after"]
    with open_store(path) as store:
        assert [row["question"] for row in store.rows("SELECT question FROM turns")] == ["before"]
    assert questions(saved) == ["before"]


def test_what_is_still_in_the_log_of_a_killed_bot_is_kept_and_not_mixed_in(path: Path, saved: Path) -> None:
    """A log that is left beside a restored database would be read into it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE turns SET question = 'in the log'")
    files = {each: each.read_bytes() for each in path.parent.iterdir()}
    connection.close()
    for each, content in files.items():  # as a bot leaves them that was killed
        each.write_bytes(content)
    kept = restore(path, saved)
    assert kept is not None
    assert questions(kept) == ["in the log"] * 2
    assert questions(path) == ["before"]


def test_a_backup_can_be_put_where_nothing_was(tmp_path: Path, saved: Path) -> None:
    elsewhere = state_path(tmp_path / "elsewhere")
    assert restore(elsewhere, saved) is None
    assert questions(elsewhere) == ["before"]


def test_a_damaged_database_is_replaced_too(path: Path, saved: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE turns SET question = 'in the log'")
    log = path.with_name(path.name + "-wal")
    content = log.read_bytes()
    connection.close()
    path.write_bytes(b"damaged" * 1000)
    log.write_bytes(content)
    assert restore(path, saved) == before_restore(path)
    assert questions(path) == ["before"]
    assert not log.exists()


def test_nothing_is_put_back_while_a_bot_runs(path: Path, saved: Path) -> None:
    with open_store(path), pytest.raises(StateBusy, match="Stop that bot first"):
        restore(path, saved)


def test_an_older_backup_is_put_back_and_brought_up_to_date_when_it_is_opened(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript((VERSIONS / "1.sql").read_text())
    restore(path, old)
    with open_store(path) as store:
        assert store.version() == len(migrations.load())
        assert len(store.rows("SELECT * FROM turns")) == 2


@pytest.mark.parametrize("what", ["missing", "text", "foreign", "empty", "newer", "damaged", "cut"])
def test_what_is_no_good_backup_is_refused_and_changes_nothing(path: Path, saved: Path, what: str) -> None:
    errors = {"missing": StateError, "newer": StateNewer}
    _spoil(saved, what)
    before = sorted((each.name, each.read_bytes()) for each in path.parent.iterdir())
    with pytest.raises(errors.get(what, StateCorrupt)):
        restore(path, saved)
    assert sorted((each.name, each.read_bytes()) for each in path.parent.iterdir()) == before
    with read_store(path) as store:
        assert len(store.rows("SELECT * FROM turns")) == 2


def _spoil(saved: Path, what: str) -> None:
    if what == "damaged":
        content = bytearray(saved.read_bytes())
        content[4096:8192] = b"\xff" * 4096
        saved.write_bytes(content)
        return
    if what == "cut":
        saved.write_bytes(saved.read_bytes()[:-5000])
        return
    if what == "newer":
        with closing(sqlite3.connect(saved)) as connection:
            connection.execute("PRAGMA user_version = 99")
        return
    saved.unlink()
    if what == "text":
        saved.write_text("dear diary, " * 500)
    elif what == "foreign":
        with closing(sqlite3.connect(saved)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
    elif what == "empty":
        saved.touch()


def test_a_backup_from_inside_the_bot_replaces_the_one_before(path: Path, saved: Path) -> None:
    with open_store(path) as store:
        copy(store, saved)
    assert questions(saved) == ["before", "after"]


def test_a_backup_that_does_not_fit_names_its_file_and_leaves_nothing(path: Path, saved: Path) -> None:
    """A journal with questions in it stayed beside it, and the sentence named a hidden file."""
    before = sorted(saved.parent.iterdir())
    with little_space(40_000), pytest.raises(StateError, match=r"other\.sqlite3 cannot be read or written") as caught:
        back_up(path, saved.parent / "other.sqlite3")
    assert "unfinished" not in str(caught.value)
    assert sorted(saved.parent.iterdir()) == before


def test_a_restore_that_does_not_fit_changes_nothing(path: Path, saved: Path) -> None:
    with little_space(40_000), pytest.raises(StateError):
        restore(path, saved)
    assert questions(path) == ["before", "after"]
    assert not list(path.parent.glob(".*"))
    assert not before_restore(path).exists()


def test_what_a_killed_backup_has_left_is_gone_with_the_next(path: Path, saved: Path) -> None:
    """What somebody had had erased stood in it for ever."""
    other = saved.parent / "other.sqlite3"
    left = [other.with_name(f".other.sqlite3.00001111.unfinished{suffix}") for suffix in ("", "-journal")]
    for file in left:
        file.write_bytes(b"half of it")
        os.utime(file, (time.time() - 2 * LEFT_SECONDS,) * 2)
    left += [path.with_name(f".{name}.00001111.unfinished") for name in (path.name, before_restore(path).name)]
    for file in left[2:]:
        file.write_bytes(b"half of it")
    back_up(path, other)
    open_store(path).close()
    assert questions(other) == ["before", "after"]
    assert not any(file.exists() for file in left)


def test_a_backup_that_is_being_made_is_left_alone(path: Path) -> None:
    """Another one to the same file, and every start of the bot, took away what it was writing."""
    with open_store(path) as store:
        ask(store, "first")
    to = path.with_name(f"{path.name}.copy")
    with read_store(path) as store, unfinished_copy(store.connection, to) as made:
        back_up(path, to)
        open_store(path).close()
        assert questions(made) == questions(to)


def test_what_the_log_holds_is_kept_though_somebody_is_reading_the_database(path: Path, saved: Path) -> None:
    """The log could not be written into the database then, and was deleted all the same."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT COUNT(*) FROM turns").fetchone() == (2,)
        with open_store(path) as store:
            ask(store, "last")
        kept = restore(path, saved)
    assert kept is not None
    assert questions(kept) == ["before", "after", "last"]
    assert questions(path) == ["before"]
