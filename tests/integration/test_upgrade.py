"""The data folder of every earlier version is opened with today's program: nothing of it is lost, and it serves."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from bot.state import migrations
from bot.state.backup import back_up
from bot.state.errors import StateError, StateNewer
from bot.state.settings import get
from bot.state.store import before_upgrade, open_store, read_store, state_path
from rag import build as layout
from rag.errors import IndexProblem
from rag.fields import FIELDS_VERSION
from rag.index import open_index
from rag.indexing import build_index, is_current
from rag.origin import remembered
from rag.probe import check
from rag.reading.library import READER_VERSION
from rag.words import terms
from scripts.data_fixture import fill
from tests.builders import BEES
from tests.fakes import FakeEmbedder, bag_of_words

FIXTURES = Path(__file__).parents[1] / "fixtures"
NOTES = FIXTURES / "notes"
ARCHIVES = sorted((FIXTURES / "data").glob("*.tar.gz"))
EMBEDDER = FakeEmbedder().fingerprint
QUESTION = "How long does a bee dance?"


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder as a version left it."""
    return unpacked(request.param, tmp_path)


@pytest.fixture(
    params=[path for path in ARCHIVES if not path.name.startswith("format-")],  # those had none
    ids=lambda path: path.name.removesuffix(".tar.gz"),
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The database in it."""
    return state_path(unpacked(request.param, tmp_path))


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    """That of a version which is newer than today's program."""
    folder = unpacked(FIXTURES / "data" / "database-2.tar.gz", tmp_path)
    written = layout.current_build(folder) / layout.MANIFEST
    written.write_text(json.dumps({**json.loads(written.read_text()), "format": 99}))
    with closing(sqlite3.connect(state_path(folder))) as connection:
        connection.execute("PRAGMA user_version = 99")
    return folder


def unpacked(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / "data"


def answers(data: Path) -> None:
    """The index finds what stands in the notes."""
    index = open_index(data, embedder=EMBEDDER)
    try:
        found = index.search(bag_of_words(BEES), terms(BEES), 1)[0]
        assert found.passage.text == BEES
        assert found.passage.note_file == "bees.txt"
    finally:
        index.close()


def version_of(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def can_serve(data: Path) -> bool:
    """Whether today's program can search this index, by what its manifest says."""
    manifest = json.loads((layout.current_build(data) / layout.MANIFEST).read_text())
    return (manifest["format"], manifest["fields_version"]) == (layout.FORMAT, FIELDS_VERSION)


def test_its_index_serves_if_it_can_until_a_new_one_is_built_beside_it(data: Path) -> None:
    before = layout.current_build(data)
    could = can_serve(data)
    if could:
        answers(data)
    else:
        with pytest.raises(IndexProblem, match="Run: footnote index"):
            open_index(data, embedder=EMBEDDER)
    held = is_current(NOTES, data, embedder=EMBEDDER)
    seen: list[Path] = []

    def look(build: Path) -> None:
        seen.append(layout.current_build(data))
        if could:
            answers(data)
        check(build)

    report = build_index(NOTES, data, FakeEmbedder(), check=look)
    assert seen == [before]
    assert report.unchanged == held
    assert report.notes == 3
    assert layout.read_manifest(layout.current_build(data)).reader_version == READER_VERSION
    answers(data)


def test_its_database_is_brought_forward_with_a_copy_first_and_nothing_is_lost(database: Path, tmp_path: Path) -> None:
    version = version_of(database)
    for _ in range(2):  # and the second time there is nothing to be done
        with open_store(database) as store:
            assert store.version() == len(migrations.load())
            assert [row["question"] for row in store.rows("SELECT question FROM turns")] == [QUESTION]
            assert [row["vote"] for row in store.rows("SELECT vote FROM votes")] == [1]
            assert get(store, "guild", 31) == {"answers": "strict"}
            back_up(database, tmp_path / "backup.sqlite3")
        (tmp_path / "backup.sqlite3").unlink()
    assert before_upgrade(database).exists() == (version < len(migrations.load()))
    if before_upgrade(database).exists():
        with closing(sqlite3.connect(before_upgrade(database))) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (version,)
            assert connection.execute("SELECT question FROM turns").fetchall() == [(QUESTION,)]


def test_what_only_reads_an_older_database_leaves_it_and_says_what_brings_it_forward(database: Path) -> None:
    try:
        read_store(database).close()
    except StateError as error:
        assert "Start the bot once" in str(error)
        assert not before_upgrade(database).exists()
    else:
        assert version_of(database) == len(migrations.load())


def test_a_newer_folder_is_left_as_it_is_and_says_what_to_do(newest: Path) -> None:
    before = state_path(newest).read_bytes()
    with pytest.raises(StateNewer, match=r"version 99.*Install the newer Footnote again, or restore"):
        open_store(state_path(newest))
    assert state_path(newest).read_bytes() == before
    with pytest.raises(IndexProblem, match=r"format 99, this is \d+\. Run: footnote index"):
        open_index(newest, embedder=EMBEDDER)
    assert not build_index(NOTES, newest, FakeEmbedder(), check=check).unchanged
    answers(newest)


def test_there_is_a_folder_of_every_layout(tmp_path: Path) -> None:
    """A new version of the database had no folder, and nobody noticed: any database at all was enough."""
    formats, databases = set(), set()
    for archive in ARCHIVES:
        data = unpacked(archive, tmp_path / archive.name)
        formats.add(json.loads((layout.current_build(data) / layout.MANIFEST).read_text())["format"])
        if state_path(data).exists():
            databases.add(version_of(state_path(data)))
    assert formats == set(range(1, layout.FORMAT + 1))
    assert databases == set(range(1, len(migrations.load()) + 1))


def test_what_is_made_at_a_release_has_all_that_the_last_one_has(tmp_path: Path) -> None:
    """It was made without what the index was made of, so that this would not have been tried out of the next one."""
    fill(tmp_path / "data", NOTES)
    last = unpacked(FIXTURES / "data" / "database-2.tar.gz", tmp_path / "last")
    assert remembered(tmp_path / "data") == remembered(last)
    made, kept = (
        {path.name for folder in (data, data / "state") for path in folder.iterdir()}
        for data in (tmp_path / "data", last)
    )
    assert made == kept
    assert version_of(state_path(tmp_path / "data")) == len(migrations.load())
