"""Which collections of Chroma servers this data folder has made, and which of them no build needs any longer.

    data/chroma/this-folder     an empty file, by which the folder knows itself from a copy
    data/chroma/COLLECTION      where that collection was put; written before it is made

Nothing else on a server is ever removed, so that several Footnotes, and others, can use one. A copy of a folder has the
first one's notes of what it made, and must not act on them: its builds may be searched in the same collections. So a
folder only removes what it made itself. Where it cannot tell, a collection stays: that is the lesser evil. Builds are
those of all notes and those of each collection of notes. Loads Chroma only where something is to be removed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rag import durable
from rag.build import builds_folder, collection_of, current_build
from rag.collection import FOLDER as COLLECTIONS
from rag.errors import IndexMissing, StoreAway

if TYPE_CHECKING:
    from rag.chroma import Server

log = logging.getLogger(__name__)

FOLDER = "chroma"
MARK = "this-folder"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A collection that was made, or was about to be.

    Attributes:
        note: the file that says so, of the collection's name.
        address: of the server.
        ours: whether it was this folder that made it, and not the one that this is a copy of.
    """

    note: Path
    address: str
    ours: bool


def noting(root: Path, server: Server) -> Server:
    """The server, each collection on which is noted in the data folder `root` before it is made."""
    return replace(server, before_making=partial(_note, root, server.address))


def unneeded(root: Path) -> list[Holding]:
    """What no build in `root` needs any longer. Raises OSError and IndexCorrupt where that cannot be told."""
    held = list(_holdings(root))
    needed = set(_needed(root)) if held else set()  # only now: what is noted had its build before
    return [each for each in held if each.note.name not in needed]


def sweep(root: Path, server: Server | None) -> None:
    """Remove what this folder has made and no longer needs, from whichever server.

    `server` is that of the settings. One that gives no usable answer is asked again next time. Raises as `unneeded`.
    """
    gone = [each for each in unneeded(root) if each.ours]
    for address in sorted({each.address for each in gone}):
        try:
            _remove([each for each in gone if each.address == address], server)
        except StoreAway as error:
            log.info("what is left on a server stays for now: %s", error)


def _remove(gone: list[Holding], server: Server | None) -> None:
    """Remove collections of one server. Raises StoreAway, OSError."""
    from rag.chroma import Server

    address = gone[0].address
    known = server if server and server.address == address else Server(address=address)
    for each in gone:
        known.remove(each.note.name)
        each.note.unlink(missing_ok=True)
        log.info("removed the collection %s", each.note.name)


def _note(root: Path, address: str, collection: str) -> None:
    """Raises OSError."""
    folder = root / FOLDER
    durable.make_folder(folder)
    with suppress(FileExistsError):
        (folder / MARK).open("x").close()
    durable.write(folder / collection, json.dumps({"address": address, "by": _mark(folder)}))


def _holdings(root: Path) -> Iterator[Holding]:
    """Raises OSError. What cannot be read is left alone, as it is where there is no mark."""
    folder = root / FOLDER
    if not (folder / MARK).exists():
        return
    here = _mark(folder)
    for note in folder.glob(collection_of(Path("*"))):
        with suppress(OSError, ValueError, KeyError, TypeError):
            made = json.loads(note.read_text(encoding="utf-8"))
            yield Holding(note=note, address=str(made["address"]), ours=made["by"] == here)


def _mark(folder: Path) -> list[int]:
    """What a file keeps when its folder is renamed, and loses when it is copied, to this machine or another one."""
    found = (folder / MARK).stat()
    return [found.st_ino, found.st_ctime_ns]


def _needed(root: Path) -> Iterator[str]:
    """The collections of all builds that are there, finished or not. Raises OSError, IndexCorrupt."""
    for data in (root, *(path for path in _listed(root / COLLECTIONS) if not path.is_file())):
        yield from (collection_of(build) for build in _listed(builds_folder(data)))
        with suppress(IndexMissing):
            current_build(data)  # if that one is not there, its drive may be away, with all the others


def _listed(folder: Path) -> list[Path]:
    """What is in a folder; nothing where there surely is no such folder. Raises OSError."""
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        if folder.is_symlink() or not folder.parent.is_dir():  # it leads to a drive that is away
            raise
        return []
