"""From a notes folder to a serving index: read, embed, store, probe, swap.

A build is made beside the serving one and swapped in by one atomic rename, so that a crash at any point
leaves the old one serving. The notes are the only source of truth: an index can always be rebuilt.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import secrets
import shutil
import subprocess  # the probe runs in a process of its own, because it can crash natively
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from rag import boilerplate, duplicates
from rag import build as layout
from rag.build import Manifest
from rag.citations import place_of
from rag.errors import IndexBusy, IndexCorrupt, IndexMismatch, IndexProblem, NotesError, StorageFull
from rag.fields import FIELDS_VERSION, header, lexical_terms, only_names, vector_texts
from rag.fusion import fuse, row_cosine
from rag.language import spoken
from rag.lexical import LexicalIndex
from rag.library import READER_VERSION, read_library, scan
from rag.store import Vector, VectorStore
from rag.types import Embedder, Episode, FloatArray, Hit, Library, Passage, Place, ReadWarning
from rag.words import terms, words

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Check = Callable[[Path], None]
EMBED_BATCH = 256
PROBE_SECONDS = 120
NEAREST_VECTORS = 300
LEXICAL_CANDIDATES = 50


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What a build did.

    Attributes:
        unchanged: True where the serving index already was up to date and nothing was done.
        embedded: vectors computed; the others were taken over from the build before.
        seconds: wall time.
    """

    unchanged: bool
    notes: int
    episodes: int
    passages: int
    vectors: int
    embedded: int
    seconds: float
    warnings: tuple[ReadWarning, ...] = ()


class Index:
    """A serving build, opened for reading.

    Attributes:
        passages: in row order; everything else here speaks of rows.
        names: terms of all shows, episodes and guests.
        name_words: their words, case-folded -> as written.
        languages: ISO 639-1 codes of the languages the notes are in.
        first_vector: number of a row's first vector, with one more entry at the end; shape (rows + 1,).
    """

    def __init__(self, folder: Path, *, embedder: str) -> None:
        """Open a build. Raises IndexMismatch or IndexCorrupt."""
        self.manifest = layout.read_manifest(folder)
        check_manifest(self.manifest, embedder=embedder)
        library = layout.read_library(folder)
        self.notes = library.notes
        self.warnings = library.warnings
        self.passages = library.passages
        self.episodes = {episode.id: episode for episode in library.episodes}
        if len(self.passages) != self.manifest.passages or {p.episode_id for p in self.passages} - set(self.episodes):
            raise IndexCorrupt("Passages or episodes of the index are gone.", remedy=layout.REBUILD)
        self.lexical = LexicalIndex.load(folder / layout.WORDS, len(self.passages))
        counts = [len(vector_texts(p, self.episodes[p.episode_id])) for p in self.passages]
        self.names = frozenset(term for e in library.episodes for term in terms(header(e)))
        self.name_words = {w.written.casefold(): w.written for e in library.episodes for w in words(header(e))}
        self.first_vector = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        self.languages = spoken(passage.language for passage in self.passages)
        self.folder = folder
        self._duplicates = duplicates.load(folder)
        self._copies = {self.passages[row].id: group for group in self._duplicates.groups for row in group}
        self._terms: dict[str, frozenset[str]] = {}  # by passage id, as they are asked for
        self._headings: dict[str, bool] = {}
        self._asides: dict[str, bool] = {}
        if self.first_vector[-1] != self.manifest.vectors:
            raise IndexCorrupt("The index's vectors belong to other passages.", remedy=layout.REBUILD)
        self.store = VectorStore.open(folder / layout.VECTORS, expected=self.manifest.vectors)

    def vector_numbers(self, row: int) -> range:
        """The numbers of a row's vectors in the store."""
        return range(self.first_vector[row], self.first_vector[row + 1])

    def terms_of(self, passage: Passage) -> frozenset[str]:
        """The terms BM25 counts for a passage."""
        if passage.id not in self._terms:
            self._terms[passage.id] = frozenset(lexical_terms(passage, self.episode_of(passage)))
        return self._terms[passage.id]

    def is_heading(self, passage: Passage) -> bool:
        """Whether a passage only names its episode: show, title, guests, date and links."""
        if passage.id not in self._headings:
            self._headings[passage.id] = only_names(passage, self.episode_of(passage))
        return self._headings[passage.id]

    def is_aside(self, passage: Passage) -> bool:
        """Whether a passage is beside the matter: a sponsor read, a link list, a call to subscribe."""
        if passage.id not in self._asides:
            repeated = (self._duplicates.sentences.get(key, ()) for key in duplicates.sentence_keys(passage.text))
            episodes = ({self.passages[row].episode_id for row in rows} for rows in repeated)
            most = max(map(len, episodes), default=1)
            self._asides[passage.id] = boilerplate.is_aside(passage.text, section=passage.section, episodes=most)
        return self._asides[passage.id]

    def copies(self, row: int) -> tuple[int, ...]:
        """The rows that say the same as a row, itself included."""
        return self._copies.get(self.passages[row].id, (row,))

    def also(self, passage: Passage, span: tuple[int, int]) -> tuple[Place, ...]:
        """Every other place where the half-open `span` of `passage.text` stands, in the order of the notes."""
        quote = passage.text[span[0] : span[1]]
        rows = sorted({*self._copies.get(passage.id, ()), *self._duplicates.rows_with(quote)})
        others = [other for other in map(self.passages.__getitem__, rows) if other.id != passage.id]
        spans = [duplicates.matching_span(other.text, quote) or (0, len(other.text)) for other in others]
        return tuple(place_of(other, span, self.episode_of(other)) for other, span in zip(others, spans, strict=True))

    def idf(self, term: str, *, without: AbstractSet[int] = frozenset()) -> float:
        """Inverse document frequency of a term, as if the rows in `without` were not in the notes."""
        fewer = sum(term in self.terms_of(self.passages[row]) for row in without)
        return self.lexical.idf(term, fewer=fewer)

    def episode_of(self, passage: Passage) -> Episode:
        return self.episodes[passage.episode_id]

    def search(
        self, query: FloatArray, terms: Sequence[str], limit: int, *, without: AbstractSet[int] = frozenset()
    ) -> list[Hit]:
        """The `limit` best passages for a unit vector of shape (dimension,) and a question's terms, best first.

        Of passages that say the same the best is found, with the others in its `also`.
        Rows in `without` are treated as if they were not in the notes (this is how the gate is calibrated).
        """
        lexical = self.lexical.scores(terms)
        if without:
            lexical[list(without)] = 0.0
        rows = self._candidates(query, lexical, without)
        if not rows:
            return []
        numbers = [self.vector_numbers(row) for row in rows]
        flat = self.store.cosines(query, [n for ns in numbers for n in ns])
        splits = np.cumsum([len(ns) for ns in numbers])[:-1]
        cosines = np.asarray([row_cosine(part.tolist()) for part in np.split(flat, splits)], dtype=np.float32)
        best = float(lexical.max())
        scores = fuse(cosines[:, 0], lexical[rows], best)
        order = list(self._firsts(rows, np.argsort(-scores, kind="stable")))[:limit]
        return [
            Hit(
                passage=self.passages[rows[i]],
                score=float(scores[i]),
                cosine=float(cosines[i, 1]),
                bm25=float(lexical[rows[i]] / best) if best > 0 else 0.0,
                also=tuple(self.passages[row] for row in self.copies(rows[i]) if row != rows[i] and row not in without),
            )
            for i in order
        ]

    def _firsts(self, rows: Sequence[int], order: Iterable[int]) -> Iterator[int]:
        """Those of `order` (indices of `rows`) whose row says what none before it says."""
        said: set[int] = set()
        for i in order:
            first = self.copies(rows[i])[0]
            if first not in said:
                said.add(first)
                yield i

    def _candidates(self, query: FloatArray, lexical: FloatArray, without: AbstractSet[int]) -> list[int]:
        """Rows worth scoring exactly: those of the nearest vectors and those with the best BM25."""
        dense = [row for row, _ in self.store.nearest(query, min(NEAREST_VECTORS, self.manifest.vectors))]
        top = np.argsort(-lexical, kind="stable")[: 10 * LEXICAL_CANDIDATES].tolist()
        firsts = islice(self._firsts(range(len(lexical)), top), LEXICAL_CANDIDATES)
        words = [row for row in firsts if lexical[row] > 0]
        return [row for row in dict.fromkeys([*dense, *words]) if row not in without]

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()


def open_index(data: Path, *, embedder: str) -> Index:
    """Open the serving build. Raises IndexMissing, IndexMismatch or IndexCorrupt, each naming the remedy."""
    return Index(layout.current_build(data), embedder=embedder)


def check_manifest(manifest: Manifest, *, embedder: str) -> None:
    """Raises IndexMismatch unless a build was made the way this version makes them."""
    wanted = {
        "embedder": (manifest.embedder[:12], embedder[:12]),
        "reader version": (manifest.reader_version, READER_VERSION),
        "fields version": (manifest.fields_version, FIELDS_VERSION),
    }
    for name, (built, now) in wanted.items():
        if built != now:
            raise IndexMismatch(
                f"The index was built with {name} {built}, but {now} is in use now.", remedy=layout.REBUILD
            )


def is_current(notes: Path, data: Path, *, embedder: str) -> bool:
    """Whether the serving index holds the notes as they are now. Raises NotesError for the folder itself."""
    files = dict(scan(notes))
    try:
        manifest = layout.read_manifest(layout.current_build(data))
        check_manifest(manifest, embedder=embedder)
    except IndexProblem:
        return False
    return manifest.files == files


def build_index(
    notes: Path,
    data: Path,
    embedder: Embedder,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
    check: Check | None = None,
) -> BuildReport:
    """Bring the index in `data` up to date with `notes`; vectors of unchanged texts are taken over.

    `progress` is told (stage, done, total). `rebuild` takes nothing over. `check` raises IndexCorrupt for a
    build that may not serve; `probe` if None. Raises NotesError, IndexBusy, StorageFull; whatever is raised,
    the index that served before still does.
    """
    check = check or probe
    started = time.monotonic()
    tell = progress or (lambda _stage, _done, _total: None)
    with _storage_errors(data), _lock(data):
        if not rebuild and is_current(notes, data, embedder=embedder.fingerprint):
            if _is_sound(data, check):
                return _unchanged(data, started)
            rebuild = True  # nothing of a damaged build is taken over
        files = dict(scan(notes))  # before reading: what changes meanwhile is seen as changed next time
        library = read_library(notes, progress=lambda done, total, _file: tell("Reading", done, total))
        if not library.passages:
            raise NotesError(
                f"No note in {notes} could be read.",
                remedy="Put .txt or .md files there; see knowledge/README.md",
            )
        known = {} if rebuild else _known_vectors(data, embedder.fingerprint)
        with _new_build(data) as folder:
            vectors, embedded = write_build(folder, library, files, embedder, known=known, progress=tell)
            tell("Checking", 0, 1)
            check(folder)
        tell("Checking", 1, 1)
    return BuildReport(
        unchanged=False,
        notes=len(library.notes),
        episodes=len(library.episodes),
        passages=len(library.passages),
        vectors=vectors,
        embedded=embedded,
        seconds=time.monotonic() - started,
        warnings=library.warnings,
    )


def _is_sound(data: Path, check: Check) -> bool:
    """Whether the serving build passes its check."""
    try:
        check(layout.current_build(data))
    except IndexProblem as error:
        log.warning("%s It is built anew.", error)
        return False
    return True


def _unchanged(data: Path, started: float) -> BuildReport:
    folder = layout.current_build(data)
    library = layout.read_library(folder)
    return BuildReport(
        unchanged=True,
        notes=len(library.notes),
        episodes=len(library.episodes),
        passages=len(library.passages),
        vectors=layout.read_manifest(folder).vectors,
        embedded=0,
        seconds=time.monotonic() - started,
        warnings=library.warnings,
    )


def write_build(
    folder: Path,
    library: Library,
    files: dict[str, str],
    embedder: Embedder,
    *,
    known: dict[str, FloatArray] | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> tuple[int, int]:
    """Write a whole build into an empty folder: (vectors in it, vectors computed for it).

    `files`: path -> sha256 of what was read; `known`: vectors by the hash of their text, to be taken over.
    """
    episodes = {episode.id: episode for episode in library.episodes}
    layout.write_library(folder, library)
    documents = [lexical_terms(p, episodes[p.episode_id]) for p in library.passages]
    LexicalIndex.build(documents).save(folder / layout.WORDS)
    duplicates.save(folder, duplicates.find_duplicates(library.passages))
    texts = [(row, t) for row, p in enumerate(library.passages) for t in vector_texts(p, episodes[p.episode_id])]
    vectors = [Vector(row=row, text_hash=_text_hash(text)) for row, text in texts]
    known = known or {}
    missing = {v.text_hash: text for v, (_, text) in zip(vectors, texts, strict=True) if v.text_hash not in known}
    numbers: dict[str, list[int]] = {}
    for number, vector in enumerate(vectors):
        numbers.setdefault(vector.text_hash, []).append(number)
    stacked = np.empty((len(vectors), embedder.dimension), dtype=np.float32)  # a large index has them in memory once
    for text_hash, value in chain(known.items(), _embed(missing, embedder, progress)):
        stacked[numbers.get(text_hash, [])] = value
    store = VectorStore.create(folder / layout.VECTORS)
    try:
        store.add(vectors, stacked, progress=lambda done: progress("Storing", done, len(vectors)))
    finally:
        store.close()
    layout.write_manifest(folder, _manifest(library, files, embedder, len(vectors)))
    return len(vectors), len(missing)


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
        store = VectorStore.open(folder / layout.VECTORS, expected=manifest.vectors)
        with closing(store):
            return store.vectors_by_text()
    except IndexProblem:
        return {}


def _manifest(library: Library, files: dict[str, str], embedder: Embedder, vectors: int) -> Manifest:
    return Manifest(
        format=layout.FORMAT,
        embedder=embedder.fingerprint,
        reader_version=READER_VERSION,
        fields_version=FIELDS_VERSION,
        files=files,
        passages=len(library.passages),
        vectors=vectors,
    )


def _serving(data: Path) -> list[Path]:
    """The serving build, if there is one."""
    try:
        return [layout.current_build(data)]
    except IndexProblem:
        return []


def drop_old_builds(data: Path, *, wait: Callable[[], object]) -> None:
    """Delete all builds but the serving one, after `wait`: another process may still read the one before.

    Raises IndexBusy. Where the system does not let go of files that are read, they go next time.
    """
    if len(list(layout.builds_folder(data).iterdir())) > 1:
        wait()
        with _lock(data):
            layout.remove_builds(data, keep=_serving(data))


def drop_index(data: Path) -> None:
    """Delete the index: no build serves any longer, and none is left. Raises IndexBusy."""
    if layout.builds_folder(data).is_dir():
        with _lock(data):
            (data / "current").unlink(missing_ok=True)
            layout.remove_builds(data, keep=[])


@contextmanager
def _new_build(data: Path) -> Iterator[Path]:
    """An empty folder for a build, which serves once the block ends well and is gone if it does not.

    What a crash left of earlier builds goes away. The build that served before stays until the next one, because
    a running bot still reads it.
    """
    layout.builds_folder(data).mkdir(parents=True, exist_ok=True)
    served = _serving(data)
    layout.remove_builds(data, keep=served)
    folder = layout.builds_folder(data) / f"{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(3)}"
    folder.mkdir()
    try:
        yield folder
        layout.make_current(data, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    layout.remove_builds(data, keep=[folder, *served])


def probe(folder: Path) -> None:
    """Open a build in another process and look vectors up in it. Raises IndexCorrupt if that fails."""
    command = [sys.executable, "-m", "rag.probe", str(folder)]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise IndexCorrupt(f"The index did not answer within {PROBE_SECONDS} s and is not used.") from error
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise IndexCorrupt(f"The index failed its check ({reason}) and is not used.")


@contextmanager
def _lock(data: Path) -> Iterator[None]:
    """One writer at a time. Raises IndexBusy."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise IndexProblem(f"{data} is a file, not a folder.", remedy="Name a folder with --data.") from error
    try:
        with filelock.FileLock(data / "index.lock", timeout=0):
            yield
    except filelock.Timeout as error:
        raise IndexBusy(f"Another process is indexing into {data}.", remedy="Wait until it is done.") from error


@contextmanager
def _storage_errors(data: Path) -> Iterator[None]:
    """Turn a full or read-only disk into a sentence."""
    try:
        yield
    except Exception as error:
        text = str(error).lower()
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if full or "disk is full" in text or "no space left" in text:
            raise StorageFull(
                f"There is no space left for the index in {data}; the old one goes on serving.",
                remedy="Free some space, then run: footnote index",
            ) from error
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageFull(
                f"Nothing can be written to {data}.", remedy="Choose another folder with --data."
            ) from error
        raise


def describe(index: Index) -> dict[str, Any]:
    """Counts for a first screen."""
    return {
        "notes": len(index.notes),
        "episodes": len(index.episodes),
        "passages": len(index.passages),
        "vectors": index.manifest.vectors,
    }
