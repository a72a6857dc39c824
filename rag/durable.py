"""Puts files on the disk for good and in one step: after a power cut, too, there is the one before or the new one.

Knows nothing of what is in them.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no space left."""
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)
"""Some network drives cannot be asked that of a folder, and of some folders nobody may read the list."""
LEFT_SECONDS = 3600.0
"""What nobody has written to for so long was left by a kill or a power cut."""


def is_full(error: Exception) -> bool:
    """Whether it is for want of space that something could not be written."""
    return isinstance(error, OSError) and error.errno in FULL


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


def unfinished(target: Path) -> Path:
    """A name beside `target`, that nobody else has, for what is to take its place; what was left there goes away."""
    sweep(target)
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.unfinished")


def sweep(target: Path, *, at_once: bool = False) -> None:
    """Delete what was left of unfinished files for `target`, with what SQLite may have put beside them.

    Args:
        at_once: nobody else can be writing one now, so that they need not be an hour old.
    """
    with suppress(OSError):
        for left in list(target.parent.glob(f".{glob.escape(target.name)}.{'?' * 8}.unfinished*")):
            with suppress(OSError):
                if at_once or time.time() - left.stat().st_mtime > LEFT_SECONDS:
                    left.unlink()


def put(fresh: Path, target: Path) -> None:
    """Give the finished file `fresh` the name `target`, instead of what has it.

    Raises OSError, and that one stays. But where `fresh` is no longer there it has taken the place, and it is only not
    sure that it still will have after a power cut.
    """
    sync(fresh)
    fresh.replace(target)
    sync(target.parent)


def write(target: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Write a file in the place of the one before, whoever else does so, too. Raises OSError, and that one stays.

    Args:
        mode: who may read and write the file, less what the process's umask forbids.
    """
    fresh = unfinished(target)
    try:
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        put(fresh, target)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
