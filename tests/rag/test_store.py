"""The vector store against brute force over the same vectors, and what becomes of it when files are damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexCorrupt
from rag.store import ADD_BATCH, DATABASE, Vector, VectorStore, check_database, vectors_by_text
from rag.store import ROWS as ROWS_FILE
from rag.store import TEXTS as TEXTS_FILE
from rag.store import VALUES as VALUES_FILE
from rag.types import FloatArray

ROOT = Path(__file__).parents[2]
COUNT, DIMENSION = ADD_BATCH + 300, 24


def unit_vectors(count: int = COUNT, *, seed: int = 3) -> FloatArray:
    values = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), dtype=np.float32)


VALUES = unit_vectors()
VECTORS = [Vector(row=i // 3, text_hash=f"text {i}") for i in range(COUNT)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished store; copy it before you harm it."""
    path = tmp_path_factory.mktemp("store") / "vectors"
    store = VectorStore.create(path)
    store.add(VECTORS, VALUES)
    store.close()
    return path


@pytest.fixture
def store(folder: Path) -> Iterator[VectorStore]:
    opened = VectorStore.open(folder, expected=COUNT)
    yield opened
    opened.close()


@pytest.fixture
def harmed(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "vectors"))


@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_are_those_of_brute_force_in_that_order(store: VectorStore, seed: int) -> None:
    query = unit_vectors(1, seed=100 + seed)[0]
    cosines = VALUES @ query
    best = np.argsort(-cosines)[:30]
    found = store.nearest(query, 30)
    assert [row for row, _ in found] == [VECTORS[i].row for i in best]
    np.testing.assert_allclose([cosine for _, cosine in found], cosines[best], atol=1e-5)


def test_a_row_comes_once_for_each_of_its_vectors(store: VectorStore) -> None:
    assert sorted(row for row, _ in store.nearest(VALUES[0], COUNT)) == sorted(v.row for v in VECTORS)


def test_a_text_that_stands_five_hundred_times_hides_no_other(tmp_path: Path) -> None:
    """With every copy in Chroma's graph, in half of the builds a vector beside them did not find itself any more."""
    values = unit_vectors(seed=5)
    values[100:600] = values[100]
    vectors = [Vector(row=i, text_hash=f"text {100 if 100 <= i < 600 else i}") for i in range(COUNT)]
    store = VectorStore.create(tmp_path / "vectors")
    store.add(vectors, values)
    store.close()
    with closing(VectorStore.open(tmp_path / "vectors", expected=COUNT)) as opened:
        opened.check(samples=COUNT)
        assert [row for row, _ in opened.nearest(values[300], 1)] == list(range(100, 600))


@pytest.mark.parametrize("numbers", [[], [7], [COUNT - 1, 0, ADD_BATCH, ADD_BATCH - 1], list(range(50, 20, -1))])
def test_cosines_are_exact_and_in_the_order_asked_for(store: VectorStore, numbers: list[int]) -> None:
    query = unit_vectors(1, seed=9)[0]
    np.testing.assert_allclose(store.cosines(query, numbers), VALUES[numbers] @ query, atol=1e-6)


def test_every_vector_can_be_taken_over(folder: Path, store: VectorStore) -> None:
    known = vectors_by_text(folder)
    assert set(known) == {vector.text_hash for vector in VECTORS}
    for i in (0, ADD_BATCH - 1, ADD_BATCH, COUNT - 1):
        np.testing.assert_allclose(known[f"text {i}"], VALUES[i], atol=1e-6)
        np.testing.assert_allclose(store.vector(i), VALUES[i], atol=1e-6)


def test_progress_is_told_after_each_batch(tmp_path: Path) -> None:
    told: list[int] = []
    store = VectorStore.create(tmp_path / "v")
    store.add(VECTORS, VALUES, progress=told.append)
    store.close()
    assert told == [COUNT - ADD_BATCH, COUNT], "the batch that is not full comes first"


def test_closing_one_reader_leaves_another_one_working(folder: Path) -> None:
    one, other = (VectorStore.open(folder, expected=COUNT) for _ in range(2))
    one.close()
    one.close()
    assert other.nearest(VALUES[5], 1)[0][0] == VECTORS[5].row
    other.close()


def test_settings_of_other_programs_are_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chroma reads the `.env` of the working directory too; an empty CHROMA_API_IMPL there kept it from opening."""
    (tmp_path / ".env").write_text("PERSIST_DIRECTORY=/nowhere\nCHROMA_SERVER_HOST=x.invalid\nCHROMA_API_IMPL=\n")
    monkeypatch.setenv("IS_PERSISTENT", "perhaps")
    monkeypatch.chdir(tmp_path)
    store = VectorStore.create(tmp_path / "v")
    store.add(VECTORS[:5], VALUES[:5])
    store.close()
    assert (tmp_path / "v" / "chroma.sqlite3").is_file()


def test_chroma_is_imported_whatever_the_environment_says(tmp_path: Path) -> None:
    """It makes settings of its own while it is imported, and a variable that is no number kept it from that."""
    (tmp_path / ".env").write_text("CHROMA_SERVER_HTTP_PORT=\nCHROMA_API_IMPL=\n")
    environment = {**os.environ, "CHROMA_SERVER_NOFILE": "many", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import rag.store"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)


def test_a_page_of_the_database_that_was_overwritten_is_noticed(harmed: Path) -> None:
    """Chroma's Rust code panics over it, which is no Exception in Python."""
    check_database(harmed)
    path = harmed / DATABASE
    content = bytearray(path.read_bytes())
    content[8 * 4096 : 12 * 4096] = bytes(4 * 4096)
    path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match="footnote index"):
        check_database(harmed)
    with (
        pytest.raises(IndexCorrupt, match="footnote index"),
        closing(VectorStore.open(harmed, expected=COUNT)) as store,
    ):
        store.check(samples=100)


@pytest.mark.parametrize("count", [1, 2, 300, COUNT])
def test_to_open_a_store_changes_no_file_of_its_graph(tmp_path: Path, count: int) -> None:
    """That of a small one was cut to nothing and written anew each time: a power cut met an index that served."""
    store = VectorStore.create(tmp_path / "v")
    store.add(VECTORS[:count], VALUES[:count])
    store.close()
    graph = {path: path.stat().st_mtime_ns for path in (tmp_path / "v").glob("*/*")}
    assert graph
    opened = VectorStore.open(tmp_path / "v", expected=count)
    opened.check(samples=3)
    opened.close()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "v").glob("*/*")} == graph


def test_what_a_crash_left_half_done_in_the_database_is_undone_and_no_damage(harmed: Path) -> None:
    """The whole index was built anew."""
    with closing(sqlite3.connect(harmed / DATABASE, isolation_level=None)) as crashed:
        crashed.execute("PRAGMA cache_size = 1")  # so that a part is in the file before the end
        crashed.execute("BEGIN")
        crashed.execute("CREATE TABLE other (content BLOB)")
        crashed.executemany("INSERT INTO other VALUES (?)", [(b"x" * 5000,) for _ in range(200)])
        left = {path.name: path.read_bytes() for path in harmed.glob(f"{DATABASE}*")}
    assert len(left) == 2
    for name, content in left.items():
        (harmed / name).write_bytes(content)
    check_database(harmed)
    with closing(sqlite3.connect(harmed / DATABASE)) as database:
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'other'").fetchall()


def test_no_store_is_made_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(IndexCorrupt, match=r"gone.*Run: footnote index"):
        VectorStore.open(tmp_path / "none", expected=1)
    assert list(tmp_path.iterdir()) == []


def test_another_number_of_vectors_is_noticed(folder: Path) -> None:
    with pytest.raises(IndexCorrupt, match=f"{COUNT:,} vectors, not {COUNT + 1:,}"):
        VectorStore.open(folder, expected=COUNT + 1)


@pytest.mark.parametrize("content", [b"", b"not a database" * 500])
def test_a_spoilt_database_is_noticed(harmed: Path, content: bytes) -> None:
    (harmed / "chroma.sqlite3").write_bytes(content)
    with pytest.raises(IndexCorrupt, match="footnote index"):
        VectorStore.open(harmed, expected=COUNT)


@pytest.mark.parametrize("name", [VALUES_FILE, ROWS_FILE, TEXTS_FILE])
@pytest.mark.parametrize("content", [None, b"", b"not an array"])
def test_missing_or_spoilt_arrays_are_noticed(harmed: Path, name: str, content: bytes | None) -> None:
    (harmed / name).unlink() if content is None else (harmed / name).write_bytes(content)
    with pytest.raises(IndexCorrupt, match="footnote index"):
        VectorStore.open(harmed, expected=COUNT)


def test_a_missing_segment_is_noticed(harmed: Path) -> None:
    """Chroma still counts all vectors then, and answers some queries."""
    for segment in (path for path in harmed.iterdir() if path.is_dir()):
        shutil.rmtree(segment)
    with pytest.raises(IndexCorrupt, match=r"does not find itself.*footnote index"):
        VectorStore.open(harmed, expected=COUNT)


@pytest.mark.parametrize("count", [2 * ADD_BATCH + 1, ADD_BATCH, 2 * ADD_BATCH])
def test_the_graph_on_the_disk_has_every_vector(tmp_path: Path, count: int) -> None:
    """What was added last was left out of it, and put in again at every start: 3 s with 600 of 30,600 vectors."""
    values = unit_vectors(count)
    store = VectorStore.create(tmp_path / "v")
    done: list[int] = []
    store.add([Vector(row=i, text_hash=str(i)) for i in range(count)], values, progress=done.append)
    store.close()
    (lengths,) = (tmp_path / "v").glob("*/length.bin")
    assert lengths.stat().st_size == 4 * count, "four bytes a vector"
    assert (done[-1], sorted(done)) == (count, done)
    opened = VectorStore.open(tmp_path / "v", expected=count)
    assert [opened.nearest(values[i], 1)[0][0] for i in (0, 1, count - 1)] == [0, 1, count - 1]
    opened.close()


def test_an_earlier_build_that_has_every_copy_in_chroma_is_read_without_losing_any(tmp_path: Path) -> None:
    values = unit_vectors(60, seed=7)
    values[10:40] = values[10]
    same = [Vector(row=i, text_hash=f"text {10 if 10 <= i < 40 else i}") for i in range(60)]
    store = VectorStore.create(tmp_path / "vectors")
    store.add([Vector(row=i, text_hash=f"text {i}") for i in range(60)], values)  # each is different: all are in Chroma
    store.close()
    np.save(tmp_path / "vectors" / TEXTS_FILE, np.asarray([v.text_hash for v in same], dtype=np.bytes_))
    with closing(VectorStore.open(tmp_path / "vectors", expected=60)) as opened:
        opened.check(samples=60)
        assert {row for row, _ in opened.nearest(values[20], 5)} >= set(range(10, 40))
        assert len(opened.nearest(values[20], 60)) == 60
