"""From a folder of note files to a `Library`: the files found, read, joined to episodes, cut in passages.

The one place of reading that touches the disk. A bad file costs only itself, and is named in a warning.
"""

from __future__ import annotations

import hashlib
import logging
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag import episodes
from rag.errors import NoteError, NotesError
from rag.passages import is_junk, passages_of
from rag.readers import Part, Reading, Source, reader_for
from rag.text import Decoded, decode, is_binary, readable, slug
from rag.types import Episode, Library, Note, Passage, ReadWarning

READER_VERSION = 1
"""Raise it whenever the same files would give other passages: an index records it."""

Progress = Callable[[int, int, str], None]
ReadBytes = Callable[[Path], bytes]

SUFFIXES = frozenset({".txt", ".md", ".markdown"})
LARGEST = 20 * 1024 * 1024
LONG_LINE = 20_000
_BESIDE_NOTES = (
    ".png .jpg .jpeg .gif .webp .svg .bmp .ico .heic .tif .tiff .mp3 .m4a .wav .ogg .opus .flac .mp4 .mov .mkv .webm"
    " .css .js .py .sh .toml .ini .lock .log .tmp .bak .swp .part .db .sqlite"
)
_IRRELEVANT = frozenset(_BESIDE_NOTES.split())
_GUIDES = re.compile(r"(?:readme|license|licence|copying|contributing|changelog)(?:\.\w+)?", re.IGNORECASE)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A file of the folder: its path, or why it is none to read."""

    file: str
    path: Path
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A file as read, with what its owner should know."""

    note: Note
    source: Source
    reading: Reading
    warnings: tuple[ReadWarning, ...]


def read_library(folder: Path, *, progress: Progress | None = None) -> Library:
    """Everything in `folder` that can be read. `progress` hears (done, total, file) before each file and at the end.

    Raises NotesError where the folder is missing, no folder, not readable, or holds no note files.
    """
    found = _files(folder)
    loaded: list[Loaded] = []
    warnings: list[ReadWarning] = []
    for done, file in enumerate(found):
        if progress:
            progress(done, len(found), file.file)
        try:
            loaded.append(load(file.path, file.file, trouble=file.trouble))
            warnings += loaded[-1].warnings
        except NoteError as error:
            warnings.append(ReadWarning(file=file.file, line=None, reason=str(error), skipped=True))
    if progress:
        progress(len(found), len(found), "")
    joined, places = episodes.join([_claim(item, part) for item in loaded for part in item.reading.parts])
    passages = tuple(_all_passages(loaded, joined, places, warnings))
    return Library(
        notes=tuple(item.note for item in loaded), episodes=joined, passages=passages, warnings=tuple(warnings)
    )


def scan(folder: Path) -> list[tuple[str, str]]:
    """(file, sha256) of every file that `read_library` would try to read, without reading them as notes.

    Raises NotesError as `read_library` does.
    """
    found: list[tuple[str, str]] = []
    for file in _files(folder):
        try:
            _check(file.path, file.trouble)
            found.append((file.file, hashlib.sha256(file.path.read_bytes()).hexdigest()))
        except (NoteError, OSError):
            continue
    return found


def load(path: Path, file: str, *, trouble: str | None = None, read: ReadBytes = Path.read_bytes) -> Loaded:
    """One file, read and understood. Raises NoteError, with a sentence for its owner, where that cannot be."""
    _check(path, trouble)
    data, steady = _bytes(path, read)
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise NoteError("The file is empty.")
    if is_binary(data):
        raise NoteError("This is not a text file.", remedy="Save the notes as plain text or Markdown.")
    decoded = decode(data)
    source = Source.of(file, decoded.text)
    reader = reader_for(source)
    reading = _understood(reader.read, source)
    note = Note(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        kind=reading.kind,
        author=reading.author,
        reader=reader.name,
        encoding=decoded.encoding,
    )
    warnings = (*_decoding_warnings(file, decoded, steady=steady), *_line_warnings(source), *reading.warnings)
    return Loaded(note=note, source=source, reading=reading, warnings=warnings)


def _files(folder: Path) -> list[_Found]:
    if not folder.exists():
        raise NotesError(f"The notes folder {folder} does not exist.", remedy="Create it, or name another one.")
    if not folder.is_dir():
        raise NotesError(f"{folder} is a file, not a folder of notes.", remedy="Name the folder it lies in.")
    try:
        found = list(_walk(folder, folder, set()))
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise NotesError(
            f"The notes folder {folder} cannot be read: {reason}.", remedy="Check its permissions."
        ) from error
    if not found:
        raise NotesError(
            f"There are no notes in {folder}.", remedy="Put .txt or .md files there and run `footnote index` again."
        )
    return found


def _walk(root: Path, folder: Path, seen: set[tuple[int, int]]) -> Iterator[_Found]:
    here = folder.stat()
    if (here.st_dev, here.st_ino) in seen:
        return
    seen.add((here.st_dev, here.st_ino))
    for path in sorted(folder.iterdir(), key=lambda p: (p.name.casefold(), p.name)):
        file = path.relative_to(root).as_posix()
        if path.name.startswith(("._", ".", "~$")) or (folder == root and _GUIDES.fullmatch(path.name)):
            continue
        kind = _kind(path)
        if kind == "folder":
            try:
                yield from _walk(root, path, seen)
            except OSError as error:
                yield _Found(file=file, path=path, trouble=f"The folder cannot be read: {error.strerror}.")
        elif path.suffix.lower() not in _IRRELEVANT:
            yield _Found(file=_printable(file), path=path, trouble=_trouble(path, kind))


def _kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "This link leads to a file that does not exist."
    except OSError as error:
        looping = path.is_symlink()
        return "This link leads back to itself." if looping else f"The file cannot be looked at: {error.strerror}."
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "This is not a regular file."


def _trouble(path: Path, kind: str) -> str | None:
    if kind != "file":
        return kind
    if path.suffix.lower() not in SUFFIXES:
        ending = f"Files ending in {path.suffix}" if path.suffix else "Files without an ending"
        return f"{ending} are not read yet. Save the notes as .txt or .md."
    if _printable(path.name) != path.name:
        return "The file's name is not valid text. Rename it."
    return None


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")


def _check(path: Path, trouble: str | None) -> None:
    if trouble:
        raise NoteError(trouble)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NoteError(f"The file cannot be looked at: {error.strerror}.") from error
    if size > LARGEST:
        raise NoteError(
            f"The file has {size / 1e6:.0f} MB; files above {LARGEST / 1e6:.0f} MB are not read.",
            remedy="Split it into one file an episode.",
        )


def _bytes(path: Path, read: ReadBytes) -> tuple[bytes, bool]:
    """The file's bytes, and whether they stayed the same while they were read (with one more try)."""
    try:
        data = read(path)
        for _ in range(2):
            again = read(path)
            if again == data:
                return data, True
            data = again
    except PermissionError as error:
        raise NoteError("You may not read this file.", remedy=f"Allow it with: chmod u+r '{path.name}'") from error
    except OSError as error:
        raise NoteError(f"The file cannot be read: {error.strerror or error}.") from error
    return data, False


def _understood(read: Callable[[Source], Reading], source: Source) -> Reading:
    """The reading. A fault of ours in a reader must not cost the other files."""
    try:
        return read(source)
    except Exception as error:
        _log.exception("reader failed on %s", source.file)
        raise NoteError(
            f"The file could not be understood ({type(error).__name__}).", remedy="Please report this."
        ) from error


def _decoding_warnings(file: str, decoded: Decoded, *, steady: bool) -> Iterator[ReadWarning]:
    if decoded.guessed:
        reason = f"The file is not UTF-8; it was read as {decoded.encoding}. Save it as UTF-8 to be sure."
        yield ReadWarning(file=file, line=None, reason=reason)
    if decoded.damaged is not None:
        reason = f"Some bytes mean nothing in {decoded.encoding}; they are shown as \ufffd."
        yield ReadWarning(file=file, line=decoded.damaged, reason=reason)
    if not steady:
        reason = "The file changed while it was read. Run `footnote index` again once it is saved."
        yield ReadWarning(file=file, line=None, reason=reason)


def _line_warnings(source: Source) -> Iterator[ReadWarning]:
    for line in source.lines:
        if len(line.text) > LONG_LINE:
            kept = "left out, as it is no prose" if is_junk(line.text) else "cut into pieces"
            reason = f"A line of {len(line.text):,} characters was {kept}."
            yield ReadWarning(file=source.file, line=line.number, reason=reason)


def _claim(item: Loaded, part: Part) -> episodes.Claim:
    return episodes.Claim(entry=part.entry, guessed=part.guessed_guests, fallback=_fallback(item.source))


def _fallback(source: Source) -> str:
    """A title for an episode nobody names: the file's name, or its first words where the name says nothing."""
    stem = re.sub(r"^\d{4}-\d\d-\d\d|^\d+|\b[0-9a-f]{8,}\b", "", source.stem.replace("_", " "))
    pretty = " ".join(re.sub(r"[\s-]+", " ", stem).split())
    if sum(c.isalpha() for c in pretty) >= 3:
        return pretty[:1].upper() + pretty[1:]
    words = (readable(line.text[:400]).strip("#*_- ") for line in source.lines[:50])
    first = next(filter(None, words), source.file)
    return first if len(first) <= 80 else first[:79].rsplit(" ", 1)[0] + "…"


def _all_passages(
    loaded: Sequence[Loaded], joined: Sequence[Episode], places: Sequence[int], warnings: list[ReadWarning]
) -> Iterator[Passage]:
    place = iter(places)
    prefixes = _prefixes(item.note.file for item in loaded)
    for item in loaded:
        position = 0
        for part in item.reading.parts:
            episode = joined[next(place)]
            for passage in passages_of(item.source, part, episode, prefix=prefixes[item.note.file], first=position):
                position += 1
                yield passage
        if position == 0:
            warnings.append(
                ReadWarning(file=item.note.file, line=None, reason="Nothing in the file is a note.", skipped=True)
            )


def _prefixes(files: Iterable[str]) -> dict[str, str]:
    """A short name for each file, unique in the folder."""
    known: dict[str, str] = {}
    for file in files:
        base = slug(file.rpartition(".")[0]) or "note"
        name, number = base, 1
        while name in known.values():
            number += 1
            name = f"{base}-{number}"
        known[file] = name
    return known


__all__ = ["READER_VERSION", "Loaded", "load", "read_library", "scan"]
