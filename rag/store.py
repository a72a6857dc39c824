"""The vectors of a build: in Chroma, which finds the nearest, and as plain arrays beside the build's other files.

Knows nothing of notes: a vector belongs to a row (a passage's number in the build) and to the text it was
made from (a hash, so that the next build can take it over). Chroma is in the build's folder or is a server, and the
build knows which. Vectors of the same text are in Chroma once: in its graph a text that stands five hundred times would
hide others from the search. One process writes a store, once; readers open finished ones. Which vectors are how near
exactly, and what else is known of one, is read from the arrays, because Chroma takes thirty times as long to hand out a
thousand vectors; so the arrays are always on this machine.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag import chroma
from rag.chroma import REMEDY, Server
from rag.errors import IndexCorrupt
from rag.phrase import Phrase
from rag.types import FloatArray

VALUES = "values.npy"
ROWS = "rows.npy"
TEXTS = "texts.npy"
DATABASE = "chroma.sqlite3"
ELSEWHERE = "server.json"
ADD_BATCH = 1000  # inserting holds the interpreter lock: keep each call short; and Chroma's own sync_threshold
NEIGHBOURS = 10
UNREADABLE = Phrase("The vector store's {file} cannot be read ({why}).")


@dataclass(frozen=True, kw_only=True, slots=True)
class Vector:
    """Where a vector belongs: the passage's row and the hash of the text that was embedded."""

    row: int
    text_hash: str


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Where Chroma is, if not in the store's folder: a server's address, and the name of the collection there."""

    address: str
    collection: str


class VectorStore:
    """One Chroma collection, with its vectors and their rows as arrays in a folder."""

    def __init__(self, collection: chroma.Collection, folder: Path) -> None:
        self._collection = collection
        self._folder = folder

    @classmethod
    def create(cls, folder: Path, *, server: Server | None = None, name: str = "") -> VectorStore:
        """An empty store in `folder`, which must not hold one yet.

        With a `server` Chroma's part is the collection `name` there. Raises StoreAway.
        """
        if server is None:
            return cls(chroma.create_in(folder), folder)
        place = Elsewhere(address=server.address, collection=name)
        folder.mkdir(parents=True)
        (folder / ELSEWHERE).write_text(json.dumps(asdict(place)), encoding="utf-8")
        return cls(server.create(place.collection), folder)

    @classmethod
    def open(cls, folder: Path, *, expected: int, server: Server | None = None) -> VectorStore:
        """Open a finished store, on the server that it was made on, if it was.

        `server` is the one of the settings, which knows the token for its own address.

        Raises:
            IndexCorrupt: it is not there or holds another number of vectors.
            StoreAway: that server gives no usable answer.
        """
        store = cls(_collection(folder, server), folder)
        try:
            store._check_counts(expected)
            store.check(samples=3)
        except BaseException:
            store.close()
            raise
        return store

    def _check_counts(self, expected: int) -> None:
        held = len(self._rows)
        if held != expected:
            other = Phrase("The vector store holds {found} vectors, not {wanted}.")
            raise IndexCorrupt(other.format(found=held, wanted=expected), remedy=REMEDY)
        if not len(self._values) == len(_array(self._folder, TEXTS)) == held:
            raise IndexCorrupt(Phrase("The vector store's arrays do not belong to it."), remedy=REMEDY)
        if self._in_chroma not in (held, self.different):  # earlier builds have every one in Chroma
            other = Phrase("Chroma holds {found} vectors, not {wanted}.")
            raise IndexCorrupt(other.format(found=self._in_chroma, wanted=self.different), remedy=REMEDY)

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
                unfound = Phrase("Vector {number} does not find itself among {count}.")
                raise IndexCorrupt(unfound.format(number=int(number), count=count), remedy=REMEDY)

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
        if 0 < len(firsts) < ADD_BATCH:
            self._collection.write_down_after(len(firsts))
        for start, end in pairwise(_edges(len(firsts))):
            part = firsts[start:end]
            self._collection.add(part, values[part])
            if progress:
                progress(len(vectors) * end // len(firsts))

    def nearest(self, query: FloatArray, limit: int) -> list[tuple[int, float]]:
        """The `limit` nearest different vectors to a unit vector of shape (dimension,): (row, cosine), best first.

        A row comes as often as it has vectors among them.
        """
        nearness: dict[int, float] = {}  # an earlier build may have a text in Chroma more than once
        for number, cosine in self._collection.nearest(query, min(limit, self._in_chroma)):
            nearness.setdefault(int(self._first[number]), cosine)
        firsts = np.asarray(list(nearness), dtype=np.int64)
        begins, ends = (np.searchsorted(self._first[self._copies], firsts, side) for side in ("left", "right"))
        return [
            (int(row), cosine)
            for begin, end, cosine in zip(begins, ends, nearness.values(), strict=True)
            for row in self._rows[self._copies[begin:end]]
        ]

    def vector(self, number: int) -> FloatArray:
        """The stored vector of this number, shape (dimension,)."""
        return self._collection.vector(int(self._first[number]))

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
        """Let go of the files, or of the server. The store cannot be used afterwards."""
        self._collection.close()


def _edges(count: int) -> list[int]:
    """Where the batches of so many vectors begin and end; the one that is not full comes first.

    Chroma writes its graph down after so many vectors and not at the end: what is over is put into the graph anew each
    time the store is opened, which takes seconds, and written over the file of before, where a power cut may meet it.
    """
    return [0, *range(count % ADD_BATCH or min(ADD_BATCH, count), count + 1, ADD_BATCH)] if count else []


def elsewhere(folder: Path) -> Elsewhere | None:
    """Where the store in `folder` has its Chroma; None: in that folder. Raises IndexCorrupt."""
    try:
        return Elsewhere(**json.loads((folder / ELSEWHERE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise IndexCorrupt(UNREADABLE.format(file=ELSEWHERE, why=str(error)), remedy=REMEDY) from error


def is_at(folder: Path, server: Server | None) -> bool:
    """Whether the store in `folder` has its Chroma on this server; None: in that folder. Raises IndexCorrupt."""
    found = elsewhere(folder)
    return (found.address if found else None) == (server.address if server else None)


def _collection(folder: Path, server: Server | None) -> chroma.Collection:
    """Chroma's part of the store in `folder`. Raises IndexCorrupt, StoreAway."""
    found = elsewhere(folder)
    if found:
        known = server if server and server.address == found.address else Server(address=found.address)
        return known.open(found.collection)
    if not (folder / DATABASE).is_file():
        raise IndexCorrupt(Phrase("The vector store is gone."), remedy=REMEDY)
    return chroma.open_in(folder)


def vectors_by_text(folder: Path) -> dict[str, FloatArray]:
    """Every stored vector under the hash of the text it was made from. Raises IndexCorrupt."""
    texts, values = _array(folder, TEXTS), _array(folder, VALUES)
    if len(texts) != len(values):
        raise IndexCorrupt(Phrase("The vector store's arrays do not belong to each other."), remedy=REMEDY)
    return {text.decode("ascii"): value for text, value in zip(texts.tolist(), values, strict=True)}


def check_database(folder: Path) -> None:
    """Raises IndexCorrupt unless the database of the store in `folder` is sound from one end to the other.

    That of a server is the server's own affair. What a crash left half done in it is undone.
    """
    if elsewhere(folder):
        return
    try:
        with closing(sqlite3.connect(f"{(folder / DATABASE).resolve().as_uri()}?mode=rw", uri=True)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise IndexCorrupt(Phrase("The vector store's database is damaged ({why}).").format(why=found), remedy=REMEDY)


def _array(folder: Path, name: str) -> Any:  # noqa: ANN401  # of the type that was saved
    try:
        return np.load(folder / name, mmap_mode="r")
    except (OSError, EOFError, ValueError) as error:
        raise IndexCorrupt(UNREADABLE.format(file=name, why=str(error)), remedy=REMEDY) from error
