"""Writes settings into a `.env` file, for its owner's eyes alone, and leaves every other line as it was.

Knows nothing of what the settings mean.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from rag import durable
from rag.errors import FootnoteError
from rag.phrase import Phrase

OWNER_ONLY = 0o600
_PLAIN = re.compile(r"[\w./:@%+,=-]*", re.ASCII)


class EnvFileError(FootnoteError):
    """`.env` cannot be read or written."""


def write(path: Path, values: Mapping[str, str]) -> None:
    """Set these keys in the file at `path`, which then only its owner may read; a crash leaves the one before.

    Raises:
        EnvFileError: it cannot be read or written, or a value cannot stand in such a file.
    """
    target = path.resolve()  # a link stays a link
    try:
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        durable.write(target, merged(before, values), mode=OWNER_ONLY)
    except (OSError, UnicodeDecodeError) as error:
        why = str(error.strerror) if isinstance(error, OSError) else Phrase("it is no text")
        unwritten = Phrase("{file} cannot be written: {why}.").format(file=str(path), why=why)
        remedy = Phrase("Make some space.") if durable.is_full(error) else Phrase("Make it writable, or remove it.")
        raise EnvFileError(unwritten, remedy=remedy) from error


def merged(text: str, values: Mapping[str, str]) -> str:
    """The text of a `.env` file with these keys set: in the line that has them, below the comment that shows their
    default, or at the end. Raises EnvFileError for a value that cannot stand there."""
    for key, value in values.items():
        text = _with(text, key, f"{key}={quoted(value)}")
    return text


def _with(text: str, key: str, line: str) -> str:
    bindings = list(parse_stream(io.StringIO(text)))
    holding = [number for number, binding in enumerate(bindings) if binding.key == key]
    if holding:
        return "".join(
            _in_place_of(binding, line) if number == holding[-1] else binding.original.string
            for number, binding in enumerate(bindings)
        )
    shown = re.search(rf"^#[ \t]*{key}=.*$", text, re.MULTILINE)
    if shown:
        return f"{text[: shown.end()]}\n{line}{text[shown.end() :]}"
    return text + ("" if not text or text.endswith("\n") else "\n") + line + "\n"


def _in_place_of(binding: Binding, line: str) -> str:
    """The line, with the empty lines that the parser counts to the one it replaces."""
    original = binding.original.string
    blank = original[: len(original) - len(original.lstrip("\r\n"))]
    return blank + line + ("\n" if original.endswith("\n") else "")


def quoted(value: str) -> str:
    """A value as it stands behind `KEY=`. Raises EnvFileError where none reads back the same."""
    if not value.isprintable() or "${" in value:
        unfit = Phrase("That value cannot stand in .env.")
        raise EnvFileError(unfit, remedy=Phrase("Use one without line breaks and without {sign}").format(sign="${"))
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
