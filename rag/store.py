"""The vectors of a build, in Chroma. The one file that imports `chromadb`.

Knows nothing of notes: a vector belongs to a row (a passage's number in the build) and to the text it was
made from (a hash, so that the next build can take it over). Vectors of the same text are in Chroma once: in its graph
a text that stands five hundred times would hide others from the search. One process writes a store, once; readers open
finished ones. Chroma finds the nearest vectors; which of them are how near exactly, and what else is known of a
vector, is read from plain arrays beside it, because Chroma takes thirty times as long to hand out a thousand vectors.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from rag.errors import IndexCorrupt
from rag.types import FloatArray


def _what_is_passed(
    cls: type[BaseSettings],
    settings_cls: type[BaseSettings],
    init_settings: PydanticBaseSettingsSource,
    **_others: PydanticBaseSettingsSource,
) -> tuple[PydanticBaseSettingsSource, ...]:
    return (init_settings,)


@contextmanager
def _deaf_to_the_environment() -> Iterator[None]:
    """Settings that are made inside take nothing from environment variables or a `.env` file.

    Chroma makes some while it is imported, and one variable of that name that means something else keeps it from
    being imported at all.
    """
    before = vars(BaseSettings)["settings_customise_sources"]
    BaseSettings.settings_customise_sources = classmethod(_what_is_passed)  # type: ignore[assignment, arg-type]
    try:
        yield
    finally:
        BaseSettings.settings_customise_sources = before  # type: ignore[method-assign]


with _deaf_to_the_environment():
    import chromadb
    import chromadb.api
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.config import Settings

COLLECTION = "passages"
VALUES = "values.npy"
ROWS = "rows.npy"
TEXTS = "texts.npy"
DATABASE = "chroma.sqlite3"
SPACE: CreateHNSWConfiguration = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 400,
    "max_neighbors": 32,
}
ADD_BATCH = 1000  # inserting holds the interpreter lock: keep each call short; and Chroma's own sync_threshold
NEIGHBOURS = 10
REMEDY = "Run: footnote index"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vector:
    """Where a vector belongs: the passage's row and the hash of the text that was embedded."""

    row: int
    text_hash: str


class VectorStore:
    """One Chroma collection in one folder, with its vectors and their rows as arrays beside it."""

    def __init__(self, client: chromadb.api.ClientAPI, collection: chromadb.Collection, folder: Path) -> None:
        self._client = client
        self._collection = collection
        self._folder = folder

    @classmethod
    def create(cls, folder: Path) -> VectorStore:
        """An empty store in `folder`, which must not hold one yet."""
        client = _client(folder)
        collection = client.create_collection(
            COLLECTION,
            embedding_function=None,
            configuration={"hnsw": SPACE},
        )
        return cls(client, collection, folder)

    @classmethod
    def open(cls, folder: Path, *, expected: int) -> VectorStore:
        """Open a finished store. Raises IndexCorrupt if it is not there or holds another number of vectors."""
        if not (folder / DATABASE).is_file():
            raise IndexCorrupt("The vector store is gone.", remedy=REMEDY)
        with _translated("opened"):
            client = _client(folder)
            collection = client.get_collection(COLLECTION, embedding_function=None)
            count = collection.count()
        store = cls(client, collection, folder)
        try:
            held = len(store._rows)
            if held != expected:
                raise IndexCorrupt(f"The vector store holds {held} vectors, not {expected}.", remedy=REMEDY)
            if not len(store._values) == len(_array(folder, TEXTS)) == held:
                raise IndexCorrupt("The vector store's arrays do not belong to it.", remedy=REMEDY)
            if count not in (held, store.different):  # earlier builds have every one in Chroma
                raise IndexCorrupt(f"Chroma holds {count} vectors, not {store.different}.", remedy=REMEDY)
            store.check(samples=3)
        except IndexCorrupt:
            store.close()
            raise
        return store

    def check(self, *, samples: int) -> None:
        """Look some of the vectors up. Raises IndexCorrupt unless each finds itself among as many as there should be.

        A missing segment still counts all its vectors and answers with one, so counting is not enough.
        """
        count = len(self._values)
        neighbours = min(NEIGHBOURS, self.different)
        for number in np.unique(np.linspace(0, count - 1, samples, dtype=int)):
            value = self._values[number]
            found = self.nearest(value, neighbours)
            if len(found) < neighbours or found[0][1] < 0.999 or self.vector(int(number)) @ value < 0.999:
                raise IndexCorrupt(f"Vector {number} does not find itself among {count}.", remedy=REMEDY)

    def add(
        self,
        vectors: Sequence[Vector],
        values: FloatArray,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Store unit vectors, shape (len(vectors), dimension), once; `progress` is told how many are in."""
        np.save(self._folder / VALUES, values)
        np.save(self._folder / ROWS, np.asarray([v.row for v in vectors], dtype=np.int64))
        np.save(self._folder / TEXTS, np.asarray([v.text_hash for v in vectors], dtype=np.bytes_))
        firsts = np.unique(self._first)
        for start, end in pairwise(_edges(len(firsts))):
            part = firsts[start:end]
            self._collection.add(ids=[str(number) for number in part], embeddings=values[part])
            if progress:
                progress(len(vectors) * end // len(firsts))

    def nearest(self, query: FloatArray, limit: int) -> list[tuple[int, float]]:
        """The `limit` nearest different vectors to a unit vector of shape (dimension,): (row, cosine), best first.

        A row comes as often as it has vectors among them.
        """
        with _translated("read"):
            found: Any = self._collection.query(
                query_embeddings=[query],  # type: ignore[arg-type]
                n_results=min(limit, self._in_chroma),
                include=["distances"],
            )
        nearness: dict[int, float] = {}  # an earlier build may have a text in Chroma more than once
        for number, distance in zip(found["ids"][0], found["distances"][0], strict=True):
            nearness.setdefault(int(self._first[int(number)]), 1.0 - float(distance))
        firsts = np.asarray(list(nearness), dtype=np.int64)
        begins, ends = (np.searchsorted(self._first[self._copies], firsts, side) for side in ("left", "right"))
        return [
            (int(row), cosine)
            for begin, end, cosine in zip(begins, ends, nearness.values(), strict=True)
            for row in self._rows[self._copies[begin:end]]
        ]

    def vector(self, number: int) -> FloatArray:
        """The stored vector of this number, shape (dimension,)."""
        with _translated("read"):
            found: Any = self._collection.get(ids=[str(self._first[number])], include=["embeddings"])
        return np.asarray(found["embeddings"][0], dtype=np.float32)

    def vectors(self, numbers: Sequence[int] | npt.NDArray[np.int64]) -> FloatArray:
        """The stored vectors of these numbers, in their order, shape (len(numbers), dimension)."""
        return np.asarray(self._values[np.asarray(numbers, dtype=np.int64)])

    def cosines(self, query: FloatArray, numbers: Sequence[int] | npt.NDArray[np.int64]) -> FloatArray:
        """Cosine of a unit vector with the stored vectors of these numbers, shape (len(numbers),)."""
        return self.vectors(numbers) @ query

    def all_cosines(self, query: FloatArray) -> FloatArray:
        """Cosine of a unit vector with every stored vector, by its number, shape (vectors,)."""
        return np.asarray(np.vecdot(self._values, query))  # on one core, so a busy other one does not hold it up

    @cached_property
    def _values(self) -> FloatArray:
        """Every vector by its number, memory-mapped, shape (vectors, dimension)."""
        values: FloatArray = _array(self._folder, VALUES)
        return values

    @cached_property
    def _rows(self) -> npt.NDArray[np.int64]:
        """Every vector's row by its number, shape (vectors,)."""
        rows: npt.NDArray[np.int64] = _array(self._folder, ROWS)
        return rows

    @cached_property
    def different(self) -> int:
        """How many different texts the vectors were made from."""
        return len(np.unique(self._first))

    @cached_property
    def _in_chroma(self) -> int:
        return self._collection.count()

    @cached_property
    def _first(self) -> npt.NDArray[np.int64]:
        """For every vector the number of the first one that was made from the same text, shape (vectors,)."""
        _, firsts, which = np.unique(_array(self._folder, TEXTS), return_index=True, return_inverse=True)
        return np.asarray(firsts[which], dtype=np.int64)

    @cached_property
    def _copies(self) -> npt.NDArray[np.int64]:
        """The numbers of all vectors, those of the same text beside each other in the order of `_first`."""
        return np.asarray(np.argsort(self._first, kind="stable"), dtype=np.int64)

    def close(self) -> None:
        """Let go of the files. The store cannot be used afterwards."""
        self._client.close()  # type: ignore[attr-defined]  # the interface lacks it, every client has it


def _edges(count: int) -> list[int]:
    """Where the batches of so many vectors begin and end; the one that is not full comes first.

    Chroma writes its graph down after so many vectors and not at the end: what is over is put into the graph anew each
    time the store is opened, which takes seconds.
    """
    return [0, *range(count % ADD_BATCH or min(ADD_BATCH, count), count + 1, ADD_BATCH)] if count else []


def vectors_by_text(folder: Path) -> dict[str, FloatArray]:
    """Every stored vector under the hash of the text it was made from. Raises IndexCorrupt."""
    texts, values = _array(folder, TEXTS), _array(folder, VALUES)
    if len(texts) != len(values):
        raise IndexCorrupt("The vector store's arrays do not belong to each other.", remedy=REMEDY)
    return {text.decode("ascii"): value for text, value in zip(texts.tolist(), values, strict=True)}


def check_database(folder: Path) -> None:
    """Raises IndexCorrupt unless the database of the store in `folder` is sound from one end to the other."""
    try:
        with closing(sqlite3.connect(f"{(folder / DATABASE).resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise IndexCorrupt(f"The vector store's database is damaged ({found}).", remedy=REMEDY)


def _array(folder: Path, name: str) -> Any:  # noqa: ANN401  # of the type that was saved
    try:
        return np.load(folder / name, mmap_mode="r")
    except (OSError, EOFError, ValueError) as error:
        raise IndexCorrupt(f"The vector store's {name} cannot be read ({error}).", remedy=REMEDY) from error


@contextmanager
def _translated(done: str) -> Iterator[None]:
    """Chroma's errors, sqlite's, plain ValueErrors and the panics of its Rust code (no Exceptions) as IndexCorrupt."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise IndexCorrupt(f"The vector store cannot be {done} ({error}).", remedy=REMEDY) from error


def _client(folder: Path) -> chromadb.api.ClientAPI:
    with _deaf_to_the_environment():
        settings = Settings(anonymized_telemetry=False, allow_reset=False)
    return chromadb.PersistentClient(path=str(folder), settings=settings)
