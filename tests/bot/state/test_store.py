"""The database file: its versions, and everything that can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.state import migrations, usage
from bot.state.conversations import Place, history
from bot.state.erasure import erase
from bot.state.errors import StateBusy, StateCorrupt, StateError, StateFull, StateNewer, StateUnwritable
from bot.state.feedback import listed
from bot.state.gaps import gaps
from bot.state.pending import take
from bot.state.settings import get
from bot.state.store import Store, before_upgrade, open_store, read_store, state_path
from bot.state.subscriptions import due
from bot.state.views import find
from rag.types import Turn

VERSIONS = Path(__file__).parent / "versions"
NEWEST = len(migrations.load())
ONE = "CREATE TABLE bees (name TEXT NOT NULL) STRICT;"
TWO = "ALTER TABLE bees ADD COLUMN queen INTEGER NOT NULL DEFAULT 0; UPDATE bees SET queen = 1 WHERE name = 'Ida';"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return state_path(tmp_path)


def made(path: Path, sql: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)
    return path


def schema(store: Store) -> list[tuple[str, str]]:
    """The tables and indexes, without comments and white space."""
    made = store.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [(row["name"], " ".join(_without_comment(line) for line in row["sql"].splitlines())) for row in made]


def _without_comment(line: str) -> str:
    return " ".join(line.partition("--")[0].split())


def test_a_new_database_is_of_the_newest_version_and_safe_to_write(path: Path) -> None:
    with open_store(path) as store:
        assert store.version() == NEWEST
        wanted = {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1, "synchronous": 2}
        assert {name: store.rows(f"PRAGMA {name}")[0][name] for name in wanted} == wanted
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_there_is_a_fixture_of_every_version() -> None:
    assert sorted(path.name for path in VERSIONS.glob("*.sql")) == [f"{number}.sql" for number in range(1, NEWEST + 1)]


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_what_an_earlier_version_has_written_is_read(path: Path, version: int) -> None:
    made(path, (VERSIONS / f"{version}.sql").read_text())
    with open_store(path) as store, open_store(path.with_name("new") / "new.sqlite3") as new:
        assert store.version() == NEWEST
        assert schema(store) == schema(new)
        assert get(store, "channel", 20) == {"verbosity": "short"}
        assert history(store, Place(user=10, guild=30, channel=20, thread=True)) == (
            Turn(question="How long does a bee dance?", episodes=("garden",)),
            Turn(question="and on Mars?", searched="bee: and on Mars?"),
        )
        view = find(store, "AAAAAAAAAAAAAAAA", now=4999)
        assert view is not None
        assert view.actions == ("up", "down")
        assert [(each.what, each.reason) for each in listed(store)] == [("report", "wrong line"), ("down", "too long")]
        assert [gap.searched for gap in gaps(store)] == ["bee: and on Mars?"]
        assert take(store, now=1006) == (Place(user=10, guild=30, channel=20),)
        (waiting,) = due(store, "build-2", now=2000)
        assert (waiting.searched, waiting.server) == ("bee: and on Mars?", 30)
        assert [(each.user, each.server, each.questions) for each in usage.listed(store, 0)] == [
            (10, 30, 1),
            (11, 30, 1),
        ]
        assert erase(store, 11)["subscriptions"] == 1


def test_steps_lead_from_any_version_to_the_newest(path: Path) -> None:
    with open_store(path, steps=[ONE]) as store:
        store.rows("INSERT INTO bees VALUES ('Ida'), ('Mo')")
    with open_store(path, steps=[ONE, TWO]) as store:
        assert store.version() == 2
        assert store.rows("SELECT * FROM bees ORDER BY name") == [
            {"name": "Ida", "queen": 1},
            {"name": "Mo", "queen": 0},
        ]


def test_a_step_that_fails_half_way_leaves_all_as_it_was(path: Path) -> None:
    with open_store(path, steps=[ONE]) as store:
        store.rows("INSERT INTO bees VALUES ('Ida')")
    with pytest.raises(sqlite3.OperationalError):
        open_store(path, steps=[ONE, f"{TWO} DROP TABLE nowhere;"])
    with open_store(path, steps=[ONE]) as store:
        assert store.version() == 1
        assert store.rows("SELECT * FROM bees") == [{"name": "Ida"}]


def test_before_it_is_brought_forward_a_copy_is_put_beside_it(path: Path) -> None:
    made(path, (VERSIONS / "1.sql").read_text())
    with open_store(path) as store:
        asked = store.rows("SELECT id FROM turns")
    with closing(sqlite3.connect(before_upgrade(path))) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert [{"id": row[0]} for row in copy.execute("SELECT id FROM turns")] == asked
    assert stat.S_IMODE(before_upgrade(path).stat().st_mode) == 0o600


def test_what_is_erased_is_gone_from_the_copy_too_and_the_rest_stays_in_it(path: Path) -> None:
    made(path, (VERSIONS / "1.sql").read_text())
    with open_store(path) as store:
        first, question = store.rows("SELECT id, question FROM turns ORDER BY id")[0].values()
        store.purge(lambda db: db.rows("DELETE FROM turns WHERE id = :first", first=first))
        left = [row["id"] for row in store.rows("SELECT id FROM turns")]
    with closing(sqlite3.connect(before_upgrade(path))) as copy:
        assert [row[0] for row in copy.execute("SELECT id FROM turns")] == left
        assert len(left) > 0
    assert str(question).encode() not in before_upgrade(path).read_bytes()


def test_a_database_that_is_new_or_up_to_date_is_not_copied(path: Path) -> None:
    for _ in range(2):
        with open_store(path):
            assert not before_upgrade(path).exists()


def test_a_newer_database_is_refused_with_both_versions_and_left_alone(path: Path) -> None:
    with open_store(path) as store:
        store.rows(f"PRAGMA user_version = {NEWEST + 4}")
    told = f"of version {NEWEST + 4}; .+ up to version {NEWEST}.+footnote restore .+before-upgrade"
    for opened in (open_store, read_store):
        with pytest.raises(StateNewer, match=told):
            opened(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST + 4,)


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_refused_with_the_remedy(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StateCorrupt, match="footnote restore FILE"):
        open_store(path)
    assert path.read_bytes() == content


def test_a_page_that_was_overwritten_is_noticed(path: Path) -> None:
    with open_store(path) as store:
        for number in range(300):
            store.rows("INSERT INTO settings VALUES ('guild', :id, 'name', :value)", id=number, value='"x"' * 20)
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StateCorrupt):
        open_store(path)


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    made(path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);")
    before = path.read_bytes()
    with pytest.raises(StateCorrupt, match="no database of Footnote's"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_second_bot_is_refused_until_the_first_has_left(path: Path) -> None:
    with open_store(path), pytest.raises(StateBusy, match=rf"Another Footnote \(process {os.getpid()}\) uses"):
        open_store(path)
    open_store(path).close()


def test_a_database_that_another_program_writes_is_busy(path: Path) -> None:
    with open_store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert get(store, "guild", 1) == {}
        with pytest.raises(StateBusy, match="locked by another program"), store.transaction():
            store.rows("INSERT INTO settings VALUES ('guild', 1, 'name', '1')")
        other.execute("ROLLBACK")
        with store.transaction():
            store.rows("INSERT INTO settings VALUES ('guild', 1, 'name', '1')")


def test_a_full_disk_loses_nothing_that_was_there(path: Path) -> None:
    with open_store(path) as store:
        store.rows("INSERT INTO settings VALUES ('guild', 1, 'name', '1')")
        store.rows(f"PRAGMA max_page_count = {store.rows('PRAGMA page_count')[0]['page_count']}")
        with pytest.raises(StateFull, match="Make some space"), store.transaction():
            store.rows("INSERT INTO settings VALUES ('guild', 2, 'name', :long)", long="x" * 50_000)
        assert get(store, "guild", 1) == {"name": 1}


def test_a_read_only_database_is_explained(path: Path) -> None:
    with open_store(path) as store:
        store.rows("PRAGMA query_only = ON")
        with pytest.raises(StateUnwritable, match="read-only"), store.transaction():
            store.rows("INSERT INTO settings VALUES ('guild', 1, 'name', '1')")


def test_a_folder_that_cannot_be_used_is_explained(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(StateUnwritable):
        open_store(path)


def test_a_folder_in_place_of_the_file_is_explained(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StateUnwritable):
        open_store(path)


def test_a_transaction_that_raises_writes_nothing(path: Path) -> None:
    with open_store(path) as store:
        with pytest.raises(KeyError), store.transaction():
            store.rows("INSERT INTO settings VALUES ('guild', 1, 'name', '1')")
            raise KeyError
        assert get(store, "guild", 1) == {}


def test_another_thread_is_refused(path: Path) -> None:
    refused: list[Exception] = []
    with open_store(path) as store:

        def trespass() -> None:
            try:
                store.rows("SELECT 1")
            except sqlite3.ProgrammingError as error:
                refused.append(error)

        thread = threading.Thread(target=trespass)
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_reading_needs_a_database_and_cannot_change_it(path: Path) -> None:
    with pytest.raises(StateError, match="It is made by the bot"):
        read_store(path)
    with open_store(path), read_store(path) as reader:
        assert reader.version() == NEWEST
        with pytest.raises(StateUnwritable):
            reader.rows("DELETE FROM turns")
