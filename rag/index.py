"""A build of the index, opened to be searched: passages by meaning and by words, and what is known about each.

Knows nothing of how a build is made; see rag/indexing.py for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag import build as layout
from rag.build import Manifest
from rag.chroma import Server
from rag.citations import cite, place_of
from rag.errors import IndexCorrupt, IndexMismatch
from rag.fields import FIELDS_VERSION, header, lexical_terms, only_names, vector_texts
from rag.fusion import fuse, highest, row_cosines
from rag.language import spoken
from rag.lexical import LexicalIndex
from rag.phrase import Phrase
from rag.pipeline import SHIPPED, Pipeline
from rag.reading import boilerplate, duplicates
from rag.reading.library import READER_VERSION
from rag.store import VectorStore
from rag.types import Citation, Episode, FloatArray, Hit, Passage, Place
from rag.words import terms, words

NEAREST_VECTORS = 300
AROUND = 2  # passages shown before and behind one, on request
LEXICAL_CANDIDATES = 50
SCORED_WHOLE = 3000  # so many rows are all scored, rather than looked for among the nearest
SMALL = 60_000  # so many vectors are all scored in less time than Chroma takes to find the nearest

Rows = npt.NDArray[np.int64]
"""Numbers of passages, or places in such a list; shape (n,)."""


class Index:
    """A serving build, opened for reading.

    Attributes:
        passages: in row order; everything else here speaks of rows.
        names: terms of all shows, episodes and guests.
        name_words: their words, case-folded -> as written.
        languages: ISO 639-1 codes of the languages the notes are in.
        first_vector: number of a row's first vector, with one more entry at the end; shape (rows + 1,).
    """

    def __init__(self, folder: Path, *, embedder: str, small: int = SMALL, server: Server | None = None) -> None:
        """Open a build; of at most `small` vectors all are scored. Raises IndexMismatch, IndexCorrupt, StoreAway.

        `server` is that of the settings; see `VectorStore.open`.
        """
        self.manifest = layout.read_manifest(folder)
        check_servable(self.manifest, embedder=embedder)
        layout.check_parts(folder, self.manifest.parts)
        library = layout.read_library(folder)
        self.notes = library.notes
        self.warnings = library.warnings
        self.passages = library.passages
        self.episodes = {episode.id: episode for episode in library.episodes}
        if len(self.passages) != self.manifest.passages or {p.episode_id for p in self.passages} - set(self.episodes):
            raise IndexCorrupt(Phrase("Passages or episodes of the index are gone."), remedy=layout.REBUILD)
        self.lexical = LexicalIndex.load(folder / layout.WORDS, len(self.passages))
        counts = [len(vector_texts(p, self.episodes[p.episode_id])) for p in self.passages]
        self.names = frozenset(term for e in library.episodes for term in terms(header(e)))
        self.name_words = {w.written.casefold(): w.written for e in library.episodes for w in words(header(e))}
        self.first_vector = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        self.languages = spoken(passage.language for passage in self.passages)
        self.folder = folder
        self._duplicates = duplicates.load(folder)
        self._copies = {self.passages[row].id: group for group in self._duplicates.groups for row in group}
        self._first_copy = np.arange(len(self.passages))
        for group in self._duplicates.groups:
            self._first_copy[list(group)] = group[0]
        self._is_small = self.manifest.vectors <= small
        self._terms: dict[str, frozenset[str]] = {}  # by passage id, as they are asked for
        self._headings: dict[str, bool] = {}
        self._asides: dict[str, bool] = {}
        if self.first_vector[-1] != self.manifest.vectors:
            raise IndexCorrupt(Phrase("The index's vectors belong to other passages."), remedy=layout.REBUILD)
        self.store = VectorStore.open(folder / layout.VECTORS, expected=self.manifest.vectors, server=server)

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

    def repeated(self, episodes: int) -> frozenset[int]:
        """The rows with a sentence that stands in at least so many episodes."""
        standing = self._duplicates.sentences.values()
        wide = (rows for rows in standing if len({self.passages[row].episode_id for row in rows}) >= episodes)
        return frozenset(row for rows in wide for row in rows)

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

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term."""
        return self.lexical.idf(term)

    def rows_with(self, term: str) -> frozenset[int]:
        """The rows BM25 counts a term in."""
        return frozenset(np.flatnonzero(self.lexical.scores([term])).tolist())

    def episode_of(self, passage: Passage) -> Episode:
        return self.episodes[passage.episode_id]

    def around(self, passage: Passage) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The texts of the passages before and behind a passage, in its note and about its episode."""
        places = range(passage.position - AROUND, passage.position + AROUND + 1)
        near = filter(None, (self._by_position.get((passage.note_file, place)) for place in places))
        here = [other for other in near if other.episode_id == passage.episode_id]
        before = tuple(other.text for other in here if other.position < passage.position)
        return before, tuple(other.text for other in here if other.position > passage.position)

    def cited(self, n: int, passage: Passage, span: tuple[int, int] | None = None) -> Citation:
        """Citation number `n`: the half-open `span` of `passage.text`, with what stands around it; None: all of it."""
        span = span or (0, len(passage.text))
        before, after = self.around(passage)
        citation = cite(n, passage, span, self.episode_of(passage), also=self.also(passage, span))
        return replace(citation, whole=passage.text, before=before, after=after)

    @cached_property
    def _by_position(self) -> Mapping[tuple[str, int], Passage]:
        return {(passage.note_file, passage.position): passage for passage in self.passages}

    def search(
        self,
        query: FloatArray,
        terms: Sequence[str],
        limit: int,
        *,
        without: AbstractSet[int] = frozenset(),
        within: AbstractSet[int] | None = None,
        pipeline: Pipeline = SHIPPED,
    ) -> list[Hit]:
        """The `limit` best passages for a unit vector of shape (dimension,) and a question's terms, best first.

        Of passages that say the same the best is found, with the others in its `also`.
        Rows in `without` are treated as if they were not in the notes (this is how the gate is calibrated).
        `within` names the only rows that are looked at; None means all.
        """
        lexical = self.lexical.scores(terms)
        if without:
            lexical[list(without)] = 0.0
        rows = self._candidates(query, lexical, without, within)
        if not len(rows):
            return []
        cosines, nearest = self._cosines(query, rows)
        ceiling = self.lexical.ceiling(terms)
        scores = fuse(cosines, lexical[rows], ceiling, pipeline=pipeline)
        return [
            Hit(
                passage=self.passages[rows[i]],
                score=float(scores[i]),
                cosine=float(nearest[i]),
                bm25=float(lexical[rows[i]] / ceiling) if ceiling > 0 else 0.0,
                also=tuple(self.passages[row] for row in self.copies(rows[i]) if row != rows[i] and row not in without),
            )
            for i in self._best(rows, scores, limit)
        ]

    def nearness(self, query: FloatArray) -> FloatArray:
        """How near each passage comes to a unit vector of shape (dimension,): its best cosine, shape (passages,)."""
        return row_cosines(self.store.all_cosines(query), self.first_vector[:-1])[1]

    def _best(self, rows: Rows, scores: FloatArray, limit: int) -> Rows:
        """Indices of the `limit` best of `rows`; of those that say the same only the best, and of equals the first."""
        found = np.empty(0, dtype=np.int64)
        for count in (4 * limit, len(rows)):
            order = highest(scores, count)
            _, firsts = np.unique(self._first_copy[rows[order]], return_index=True)
            found = order[np.sort(firsts)][:limit]
            if len(found) == limit:
                break
        return found

    def _cosines(self, query: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """(score, best) of each row; see `row_cosines`."""
        if self._is_small:
            cosines, nearest = row_cosines(self.store.all_cosines(query), self.first_vector[:-1])
            return cosines[rows], nearest[rows]
        counts = self.first_vector[rows + 1] - self.first_vector[rows]
        firsts = np.cumsum(counts) - counts
        numbers: Rows = np.arange(counts.sum()) + np.repeat(self.first_vector[rows] - firsts, counts)
        return row_cosines(self.store.cosines(query, numbers), firsts)

    def _candidates(
        self, query: FloatArray, lexical: FloatArray, without: AbstractSet[int], within: AbstractSet[int] | None
    ) -> Rows:
        """Rows worth scoring exactly, in order: of the nearest vectors and the best BM25, or all where they are few."""
        few = within is not None and len(within) <= SCORED_WHOLE
        wanted = np.ones(len(self.passages), dtype=bool) if within is None else _among(within, len(self.passages))
        wanted[list(without)] = False
        if few or self._is_small:
            return np.flatnonzero(wanted)
        near = self.store.nearest(query, min(NEAREST_VECTORS, self.manifest.vectors))
        held = np.flatnonzero(lexical)
        words = held[self._best(held, lexical[held], LEXICAL_CANDIDATES)]
        rows: Rows = np.union1d(np.asarray([row for row, _ in near], dtype=np.int64), words)
        return np.asarray(rows[wanted[rows]], dtype=np.int64)

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()


def _among(rows: AbstractSet[int], size: int) -> npt.NDArray[np.bool_]:
    """Whether each of `size` rows is one of these, shape (size,)."""
    found = np.zeros(size, dtype=bool)
    found[list(rows)] = True
    return found


def open_index(data: Path, *, embedder: str, server: Server | None = None) -> Index:
    """Open the serving build. Raises IndexProblem, which is IndexMissing, IndexMismatch, IndexCorrupt, StoreAway or
    what is the matter with the disk, each naming the remedy."""
    folder = layout.current_build(data)
    with layout.storage_errors(data, layout.OPENING):
        try:
            return Index(folder, embedder=embedder, server=server)
        except IndexCorrupt:
            newer = layout.current_build(data)  # another process may have replaced the build meanwhile, and removed it
            if newer == folder:
                raise
            return Index(newer, embedder=embedder, server=server)


def check_manifest(manifest: Manifest, *, embedder: str) -> None:
    """Raises IndexMismatch unless a build was made the way this version makes them."""
    check_servable(manifest, embedder=embedder)
    _check_same({Phrase("reader version"): (str(manifest.reader_version), str(READER_VERSION))})


def check_servable(manifest: Manifest, *, embedder: str) -> None:
    """Raises IndexMismatch unless a build can be searched; what other readers have made of the notes can."""
    _check_same(
        {
            Phrase("embedder"): (manifest.embedder[:12], embedder[:12]),
            Phrase("fields version"): (str(manifest.fields_version), str(FIELDS_VERSION)),
        }
    )


def _check_same(versions: Mapping[Phrase, tuple[str, str]]) -> None:
    for name, (built, now) in versions.items():
        if built != now:
            raise IndexMismatch(
                Phrase("The index was built with {what} {built}, but {now} is in use now.").format(
                    what=name, built=built, now=now
                ),
                remedy=layout.REBUILD,
            )
