"""Checks a build before it serves: `python -m rag.probe FOLDER`, exit code 0 if it may, 3 if nobody can tell.

The token of the server that its vectors are on, if it wants one, is read from standard input.
Runs in a process of its own, because damaged index files can crash natively.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rag.build import VECTORS, check_parts, read_manifest
from rag.chroma import Server
from rag.errors import IndexProblem, StoreAway
from rag.index import Index
from rag.indexing import AWAY
from rag.store import check_database, elsewhere

SAMPLES = 20


def check(folder: Path, *, server: Server | None = None) -> None:
    """Open the build in `folder` and look vectors up. Raises IndexProblem unless it is whole and finds them.

    `server` is that of the settings; see `VectorStore.open`.
    """
    manifest = read_manifest(folder)
    check_parts(folder, manifest.parts, thoroughly=True)
    check_database(folder / VECTORS)
    index = Index(folder, embedder=manifest.embedder, server=server)
    try:
        index.store.check(samples=SAMPLES)
    finally:
        index.close()


def _server(folder: Path) -> Server | None:
    """The one that the vectors are on, with the token that is told."""
    place = elsewhere(folder / VECTORS)
    return Server(address=place.address, token=sys.stdin.readline().strip()) if place else None


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]), server=_server(Path(sys.argv[1])))
    except StoreAway as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(AWAY)
    except IndexProblem as error:
        sys.exit(str(error))
