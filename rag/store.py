"""The vectors of a build, in Chroma. The one file that imports `chromadb`.

Knows nothing of notes: a vector belongs to a row (a passage's number in the build) and to the text it was
made from (a hash, so that the next build can take it over). One process writes a store, once; readers open
finished ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")

import chromadb
import chromadb.api
import chromadb.errors
import numpy as np
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.config import Settings

from rag.errors import IndexCorrupt
from rag.types import FloatArray

COLLECTION = "passages"
SPACE: CreateHNSWConfiguration = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 400,
    "max_neighbors": 32,
}
ADD_BATCH = 1000  # inserting holds the interpreter lock: keep each call short
READ_BATCH = 5000
REMEDY = "Run: footnote index"


@dataclass(frozen=True, kw_only=True)
class Vector:
    """Where a vector belongs: the passage's row and the hash of the text that was embedded."""

    row: int
    text_hash: str


class VectorStore:
    """One Chroma collection in one folder."""

    def __init__(self, client: chromadb.api.ClientAPI, collection: chromadb.Collection) -> None:
        self._client = client
        self._collection = collection

    @classmethod
    def create(cls, folder: Path) -> VectorStore:
        """An empty store in `folder`, which must not hold one yet."""
        client = _client(folder)
        collection = client.create_collection(
            COLLECTION,
            embedding_function=None,
            configuration={"hnsw": SPACE},
        )
        return cls(client, collection)

    @classmethod
    def open(cls, folder: Path, *, expected: int) -> VectorStore:
        """Open a finished store. Raises IndexCorrupt if it is not there or holds another number of vectors."""
        if not (folder / "chroma.sqlite3").is_file():
            raise IndexCorrupt("The vector store is gone.", remedy=REMEDY)
        try:
            client = _client(folder)
            collection = client.get_collection(COLLECTION, embedding_function=None)
            count = collection.count()
        except Exception as error:  # chromadb raises its own, sqlite's and plain ValueErrors here
            raise IndexCorrupt(f"The vector store cannot be opened ({error}).", remedy=REMEDY) from error
        if count != expected:
            raise IndexCorrupt(f"The vector store holds {count} vectors, not {expected}.", remedy=REMEDY)
        return cls(client, collection)

    def add(
        self,
        vectors: Sequence[Vector],
        values: FloatArray,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Store unit vectors, shape (len(vectors), dimension), once; `progress` is told how many are in."""
        for start in range(0, len(vectors), ADD_BATCH):
            part = vectors[start : start + ADD_BATCH]
            self._collection.add(
                ids=[str(start + i) for i in range(len(part))],
                embeddings=values[start : start + ADD_BATCH],
                metadatas=[{"row": v.row, "text": v.text_hash} for v in part],
            )
            if progress:
                progress(start + len(part))

    def nearest(self, query: FloatArray, limit: int) -> list[tuple[int, float]]:
        """The `limit` nearest vectors to a unit vector of shape (dimension,): (row, cosine), best first.

        A row comes as often as it has vectors among them.
        """
        found = self._read(
            lambda: self._collection.query(
                query_embeddings=[query],  # type: ignore[arg-type]
                n_results=limit,
                include=["metadatas", "distances"],
            )
        )
        rows = found["metadatas"][0]
        distances = found["distances"][0]
        return [(int(row["row"]), 1.0 - float(d)) for row, d in zip(rows, distances, strict=True)]

    def vector(self, number: int) -> FloatArray:
        """The stored vector of this number, shape (dimension,)."""
        found = self._read(lambda: self._collection.get(ids=[str(number)], include=["embeddings"]))
        return np.asarray(found["embeddings"][0], dtype=np.float32)

    def cosines(self, query: FloatArray, ids: Sequence[int]) -> FloatArray:
        """Cosine of a unit vector with the stored vectors of these numbers, shape (len(ids),)."""
        if not ids:
            return np.zeros(0, dtype=np.float32)
        found = self._read(lambda: self._collection.get(ids=[str(i) for i in ids], include=["embeddings"]))
        values = {int(i): v for i, v in zip(found["ids"], np.asarray(found["embeddings"]), strict=True)}
        return np.asarray([values[i] @ query for i in ids], dtype=np.float32)

    def vectors_by_text(self) -> dict[str, FloatArray]:
        """Every stored vector under the hash of the text it was made from. Raises IndexCorrupt."""
        return {text: value for texts, values in self._pages() for text, value in zip(texts, values, strict=True)}

    def _pages(self) -> Iterator[tuple[list[str], FloatArray]]:
        for offset in range(0, self._collection.count(), READ_BATCH):
            page = self._read(
                partial(self._collection.get, limit=READ_BATCH, offset=offset, include=["embeddings", "metadatas"])
            )
            texts = [str(m["text"]) for m in page["metadatas"]]
            yield texts, np.asarray(page["embeddings"], dtype=np.float32)

    def _read(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401  # chromadb's own result types
        try:
            return call()
        except (chromadb.errors.ChromaError, OSError) as error:
            raise IndexCorrupt(f"The vector store cannot be read ({error}).", remedy=REMEDY) from error

    def close(self) -> None:
        """Let go of the files. The store cannot be used afterwards."""
        self._client.close()  # type: ignore[attr-defined]  # the interface lacks it, every client has it


def _client(folder: Path) -> chromadb.api.ClientAPI:
    settings = Settings(anonymized_telemetry=False, allow_reset=False)
    return chromadb.PersistentClient(path=str(folder), settings=settings)
