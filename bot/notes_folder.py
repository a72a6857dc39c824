"""The notes folder as it is worked on from a distance: what is added is checked first, and nothing is lost silently.

A file is read as it will be when it is indexed, before it gets its name; an archive is looked through, and unpacked
nowhere. What is taken away or replaced is put beside the index, and deleted only once it is old or there is too much.
Knows nothing of Discord.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from bot.settings import Settings
from bot.uploads import KEPT_DAYS, LARGEST, LARGEST_TOTAL, LARGEST_UNPACKED, NoteFile, UploadRefused
from rag import collection as shelf
from rag import durable
from rag.errors import NoteError
from rag.phrase import Phrase
from rag.reading.extract import archive
from rag.reading.ignored import is_ignored
from rag.reading.library import SUFFIXES, load
from rag.reading.watch import stamps

REMOVED = "removed"
STAMP = "%Y%m%dT%H%M%S"  # before the name of what was removed
DAY = 86_400.0
LONGEST_NAME = 120
KINDS = sorted(SUFFIXES | {".zip"})
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))})

BAD_NAME = Phrase("A note cannot be called that.")
BAD_COLLECTION = Phrase("A collection cannot be called that.")
PLAIN_FOLDER = Phrase("Name a folder, in plain letters.")
TOO_LARGE = Phrase("The file has more than {most} MB.")
SPLIT = Phrase("Split it up.")
TOO_MUCH = Phrase("With this file these notes would have more than {most} MB.")
TAKE_AWAY = Phrase("Take others away first, with /footnote notes remove.")
THE_SAME = Phrase("{name} is there already, just like this.")
THERE_ALREADY = Phrase("There is a {name} already.")
REPLACE = Phrase("Use another name, or the option replace.")
NO_SUCH_NOTE = Phrase("There is no such note here.")
SEE_WHICH = Phrase("See which there are with /footnote notes list.")
NO_FOLDER = Phrase("The folder of these notes is not there.")
LOOK_AFTER_IT = Phrase("My owner has to look after it.")
OTHER_ENDING = Phrase("Files ending in {ending} are not read as notes.")
NO_ENDING = Phrase("Files without an ending are not read as notes.")
THESE_ARE = Phrase("These are: {endings}")
NOT_ADDED = Phrase("{name} was not added. {why}")
OTHER_NAME = Phrase("Give the file a plain name of letters, digits, spaces, dots, - or _.")


class NotesFolder:
    """The folders of the settings. Implements `Notes`. `link`: gives a file a second name; raises OSError."""

    def __init__(
        self,
        settings: Settings,
        *,
        link: Callable[[Path, Path], None] = os.link,
        put: Callable[[Path, Path], None] = durable.put,
    ) -> None:
        self._settings = settings
        self._link = link
        self._put = put

    def collections(self) -> Sequence[str]:
        """Every collection there is; see `Notes`."""
        return shelf.in_notes(self._settings.notes)

    def make(self, collection: str) -> bool:
        """Make the folder of a collection; see `Notes`."""
        if not shelf.is_name(collection):
            raise UploadRefused(BAD_COLLECTION, remedy=PLAIN_FOLDER)
        with _told(Phrase("The folder cannot be made ({why}).")):
            folder = self._settings.notes / collection
            before = folder.is_dir()
            folder.mkdir(exist_ok=True)
        return not before

    def keep(self, collections: Iterable[str], *, apart: bool) -> bool:
        """Have these collections indexed; see `Notes`."""
        wanted = set(collections)
        with _told(Phrase("The indexes cannot be kept apart ({why}).")):
            shelf.keep_indexed(self._settings.data, wanted, apart=apart)
            _drop_old(self._settings.data / REMOVED)
        return any(not (shelf.data_of(self._settings.data, name) / "current").exists() for name in wanted)

    def listed(self, collection: str | None) -> Sequence[NoteFile]:
        """The files in a collection; see `Notes`."""
        folder = self._folder(collection)
        found = [
            NoteFile(name=Path(path).relative_to(folder).as_posix(), size=size, changed_at=changed / 1e9)
            for path, (size, changed, _) in stamps(folder).items()
        ]
        return sorted(found, key=lambda file: file.name.casefold())

    def add(self, collection: str | None, name: str, data: bytes, *, replace: bool) -> None:
        """Put a file into the notes; see `Notes`."""
        folder = self._folder(collection)
        _check_name(name)
        if len(data) > LARGEST:
            raise UploadRefused(TOO_LARGE.format(most=LARGEST // 2**20), remedy=SPLIT)
        there = _namesake(folder, name)
        if there and there.is_file() and there.read_bytes() == data:
            raise UploadRefused(THE_SAME.format(name=there.name))
        if there and not (replace and there.is_file()):
            raise UploadRefused(THERE_ALREADY.format(name=there.name), remedy=REPLACE)
        if collection is not None:
            self._find_room(collection, len(data) - (there.stat().st_size if there else 0))
        with _told(Phrase("The file cannot be written ({why}).")), _unfinished(folder, name, data) as written:
            _check_content(written, name)
            if there:
                self._replace(there, written, folder / name)
            else:
                _give_name(written, folder / name, self._link)
                durable.sync(folder)

    def remove(self, collection: str | None, name: str) -> str:
        """Take a file out of the notes; see `Notes`."""
        if name not in {file.name for file in self.listed(collection)}:
            raise UploadRefused(NO_SUCH_NOTE, remedy=SEE_WHICH)
        with _told(Phrase("The file cannot be taken away ({why}).")):
            return str(self._set_aside(self._folder(collection) / name))

    def _folder(self, collection: str | None) -> Path:
        folder = self._settings.of(collection).notes
        if not folder.is_dir():
            raise UploadRefused(NO_FOLDER, remedy=LOOK_AFTER_IT)
        return folder

    def _find_room(self, collection: str, size: int) -> None:
        """Raises UploadRefused where so many bytes more would be too much for a collection."""
        if sum(file.size for file in self.listed(collection)) + size > LARGEST_TOTAL:
            raise UploadRefused(TOO_MUCH.format(most=LARGEST_TOTAL // 2**20), remedy=TAKE_AWAY)

    def _replace(self, there: Path, written: Path, path: Path) -> None:
        """Put a file in the place of the one that is there, which is kept. Raises OSError, and that one stays."""
        kept = self._aside(there)
        _copy(there, kept)
        try:
            self._put(written, path)
        except OSError:
            if written.exists():  # so it has not taken the place
                with suppress(OSError):
                    kept.unlink()
            raise
        if there.exists() and not there.samefile(path):  # its name was written otherwise
            there.unlink()
        _drop_old(kept.parent)

    def _set_aside(self, path: Path) -> Path:
        """Move a file out of the notes. Raises OSError, and it stays."""
        to = self._aside(path)
        try:
            path.rename(to)
        except OSError:  # the data are on another drive
            _copy(path, to)
            try:
                path.unlink()
            except OSError:
                to.unlink(missing_ok=True)
                raise
        with suppress(OSError):
            durable.sync(to.parent)
            durable.sync(path.parent)
        _drop_old(to.parent)
        return to.resolve()

    def _aside(self, path: Path) -> Path:
        """A place outside the notes for a file, under a name that none there has."""
        folder = self._settings.data / REMOVED
        durable.make_folder(folder.parent)
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            durable.sync(folder.parent)
        return folder / f"{time.strftime(STAMP)}-{secrets.token_hex(2)}-{path.name}"


def _copy(there: Path, kept: Path) -> None:
    """Copy a file, all of it and on the disk, before anything is done to it. Raises OSError, and there is no copy."""
    unfinished = durable.unfinished(kept)
    try:
        shutil.copyfile(there, unfinished)
        durable.put(unfinished, kept)
    except OSError:
        for path in (unfinished, kept):
            with suppress(OSError):
                path.unlink()
        raise
    with suppress(OSError):  # its time is of use, and no more
        shutil.copystat(there, kept)


def _drop_old(removed: Path) -> None:
    """Delete what was removed long ago, and of the rest the oldest where it has become too much."""
    if not removed.is_dir():
        return
    oldest, total = time.strftime(STAMP, time.localtime(time.time() - KEPT_DAYS * DAY)), 0
    for path in sorted(removed.iterdir(), reverse=True):  # by their names, the newest first
        with suppress(OSError):  # what cannot be deleted is tried again the next time
            total += path.stat().st_size
            if path.name < oldest or total > LARGEST_TOTAL:
                path.unlink()


def _check_name(name: str) -> None:
    """Raises UploadRefused unless a file can be called so everywhere, and will be read as a note."""
    hidden = any(unicodedata.category(character)[0] == "C" or character in '/\\:*?"<>|' for character in name)
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix.lower()
    if hidden or name != name.strip(" .") or not 0 < len(name) <= LONGEST_NAME or is_ignored(name):
        raise UploadRefused(BAD_NAME, remedy=OTHER_NAME)
    if stem.casefold().split(".")[0] in RESERVED:
        raise UploadRefused(BAD_NAME, remedy=OTHER_NAME)
    if suffix not in KINDS:
        what = OTHER_ENDING.format(ending=suffix) if suffix else NO_ENDING
        raise UploadRefused(what, remedy=THESE_ARE.format(endings=", ".join(KINDS)))


def _check_content(path: Path, name: str) -> None:
    """Raises UploadRefused unless there is something to read in it, within bounds."""
    try:
        if path.suffix.lower() == ".zip":
            _check_archive(path)
        else:
            load(path, name)
    except NoteError as error:
        why = f"{error.message} {error.remedy}".strip() if error.remedy else error.message
        raise UploadRefused(NOT_ADDED.format(name=name, why=why)) from error


def _check_archive(path: Path) -> None:
    """Raises NoteError where any file of the archive is amiss, or there are no notes in it."""
    listed = archive.members(path)
    for member in listed:
        if member.trouble:
            raise NoteError(f"{member.name}: {member.trouble}")
    notes = [member for member in listed if PurePosixPath(member.name).suffix.lower() in SUFFIXES]
    if not notes:
        raise NoteError(Phrase("The archive holds no notes."))
    if sum(member.size for member in notes) > LARGEST_UNPACKED:
        most = LARGEST_UNPACKED // 2**20
        raise NoteError(Phrase("Its notes have more than {most} MB when unpacked.").format(most=most), remedy=SPLIT)


def _namesake(folder: Path, name: str) -> Path | None:
    """The file with this name, or with one that some systems take for the same."""
    wanted = unicodedata.normalize("NFC", name).casefold()
    return next((p for p in folder.iterdir() if unicodedata.normalize("NFC", p.name).casefold() == wanted), None)


@contextmanager
def _unfinished(folder: Path, name: str, data: bytes) -> Iterator[Path]:
    """The data in a file that nobody takes for a note, as long as the block runs."""
    path = folder / f".{secrets.token_hex(8)}{PurePosixPath(name).suffix.lower()}"
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def _give_name(written: Path, path: Path, link: Callable[[Path, Path], None]) -> None:
    """Name a file, all of it at once and never instead of another one. Raises OSError."""
    try:
        link(written, path)
    except FileExistsError:
        raise
    except OSError:  # where a file cannot have two names
        path.open("xb").close()  # nobody else can take the name now
        try:
            written.replace(path)
        except OSError:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _told(what: Phrase) -> Iterator[None]:
    """Inside the block, an OSError becomes a sentence."""
    try:
        yield
    except OSError as error:
        raise UploadRefused(what.format(why=error.strerror or type(error).__name__)) from error
