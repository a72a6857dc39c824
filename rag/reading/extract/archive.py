"""Zip archives as folders of notes: a Notion export, a zipped vault. Nothing is ever unpacked to the disk.

A member that tries to be more than a file of the archive is named and left out; so are swollen ones. Notion wraps
its export in a second zip, so one inside another is opened; a third is not.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag.errors import NoteError

_MOST_MEMBERS = 20_000
_LARGEST_INNER = 200 * 1024 * 1024
_TOTAL = 500 * 1024 * 1024
_RATIO, _SMALL = 200, 1024 * 1024
_SYSTEM = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
_REMEDY = "Unpack it and put the notes themselves in the folder."


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of an archive.

    Attributes:
        name: its path inside, with forward slashes; an inner archive's name is part of it.
        size: its unpacked size, as the archive has it; no more than that is ever read.
        trouble: why it is left out, or None.
    """

    name: str
    size: int
    read: Callable[[Path], bytes]
    trouble: str | None = None


def members(path: Path, *, ignored: frozenset[str] = frozenset()) -> list[Member]:
    """The files of the archive, in the order of their names, but for endings that are `ignored`.

    Raises NoteError where it is no archive, or a swollen one.
    """
    try:
        listed = list(_members(zipfile.ZipFile(path), ignored, prefix="", depth=0))
    except _DAMAGED as error:
        raise NoteError("The zip archive is damaged, or is none.", remedy="Export it again.") from error
    if sum(member.size for member in listed if not member.trouble) > _TOTAL:
        raise NoteError(f"The archive unpacks to more than {_TOTAL // 2**20} MB of files.", remedy=_REMEDY)
    return sorted(listed, key=lambda member: (member.name.casefold(), member.name))


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    """As `ZipInfo.is_dir` says, which fails where a damaged archive gives an empty name."""
    return entry.filename.endswith("/")


def _members(archive: zipfile.ZipFile, ignored: frozenset[str], *, prefix: str, depth: int) -> Iterator[Member]:
    entries = [
        entry for entry in archive.infolist() if not _is_folder(entry) and not _passed_over(entry.filename, ignored)
    ]
    if len(entries) > _MOST_MEMBERS:
        raise NoteError(f"The archive holds {len(entries):,} files; at most {_MOST_MEMBERS:,} are read.")
    seen: set[str] = set()
    for entry in entries:
        name = prefix + _plain(entry.filename)
        trouble = _trouble(entry) or ("The archive holds another file of this name." if name in seen else None)
        seen.add(name)
        inner = name.lower().endswith(".zip") and trouble is None
        if inner and depth == 0:
            yield from _inner(archive, entry, name, ignored)
            continue
        trouble = f"Archives this deep inside another are not opened. {_REMEDY}" if inner else trouble
        yield Member(name=name, size=entry.file_size, read=_reader(archive, entry), trouble=trouble)


def _inner(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, ignored: frozenset[str]) -> Iterator[Member]:
    """The files of an archive inside the archive; the two cost nothing but themselves where they are damaged."""
    read = _reader(archive, entry)
    try:
        if entry.file_size > _LARGEST_INNER:
            raise NoteError(f"The inner archive has more than {_LARGEST_INNER // 2**20} MB.", remedy=_REMEDY)
        unpacked = zipfile.ZipFile(io.BytesIO(read(Path())))
        yield from list(_members(unpacked, ignored, prefix=f"{name}/", depth=1))
    except (NoteError, *_DAMAGED) as error:
        reason = str(error) if isinstance(error, NoteError) else f"The inner archive is damaged. {_REMEDY}"
        yield Member(name=name, size=0, read=read, trouble=reason)


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[Path], bytes]:
    def read(_: Path) -> bytes:
        try:
            return archive.read(entry)
        except _DAMAGED as error:
            raise NoteError("This file of the archive is damaged.", remedy="Export the archive again.") from error

    return read


def _trouble(entry: zipfile.ZipInfo) -> str | None:
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in PurePosixPath(name).parts:
        return "Its name in the archive leads out of the archive; it was left out."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "It is a link in the archive, not a file; it was left out."
    if entry.flag_bits & 1:
        return f"It is encrypted. {_REMEDY}"
    if entry.file_size > max(_SMALL, _RATIO * entry.compress_size):
        times = entry.file_size // max(1, entry.compress_size)
        return f"It unpacks to {times:,} times its packed size, which no notes do; it was left out."
    return None


def _passed_over(name: str, ignored: frozenset[str]) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if PurePosixPath(name).suffix.lower() in ignored:
        return True
    return any(part in _SYSTEM or (part.startswith((".", "~$")) and part != "..") for part in parts)


def _plain(name: str) -> str:
    """The name as a path below the archive, whatever it was."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in ("/", "..", ".")) or "unnamed"
