"""From a folder of note files to a `Library`: the files found, read, joined to episodes, cut in passages.

The one place of reading that touches the disk. A bad file costs only itself, and is named in a warning.
"""

from __future__ import annotations

import hashlib
import logging
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath

from rag.errors import NoNotes, NoteError, NotesError
from rag.language import with_languages
from rag.phrase import Phrase
from rag.reading import episodes, extract, overrides
from rag.reading.extract import archive
from rag.reading.ignored import is_ignored, leads_out
from rag.reading.passages import is_junk, passages_of
from rag.reading.readers import Part, Reading, Source, order, reader_for
from rag.reading.text import Decoded, decode, is_binary, readable, slug
from rag.types import Episode, Library, Note, Passage, ReadWarning

READER_VERSION = 3
"""Raise it whenever the same files would give other passages: an index records it."""

Progress = Callable[[int, int, str], None]
ReadBytes = Callable[[Path], bytes]

SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown", ".srt", ".vtt"}) | extract.SUFFIXES
LARGEST = 20 * 1024 * 1024
LONG_LINE = 20_000
_BESIDE_NOTES = (
    ".png .jpg .jpeg .gif .webp .svg .bmp .ico .heic .tif .tiff .mp3 .m4a .wav .ogg .opus .flac .mp4 .mov .mkv .webm"
    " .css .js .py .sh .toml .ini .lock .log .tmp .bak .swp .part .db .sqlite"
)
_IRRELEVANT = frozenset(_BESIDE_NOTES.split())
_GUIDES = re.compile(r"(?:readme|license|licence|copying|contributing|changelog)(?:\.\w+)?", re.IGNORECASE)
_log = logging.getLogger(__name__)

NO_FOLDER = Phrase("The folder cannot be read: {why}.")
UNSEEN = Phrase("The file cannot be looked at: {why}.")
NO_NOTE = Phrase("Nothing in the file is a note.")
LEADS_OUT = Phrase(
    "This link leads out of the notes folder and is not followed. Copy what it leads to into the folder."
)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A file of the folder, or of an archive in it: how to read it, or why it is none to read.

    Attributes:
        path: where it lies; that of the archive for a member of one.
        size: a member's size; None where the file system says it.
    """

    file: str
    path: Path
    trouble: str | None = None
    read: ReadBytes = Path.read_bytes
    size: int | None = None


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
    skipped: list[ReadWarning] = []
    for done, file in enumerate(found):
        if progress:
            progress(done, len(found), file.file)
        try:
            loaded.append(_load(file))
        except NoteError as error:
            skipped.append(ReadWarning(file=file.file, line=None, reason=_whole(error), skipped=True))
    if progress:
        progress(len(found), len(found), "")
    loaded = _with_day_first(loaded)
    place = {file.file: number for number, file in enumerate(found)}
    warnings = sorted(
        [*skipped, *(w for item in loaded for w in item.warnings)], key=lambda w: place.get(w.file, len(place))
    )
    rules, unusable = overrides.read(folder)
    joined, lost = overrides.joined([_claim(item, part) for item in loaded for part in item.reading.parts], rules)
    warnings += (*unusable, *lost)
    passages = with_languages(tuple(_all_passages(loaded, joined.episodes, joined.places, warnings)))
    return Library(
        notes=tuple(item.note for item in loaded),
        episodes=joined.episodes,
        passages=passages,
        warnings=tuple(warnings),
        proposals=joined.proposals,
    )


def scan(folder: Path) -> list[tuple[str, str]]:
    """(file, sha256) of every file that `read_library` would try to read, without reading them as notes.

    `episodes.toml` is one of them. Raises NotesError as `read_library` does.
    """
    found: list[tuple[str, str]] = []
    for file in _files(folder):
        try:
            _check(file)
            found.append((file.file, hashlib.sha256(file.read(file.path)).hexdigest()))
        except (NoteError, OSError):
            continue
    return [*found, *overrides.fingerprint(folder)]


def load(path: Path, file: str, *, trouble: str | None = None, read: ReadBytes = Path.read_bytes) -> Loaded:
    """One file, read and understood. Raises NoteError, with a sentence for its owner, where that cannot be."""
    return _load(_Found(file=file, path=path, trouble=trouble, read=read))


def bytes_of(folder: Path, note: Note) -> bytes:
    """What the note's quotes are cut from: the file's bytes, or those of the text that was extracted from it."""
    found = next((found for found in _files(folder) if found.file == note.file), None)
    if found is None:
        raise NoteError(f"{note.file} is gone.", remedy="Run `footnote index` again.")
    return _load(found).source.text.encode(note.encoding) if note.derived else found.read(found.path)


def _load(found: _Found) -> Loaded:
    _check(found)
    data, steady = _bytes(found.path, found.read)
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise NoteError(Phrase("The file is empty."))
    file = found.file
    extractor = extract.extractor_for(PurePosixPath(file).suffix)
    source, encoding, doubts = _extracted(file, data, extractor) if extractor else _decoded(file, data)
    reader = reader_for(source)
    reading = _understood(reader.read, source)
    note = Note(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        kind=reading.kind,
        author=reading.author,
        reader=reader.name,
        encoding=encoding,
        derived=extractor.name if extractor else None,
    )
    heard = (replace(w, line=w.line and source.place(w.line, w.line)[0]) for w in reading.warnings)
    warnings = (*doubts, *_haste(file, steady=steady), *_line_warnings(source), *heard)
    return Loaded(note=note, source=source, reading=reading, warnings=warnings)


def _files(folder: Path) -> list[_Found]:
    if not folder.exists():
        gone = Phrase("The notes folder {folder} does not exist.").format(folder=str(folder))
        raise NotesError(gone, remedy=Phrase("Create it, or name another one."))
    if not folder.is_dir():
        no_folder = Phrase("{path} is a file, not a folder of notes.").format(path=str(folder))
        raise NotesError(no_folder, remedy=Phrase("Name the folder it lies in."))
    try:
        found = list(_walk(folder, folder, set()))
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise NotesError(
            Phrase("The notes folder {folder} cannot be read: {why}.").format(folder=str(folder), why=reason),
            remedy=Phrase("Check its permissions."),
        ) from error
    if not found:
        raise NoNotes(
            Phrase("There are no notes in {folder}.").format(folder=str(folder)),
            remedy=Phrase("Put .txt or .md files there and run `footnote index` again."),
        )
    return found


def _walk(root: Path, folder: Path, seen: set[tuple[int, int]]) -> Iterator[_Found]:
    here = folder.stat()
    if (here.st_dev, here.st_ino) in seen:
        return
    seen.add((here.st_dev, here.st_ino))
    for path in sorted(folder.iterdir(), key=lambda p: (p.name.casefold(), p.name)):
        file = path.relative_to(root).as_posix()
        if is_ignored(path.name) or (folder == root and _GUIDES.fullmatch(path.name)):
            continue
        kind = _kind(path, root)
        if kind == "folder":
            try:
                yield from _walk(root, path, seen)
            except OSError as error:
                yield _Found(file=file, path=path, trouble=NO_FOLDER.format(why=str(error.strerror)))
        elif path.suffix.lower() == ".zip" and kind == "file":
            yield from _members(_Found(file=_printable(file), path=path))
        elif path.suffix.lower() not in _IRRELEVANT:
            yield _Found(file=_printable(file), path=path, trouble=_trouble(path, kind))


def _members(found: _Found) -> Iterator[_Found]:
    """The files of a zip archive, as if it were a folder."""
    try:
        listed = archive.members(found.path, ignored=_IRRELEVANT)
    except NoteError as error:
        yield replace(found, trouble=_whole(error))
        return
    if not listed:
        yield replace(found, trouble=Phrase("The archive holds no notes."))
    for member in listed:
        trouble = member.trouble or _trouble(PurePosixPath(member.name), "file")
        file = _printable(f"{found.file}/{member.name}")
        yield replace(found, file=file, trouble=trouble, size=member.size, read=member.read)


def _kind(path: Path, root: Path) -> str:
    try:
        mode = path.stat().st_mode
        if leads_out(path, root.resolve()):
            return LEADS_OUT
    except FileNotFoundError:
        return Phrase("This link leads to a file that does not exist.")
    except OSError as error:
        looping = Phrase("This link leads back to itself.")
        return looping if path.is_symlink() else UNSEEN.format(why=str(error.strerror))
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else Phrase("This is not a regular file.")


def _trouble(path: PurePath, kind: str) -> str | None:
    if kind != "file":
        return kind
    if path.suffix.lower() not in SUFFIXES:
        ending = Phrase("Files ending in {ending} are not read yet. Save the notes as .txt or .md.")
        none = Phrase("Files without an ending are not read yet. Save the notes as .txt or .md.")
        return ending.format(ending=path.suffix) if path.suffix else none
    if _printable(path.name) != path.name:
        return Phrase("The file's name is not valid text. Rename it.")
    return None


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")


def _check(found: _Found) -> None:
    if found.trouble:
        raise NoteError(found.trouble)
    try:
        size = found.path.stat().st_size if found.size is None else found.size
    except OSError as error:
        raise NoteError(UNSEEN.format(why=str(error.strerror))) from error
    if size > LARGEST:
        raise NoteError(
            Phrase("The file has {size} MB; files above {most} MB are not read.").format(
                size=round(size / 1e6), most=round(LARGEST / 1e6)
            ),
            remedy=Phrase("Split it into one file an episode."),
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
        allow = Phrase("Allow it with: {command}").format(command=f"chmod u+r '{path.name}'")
        raise NoteError(Phrase("You may not read this file."), remedy=allow) from error
    except OSError as error:
        raise NoteError(Phrase("The file cannot be read: {why}.").format(why=error.strerror or str(error))) from error
    return data, False


def _understood(read: Callable[[Source], Reading], source: Source) -> Reading:
    """The reading. A fault of ours in a reader must not cost the other files."""
    try:
        return read(source)
    except Exception as error:
        _log.exception("reader failed on %s", source.file)
        raise NoteError(
            Phrase("The file could not be understood ({kind}).").format(kind=type(error).__name__),
            remedy=Phrase("Please report this."),
        ) from error


def _decoded(file: str, data: bytes) -> tuple[Source, str, list[ReadWarning]]:
    """A file whose bytes are the text, its encoding, and the doubts about that."""
    if is_binary(data):
        raise NoteError(Phrase("This is not a text file."), remedy=Phrase("Save the notes as plain text or Markdown."))
    decoded = decode(data)
    return Source.of(file, decoded.text), decoded.encoding, list(_decoding_warnings(file, decoded))


def _extracted(file: str, data: bytes, extractor: extract.Extractor) -> tuple[Source, str, list[ReadWarning]]:
    """The same of a file whose text has to be extracted."""
    found = extract.extract(extractor, data)
    source = Source.of(file, found.text, line_map=found.line_map, counted=found.counted)
    return source, "utf-8", [ReadWarning(file=file, line=line, reason=reason) for line, reason in found.troubles]


def _decoding_warnings(file: str, decoded: Decoded) -> Iterator[ReadWarning]:
    if decoded.guessed:
        guessed = Phrase("The file is not UTF-8; it was read as {encoding}. Save it as UTF-8 to be sure.")
        yield ReadWarning(file=file, line=None, reason=guessed.format(encoding=decoded.encoding))
    if decoded.damaged is not None:
        lost = Phrase("Some bytes mean nothing in {encoding}; they are shown as \ufffd. Save the file as UTF-8.")
        yield ReadWarning(file=file, line=decoded.damaged, reason=lost.format(encoding=decoded.encoding))


def _with_day_first(loaded: Sequence[Loaded]) -> list[Loaded]:
    """The files, where dates such as 03/04/2024 are read as the file's other dates are, or as those of its folder."""
    own = [order.day_first(item.source) for item in loaded]
    told: dict[str, set[bool]] = defaultdict(set)
    for item, first in zip(loaded, own, strict=True):
        if first is not None:
            told[item.note.file.rpartition("/")[0]].add(first)
    return [
        _reordered(item, first, told[item.note.file.rpartition("/")[0]])
        for item, first in zip(loaded, own, strict=True)
    ]


def _reordered(item: Loaded, first: bool | None, beside: AbstractSet[bool]) -> Loaded:
    if first is False or (first is None and beside != {True}):
        return item
    why = "day first as in the file's other dates" if first else "day first as in other files of the folder"
    reading = order.with_day_first(item.source, item.reading, why)
    kept = tuple(w for w in item.warnings if "month/day" not in w.reason)
    return replace(item, reading=reading, warnings=kept)


def _whole(error: NoteError) -> str:
    """What it says and what to do, to be said in any language."""
    both = Phrase("{one} {other}").format(one=error.message, other=error.remedy)
    return both if error.remedy else error.message


def _haste(file: str, *, steady: bool) -> Iterator[ReadWarning]:
    if not steady:
        reason = Phrase("The file changed while it was read. Run `footnote index` again once it is saved.")
        yield ReadWarning(file=file, line=None, reason=reason)


def _line_warnings(source: Source) -> Iterator[ReadWarning]:
    for line in source.lines:
        if len(line.text) > LONG_LINE:
            junk = Phrase("A line of {n} characters was left out, as it is no prose.")
            reason = junk if is_junk(line.text) else Phrase("A line of {n} characters was cut into pieces.")
            place = source.place(line.number, line.number)[0]
            yield ReadWarning(file=source.file, line=place, reason=reason.format(n=len(line.text)))


def _claim(item: Loaded, part: Part) -> episodes.Claim:
    line_start, line_end = item.source.place(part.entry.line_start, part.entry.line_end)
    entry = replace(part.entry, line_start=line_start, line_end=line_end)
    return episodes.Claim(entry=entry, guessed=part.guessed_guests, fallback=_fallback(item.source))


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
            warnings.append(ReadWarning(file=item.note.file, line=None, reason=NO_NOTE, skipped=True))


def _prefixes(files: Iterable[str]) -> dict[str, str]:
    """A short name for each file, unique in the folder."""
    known: dict[str, str] = {}
    taken: set[str] = set()
    tried: Counter[str] = Counter()
    for file in files:
        base = slug(file.rpartition(".")[0]) or "note"
        name = base
        while name in taken:
            tried[base] += 1
            name = f"{base}-{tried[base] + 1}"
        known[file] = name
        taken.add(name)
    return known


__all__ = ["READER_VERSION", "Loaded", "bytes_of", "load", "read_library", "scan"]
