"""When each note came or changed, by the date of its file. Knows nothing of what stands in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path


def days(notes: Path, files: Iterable[str]) -> dict[str, str]:
    """File of a note -> the day it was written, ISO 8601, in local time; without those that are not there as files."""
    found: dict[str, str] = {}
    for file in files:
        try:
            changed = (notes / file).stat().st_mtime
        except (OSError, ValueError):  # within an archive, or gone meanwhile
            continue
        found[file] = datetime.fromtimestamp(changed).astimezone().date().isoformat()
    return found
