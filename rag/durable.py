"""Puts files on the disk for good and in one step: after a power cut, too, there is the one before or the new one.

Knows nothing of what is in them.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)
"""Some network drives cannot be asked that of a folder, and of some folders nobody may read the list."""


def is_full(error: Exception) -> bool:
    """Whether it is for want of space that something could not be written."""
    return isinstance(error, OSError) and error.errno in _FULL


def sync(path: Path) -> None:
    """Have the system write a file, or a folder's list of files, to the disk. Raises OSError."""
    folder = path.is_dir()
    if folder and os.name == "nt":
        return  # Windows does not open folders, and writes their lists by itself
    try:
        handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if not folder or error.errno not in _NO_SYNC:
            raise


def make_folder(path: Path) -> None:
    """Make a folder, and those that it is in, where they are not there yet. Raises OSError."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in new:
        sync(folder.parent)


def put(fresh: Path, target: Path) -> None:
    """Give the finished file `fresh` the name `target`, instead of what has it.

    Raises OSError, and that one stays. But where `fresh` is no longer there it has taken the place, and it is only not
    sure that it still will have after a power cut.
    """
    sync(fresh)
    fresh.replace(target)
    sync(target.parent)


def write(target: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Write a file in the place of the one before. Raises OSError, and that one stays.

    Args:
        mode: who may read and write the file, less what the process's umask forbids.
    """
    fresh = target.with_name(f".{target.name}.unfinished")
    fresh.unlink(missing_ok=True)  # what a power cut left
    try:
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        put(fresh, target)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
