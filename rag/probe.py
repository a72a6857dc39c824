"""Checks a build before it serves: `python -m rag.probe FOLDER`, exit code 0 if it may.

Runs in a process of its own, because damaged index files can crash natively. A missing segment still counts
all its vectors and answers with one, so counting is not enough: stored vectors must find themselves.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from rag.build import VECTORS, WORDS, read_library, read_manifest
from rag.errors import IndexCorrupt
from rag.lexical import LexicalIndex
from rag.store import VectorStore

SAMPLES = 20
NEIGHBOURS = 10


def check(folder: Path) -> None:
    """Raises IndexCorrupt unless the build in `folder` answers as it should."""
    manifest = read_manifest(folder)
    passages = read_library(folder).passages
    if len(passages) != manifest.passages:
        raise IndexCorrupt(f"{len(passages)} passages, not {manifest.passages}")
    LexicalIndex.load(folder / WORDS, len(passages))
    store = VectorStore.open(folder / VECTORS, expected=manifest.vectors)
    try:
        _check_neighbours(store, manifest.vectors)
    finally:
        store.close()


def _check_neighbours(store: VectorStore, count: int) -> None:
    numbers = np.unique(np.linspace(0, count - 1, SAMPLES, dtype=int))
    for number in numbers:
        vector = store.vector(int(number))
        found = store.nearest(vector, min(NEIGHBOURS, count))
        exact = store.cosines(vector, [int(number)])[0]
        if len(found) < min(NEIGHBOURS, count) or found[0][1] < 0.999 or exact < 0.999:
            raise IndexCorrupt(f"vector {number} does not find itself among {count}")


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]))
    except IndexCorrupt as error:
        sys.exit(str(error))
