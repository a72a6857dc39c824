"""Building, bringing up to date and searching, over real Chroma and a fake embedder.

The check of a build runs in this process, which is quicker; tests/rag/test_probe.py has it in its own.
Crashes are in tests/integration.
"""

from __future__ import annotations

import dataclasses
import errno
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag import build as layout
from rag.build import Manifest
from rag.errors import IndexBusy, IndexCorrupt, IndexMismatch, IndexMissing, IndexProblem, NotesError, StorageFull
from rag.fields import in_context, lexical_terms
from rag.index import (
    BuildReport,
    Index,
    build_index,
    describe,
    drop_index,
    drop_old_builds,
    is_current,
    open_index,
    write_build,
)
from rag.lexical import LexicalIndex
from rag.probe import check
from rag.sentences import sentence_spans
from rag.types import FloatArray, Library, Passage
from rag.words import terms
from tests.builders import FILES, episode, library, passage, word_salad, write_notes
from tests.fakes import FakeEmbedder, bag_of_words

EMBEDDER = FakeEmbedder().fingerprint


def built(folder: Path, whole: Library) -> Index:
    folder.mkdir()
    write_build(folder, whole, {}, FakeEmbedder())
    return Index(folder, embedder=EMBEDDER)


def build(root: Path, embedder: FakeEmbedder | None = None, *, rebuild: bool = False) -> BuildReport:
    return build_index(root / "notes", root / "data", embedder or FakeEmbedder(), rebuild=rebuild, check=check)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template")
    write_notes(root / "notes")
    build(root)
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    """A folder with notes/ and data/, the index built."""
    return Path(shutil.copytree(template, tmp_path / "root"))


def serving(root: Path) -> Path:
    return layout.current_build(root / "data")


def texts_of(root: Path) -> list[str]:
    index = open_index(root / "data", embedder=EMBEDDER)
    index.close()
    return [piece.text for piece in index.passages]


def still_serves(root: Path) -> None:
    """The index opens and finds what stands in the notes it was built from."""
    index = open_index(root / "data", embedder=EMBEDDER)
    try:
        for piece in index.passages:
            assert index.search(bag_of_words(piece.text), terms(piece.text), 1)[0].passage.text == piece.text
    finally:
        index.close()


# Searching

SALAD = word_salad(260)
HEADINGS = [("Alpha",), ("Beta", "Gamma"), ()]
PASSAGES = tuple(passage(text, position=i, section=HEADINGS[i % 3]) for i, text in enumerate(SALAD))


@pytest.fixture(scope="module")
def salad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = built(tmp_path_factory.mktemp("salad") / "build", library(passages=PASSAGES))
    yield index
    index.close()


def hybrid_scores(passages: Sequence[Passage], query: str, without: frozenset[int] = frozenset()) -> FloatArray:
    """Every passage's score, from first principles."""
    vector = bag_of_words(query)
    words = LexicalIndex.build([lexical_terms(p, episode()) for p in passages]).scores(terms(query))
    words[list(without)] = 0.0
    scores = []
    for piece, share in zip(passages, words / max(words.max(), 1e-9), strict=True):
        sentences = [piece.text[a:b] for a, b in sentence_spans(piece.text) if b - a >= 20]
        own = [piece.text, *(sentences if len(sentences) > 1 else [])]
        own_cosine = max(float(bag_of_words(text) @ vector) for text in own)
        context_cosine = float(bag_of_words(in_context(piece, episode())) @ vector)
        scores.append((own_cosine + context_cosine) / 2 + 0.3 * float(share))
    return np.asarray(scores, dtype=np.float32)


@pytest.mark.parametrize("row", range(0, 260, 23))
def test_hits_are_those_of_brute_force_in_that_order(salad: Index, row: int) -> None:
    query = " ".join(SALAD[row].split()[1:6])
    expected = hybrid_scores(PASSAGES, query)
    best = np.argsort(-expected, kind="stable")[:8]
    hits = salad.search(bag_of_words(query), terms(query), 8)
    assert [hit.passage.position for hit in hits] == best.tolist()
    np.testing.assert_allclose([hit.score for hit in hits], expected[best], atol=1e-4)


def test_rows_left_out_are_as_if_they_were_not_in_the_notes(salad: Index) -> None:
    query = " ".join(SALAD[46].split()[1:6])
    without = frozenset(hit.passage.position for hit in salad.search(bag_of_words(query), terms(query), 3))
    expected = hybrid_scores(PASSAGES, query, without)
    expected[list(without)] = -9
    hits = salad.search(bag_of_words(query), terms(query), 5, without=without)
    assert [hit.passage.position for hit in hits] == np.argsort(-expected, kind="stable")[:5].tolist()
    np.testing.assert_allclose([hit.score for hit in hits], np.sort(expected)[::-1][:5], atol=1e-4)


def test_leaving_rows_out_changes_nothing_for_the_next_question(salad: Index) -> None:
    query = bag_of_words(SALAD[3]), terms(SALAD[3])
    before = salad.search(*query, 5)
    salad.search(*query, 5, without=frozenset({3, 4}))
    assert salad.search(*query, 5) == before


def test_without_any_row_there_is_no_hit(salad: Index) -> None:
    assert salad.search(bag_of_words("x"), [], 5, without=frozenset(range(len(SALAD)))) == []


def test_a_word_that_stands_in_one_passage_finds_it(salad: Index) -> None:
    hits = salad.search(bag_of_words("zzz"), terms(SALAD[77].split()[0]), 5)
    assert [hit.passage.position for hit in hits if hit.bm25 == 1.0] == [77]


def test_hits_say_how_near_they_are(salad: Index) -> None:
    top = salad.search(bag_of_words(SALAD[9]), terms(SALAD[9]), 1)[0]
    assert top.passage.position == 9
    assert top.cosine == pytest.approx(1.0, abs=1e-4)
    assert top.bm25 == 1.0


def test_vector_numbers_follow_the_rows(salad: Index) -> None:
    for row in (0, 7, 259):
        first = salad.store.vector(salad.vector_numbers(row)[0])
        np.testing.assert_allclose(first, bag_of_words(SALAD[row]), atol=1e-5)
    assert salad.first_vector[-1] == salad.manifest.vectors


def test_idf_leaves_out_only_rows_that_hold_the_term(salad: Index) -> None:
    term = terms(SALAD[0].split()[0])[0]
    assert salad.idf(term) < salad.idf("nowhere")
    assert salad.idf(term, without=frozenset({0, 1})) == salad.idf("nowhere")


def test_an_index_of_one_passage(tmp_path: Path) -> None:
    index = built(tmp_path / "b", library(["Bees dance."]))
    assert [hit.passage.text for hit in index.search(bag_of_words("tides"), terms("tides"), 20)] == ["Bees dance."]
    index.close()


# Building and bringing up to date


def test_a_build_reports_what_it_did(root: Path) -> None:
    index = open_index(root / "data", embedder=EMBEDDER)
    counts = describe(index)
    index.close()
    embedder = FakeEmbedder()
    report = build(root, embedder, rebuild=True)
    assert (report.notes, report.episodes, report.passages, report.vectors) == tuple(counts.values())
    assert report.notes == len(FILES)
    assert report.embedded == len(embedder.texts) == len(set(embedder.texts)) > 0
    assert not report.unchanged
    still_serves(root)


def test_nothing_is_embedded_where_nothing_changed(root: Path) -> None:
    embedder, before = FakeEmbedder(), serving(root)
    report = build(root, embedder)
    assert (report.unchanged, report.embedded, embedder.calls) == (True, 0, [])
    assert serving(root) == before
    assert is_current(root / "notes", root / "data", embedder=EMBEDDER)


def test_a_renamed_file_keeps_its_vectors(root: Path) -> None:
    (root / "notes" / "bees.txt").rename(root / "notes" / "hive.txt")
    assert not is_current(root / "notes", root / "data", embedder=EMBEDDER)
    embedder = FakeEmbedder()
    report = build(root, embedder)
    assert (report.unchanged, report.embedded, embedder.calls) == (False, 0, [])
    index = open_index(root / "data", embedder=EMBEDDER)
    index.close()
    assert {p.note_file for p in index.passages} == {"hive.txt", "tides.txt", "rye.md"}
    still_serves(root)


def test_a_deleted_file_vanishes(root: Path) -> None:
    before = texts_of(root)
    (root / "notes" / "bees.txt").unlink()
    report = build(root)
    assert report.embedded == 0
    after = texts_of(root)
    assert set(after) < set(before)
    assert not any("bee" in text.lower() for text in after)
    index = open_index(root / "data", embedder=EMBEDDER)
    assert not index.lexical.knows("clover")
    found = index.search(bag_of_words("a bee dances"), terms("a bee dances"), 20)
    index.close()
    assert {hit.passage.note_file for hit in found} == {"tides.txt", "rye.md"}


def test_only_new_texts_are_embedded(root: Path) -> None:
    (root / "notes" / "rye.md").write_text(FILES["rye.md"] + "- Malt makes the crust dark.\n")
    embedder = FakeEmbedder()
    report = build(root, embedder)
    assert sorted(embedder.texts) == [
        "Malt makes the crust dark.",
        "Rye. The Slow Oven: March 3, 2024. Malt makes the crust dark.",
    ]
    assert report.embedded == 2
    still_serves(root)


def test_rebuild_takes_nothing_over(root: Path) -> None:
    embedder = FakeEmbedder()
    assert build(root, embedder, rebuild=True).embedded == len(embedder.texts) > 10


def test_another_embedder_is_refused_and_then_nothing_is_taken_over(root: Path) -> None:
    other = FakeEmbedder(fingerprint="0" * 64)
    with pytest.raises(IndexMismatch, match=r"embedder f{12}, but 0{12}.*Run: footnote index"):
        open_index(root / "data", embedder=other.fingerprint)
    assert not is_current(root / "notes", root / "data", embedder=other.fingerprint)
    assert build(root, other).embedded == len(other.texts) > 10
    open_index(root / "data", embedder=other.fingerprint).close()


@pytest.mark.parametrize("field", ["reader_version", "fields_version"])
def test_another_version_is_refused_and_the_named_command_mends_it(root: Path, field: str) -> None:
    manifest = layout.read_manifest(serving(root))
    layout.write_manifest(serving(root), Manifest(**{**dataclasses.asdict(manifest), field: 99}))
    with pytest.raises(IndexMismatch, match=rf"{field.replace('_', ' ')} 99.*Run: footnote index"):
        open_index(root / "data", embedder=EMBEDDER)
    assert not build(root).unchanged
    still_serves(root)


def test_the_build_before_is_kept_for_who_still_reads_it_and_older_ones_go(root: Path) -> None:
    """A bot that runs while `footnote index` is typed elsewhere would otherwise lose its files."""
    first = serving(root)
    reader = open_index(root / "data", embedder=EMBEDDER)
    (root / "notes" / "bees.txt").unlink()
    build(root)
    second = serving(root)
    assert sorted(layout.builds_folder(root / "data").iterdir()) == sorted([first, second])
    assert reader.search(bag_of_words("a bee dances"), terms("a bee dances"), 1)[0].passage.note_file == "bees.txt"
    reader.close()
    (root / "notes" / "tides.txt").unlink()
    build(root)
    assert sorted(layout.builds_folder(root / "data").iterdir()) == sorted([second, serving(root)])


def test_progress_goes_through_every_stage(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes")
    told: list[tuple[str, int, int]] = []
    build_index(
        tmp_path / "notes",
        tmp_path / "data",
        FakeEmbedder(),
        check=check,
        progress=lambda *progress: told.append(progress),
    )
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["Reading", "Embedding", "Storing", "Checking"]
    for stage in ("Reading", "Embedding", "Storing", "Checking"):
        _, done, total = [item for item in told if item[0] == stage][-1]
        assert done == total


def test_a_bad_file_is_named_and_costs_only_itself(root: Path) -> None:
    (root / "notes" / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    report = build(root)
    assert [(warning.file, warning.skipped) for warning in report.warnings] == [("photo.txt", True)]
    assert report.notes == 3
    assert build(root).warnings == report.warnings
    still_serves(root)


# What must not happen


def test_no_index_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="Run: footnote index"):
        open_index(tmp_path / "data", embedder=EMBEDDER)


@pytest.mark.parametrize("kind", ["missing", "empty", "unreadable"])
def test_without_notes_the_index_before_serves(root: Path, kind: str) -> None:
    shutil.rmtree(root / "notes")
    if kind != "missing":
        write_notes(root / "notes", {"a.txt": ""} if kind == "unreadable" else {})
    with pytest.raises(NotesError):
        build(root)
    still_serves(root)


def fail(error: BaseException) -> FakeEmbedder:
    def raise_it(_texts: Sequence[str]) -> None:
        raise error

    return FakeEmbedder(before=raise_it)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EDQUOT, "Quota exceeded")]
)
def test_a_full_disk_is_a_sentence_and_the_index_before_serves(root: Path, error: OSError) -> None:
    before = serving(root)
    with pytest.raises(StorageFull, match=r"no space left.*goes on serving.*footnote index"):
        build(root, fail(error), rebuild=True)
    assert list(layout.builds_folder(root / "data").iterdir()) == [before]
    still_serves(root)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("out of luck")])
def test_whatever_happens_no_half_build_stays(root: Path, error: BaseException) -> None:
    before = serving(root)
    with pytest.raises(type(error)):
        build(root, fail(error), rebuild=True)
    assert list(layout.builds_folder(root / "data").iterdir()) == [before]
    still_serves(root)
    assert not build(root, rebuild=True).unchanged


def test_a_vector_of_nothing_is_found_by_the_probe_and_the_index_before_serves(root: Path) -> None:
    class Broken(FakeEmbedder):
        def embed(self, texts: Sequence[str]) -> FloatArray:
            return super().embed(texts) * np.float32(0.0)

    before = serving(root)
    with pytest.raises(IndexProblem, match="does not find itself"):
        build(root, Broken(), rebuild=True)
    assert serving(root) == before
    still_serves(root)


HOLD = """
import filelock, sys
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_to_wait(root: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(root / "data" / "index.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(IndexBusy, match=r"Another process.*Wait"):
            build(root, rebuild=True)
        still_serves(root)
    assert not build(root, rebuild=True).unchanged


def test_a_lock_file_left_by_a_crash_locks_nobody_out(root: Path) -> None:
    (root / "data" / "index.lock").write_text("")
    assert build(root).unchanged


def test_a_file_where_the_data_folder_should_be(root: Path) -> None:
    (root / "file").write_text("")
    with pytest.raises(IndexProblem, match="is a file, not a folder"):
        build_index(root / "notes", root / "file", FakeEmbedder())


def cut_passages_in_a_line(folder: Path) -> None:
    path = folder / layout.PASSAGES
    path.write_bytes(path.read_bytes()[:-30])


def cut_passages_at_a_line(folder: Path) -> None:
    path = folder / layout.PASSAGES
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))


def forget_episodes(folder: Path) -> None:
    path = folder / layout.LIBRARY
    path.write_text('{"notes": [], "episodes": [], "warnings": []}')


def empty_pointer(folder: Path) -> None:
    (folder.parents[1] / "current").write_text("")


HARMS: list[Callable[[Path], object]] = [
    cut_passages_in_a_line,
    cut_passages_at_a_line,
    forget_episodes,
    empty_pointer,
    lambda folder: shutil.rmtree(folder / layout.VECTORS),
    lambda folder: shutil.rmtree(folder / layout.WORDS),
    lambda folder: (folder / layout.PASSAGES).unlink(),
    lambda folder: (folder / layout.MANIFEST).unlink(),
    lambda folder: (folder / layout.MANIFEST).write_text("{}"),
    lambda folder: shutil.rmtree(folder),
    lambda folder: (folder / layout.VECTORS / "chroma.sqlite3").write_bytes(b"\0" * 4096),
]


@pytest.mark.parametrize("harm", HARMS)
def test_damage_is_a_sentence_and_the_command_it_names_mends_it(root: Path, harm: Callable[[Path], object]) -> None:
    """The manifest alone said whether anything was to be done, so `footnote index` left damaged files as they were."""
    harm(serving(root))
    with pytest.raises((IndexCorrupt, IndexMissing)) as caught:
        still_serves(root)
    assert caught.value.remedy == "Run: footnote index"
    assert not build(root).unchanged
    still_serves(root)
    assert build(root).unchanged


# Passages that say the same

COPY = "Rye bread keeps for a whole week because its crumb holds water well."


@pytest.fixture
def repeated(tmp_path: Path) -> Iterator[Index]:
    """Six passages: two copies, one of them in another note, and a paragraph that holds their sentence."""
    passages = (
        passage(SALAD[0], position=0),
        passage(f"- {COPY}", position=1, line_start=7, line_end=7),
        passage(SALAD[1], position=2),
        passage(COPY.upper(), position=3, id="copy", note_file="rye.md", line_start=12, line_end=12),
        passage(f"{SALAD[2]} {COPY}", position=4, line_start=20, line_end=20),
        passage(SALAD[3], position=5),
    )
    index = built(tmp_path / "build", library(passages=passages))
    yield index
    index.close()


def test_copies_are_one_hit_with_the_others_beside_it(repeated: Index) -> None:
    hits = repeated.search(bag_of_words(COPY), terms(COPY), 20)
    assert sorted(hit.passage.position for hit in hits) in ([0, 1, 2, 4, 5], [0, 2, 3, 4, 5])
    assert hits[0].passage.position in (1, 3)
    assert [copy.position for copy in hits[0].also] == [4 - hits[0].passage.position]
    assert all(hit.also == () for hit in hits[1:])


def test_a_copy_that_is_left_out_is_beside_no_hit(repeated: Index) -> None:
    hits = repeated.search(bag_of_words(COPY), terms(COPY), 20, without=frozenset({3}))
    assert hits[0].passage.position == 1
    assert hits[0].also == ()
    assert repeated.copies(1) == repeated.copies(3) == (1, 3)
    assert repeated.copies(0) == (0,)


def test_a_quote_is_cited_wherever_it_stands(repeated: Index) -> None:
    places = repeated.also(repeated.passages[1], (0, len(repeated.passages[1].text)))
    assert [(place.note_file, place.line_start) for place in places] == [("rye.md", 12), ("bees.txt", 20)]
    assert {place.episode for place in places} == {"The Garden Hour: Bees"}
    assert repeated.also(repeated.passages[0], (0, 20)) == ()


def test_old_builds_go_once_nobody_reads_them(root: Path) -> None:
    before = serving(root)
    write_notes(root / "notes", {**FILES, "new.txt": f"Show: The Garden Hour\nTitle: Salt\n\n- {SALAD[5]}\n"})
    build(root)
    assert before.is_dir()
    waited: list[bool] = []
    drop_old_builds(root / "data", wait=lambda: waited.append(before.is_dir()))
    assert waited == [True]
    assert not before.exists()
    drop_old_builds(root / "data", wait=lambda: waited.append(False))
    assert waited == [True]
    still_serves(root)


def test_a_dropped_index_leaves_nothing_behind(root: Path) -> None:
    drop_index(root / "data")
    with pytest.raises(IndexMissing):
        open_index(root / "data", embedder=EMBEDDER)
    assert list((root / "data" / "builds").iterdir()) == []
    build(root)
    still_serves(root)
