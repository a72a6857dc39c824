from __future__ import annotations

import dataclasses
import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import build
from rag.build import FORMAT, Manifest
from rag.errors import EndpointAway, FootnoteError, IndexBusy, IndexCorrupt, IndexMissing, NotesError, StoreAway
from rag.phrase import Phrase
from rag.reading.text import repair
from rag.types import Episode, EpisodeEntry, Library, Note, Passage, ReadWarning
from tests.builders import library

MANIFEST = Manifest(
    format=FORMAT,
    embedder="e",
    reader_version=1,
    fields_version=1,
    files={"ä.txt": "0"},
    passages=3,
    vectors=6,
    parts={},
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
RAW = TEXT.filter(lambda raw: bool(repair(raw).text))
COUNT = st.integers(0, 10**6)
MAYBE = st.none() | TEXT


def made(raw: str, **more: object) -> Passage:
    repaired = repair(raw)
    return Passage(raw=raw, text=repaired.text, text_to_raw=repaired.text_to_raw, **more)  # type: ignore[arg-type]


PASSAGES = st.builds(
    made,
    RAW,
    id=TEXT,
    episode_id=TEXT,
    note_file=TEXT,
    line_start=COUNT,
    line_end=COUNT,
    char_start=COUNT,
    char_end=COUNT,
    section=TEXTS,
    parents=TEXTS,
    seconds=st.none() | COUNT,
    seconds_end=st.none() | COUNT,
    seconds_around=st.booleans(),
    speaker=MAYBE,
    position=COUNT,
    content_hash=TEXT,
    counted=st.sampled_from(["line", "page", "paragraph"]),
    line_map=st.lists(st.tuples(COUNT, COUNT), max_size=3).map(tuple),
)
ENTRIES = st.builds(
    EpisodeEntry,
    note_file=TEXT,
    line_start=COUNT,
    line_end=COUNT,
    show=MAYBE,
    title=TEXT,
    guests=TEXTS,
    date=MAYBE,
    urls=TEXTS,
    number=MAYBE,
    hosts=TEXTS,
    origins=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
)
EPISODES = st.builds(
    Episode,
    id=TEXT,
    show=MAYBE,
    title=TEXT,
    guests=TEXTS,
    date=MAYBE,
    urls=TEXTS,
    number=MAYBE,
    hosts=TEXTS,
    origins=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    entries=st.lists(ENTRIES, max_size=2).map(tuple),
)
KIND = st.sampled_from(["notes", "summary", "transcript"])
NOTES = st.builds(Note, file=TEXT, sha256=TEXT, kind=KIND, author=MAYBE, reader=TEXT)
WARNINGS = st.builds(ReadWarning, file=TEXT, line=st.none() | COUNT, reason=TEXT, skipped=st.booleans())
LIBRARIES = st.builds(
    Library,
    notes=st.lists(NOTES, max_size=2).map(tuple),
    episodes=st.lists(EPISODES, max_size=2).map(tuple),
    passages=st.lists(PASSAGES, max_size=4).map(tuple),
    warnings=st.lists(WARNINGS, max_size=2).map(tuple),
)


@given(LIBRARIES)
def test_a_library_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, whole: Library) -> None:
    folder = tmp_path_factory.mktemp("build")
    build.write_library(folder, whole)
    assert build.read_library(folder) == whole


def test_what_is_amiss_can_still_be_said_in_another_language(tmp_path: Path) -> None:
    """It was kept as plain English, so that whoever indexed again with nothing changed read two languages in a line."""
    reason = Phrase("A line of {n} characters was cut into pieces.").format(n=54_001)
    warnings = (ReadWarning(file="a.txt", line=1, reason=reason),)
    build.write_library(tmp_path, Library(notes=(), episodes=(), passages=(), warnings=warnings))
    read = build.read_library(tmp_path).warnings[0].reason
    assert isinstance(read, Phrase)
    assert (read, read.template, read.fields) == (reason, reason.template, {"n": 54_001})


def test_every_field_of_a_passage_is_tried_above() -> None:
    """A field added to Passage and forgotten in the files would otherwise come back as its default."""
    tried = {"raw", "text", "text_to_raw", "id", "episode_id", "note_file", "line_start", "line_end", "char_start"}
    tried |= {"counted", "line_map", "language", "seconds_around"}
    tried |= {"char_end", "section", "parents", "seconds", "seconds_end", "speaker", "position", "content_hash"}
    assert {field.name for field in dataclasses.fields(Passage)} == tried


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    build.write_manifest(tmp_path, MANIFEST)
    assert build.read_manifest(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"format": 1}', json.dumps(dataclasses.asdict(MANIFEST))[:-9]]
)
def test_a_spoilt_manifest_is_noticed(tmp_path: Path, content: str) -> None:
    (tmp_path / build.MANIFEST).write_text(content)
    with pytest.raises(IndexCorrupt, match="footnote index"):
        build.read_manifest(tmp_path)


def test_a_manifest_of_a_later_version_is_refused(tmp_path: Path) -> None:
    build.write_manifest(tmp_path, dataclasses.replace(MANIFEST, format=FORMAT + 1))
    with pytest.raises(IndexCorrupt, match=f"format {FORMAT + 1}, this is {FORMAT}"):
        build.read_manifest(tmp_path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def spoil(path: Path) -> None:
    path.write_bytes(b"\xff\xfe{]")


@pytest.mark.parametrize("name", [build.PASSAGES, build.LIBRARY])
@pytest.mark.parametrize("harm", [cut, spoil, Path.unlink])
def test_spoilt_passages_are_noticed(tmp_path: Path, name: str, harm: Callable[[Path], None]) -> None:
    build.write_library(tmp_path, library())
    harm(tmp_path / name)
    with pytest.raises(IndexCorrupt, match="footnote index"):
        build.read_library(tmp_path)


def builds(data: Path, *names: str) -> list[Path]:
    folders = [build.builds_folder(data) / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
        build.write_manifest(folder, MANIFEST)
    return folders


def test_one_build_serves_and_another_takes_over(tmp_path: Path) -> None:
    one, other = builds(tmp_path, "one", "other")
    build.make_current(tmp_path, one)
    assert build.current_build(tmp_path) == one
    build.make_current(tmp_path, other)
    assert build.current_build(tmp_path) == other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["builds", "current"]


def test_the_pointer_is_replaced_and_never_written_into(tmp_path: Path) -> None:
    """Who reads it at that moment reads one name or the other, and never half of one."""
    one, other = builds(tmp_path, "one", "other")
    build.make_current(tmp_path, one)
    with (tmp_path / "current").open() as reader:
        build.make_current(tmp_path, other)
        assert reader.read() == "one"


def test_a_crash_while_the_name_is_written_changes_nothing(tmp_path: Path) -> None:
    one, other = builds(tmp_path, "one", "other")
    build.make_current(tmp_path, one)
    (tmp_path / ".current.unfinished").write_text("oth")
    assert build.current_build(tmp_path) == one
    build.make_current(tmp_path, other)
    assert build.current_build(tmp_path) == other


def test_a_build_that_has_its_name_stays_though_the_disk_fails_after_that(tmp_path: Path) -> None:
    """It was deleted, and nothing served any longer."""
    with pytest.raises(OSError, match="Input/output"), build.new_build(tmp_path) as folder:
        build.write_manifest(folder, MANIFEST)
        build.make_current(tmp_path, folder)
        raise OSError(5, "Input/output error")
    assert build.current_build(tmp_path) == folder


@pytest.mark.parametrize("kind", [NotesError, EndpointAway, StoreAway])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOSPC])
def test_what_is_the_matter_somewhere_else_is_not_put_down_to_this_disk(
    kind: type[FootnoteError], number: int, tmp_path: Path
) -> None:
    """Of notes that may not be read it said that the data folder cannot be written to."""
    with pytest.raises(kind, match=r"^elsewhere$"), build.storage_errors(tmp_path):
        raise kind("elsewhere") from OSError(number, "?")


def test_a_folder_that_is_called_like_a_failure_is_none(tmp_path: Path) -> None:
    """Words were looked for in sentences of our own, which name folders."""
    with pytest.raises(IndexBusy, match="disk is full"), build.storage_errors(tmp_path):
        raise IndexBusy("Another process is indexing into 'disk is full'.")


def test_what_an_error_was_told_to_hide_is_not_looked_at(tmp_path: Path) -> None:
    """An index that is busy was told as one that cannot be written."""
    with pytest.raises(IndexBusy), build.storage_errors(tmp_path):
        try:
            raise PermissionError(errno.EACCES, "?")
        except PermissionError:
            raise IndexBusy("Another process is indexing.") from None


def test_no_index_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="Run: footnote index"):
        build.current_build(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"gone", b"\xff\xff", b"../..", b"/", b"\0"])
def test_a_spoilt_pointer_is_a_corrupt_index(tmp_path: Path, content: bytes) -> None:
    builds(tmp_path, "one")
    (tmp_path / "current").write_bytes(content)
    with pytest.raises(IndexCorrupt, match="Run: footnote index"):
        build.current_build(tmp_path)


def test_a_build_without_a_manifest_does_not_exist(tmp_path: Path) -> None:
    (one,) = builds(tmp_path, "one")
    build.make_current(tmp_path, one)
    (one / build.MANIFEST).unlink()
    with pytest.raises(IndexCorrupt):
        build.current_build(tmp_path)


def test_all_builds_but_those_to_keep_go(tmp_path: Path) -> None:
    one, _, three = builds(tmp_path, "one", "two", "three")
    (build.builds_folder(tmp_path) / "two" / "deep").mkdir()
    build.remove_builds(tmp_path, keep=[one, three])
    assert sorted(path.name for path in build.builds_folder(tmp_path).iterdir()) == ["one", "three"]
