"""Which folder an index was made of, and on which drive it lay: remembered beside the index.

An empty folder on another drive than before is a mount point whose drive is away, not notes that were deleted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rag import durable

FILE = "notes.json"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where notes lay when they were indexed.

    Attributes:
        folder: absolute path.
        device: number of the drive, as `os.stat` gives it.
    """

    folder: str
    device: int

    @classmethod
    def of(cls, notes: Path) -> Origin:
        """Where `notes` lie now. Raises OSError."""
        return cls(folder=str(notes.resolve()), device=notes.stat().st_dev)


def remember(data: Path, notes: Path) -> None:
    """Note down that the index in `data` is of `notes`."""
    now = Origin.of(notes)
    if remembered(data) != now:
        durable.write(data / FILE, json.dumps(asdict(now)))


def remembered(data: Path) -> Origin | None:
    """What the index in `data` was made of; None where nobody noted it down."""
    try:
        return Origin(**json.loads((data / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def other_folder(data: Path, notes: Path) -> str:
    """The folder that the index in `data` was made of, if it is not `notes`; else ""."""
    before = remembered(data)
    return before.folder if before and before.folder != str(notes.resolve()) else ""


def is_unmounted(data: Path, notes: Path) -> bool:
    """Whether `notes` are on another drive than when they were indexed."""
    before, now = remembered(data), Origin.of(notes)
    return before is not None and before.folder == now.folder and before.device != now.device
