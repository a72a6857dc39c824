"""Building and bringing up to date, over real Chroma and a fake embedder.

The check of a build runs in this process, which is quicker; tests/rag/test_probe.py has it in its own.
Crashes are in tests/integration.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag import build as layout
from rag.build import drop_index, drop_old_builds
from rag.errors import IndexBusy, IndexCorrupt, IndexMismatch, IndexMissing, IndexProblem, NotesError, StorageFull
from rag.index import Index, open_index
from rag.indexing import Borrowing, BuildReport, build_index, is_current
from rag.probe import check
from rag.types import FloatArray
from rag.words import terms
from tests.builders import FILES, write_notes
from tests.disks import little_space
from tests.fakes import FakeEmbedder, bag_of_words

EMBEDDER = FakeEmbedder().fingerprint


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


# Building and bringing up to date


def test_a_build_reports_what_it_did(root: Path) -> None:
    index = open_index(root / "data", embedder=EMBEDDER)
    counts = (len(index.notes), len(index.episodes), len(index.passages), index.manifest.vectors)
    index.close()
    embedder = FakeEmbedder()
    report = build(root, embedder, rebuild=True)
    assert (report.notes, report.episodes, report.passages, report.vectors) == counts
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


def test_other_fields_are_refused_and_the_named_command_mends_it(root: Path) -> None:
    manifest = layout.read_manifest(serving(root))
    layout.write_manifest(serving(root), dataclasses.replace(manifest, fields_version=99))
    with pytest.raises(IndexMismatch, match=r"fields version 99.*Run: footnote index"):
        open_index(root / "data", embedder=EMBEDDER)
    assert not build(root).unchanged
    still_serves(root)


def test_what_other_readers_made_serves_until_it_is_built_anew_with_the_vectors_that_it_has(root: Path) -> None:
    """After an upgrade nobody was answered until the whole index had been built."""
    manifest = layout.read_manifest(serving(root))
    layout.write_manifest(serving(root), dataclasses.replace(manifest, reader_version=99))
    still_serves(root)
    assert not is_current(root / "notes", root / "data", embedder=EMBEDDER)
    report = build(root)
    assert not report.unchanged
    assert report.embedded == 0
    still_serves(root)


def test_an_index_that_a_power_cut_has_cut_short_is_not_current_and_is_built_anew(root: Path) -> None:
    """A bot took it for up to date, and could not open it."""
    assert is_current(root / "notes", root / "data", embedder=EMBEDDER)
    graph = next((serving(root) / layout.VECTORS).rglob("data_level0.bin"))
    graph.write_bytes(graph.read_bytes()[:100])
    assert not is_current(root / "notes", root / "data", embedder=EMBEDDER)
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
    stages = ["Looking", "Reading", "Embedding", "Storing", "Checking"]
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == stages
    for stage in stages:
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


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        RuntimeError("error returned from database: (code: 778) disk I/O error"),
    ],
)
def test_a_failing_disk_is_a_sentence_and_the_index_before_serves(root: Path, error: Exception) -> None:
    """It was an error that Footnote does not know."""
    with pytest.raises(IndexProblem, match=r"The disk does not take.*goes on serving\. Look after the disk, then run"):
        build(root, fail(error), rebuild=True)
    still_serves(root)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EROFS, "Read-only"),
        RuntimeError("(code: 8) attempt to write a readonly database"),
        RuntimeError("(code: 14) unable to open database file"),
    ],
)
def test_a_disk_that_became_read_only_is_a_sentence(root: Path, error: Exception) -> None:
    with pytest.raises(StorageFull, match=r"Nothing can be written to .*data\. Choose another folder"):
        build(root, fail(error), rebuild=True)
    still_serves(root)


def test_to_open_an_index_on_a_disk_that_takes_nothing_is_a_sentence_about_the_disk(root: Path) -> None:
    """It said to index anew; and when the disk was well again it could not be opened before the next start."""
    for _ in range(2):
        with little_space(0), pytest.raises(IndexProblem, match=r"disk fails \(error .*\)\. Look after the disk\.$"):
            open_index(root / "data", embedder=EMBEDDER)
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
        def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
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


def cut(name: str, by: int = 1) -> Callable[[Path], object]:
    """Cuts some bytes off the end of each file of this name."""

    def harm(folder: Path) -> None:
        paths = list(folder.rglob(name))
        assert paths
        for path in paths:
            os.truncate(path, path.stat().st_size - by)

    return harm


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
    *(cut(name) for name in ("*.npy", "frequencies.json", "duplicates.json", "library.json", "passages.jsonl")),
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


def test_old_builds_go_once_nobody_reads_them(root: Path) -> None:
    before = serving(root)
    write_notes(
        root / "notes",
        {**FILES, "new.txt": "Show: The Garden Hour\nTitle: Salt\n\n- Salt keeps bread from going stale.\n"},
    )
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


def test_every_file_of_a_build_is_known_with_its_size(root: Path) -> None:
    """A `link_lists.bin` cut short, or a byte that had turned, went unnoticed until a question met it."""
    parts = layout.read_manifest(serving(root)).parts
    on_disk = {path.relative_to(serving(root)).as_posix() for path in serving(root).rglob("*") if path.is_file()}
    assert set(parts) == on_disk - {layout.MANIFEST}
    for name in parts:
        copy = Path(shutil.copytree(serving(root), root / "copy"))
        (copy / name).write_bytes((copy / name).read_bytes()[:-1])
        if parts[name][0]:
            with pytest.raises(IndexCorrupt, match=rf"{re.escape(name)} of the index has .* bytes.*footnote index"):
                Index(copy, embedder=EMBEDDER)
        (copy / name).unlink()
        with pytest.raises(IndexCorrupt, match=rf"{re.escape(name)} of the index is gone.*footnote index"):
            Index(copy, embedder=EMBEDDER)
        shutil.rmtree(copy)


@pytest.mark.parametrize("name", [layout.PASSAGES, "words/frequencies.json", "vectors/values.npy", "vectors/texts.npy"])
def test_a_byte_that_has_turned_is_found_by_the_check_and_mended_by_the_command(root: Path, name: str) -> None:
    path = serving(root) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match=f"{name} of the index has been changed.*Run: footnote index"):
        check(serving(root))
    assert not build(root).unchanged
    check(serving(root))


def test_what_another_index_has_computed_is_not_computed_again(root: Path, tmp_path: Path) -> None:
    part, embedder = write_notes(tmp_path / "part", {"rye.md": FILES["rye.md"]}), FakeEmbedder()
    borrowing = Borrowing(embedder, root / "data")
    build_index(part, tmp_path / "index", borrowing, check=check)
    assert (embedder.texts, borrowing.computed) == ([], 0)
    assert [text for text in texts_of(root) if "Rye" in text]
    index = open_index(tmp_path / "index", embedder=EMBEDDER)
    try:
        for piece in index.passages:
            assert index.search(bag_of_words(piece.text), terms(piece.text), 1)[0].passage.text == piece.text
    finally:
        index.close()
    assert np.array_equal(borrowing.embed(["new", "new"]), np.stack([bag_of_words("new")] * 2))
    assert (embedder.texts, borrowing.computed) == (["new"], 1)


def test_of_another_embedder_nothing_is_borrowed(root: Path) -> None:
    other = FakeEmbedder(fingerprint="e" * 64)
    borrowing = Borrowing(other, root / "data")
    borrowing.embed([FILES["rye.md"]])
    assert borrowing.computed == 1
