"""One build of the index on disk: its manifest, its passages, and which build serves.

    data/
      current            name of the serving build, replaced atomically
      builds/NAME/
        manifest.json    what it was built from and with
        passages.jsonl   episodes' passages, one a line, in row order
        library.json     notes, episodes and reading warnings
        words/           BM25
        vectors/         Chroma

Knows how to write and read these files, not how they come about.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rag.errors import IndexCorrupt, IndexMissing
from rag.offsets import Offsets
from rag.types import Episode, EpisodeEntry, Library, Note, Passage, ReadWarning

FORMAT = 2
MANIFEST = "manifest.json"
PASSAGES = "passages.jsonl"
LIBRARY = "library.json"
WORDS = "words"
VECTORS = "vectors"
REBUILD = "Run: footnote index"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a build was made from and with.

    Attributes:
        format: layout of the files.
        embedder: sha256 of the embedder's file.
        reader_version: of the readers that made the passages.
        fields_version: of the texts that were embedded.
        files: relative path -> sha256 of every file that was read.
        passages: how many rows.
        vectors: how many vectors.
    """

    format: int
    embedder: str
    reader_version: int
    fields_version: int
    files: dict[str, str]
    passages: int
    vectors: int


def builds_folder(data: Path) -> Path:
    return data / "builds"


def current_build(data: Path) -> Path:
    """Folder of the serving build. Raises IndexMissing where there is none, IndexCorrupt where it is damaged."""
    try:
        name = (data / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise IndexMissing(f"There is no index in {data} yet.", remedy=REBUILD) from None
    except (OSError, ValueError) as error:
        raise IndexCorrupt(f"The index in {data} cannot be read.", remedy=REBUILD) from error
    folder = builds_folder(data) / name
    if not (folder / MANIFEST).is_file():
        raise IndexCorrupt(f"The index in {data} is half gone: its build {name!r} is missing.", remedy=REBUILD)
    return folder


def make_current(data: Path, build: Path) -> None:
    """Let `build` serve, by one atomic rename."""
    fresh = data / "current.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(build.name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / "current")


def remove_builds(data: Path, *, keep: Iterable[Path]) -> None:
    """Delete every build but these: old ones, and those a crash left unfinished."""
    names = {path.name for path in keep}
    for folder in builds_folder(data).iterdir():
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def write_manifest(build: Path, manifest: Manifest) -> None:
    """Write the manifest; a build without one does not exist, so this comes last."""
    (build / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")


def read_manifest(build: Path) -> Manifest:
    """Raises IndexCorrupt if it cannot be read or is of another format."""
    try:
        raw = json.loads((build / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**{f.name: raw[f.name] for f in fields(Manifest)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt("The index's manifest cannot be read.", remedy=REBUILD) from error
    if manifest.format != FORMAT:
        raise IndexCorrupt(f"The index has format {manifest.format}, this is {FORMAT}.", remedy=REBUILD)
    return manifest


def write_library(build: Path, library: Library) -> None:
    """Write passages.jsonl and library.json."""
    with (build / PASSAGES).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_pack(passage), ensure_ascii=False) + "\n" for passage in library.passages)
    rest = {
        "notes": [asdict(note) for note in library.notes],
        "episodes": [asdict(episode) for episode in library.episodes],
        "warnings": [asdict(warning) for warning in library.warnings],
    }
    (build / LIBRARY).write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")


def read_library(build: Path) -> Library:
    """What `write_library` wrote. Raises IndexCorrupt."""
    try:
        rest = json.loads((build / LIBRARY).read_text(encoding="utf-8"))
        with (build / PASSAGES).open(encoding="utf-8") as file:
            passages = tuple(_unpack(json.loads(line)) for line in file)
        return Library(
            notes=tuple(Note(**note) for note in rest["notes"]),
            episodes=tuple(_episode(episode) for episode in rest["episodes"]),
            passages=passages,
            warnings=tuple(ReadWarning(**warning) for warning in rest["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt("The index's passages cannot be read.", remedy=REBUILD) from error


def _episode(raw: dict[str, Any]) -> Episode:
    entries = tuple(EpisodeEntry(**_tuples(entry)) for entry in raw.pop("entries"))
    return Episode(**_tuples(raw), entries=entries)


def _pack(passage: Passage) -> dict[str, Any]:
    packed = {field.name: getattr(passage, field.name) for field in fields(passage)}  # asdict would copy all of it
    packed["text_to_raw"] = Offsets.of(passage.text_to_raw).runs
    return packed


def _unpack(packed: dict[str, Any]) -> Passage:
    """The passage; what it has in common with others, or says twice, is in memory once."""
    packed["text_to_raw"] = Offsets(packed["text_to_raw"], len(packed["text"]))
    if packed["raw"] == packed["text"]:
        packed["raw"] = packed["text"]
    for name in ("episode_id", "note_file"):
        packed[name] = sys.intern(packed[name])
    return Passage(**_tuples(packed))


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: _frozen(value) for key, value in raw.items()}


def _frozen(value: Any) -> Any:  # noqa: ANN401
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
