"""A disk that fails when it is told to and remembers all that was done to it: a folder, seen through FUSE.

Every process that works below it is counted, whichever thread or library it writes with. Needs Linux, the package fuse3
and `pip install mfusepy` (a tool of these scripts alone). Knows nothing of who works on it.
"""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Literal

import mfusepy  # type: ignore[import-not-found]

Kind = Literal[
    "create", "write", "truncate", "sync", "rename", "link", "unlink", "mkdir", "rmdir", "sync folder", "other"
]
GROWING = ("create", "write", "mkdir", "truncate", "link")
ANY = (*GROWING, "rename", "unlink", "rmdir", "other")
SYNCS = ("sync", "sync folder")
MOUNT_SECONDS = 5.0
MADE_FROM = 1 << 60  # the number of the first file that is made, above those of all that were there


@dataclass(frozen=True, kw_only=True)
class Done:
    """One thing that was done to the disk.

    Attributes:
        kind: what.
        path: to which name, relative to the disk.
        to: the new name of a rename.
        file: number of the file; no two that were ever made have the same.
        at: offset of a write, or length after a truncation, in bytes.
        data: what was written.
        mode: of a file or folder that was made.
    """

    kind: Kind
    path: str
    to: str = ""
    file: int = 0
    at: int = 0
    data: bytes = b""
    mode: int = 0

    def within(self, folder: str) -> Done | None:
        """The same with paths in a folder; None where it was not in it."""
        if f"{self.path}/".startswith(f"{folder}/"):
            path, to = (each.removeprefix(folder).removeprefix("/") for each in (self.path, self.to))
            return replace(self, path=path, to=to)
        return None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong.

    Attributes:
        number: the error, as in `errno`.
        of: the kinds of operation that fail of it, and that are counted.
        first: number of the first of them that fails, from 1.
        lasting: whether all of them do after that.
    """

    number: int
    of: tuple[str, ...]
    first: int
    lasting: bool = True


def full(first: int) -> Fault:
    """There is no more space from this operation on; deleting and renaming go on."""
    return Fault(number=errno.ENOSPC, of=GROWING, first=first)


def read_only(first: int) -> Fault:
    """The system takes the disk for damaged from this operation on and allows nothing but reading."""
    return Fault(number=errno.EROFS, of=ANY, first=first)


def unsynced(first: int) -> Fault:
    """One time the disk does not take what it was given."""
    return Fault(number=errno.EIO, of=SYNCS, first=first, lasting=False)


class Disk(mfusepy.Operations):  # type: ignore[misc]
    """The folder below; `fault` may be set at any time."""

    use_ns = True

    def __init__(self, below: Path) -> None:
        self.fault: Fault | None = None
        self.done: list[Done] = []
        self.attempts = 0
        self._below = below
        self._lock = Lock()
        self._count = 0
        self._made: dict[int, int] = {}  # inode, which the system uses again -> number of the file

    def begin(self, fault: Fault | None) -> None:
        """Count and remember from here on."""
        with self._lock:
            self.fault, self.attempts, self.done = fault, 0, []

    def _under(self, path: str) -> str:
        return f"{self._below}{path}"

    def _do(self, done: Done, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        with self._lock:
            self._may_fail(done.kind)
            outcome = work()
            self.done.append(done)
        return outcome

    def _may_fail(self, kind: str) -> None:
        fault = self.fault
        if fault is None or kind not in fault.of:
            return
        self.attempts += 1
        if self.attempts == fault.first or (fault.lasting and self.attempts > fault.first):
            raise OSError(fault.number, os.strerror(fault.number))

    def _named(self, path: str) -> int:
        try:
            return self._file(os.lstat(self._under(path)))
        except FileNotFoundError:
            return 0

    def _file(self, status: os.stat_result) -> int:
        return self._made.get(status.st_ino, status.st_ino)

    # What is counted and may fail

    def create(self, path: str, mode: int, flags: int) -> int:
        with self._lock:
            self._may_fail("create")
            handle = os.open(self._under(path), (flags & ~os.O_APPEND) | os.O_CREAT, mode)
            self._count += 1
            number = self._made[os.fstat(handle).st_ino] = MADE_FROM + self._count
            self.done.append(Done(kind="create", path=path[1:], file=number, mode=mode))
            return handle

    def open(self, path: str, flags: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and self.fault and self.fault.number == errno.EROFS:
            with self._lock:
                self._may_fail("other")
        if flags & os.O_TRUNC:
            self.truncate(path, 0)
        return os.open(self._under(path), flags & ~os.O_APPEND)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        done = Done(kind="write", path=path[1:], file=self._file(os.fstat(fh)), at=offset, data=data)
        return int(self._do(done, lambda: os.pwrite(fh, data, offset)))

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        file = self._named(path) if fh is None else self._file(os.fstat(fh))
        done = Done(kind="truncate", path=path[1:], file=file, at=length)
        self._do(done, lambda: os.truncate(self._under(path) if fh is None else fh, length))

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        self._do(Done(kind="sync", path=path[1:], file=self._file(os.fstat(fh))), lambda: None)

    def fsyncdir(self, path: str, datasync: int, fh: int) -> None:
        self._do(Done(kind="sync folder", path=path[1:]), lambda: None)

    def rename(self, old: str, new: str) -> None:
        done = Done(kind="rename", path=old[1:], to=new[1:], file=self._named(old))
        self._do(done, lambda: os.replace(self._under(old), self._under(new)))  # noqa: PTH105

    def link(self, target: str, source: str) -> None:
        done = Done(kind="link", path=source[1:], to=target[1:], file=self._named(source))
        self._do(done, lambda: os.link(self._under(source), self._under(target)))

    def unlink(self, path: str) -> None:
        done = Done(kind="unlink", path=path[1:], file=self._named(path))
        self._do(done, lambda: os.unlink(self._under(path)))  # noqa: PTH108

    def mkdir(self, path: str, mode: int) -> None:
        self._do(Done(kind="mkdir", path=path[1:], mode=mode), lambda: os.mkdir(self._under(path), mode))  # noqa: PTH102

    def rmdir(self, path: str) -> None:
        self._do(Done(kind="rmdir", path=path[1:]), lambda: os.rmdir(self._under(path)))  # noqa: PTH106

    def chmod(self, path: str, mode: int) -> None:
        self._do(Done(kind="other", path=path[1:]), lambda: os.chmod(self._under(path), mode))  # noqa: PTH101

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        when = times or (time.time_ns(), time.time_ns())
        self._do(Done(kind="other", path=path[1:]), lambda: os.utime(self._under(path), ns=when))

    # What only looks

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        status = os.lstat(self._under(path)) if fh is None else os.fstat(fh)
        times = {f"st_{name}time": getattr(status, f"st_{name}time_ns") for name in "amc"}
        names = ("st_gid", "st_mode", "st_nlink", "st_size", "st_uid", "st_ino", "st_blocks")
        return {**{name: getattr(status, name) for name in names}, **times}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._under(path))]  # noqa: PTH208

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def release(self, path: str, fh: int) -> None:
        os.close(fh)

    def statfs(self, path: str) -> dict[str, int]:
        found = os.statvfs(self._below)
        return {name: getattr(found, name) for name in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_frsize")}


@contextmanager
def mounted(below: Path, at: Path) -> Iterator[Disk]:
    """Inside the block the folder `below` is seen at `at` as a disk; look at `below` itself to see what lies on it.

    This process must not touch `at`: it would wait for itself.
    """
    disk = Disk(below)
    options = {"foreground": True, "nothreads": True, "hard_remove": True, "attr_timeout": 0, "entry_timeout": 0}
    server = Thread(target=lambda: mfusepy.FUSE(disk, str(at), **options), daemon=True)
    server.start()
    late = time.monotonic() + MOUNT_SECONDS
    while f" {at} " not in Path("/proc/self/mounts").read_text():
        if not server.is_alive() or time.monotonic() > late:
            raise RuntimeError("the disk cannot be mounted: it needs Linux, fuse3 and the right to mount")
        time.sleep(0.01)
    try:
        yield disk
    finally:
        subprocess.run(["fusermount3", "-uz", str(at)], check=True)  # noqa: S607
        server.join(MOUNT_SECONDS)
