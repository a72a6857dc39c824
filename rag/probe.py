"""Checks a build before it serves: `python -m rag.probe FOLDER`, exit code 0 if it may.

Runs in a process of its own, because damaged index files can crash natively.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rag.build import VECTORS, check_parts, read_manifest
from rag.errors import IndexProblem
from rag.index import Index
from rag.store import check_database

SAMPLES = 20


def check(folder: Path) -> None:
    """Open the build in `folder` and look vectors up. Raises IndexProblem unless it is whole and finds them."""
    manifest = read_manifest(folder)
    check_parts(folder, manifest.parts, thoroughly=True)
    check_database(folder / VECTORS)
    index = Index(folder, embedder=manifest.embedder)
    try:
        index.store.check(samples=SAMPLES)
    finally:
        index.close()


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]))
    except IndexProblem as error:
        sys.exit(str(error))
