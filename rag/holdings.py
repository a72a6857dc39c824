"""Which collections of Chroma servers belong to a data folder, and which of them no build of it needs any longer.

    data/chroma.json     the folder's id, and the servers that may hold something of it

The collection of a build is named `footnote-ID-BUILD`, so that several Footnotes can use one server: nothing is removed
that has another id. Builds are those of all notes and those of each collection of notes. A folder that was copied gets
an id of its own; one that was moved keeps it. Loads Chroma only where there is such a server.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag import durable
from rag.build import builds_folder
from rag.collection import data_of, indexed
from rag.errors import StoreAway

if TYPE_CHECKING:
    from rag.chroma import Server

log = logging.getLogger(__name__)

FILE = "chroma.json"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What `chroma.json` says.

    Attributes:
        id: of the data folder.
        folder: where it was when that was written.
        addresses: of the servers that may hold collections of it.
    """

    id: str
    folder: str
    addresses: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """What the names of its collections begin with."""
        return f"footnote-{self.id}-"


def claim(root: Path, server: Server) -> Server:
    """The server, with names that are of the data folder `root`; written down before anything is put there.

    Raises OSError.
    """
    found = record(root)
    own = found or Record(id=secrets.token_hex(6), folder=str(root.resolve()))
    own = replace(own, addresses=tuple(sorted({*own.addresses, server.address})))
    if own != found:
        _write(root, own)
    return replace(server, prefix=own.prefix)


def sweep(root: Path, server: Server | None) -> None:
    """Remove what is left on any server of builds that are gone from `root`.

    `server` is that of the settings. One that gives no usable answer is asked again next time. Raises OSError.
    """
    own = record(root)
    if own is None:
        return
    keep = {address for address in own.addresses if _may_hold(root, own, address, server)}
    if server and server.address in own.addresses:
        keep.add(server.address)
    if keep != set(own.addresses):
        _write(root, replace(own, addresses=tuple(sorted(keep))))


def record(root: Path) -> Record | None:
    """What is known of the data folder `root`; None where nothing is, or it was copied from another one."""
    found = _read(root)
    here = str(root.resolve())
    if found is None or found.folder == here:
        return found
    original = _read(Path(found.folder))
    if original and original.id == found.id:
        return None
    return replace(found, folder=here)


def _may_hold(root: Path, own: Record, address: str, server: Server | None) -> bool:
    """Whether a server still has something of ours, once what is left over is removed."""
    from rag.chroma import Server

    known = server if server and server.address == address else Server(address=address)
    asked = replace(known, prefix=own.prefix)
    try:
        names = asked.names()
        needed = {own.prefix + build for build in _builds(root)}  # only now: what is listed had its folder before
        for name in set(names) - needed:
            asked.remove(name)
            log.info("removed the collection %s", name)
    except StoreAway as error:
        log.info("what is left on a server stays for now: %s", error)
        return True
    return bool(needed.intersection(names))


def _builds(root: Path) -> Iterator[str]:
    """The names of all builds that are there, finished or not."""
    for data in (root, *(data_of(root, name) for name in indexed(root))):
        with suppress(FileNotFoundError):
            yield from (build.name for build in builds_folder(data).iterdir())


def _read(root: Path) -> Record | None:
    try:
        raw = json.loads((root / FILE).read_text(encoding="utf-8"))
        return Record(id=str(raw["id"]), folder=str(raw["folder"]), addresses=tuple(map(str, raw["addresses"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(root: Path, own: Record) -> None:
    root.mkdir(parents=True, exist_ok=True)
    durable.write(root / FILE, json.dumps(asdict(own), indent=1))
