"""What a command says that fails, in the language of the settings; where nothing is set up yet, that first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bot.language import ENGLISH, _, speaking, spoken
from rag.errors import FootnoteError, IndexMissing, ModelMissing, NotesError
from rag.phrase import Phrase

SET_UP = (IndexMissing, ModelMissing, NotesError)
"""What fails where `footnote init` was never run."""
FOLDERS = ("--notes", "--data", "--models")
NOT_SET_UP = Phrase("This folder is not set up yet: run footnote init here, or go to the folder where you did.")


def sentences(error: FootnoteError, args: Sequence[str]) -> str:
    """What is amiss and what mends it; where nothing was ever set up in this folder, nor a folder named, that first."""
    with speaking(_language()):
        first = isinstance(error, SET_UP) and _is_bare() and not any(arg.startswith(FOLDERS) for arg in args)
        parts = (NOT_SET_UP if first else "", error.message, error.remedy)
        return " ".join(filter(None, map(_, parts)))


def _language() -> str:
    """What is spoken already, else what the settings name, where they can be read."""
    from bot.settings import load_settings

    if spoken() != ENGLISH:
        return spoken()
    try:
        return load_settings().language
    except FootnoteError:
        return ENGLISH


def _is_bare() -> bool:
    """Whether nothing in this folder, nor in the environment, says anything of Footnote."""
    return not any(map(Path.exists, map(Path, (".env", ".data")))) and not any(
        name.startswith("FOOTNOTE_") for name in os.environ
    )
