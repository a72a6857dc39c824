"""One build of the index on disk: its manifest, its passages, and which build serves.

    data/
      current            name of the serving build, replaced atomically
      builds/NAME/
        manifest.json    what it was built from and with
        passages.jsonl   episodes' passages, one a line, in row order
        library.json     notes, episodes and reading warnings
        words/           BM25
        vectors/         Chroma, or where it is; arrays
        calibration.json thresholds; written last, or later

A build is sealed before it serves: every file is on the disk, and the manifest knows its size and hash, so that neither
a power cut nor a file that was cut or changed goes unnoticed. Knows how to write, read and check these files, not how
they come about.
"""

from __future__ import annotations

import errno
import hashlib
import json
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import filelock

from rag import durable
from rag.errors import (
    FootnoteError,
    IndexBusy,
    IndexCorrupt,
    IndexMissing,
    IndexProblem,
    ModelError,
    NotesError,
    StorageFull,
    StoreAway,
)
from rag.phrase import Phrase, read_phrase, written_phrase
from rag.reading.offsets import Offsets
from rag.types import Episode, EpisodeEntry, Library, Note, Passage, ReadWarning

FORMAT = 3
MANIFEST = "manifest.json"
PASSAGES = "passages.jsonl"
LIBRARY = "library.json"
WORDS = "words"
VECTORS = "vectors"
REBUILD = Phrase("Run: footnote index")

Told = tuple[type[FootnoteError], Phrase, Phrase]
"""What is raised, its sentence about {folder} and {why}, and the remedy."""

BUILDING: Mapping[str, Told] = {
    "full": (
        StorageFull,
        Phrase("There is no space left for the index in {folder}; the old one goes on serving."),
        Phrase("Free some space, then run: footnote index"),
    ),
    "shut": (StorageFull, Phrase("Nothing can be written to {folder}."), Phrase("Choose another folder with --data.")),
    "broken": (
        IndexProblem,
        Phrase("The disk does not take the new index in {folder} ({why}); the old one goes on serving."),
        Phrase("Look after the disk, then run: footnote index"),
    ),
}
OPENING: Mapping[str, Told] = {
    "full": (
        IndexProblem,
        Phrase("The index in {folder} cannot be opened: there is no space left on its disk."),
        Phrase("Make some space."),
    ),
    "shut": (
        IndexProblem,
        Phrase("The index in {folder} cannot be opened: its files may not be read and written."),
        Phrase("Make them yours, and the disk writable, or choose another folder with --data."),
    ),
    "broken": (
        IndexProblem,
        Phrase("The index in {folder} cannot be opened: its disk fails ({why})."),
        Phrase("Look after the disk."),
    ),
}
_SIGNS: Mapping[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "full": (durable.FULL, ("disk is full", "no space left")),
    "shut": (
        (errno.EACCES, errno.EPERM, errno.EROFS),
        ("readonly database", "read-only file system", "unable to open database file"),
    ),
    "broken": ((errno.EIO,), ("disk i/o error", "input/output error")),
}

Part = tuple[int, str]
"""Size in bytes and sha256 of a file; "" for those of Chroma, which it changes on opening."""


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
        parts: path inside the build -> size and hash of every file but the manifest itself.
    """

    format: int
    embedder: str
    reader_version: int
    fields_version: int
    files: dict[str, str]
    passages: int
    vectors: int
    parts: dict[str, Part]


def builds_folder(data: Path) -> Path:
    return data / "builds"


def collection_of(build: Path) -> str:
    """The name of a build's collection, where its vectors are on a server."""
    return f"footnote-{build.name}"


def current_build(data: Path) -> Path:
    """Folder of the serving build. Raises IndexMissing where there is none, IndexCorrupt where it is damaged."""
    try:
        name = (data / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        missing = Phrase("There is no index in {folder} yet.")
        raise IndexMissing(missing.format(folder=str(data)), remedy=REBUILD) from None
    except (OSError, ValueError) as error:
        unread = Phrase("The index in {folder} cannot be read.")
        raise IndexCorrupt(unread.format(folder=str(data)), remedy=REBUILD) from error
    folder = builds_folder(data) / name
    if not (folder / MANIFEST).is_file():
        half = Phrase("The index in {folder} is half gone: its build {name} is missing.")
        raise IndexCorrupt(half.format(folder=str(data), name=repr(name)), remedy=REBUILD)
    return folder


def make_current(data: Path, build: Path) -> None:
    """Let `build` serve, by one atomic rename."""
    durable.write(data / "current", build.name)


def remove_builds(data: Path, *, keep: Iterable[Path]) -> None:
    """Delete every build but these: old ones, and those a crash left unfinished."""
    names = {path.name for path in keep}
    for folder in builds_folder(data).iterdir():
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def serving(data: Path) -> list[Path]:
    """The serving build, if there is one; none where it cannot be told."""
    try:
        return [current_build(data)]
    except IndexProblem:
        return []


def drop_old_builds(data: Path, *, wait: Callable[[], object]) -> None:
    """Delete all builds but the serving one, after `wait`: another process may still read the one before.

    Raises IndexBusy. Where the system does not let go of files that are read, they go next time.
    """
    if len(list(builds_folder(data).iterdir())) > 1:
        wait()
        with lock(data):
            remove_builds(data, keep=serving(data))


def drop_index(data: Path) -> None:
    """Delete the index: no build serves any longer, and none is left. Raises IndexBusy."""
    if builds_folder(data).is_dir():
        with lock(data):
            (data / "current").unlink(missing_ok=True)
            remove_builds(data, keep=[])


@contextmanager
def new_build(data: Path) -> Iterator[Path]:
    """An empty folder for a build, which serves once the block ends well and is gone if it does not.

    What a crash left of earlier builds goes away. The build that served before stays until the next one, because
    a running bot still reads it.
    """
    durable.make_folder(builds_folder(data))
    served = serving(data)
    remove_builds(data, keep=served)
    folder = builds_folder(data) / f"{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(6)}"
    folder.mkdir()
    try:
        yield folder
        _sync_all(folder)  # to look whether it may serve changes some of Chroma's files
        make_current(data, folder)
    except BaseException:
        if serving(data) != [folder]:  # it may have its name, and the disk not have taken that for good
            shutil.rmtree(folder, ignore_errors=True)
        raise
    remove_builds(data, keep=[folder, *served])


@contextmanager
def lock(data: Path) -> Iterator[None]:
    """One writer at a time. Raises IndexBusy."""
    try:
        durable.make_folder(data)
    except FileExistsError as error:
        no_folder = Phrase("{path} is a file, not a folder.").format(path=str(data))
        raise IndexProblem(no_folder, remedy=Phrase("Name a folder with --data.")) from error
    try:
        with filelock.FileLock(data / "index.lock", timeout=0):
            yield
    except filelock.Timeout as error:
        busy = Phrase("Another process is indexing into {folder}.").format(folder=str(data))
        raise IndexBusy(busy, remedy=Phrase("Wait until it is done.")) from error


@contextmanager
def storage_errors(data: Path, told: Mapping[str, Told] = BUILDING) -> Iterator[None]:
    """Turn what a full, read-only or failing disk makes of an index into a sentence, whichever library it fails in."""
    try:
        yield
    except (StorageFull, NotesError, ModelError, StoreAway):  # that is one; and other disks, of this machine or not
        raise
    except Exception as error:
        for cause in _causes(error):
            if trouble := _trouble(cause):
                kind, sentence, remedy = told[trouble]
                raise kind(sentence.format(folder=str(data), why=str(cause)), remedy=remedy) from error
        raise


def _causes(error: BaseException) -> list[BaseException]:
    """What led to an error, the first of it first, and the error itself."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [*(_causes(before) if before else ()), error]


def _trouble(error: BaseException) -> str:
    """What is the matter with a disk, as the keys of `BUILDING` have it, where an error is about that; else ""."""
    number = getattr(error, "errno", None)
    said = "" if isinstance(error, FootnoteError) else str(error).lower()  # ours may name a folder that is called so
    for trouble, (numbers, words) in _SIGNS.items():
        if number in numbers or any(each in said for each in words):
            return trouble
    return ""


def seal(build: Path) -> dict[str, Part]:
    """Bring every file of a finished build to the disk; what its manifest has to know of them."""
    files = sorted(path for path in build.rglob("*") if path.is_file() and path != build / MANIFEST)
    _sync_all(build)
    return {path.relative_to(build).as_posix(): (path.stat().st_size, _sha256(build, path)) for path in files}


def _sync_all(build: Path) -> None:
    for path in [*build.rglob("*"), build, build.parent]:
        if path.is_file() or path.is_dir():
            durable.sync(path)


def check_parts(build: Path, parts: Mapping[str, Part], *, thoroughly: bool = False) -> None:
    """Raises IndexCorrupt unless every file is there, and whole; `thoroughly`: and holds what was written."""
    for name, (size, sha256) in parts.items():
        path = build / name
        if not path.is_file():
            raise IndexCorrupt(Phrase("{file} of the index is gone.").format(file=name), remedy=REBUILD)
        found = path.stat().st_size
        if found != size and (sha256 or found < size):
            cut = Phrase("{file} of the index has {found} bytes, not {size}.")
            raise IndexCorrupt(cut.format(file=name, found=found, size=size), remedy=REBUILD)
        if thoroughly and _sha256(build, path) != sha256:
            raise IndexCorrupt(Phrase("{file} of the index has been changed.").format(file=name), remedy=REBUILD)


def _sha256(build: Path, path: Path) -> str:
    if build / VECTORS in path.parents and path.suffix != ".npy":
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(build: Path, manifest: Manifest) -> None:
    """Write the manifest; a build without one does not exist, so this comes last."""
    (build / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    durable.sync(build / MANIFEST)
    durable.sync(build)


def read_manifest(build: Path) -> Manifest:
    """Raises IndexCorrupt if it cannot be read or is of another format."""
    try:
        raw = json.loads((build / MANIFEST).read_text(encoding="utf-8"))
        raw["parts"] = {name: (int(size), str(sha256)) for name, (size, sha256) in raw.get("parts", {}).items()}
        manifest = Manifest(**{f.name: raw[f.name] for f in fields(Manifest)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexCorrupt(Phrase("The index's manifest cannot be read."), remedy=REBUILD) from error
    if manifest.format != FORMAT:
        other = Phrase("The index has format {found}, this is {wanted}.")
        raise IndexCorrupt(other.format(found=manifest.format, wanted=FORMAT), remedy=REBUILD)
    return manifest


def write_library(build: Path, library: Library) -> None:
    """Write passages.jsonl and library.json."""
    with (build / PASSAGES).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_pack(passage), ensure_ascii=False) + "\n" for passage in library.passages)
    rest = {
        "notes": [asdict(note) for note in library.notes],
        "episodes": [asdict(episode) for episode in library.episodes],
        "warnings": [{**asdict(each), "reason": written_phrase(each.reason)} for each in library.warnings],
    }
    (build / LIBRARY).write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")


def read_episodes(build: Path) -> tuple[Episode, ...]:
    """The episodes of what `write_library` wrote, without their passages. Raises IndexCorrupt."""
    try:
        return tuple(_episode(raw) for raw in json.loads((build / LIBRARY).read_text(encoding="utf-8"))["episodes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt(Phrase("The index's episodes cannot be read."), remedy=REBUILD) from error


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
            warnings=tuple(ReadWarning(**{**each, "reason": read_phrase(each["reason"])}) for each in rest["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt(Phrase("The index's passages cannot be read."), remedy=REBUILD) from error


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
