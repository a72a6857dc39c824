from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import NoteError, NotesError
from rag.reading import library as library_module
from rag.reading.library import load, read_library, scan
from rag.types import Library, ReadWarning

GOOD = "Karl Vogt on The Long Table podcast (3/14)\n\n- old grains taste better\n  - einkorn most of all\n"


def folder(root: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def only_warning(library: Library) -> ReadWarning:
    assert len(library.warnings) == 1, library.warnings
    return library.warnings[0]


def survives(library: Library, file: str = "good.txt") -> None:
    assert any(p.note_file == file and p.text == "old grains taste better" for p in library.passages)


def test_a_folder_becomes_a_library(tmp_path: Path) -> None:
    library = read_library(folder(tmp_path, good_txt=GOOD, sub__more_md="# Bread\n\nIt rises slowly overnight.\n"))
    assert [note.file for note in library.notes] == ["good.txt", "sub/more.md"]
    assert library.warnings == ()
    assert {e.title for e in library.episodes} == {"Bread", "Karl Vogt"}
    nested = next(p for p in library.passages if p.text == "einkorn most of all")
    assert nested.parents == ("old grains taste better",)
    assert (nested.line_start, nested.line_end, nested.position) == (4, 4, 2)
    assert nested.id.endswith("/good/2")
    assert nested.id.startswith(nested.episode_id + "/")


def test_ids_are_unique_and_stable(tmp_path: Path) -> None:
    folder(tmp_path, a_txt=GOOD, a_md=GOOD, b__a_txt=GOOD)
    first, second = read_library(tmp_path), read_library(tmp_path)
    assert len({p.id for p in first.passages}) == len(first.passages)
    assert first == second


def test_files_with_one_long_beginning_take_no_longer_than_others() -> None:
    """Finding each a short name of its own took time with the square of their number: hours for 100,000 files."""
    deep = f"{'a long name of a folder ' * 4}/%d.md"
    names = library_module._prefixes(deep % number for number in range(30_000))
    assert len(set(names.values())) == 30_000
    assert names[deep % 0] + "-30000" == names[deep % 29_999]


def test_content_hash_tells_what_would_be_embedded(tmp_path: Path) -> None:
    one = read_library(folder(tmp_path / "1", a_txt=GOOD)).passages
    renamed = read_library(folder(tmp_path / "2", other_txt=GOOD)).passages
    changed = read_library(folder(tmp_path / "3", a_txt=GOOD.replace("old grains", "new grains"))).passages
    assert [p.content_hash for p in one] == [p.content_hash for p in renamed]
    assert [a.content_hash == b.content_hash for a, b in zip(one, changed, strict=True)] == [True, False, False]
    assert all(len(p.content_hash) == 32 for p in one)


def test_progress_is_heard_before_each_file_and_at_the_end(tmp_path: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    read_library(folder(tmp_path, a_txt=GOOD, b_txt=GOOD), progress=lambda *args: heard.append(args))
    assert heard == [(0, 2, "a.txt"), (1, 2, "b.txt"), (2, 2, "")]


def test_scan_sees_what_changed(tmp_path: Path) -> None:
    folder(tmp_path, a_txt=GOOD, b_txt="x", c_rtf="no")
    before = scan(tmp_path)
    assert [file for file, _ in before] == ["a.txt", "b.txt"]
    assert [note.sha256 for note in read_library(tmp_path).notes] == [sha for _, sha in before]
    folder(tmp_path, b_txt="y")
    assert [a == b for a, b in zip(before, scan(tmp_path), strict=True)] == [True, False]


def test_guides_hidden_files_and_pictures_are_passed_over_in_silence(tmp_path: Path) -> None:
    folder(
        tmp_path,
        good_txt=GOOD,
        README_md="how to",
        LICENSE=b"MIT",
        _hidden_txt="x",
        pic_png=b"\x89PNG",
        sub__README_md=GOOD,
    )
    library = read_library(tmp_path)
    assert [note.file for note in library.notes] == ["good.txt", "sub/README.md"]
    assert library.warnings == ()


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "only a guide"])
def test_a_folder_that_cannot_be_used_says_what_to_do(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "notes"
    if kind == "file":
        target.write_text("x")
    elif kind != "missing":
        target.mkdir()
    if kind == "only a guide":
        (target / "README.md").write_text("x")
    for call in (read_library, scan):
        with pytest.raises(NotesError) as caught:
            call(target)
        assert caught.value.remedy
        assert "notes" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bad.txt", b"", "empty"),
        ("bad.txt", b"\xef\xbb\xbf \r\n\n", "empty"),
        ("bad.txt", bytes(range(256)) * 40, "not a text file"),
        ("bad.md", b"%PDF-1.7\n" + b"stream of words " * 50, "not a text file"),
        ("bad.docx", b"PK\x03\x04", "no Word document"),
        ("bad.rtf", b"words", "not read yet"),
        ("bad", b"words", "not read yet"),
        ("bad.txt", b"---\n***\n```\n", "Nothing in the file"),
    ],
)
def test_a_bad_file_costs_only_itself(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    folder(tmp_path, good_txt=GOOD)
    (tmp_path / name).write_bytes(content)
    library = read_library(tmp_path)
    warning = only_warning(library)
    assert (warning.file, warning.skipped) == (name, True)
    assert reason in warning.reason
    survives(library)


def test_a_folder_of_bad_files_only_is_no_exception(tmp_path: Path) -> None:
    library = read_library(folder(tmp_path, a_txt=b"", b_txt=b"\x00\x01" * 400))
    assert (library.passages, library.notes) == ((), ())
    assert len(library.warnings) == 2


def test_too_large_a_file_is_not_even_opened(tmp_path: Path) -> None:
    folder(tmp_path, good_txt=GOOD)
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(50_000_000)
    start = time.process_time()
    library = read_library(tmp_path)
    assert time.process_time() - start < 1
    assert "50 MB" in only_warning(library).reason
    survives(library)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "utf-16-le"])
def test_other_encodings_are_read_byte_exact(tmp_path: Path, encoding: str) -> None:
    text = "Café notes\r\n\r\n- the “crème” is naïve – they said\r\n- über alles öfter süß\r\n"
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    library = read_library(tmp_path)
    passage = next(p for p in library.passages if "crème" in p.text)
    assert passage.text == "the “crème” is naïve – they said"
    data = (tmp_path / "a.txt").read_bytes()
    assert passage.raw.encode(library.notes[0].encoding) in data
    assert [w.reason for w in library.warnings if not w.skipped and "not UTF-8" in w.reason] == (
        [only_warning(library).reason] if encoding in ("cp1252", "utf-16-le") else []
    )


def test_damaged_bytes_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("- grün und süß\n- größer\n- kap".encode() + b"\xff" + b"utt\n")
    library = read_library(tmp_path)
    assert only_warning(library).line == 3
    assert len(library.passages) == 3


def test_nul_bytes_and_old_line_ends(tmp_path: Path) -> None:
    text = (
        "Notes of a long talk\r\rThe first\x00 thing that was said\rThe second thing that was said\r"
        + "and more words\r" * 20
    )
    library = read_library(folder(tmp_path, a_txt=text))
    passage = next(p for p in library.passages if p.text == "The first thing that was said")
    assert (passage.line_start, passage.raw) == (3, "The first\x00 thing that was said")


def test_a_line_of_a_megabyte_is_cut_at_sentences(tmp_path: Path) -> None:
    sentence = "This sentence is about bread and how it rises. "
    folder(tmp_path, good_txt=GOOD, long_txt="- short\n- " + sentence * 21_000)
    start = time.process_time()
    library = read_library(tmp_path)
    assert time.process_time() - start < 5
    warning = only_warning(library)
    assert (warning.file, warning.line, warning.skipped) == ("long.txt", 2, False)
    pieces = [p for p in library.passages if p.note_file == "long.txt" and p.line_start == 2]
    assert len(pieces) > 500
    assert all(p.text.startswith("This") and p.text.endswith("rises.") and len(p.text) < 2000 for p in pieces)
    assert sum(p.raw.count("bread") for p in pieces) == 21_000


def test_a_megabyte_of_data_in_a_line_is_left_out(tmp_path: Path) -> None:
    library = read_library(folder(tmp_path, good_txt=GOOD, data_txt="- a note\n\n" + "QUJD" * 250_000))
    assert "no prose" in only_warning(library).reason
    assert [p.text for p in library.passages if p.note_file == "data.txt"] == ["a note"]


def test_text_without_spaces_is_prose_in_other_scripts(tmp_path: Path) -> None:
    library = read_library(folder(tmp_path, a_txt="面包发酵得很慢。" * 2000))
    assert sum(len(p.raw) for p in library.passages) == 16_000


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    folder(tmp_path, good_txt=GOOD)
    (tmp_path / "broken.txt").symlink_to(tmp_path / "nothing.txt")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    library = read_library(tmp_path)
    assert [(w.file, w.skipped) for w in library.warnings] == [("broken.txt", True), ("loop.txt", True)]
    assert "does not exist" in library.warnings[0].reason
    assert "itself" in library.warnings[1].reason
    survives(library)


def test_folders_that_loop_are_read_once(tmp_path: Path) -> None:
    folder(tmp_path, good_txt=GOOD, sub__more_txt=GOOD)
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    library = read_library(tmp_path)
    assert [note.file for note in library.notes] == ["good.txt", "sub/more.txt"]


def test_a_link_out_of_the_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    """A link to /etc/passwd among the notes was read, and could be cited."""
    notes = tmp_path / "notes"
    (notes / "sub").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for place in (notes, notes / "sub", tmp_path / "elsewhere"):
        (place / "a.txt").write_text("Salt is two percent of the flour.\n")
    (notes / "file.txt").symlink_to(tmp_path / "elsewhere" / "a.txt")
    (notes / "folder").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (notes / "inside.txt").symlink_to(notes / "a.txt")
    library = read_library(notes)
    assert [note.file for note in library.notes] == ["a.txt", "inside.txt", "sub/a.txt"]
    left_out = {w.file: w.reason for w in library.warnings if w.skipped}
    assert set(left_out) == {"file.txt", "folder"}
    assert all("leads out of the notes folder" in reason for reason in left_out.values())


def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    folder(tmp_path, good_txt=GOOD)
    os.mkfifo(tmp_path / "pipe.txt")
    library = read_library(tmp_path)
    assert "regular" in only_warning(library).reason
    survives(library)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_on_disk(tmp_path: Path) -> None:
    folder(tmp_path, good_txt=GOOD, secret_txt=GOOD)
    (tmp_path / "secret.txt").chmod(0)
    library = read_library(tmp_path)
    assert "chmod" in only_warning(library).reason
    survives(library)


def test_no_permission(tmp_path: Path) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    with pytest.raises(NoteError, match="may not read") as caught:
        load(folder(tmp_path, a_txt=GOOD) / "a.txt", "a.txt", read=refuse)
    assert "chmod u+r" in caught.value.remedy


def test_a_disk_that_fails(tmp_path: Path) -> None:
    def fail(path: Path) -> bytes:
        raise OSError(5, "Input/output error", str(path))

    with pytest.raises(NoteError, match="Input/output error"):
        load(folder(tmp_path, a_txt=GOOD) / "a.txt", "a.txt", read=fail)


def reads(*contents: bytes) -> Iterator[bytes]:
    yield from contents
    while True:
        yield contents[-1]


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    versions = reads(b"- half of it", b"- all of it now", b"- all of it now")
    loaded = load(folder(tmp_path, a_txt=GOOD) / "a.txt", "a.txt", read=lambda _: next(versions))
    assert loaded.source.text == "- all of it now"
    assert loaded.warnings == ()


def test_a_file_that_keeps_changing_is_told(tmp_path: Path) -> None:
    versions = iter([b"- one", b"- two", b"- three"])
    loaded = load(folder(tmp_path, a_txt=GOOD) / "a.txt", "a.txt", read=lambda _: next(versions))
    assert "changed while" in loaded.warnings[0].reason


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_any_text_gives_exact_passages(tmp_path: Path, text: str) -> None:
    (tmp_path / "any.txt").write_bytes(text.encode())
    library = read_library(tmp_path)
    assert not any("understood" in warning.reason for warning in library.warnings)
    end = 0
    decoded = (tmp_path / "any.txt").read_bytes().decode(library.notes[0].encoding) if library.notes else ""
    for position, passage in enumerate(library.passages):
        assert passage.raw == decoded[passage.char_start : passage.char_end]
        assert passage.char_start >= end
        assert passage.position == position
        assert len(passage.text) == len(passage.text_to_raw) > 0
        assert list(passage.text_to_raw) == sorted(passage.text_to_raw)
        assert passage.text_to_raw[-1] < len(passage.raw)
        end = passage.char_end


def test_reader_version_is_a_number() -> None:
    assert library_module.READER_VERSION >= 1
