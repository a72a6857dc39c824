"""From a notes folder to a serving build: read, embed, store, probe, swap.

A build is made beside the serving one and swapped in by one atomic rename, so that a crash at any point
leaves the old one serving. The notes are the only source of truth: an index can always be rebuilt. Knows nothing of
how a build is searched, save that the probe does.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess  # the probe runs in a process of its own, because it can crash natively
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from rag import build as layout
from rag import calibration, origin
from rag.build import Manifest
from rag.chroma import Server
from rag.errors import IndexCorrupt, IndexProblem, NoNotes, NotesError, StoreAway
from rag.fields import FIELDS_VERSION, lexical_terms, vector_texts
from rag.index import check_manifest
from rag.lexical import LexicalIndex
from rag.phrase import Phrase
from rag.protocols import Embedder
from rag.reading import duplicates
from rag.reading.library import READER_VERSION, read_library, scan
from rag.store import Vector, VectorStore, elsewhere, is_at, vectors_by_text
from rag.types import FloatArray, Library, ReadWarning

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Check = Callable[[Path], None]
EMBED_BATCH = 256
PROBE_SECONDS = 120
AWAY = 3  # exit code of the probe where nobody can tell


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What a build did.

    Attributes:
        unchanged: True where the serving index already was up to date and nothing was done.
        embedded: vectors computed; the others were taken over from the build before.
        seconds: wall time.
        instead_of: the folder that the index was of before, where that was another one.
    """

    unchanged: bool
    notes: int
    episodes: int
    passages: int
    vectors: int
    embedded: int
    seconds: float = 0.0
    warnings: tuple[ReadWarning, ...] = ()
    instead_of: str = ""


class Borrowing:
    """An `Embedder` that computes no vector which another index of the same embedder has already.

    Attributes:
        computed: vectors that it had to compute.
    """

    def __init__(self, embedder: Embedder, data: Path | None) -> None:
        """`data`: folder of that other index; None: there is none. Where it cannot be read, everything is computed."""
        self._embedder = embedder
        self._data = data
        self._known: dict[str, FloatArray] | None = None
        self.computed = 0

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        """As the embedder does; see `Embedder`."""
        if questions:
            return self._embedder.embed(texts, questions=True)
        if self._known is None:
            self._known = _known_vectors(self._data, self.fingerprint) if self._data else {}
        missing = [text for text in dict.fromkeys(texts) if _text_hash(text) not in self._known]
        self.computed += len(missing)
        new = dict(zip(missing, self._embedder.embed(missing), strict=True)) if missing else {}
        rows = [new[text] if text in new else self._known[_text_hash(text)] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)


def is_current(notes: Path, data: Path, *, embedder: str, server: Server | None = None) -> bool:
    """Whether the serving index holds the notes as they are now, on this Chroma server if one is named.

    Asks the server nothing. Raises NotesError for the folder itself.
    """
    return _holds(data, _scan(notes, data), embedder, server) and _has_all_parts(data)


def _has_all_parts(data: Path) -> bool:
    """Whether no file of the serving build is gone or cut, as a power cut may leave what Chroma has changed since."""
    try:
        folder = layout.current_build(data)
        layout.check_parts(folder, layout.read_manifest(folder).parts)
    except IndexProblem:
        return False
    return True


def _scan(notes: Path, data: Path) -> dict[str, str]:
    """Path -> sha256 of every file. Raises NoNotes where they were deleted, NotesError where their drive is away."""
    try:
        return dict(scan(notes))
    except NoNotes as error:
        if not origin.is_unmounted(data, notes):
            raise
        raise NotesError(
            f"The notes folder {notes} is empty, and on another drive than when it was indexed; the index is kept.",
            remedy=f"Mount the drive. If the notes are gone for good, delete {data / origin.FILE} and index again.",
        ) from error


def _holds(data: Path, files: Mapping[str, str], embedder: str, server: Server | None) -> bool:
    """Whether the serving index was made of just these files, the way and where it would be made now."""
    try:
        folder = layout.current_build(data)
        manifest = layout.read_manifest(folder)
        check_manifest(manifest, embedder=embedder)
        return manifest.files == files and is_at(folder / layout.VECTORS, server)
    except IndexProblem:
        return False


def build_index(
    notes: Path,
    data: Path,
    embedder: Embedder,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
    check: Check | None = None,
    server: Server | None = None,
) -> BuildReport:
    """Bring the index in `data` up to date with `notes`; vectors of unchanged texts are taken over.

    `progress` is told (stage, done, total). `rebuild` takes nothing over. `check` raises IndexCorrupt for a
    build that may not serve; `probe` if None. With a `server` vectors are put into a collection there. Raises
    NotesError, IndexBusy, StorageFull, StoreAway; whatever is raised, the index that served before still does.
    """
    check = check or partial(probe, server=server)
    started = time.monotonic()
    tell = progress or (lambda _stage, _done, _total: None)
    with layout.storage_errors(data), layout.lock(data):
        tell("Looking", 0, 1)
        files = _scan(notes, data)  # before reading: what changes meanwhile is seen as changed next time
        tell("Looking", 1, 1)
        same = not rebuild and _holds(data, files, embedder.fingerprint, server)
        if same and _is_sound(data, check):
            report = _unchanged(data)
        else:  # nothing of damaged files is taken over
            known = {} if rebuild or (same and not _is_whole(data)) else _known_vectors(data, embedder.fingerprint)
            report = _build(notes, data, files, embedder, known=known, tell=tell, check=check, server=server)
        instead_of = origin.other_folder(data, notes)
        origin.remember(data, notes)
    return replace(report, instead_of=instead_of, seconds=time.monotonic() - started)


def _build(
    notes: Path,
    data: Path,
    files: dict[str, str],
    embedder: Embedder,
    *,
    known: Mapping[str, FloatArray],
    tell: Progress,
    check: Check,
    server: Server | None,
) -> BuildReport:
    """Read the notes and let a new build of them serve."""
    library = read_library(notes, progress=lambda done, total, _file: tell("Reading", done, total))
    if not library.passages:
        raise NotesError(
            Phrase("No note in {folder} could be read.").format(folder=str(notes)),
            remedy=Phrase("Put .txt or .md files there; see knowledge/README.md"),
        )
    with layout.new_build(data) as folder:
        written = write_build(folder, library, files, embedder, known=known, progress=tell, server=server)
        for before in layout.serving(data):
            calibration.carry_over(before, folder, changed=written.changed)
        tell("Checking", 0, 1)
        check(folder)
    tell("Checking", 1, 1)
    return _report(library, unchanged=False, vectors=written.vectors, embedded=written.embedded)


def _unchanged(data: Path) -> BuildReport:
    folder = layout.current_build(data)
    return _report(
        layout.read_library(folder), unchanged=True, vectors=layout.read_manifest(folder).vectors, embedded=0
    )


def _report(library: Library, *, unchanged: bool, vectors: int, embedded: int) -> BuildReport:
    return BuildReport(
        unchanged=unchanged,
        notes=len(library.notes),
        episodes=len(library.episodes),
        passages=len(library.passages),
        vectors=vectors,
        embedded=embedded,
        warnings=library.warnings,
    )


def _is_whole(data: Path) -> bool:
    """Whether every file of the serving build is what was written; Chroma may still be amiss."""
    try:
        folder = layout.current_build(data)
        layout.check_parts(folder, layout.read_manifest(folder).parts, thoroughly=True)
    except IndexProblem:
        return False
    return True


def _is_sound(data: Path, check: Check) -> bool:
    """Whether the serving build passes its check. Raises StoreAway where nobody can tell."""
    try:
        check(layout.current_build(data))
    except StoreAway:
        raise
    except IndexProblem as error:
        log.warning("%s It is built anew.", error)
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Written:
    """What `write_build` wrote.

    Attributes:
        vectors: in the build.
        embedded: vectors computed for it.
        changed: share of the texts that are new or gone, of those known before; 1 where none was known.
    """

    vectors: int
    embedded: int
    changed: float


def write_build(
    folder: Path,
    library: Library,
    files: dict[str, str],
    embedder: Embedder,
    *,
    known: Mapping[str, FloatArray] | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
    server: Server | None = None,
) -> Written:
    """Write a whole build into an empty folder, and its vectors to the `server` if there is one.

    `files`: path -> sha256 of what was read; `known`: vectors by the hash of their text, to be taken over.
    """
    layout.write_library(folder, library)
    _write_words(folder, library)
    known = known or {}
    vectors, missing = _vectors(library, known)
    stacked = np.empty((len(vectors), embedder.dimension), dtype=np.float32)  # a large index has them in memory once
    numbers = _numbers(vectors)
    name = layout.collection_of(folder)
    with closing(VectorStore.create(folder / layout.VECTORS, server=server, name=name)) as store:
        for text_hash, value in chain(known.items(), _embed(missing, embedder, progress)):
            stacked[numbers.get(text_hash, [])] = value
        embedded = len(missing)
        missing.clear()  # a large index's texts take as much room as its passages, and the store wants it now
        store.add(vectors, stacked, progress=lambda done: progress("Storing", done, len(vectors)))
    layout.write_manifest(folder, _manifest(library, files, embedder, len(vectors), layout.seal(folder)))
    gone = sum(text_hash not in numbers for text_hash in known)
    changed = max(embedded, gone) / max(len(numbers), len(known))
    return Written(vectors=len(vectors), embedded=embedded, changed=changed)


def _write_words(folder: Path, library: Library) -> None:
    """What is searched by words, and which passages say the same."""
    episodes = {episode.id: episode for episode in library.episodes}
    LexicalIndex.build([lexical_terms(p, episodes[p.episode_id]) for p in library.passages]).save(folder / layout.WORDS)
    duplicates.save(folder, duplicates.find_duplicates(library.passages))


def _vectors(library: Library, known: Mapping[str, FloatArray]) -> tuple[list[Vector], dict[str, str]]:
    """Every vector of a build in its order, and the texts to be embedded for them, by their hash."""
    episodes = {episode.id: episode for episode in library.episodes}
    vectors: list[Vector] = []
    missing: dict[str, str] = {}
    for row, passage in enumerate(library.passages):
        for text in vector_texts(passage, episodes[passage.episode_id]):
            text_hash = _text_hash(text)
            vectors.append(Vector(row=row, text_hash=text_hash))
            if text_hash not in known:
                missing[text_hash] = text
    return vectors, missing


def _numbers(vectors: Sequence[Vector]) -> dict[str, list[int]]:
    """The numbers of the vectors that are made from a text, by its hash."""
    numbers: dict[str, list[int]] = {}
    for number, vector in enumerate(vectors):
        numbers.setdefault(vector.text_hash, []).append(number)
    return numbers


def _embed(texts: dict[str, str], embedder: Embedder, tell: Progress) -> Iterator[tuple[str, FloatArray]]:
    # Sorted by length, so that a batch holds texts of like length and little is computed on padding.
    hashes = sorted(texts, key=lambda h: len(texts[h]), reverse=True)
    for start in range(0, len(hashes), EMBED_BATCH):
        part = hashes[start : start + EMBED_BATCH]
        yield from zip(part, embedder.embed([texts[h] for h in part]), strict=True)
        tell("Embedding", start + len(part), len(hashes))


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _known_vectors(data: Path, embedder: str) -> dict[str, FloatArray]:
    """Vectors of the serving build by the hash of their text; none if it cannot be used."""
    try:
        folder = layout.current_build(data)
        manifest = layout.read_manifest(folder)
        if manifest.embedder != embedder:
            return {}
        return vectors_by_text(folder / layout.VECTORS)
    except IndexProblem:
        return {}


def _manifest(
    library: Library, files: dict[str, str], embedder: Embedder, vectors: int, parts: dict[str, layout.Part]
) -> Manifest:
    return Manifest(
        format=layout.FORMAT,
        embedder=embedder.fingerprint,
        reader_version=READER_VERSION,
        fields_version=FIELDS_VERSION,
        files=files,
        passages=len(library.passages),
        vectors=vectors,
        parts=parts,
    )


def probe(folder: Path, *, server: Server | None = None, seconds: float = PROBE_SECONDS) -> None:
    """Open a build in another process and look vectors up in it, within `seconds`. Raises IndexCorrupt if that fails,
    and StoreAway where nobody can tell."""
    on_server = elsewhere(folder / layout.VECTORS) is not None
    token = server.token if server and is_at(folder / layout.VECTORS, server) else ""
    command = [sys.executable, "-m", "rag.probe", str(folder)]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            command, input=token, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        late = f"The index did not answer within {seconds:.0f} s and is not used."
        raise (StoreAway if on_server else IndexCorrupt)(late) from error  # a slow server is no damage
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        if done.returncode == AWAY:
            raise StoreAway(reason)
        raise IndexCorrupt(f"The index failed its check ({reason}) and is not used.")
