"""How an index and the vector store alone grow. Texts and vectors are made up: enough for speed, nothing of quality.

Knows how one size is written, opened and searched, each in a process of its own; nothing of the page.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from pydantic import TypeAdapter, ValidationError

from benchmarks.circumstances import Meanwhile, this_machine
from benchmarks.costs import disk_mib, in_process, own_mib, peak_mib, resident_mib, seconds
from benchmarks.sizes import Kind, Quantiles, Searched, Size, Written
from benchmarks.synthetic import DIMENSION, FINGERPRINT, SyntheticEmbedder, made_up, synthetic_library
from rag.answer import HITS
from rag.index import NEAREST_VECTORS, Index
from rag.indexing import write_build
from rag.store import Vector, VectorStore
from rag.types import FloatArray
from rag.words import terms

QUERIES = 200
COMPARED = 50  # of them with what is truly nearest
BUILD, NOTE = "build", "written.json"
CHUNK = 10_000


class Opened(Protocol):
    """What was opened to be searched."""

    @property
    def store(self) -> VectorStore: ...

    def search(self, query: FloatArray) -> None:
        """Find what a question of shape (dimension,) would be answered from."""

    def close(self) -> None: ...


class WholeIndex:
    """A build of the index: passages, words and vectors."""

    def __init__(self, folder: Path, _vectors: int) -> None:
        self._index = Index(folder, embedder=FINGERPRINT)
        self._chance = random.Random(2)  # noqa: S311  # made-up words, no secrets
        self.store = self._index.store

    @staticmethod
    def prepare(folder: Path, count: int) -> Callable[[], int]:
        """What writes an index of so many passages; it returns how many vectors those have."""
        library = synthetic_library(count)
        return lambda: write_build(folder, library, {}, SyntheticEmbedder()).vectors

    def search(self, query: FloatArray) -> None:
        self._index.search(query, terms(made_up(self._chance, 6)), HITS)

    def close(self) -> None:
        self._index.close()


class StoreAlone:
    """The vectors without passages and words."""

    def __init__(self, folder: Path, vectors: int) -> None:
        self.store = VectorStore.open(folder, expected=vectors)

    @staticmethod
    def prepare(folder: Path, count: int) -> Callable[[], int]:
        """What writes a store of so many vectors, two a row."""
        values = np.empty((count, DIMENSION), dtype=np.float32)
        embedder = SyntheticEmbedder()
        for start in range(0, count, CHUNK):
            part = values[start : start + CHUNK]
            part[:] = embedder.embed([""] * len(part))
        vectors = [Vector(row=number // 2, text_hash=f"{number:032x}") for number in range(count)]

        def write() -> int:
            store = VectorStore.create(folder)
            store.add(vectors, values)
            store.close()
            return count

        return write

    def search(self, query: FloatArray) -> None:
        self.store.nearest(query, NEAREST_VECTORS)

    def close(self) -> None:
        self.store.close()


KINDS: dict[Kind, type[WholeIndex] | type[StoreAlone]] = {"index": WholeIndex, "store": StoreAlone}


def measure_size(kind: Kind, count: int, *, keep: Path | None = None) -> Size:
    """Write so many passages (or vectors, of the store alone), open them and search them.

    Inside the folder `keep` what was written stays, and is searched the next time instead of being written again.
    """
    with tempfile.TemporaryDirectory() as passing:
        folder = (keep or Path(passing)) / f"{kind}-{count}"
        written = kept(folder) or _write(kind, folder, count)
        in_process(_look, kind, folder / BUILD, written.vectors)  # its files are in the system's cache from now on
        meanwhile = Meanwhile()
        measured = in_process(measure_searching, kind, folder / BUILD, written.vectors)
        searched = Searched(**measured, when=meanwhile.ended())
        return Size(kind=kind, count=count, written=written, searched=searched)


def _write(kind: Kind, folder: Path, count: int) -> Written:
    shutil.rmtree(folder, ignore_errors=True)  # what was not written to its end
    (folder / BUILD).mkdir(parents=True)
    meanwhile = Meanwhile()
    measured = in_process(measure_writing, kind, folder / BUILD, count)
    written = Written(**measured, disk_mib=disk_mib(folder), when=meanwhile.ended())
    (folder / NOTE).write_text(json.dumps(asdict(written)), encoding="utf-8")
    return written


def kept(folder: Path) -> Written | None:
    """What was written into a folder to its end, by these libraries; None: nothing."""
    try:
        written = TypeAdapter(Written).validate_json((folder / NOTE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return written if written.when.machine == this_machine() else None


def measure_writing(kind: Kind, folder: Path, count: int) -> dict[str, Any]:
    """Write it into an empty folder; fields of `Written`. Call it in a fresh process."""
    write = KINDS[kind].prepare(folder, count)
    wall, processor = time.perf_counter(), time.process_time()
    vectors = write()
    return {
        "vectors": vectors,
        "seconds": time.perf_counter() - wall,
        "processor_seconds": time.process_time() - processor,
        "peak_mib": peak_mib(),
    }


def _look(kind: Kind, folder: Path, vectors: int) -> None:
    KINDS[kind](folder, vectors).close()


def measure_searching(kind: Kind, folder: Path, vectors: int) -> dict[str, Any]:
    """Open and search what was written; fields of `Searched`. Call it in a fresh process."""
    started = time.perf_counter()
    opened: Opened = KINDS[kind](folder, vectors)
    opening = time.perf_counter() - started
    opened_mib = resident_mib()
    queries = SyntheticEmbedder(seed=2).embed([""] * QUERIES)
    try:
        for query in queries:
            opened.search(query)
        searched_mib, own = resident_mib(), own_mib()  # before numpy's copy of the vectors counts, too
        values = opened.store.vectors(range(vectors))
        ours, exact = zip(*_in_turns(opened, values, queries), strict=True)
        recall = float(np.mean([_found(opened.store, values, query) for query in queries[:COMPARED]]))
    finally:
        opened.close()
    return {
        "opening": opening,
        "search": Quantiles.of(ours),
        "exact": Quantiles.of(exact),
        "recall": recall,
        "opened_mib": opened_mib,
        "searched_mib": searched_mib,
        "own_mib": own,
    }


def _in_turns(opened: Opened, values: FloatArray, queries: FloatArray) -> Iterator[tuple[float, float]]:
    """Milliseconds of ours and of exact numpy for each query, so that other work on the machine meets both."""
    for query in queries:
        yield 1000 * seconds(opened.search, query), 1000 * seconds(nearest, values, query)


def nearest(values: FloatArray, query: FloatArray) -> None:
    """What finding the nearest vectors takes at least: all cosines and a selection."""
    (values @ query).argpartition(-HITS)


def _found(store: VectorStore, values: FloatArray, query: FloatArray) -> float:
    """Share of the rows of the truly nearest vectors that Chroma hands out."""
    best = np.argsort(values @ query)[-HITS:]
    rows = {row for row, _ in store.nearest(query, NEAREST_VECTORS)}
    return sum(int(number) // 2 in rows for number in best) / HITS
