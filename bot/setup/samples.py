"""The sample notes that come with Footnote, for a notes folder that does not exist yet."""

from __future__ import annotations

import shutil
from pathlib import Path

_BOT = Path(__file__).resolve().parents[1]
_PLACES = (_BOT / "knowledge", _BOT.parent / "knowledge")  # in the installed package, in a checkout


def put_samples(folder: Path) -> None:
    """Make `folder` and copy the sample notes into it. Raises OSError."""
    folder.mkdir(parents=True)
    for note in next((place for place in _PLACES if place.is_dir()), folder).iterdir():
        if note.is_file():
            shutil.copyfile(note, folder / note.name)
