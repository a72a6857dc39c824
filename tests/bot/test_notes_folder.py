"""What is put into the notes from a distance: real folders, real archives, whatever is wrong with them."""

from __future__ import annotations

import errno
import io
import stat
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.notes_folder import REMOVED, NotesFolder
from bot.settings import Settings
from bot.uploads import LARGEST, LARGEST_TOTAL, Notes, UploadRefused
from rag.collection import data_of
from tests.builders import BEES, FILES
from tests.disks import little_space

NOTE = FILES["bees.txt"].encode()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "notes" / "wood").mkdir(parents=True)
    return Settings(notes=tmp_path / "notes", data=tmp_path / "data", models=tmp_path)


@pytest.fixture
def folder(settings: Settings) -> Notes:
    return NotesFolder(settings)


def zipped(files: Mapping[str, bytes], *, modes: Mapping[str, int] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (modes or {}).get(name, 0o644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def everything(settings: Settings) -> list[str]:
    root = settings.notes.parent
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_note_lands_in_its_collection_and_is_listed(settings: Settings, folder: Notes) -> None:
    folder.add("wood", "Bees.txt", NOTE, replace=False)
    folder.add(None, "tides.txt", NOTE, replace=False)
    assert (settings.notes / "wood" / "Bees.txt").read_bytes() == NOTE
    assert [file.name for file in folder.listed("wood")] == ["Bees.txt"]
    assert [file.name for file in folder.listed(None)] == ["tides.txt", "wood/Bees.txt"]
    assert folder.listed("wood")[0].size == len(NOTE)
    assert everything(settings) == ["notes/tides.txt", "notes/wood/Bees.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "../bees.txt",
        "/etc/bees.txt",
        "a\\bees.txt",
        "..\\bees.txt",
        ".bees.txt",
        "bees.txt ",
        "bees\u202etxt.txt",
        "be\u200bes.txt",
        "bees\n.txt",
        "con.txt",
        "LPT1.md",
        "~$bees.docx",
        "bees.txt~",
        "a:b.txt",
        "x" * 130 + ".txt",
        "",
        ".txt",
        "bees",
        "bees.exe",
        "episodes.toml",
        "bees.txt.part",
    ],
)
def test_a_hostile_or_useless_name_is_refused_and_nothing_is_written(
    settings: Settings, folder: Notes, name: str
) -> None:
    with pytest.raises(UploadRefused):
        folder.add("wood", name, NOTE, replace=True)
    assert everything(settings) == []


@pytest.mark.parametrize("collection", ["..", "../other", ".hidden", "wood/deep", "", "nowhere"])
def test_what_is_no_collection_takes_nothing(settings: Settings, folder: Notes, collection: str) -> None:
    from rag.errors import FootnoteError

    with pytest.raises(FootnoteError):
        folder.add(collection, "bees.txt", NOTE, replace=False)
    assert everything(settings) == []


def test_nothing_is_overwritten_silently_and_what_is_replaced_is_kept(settings: Settings, folder: Notes) -> None:
    folder.add("wood", "bees.txt", NOTE, replace=False)
    other = NOTE.replace(b"bee", b"fly")
    for name in ("bees.txt", "BEES.txt"):
        with pytest.raises(UploadRefused, match=r"There is a bees\.txt already"):
            folder.add("wood", name, other, replace=False)
    with pytest.raises(UploadRefused, match="just like this"):
        folder.add("wood", "bees.txt", NOTE, replace=False)
    assert (settings.notes / "wood" / "bees.txt").read_bytes() == NOTE
    folder.add("wood", "bees.txt", other, replace=True)
    assert (settings.notes / "wood" / "bees.txt").read_bytes() == other
    (kept,) = (settings.data / REMOVED).iterdir()
    assert kept.read_bytes() == NOTE
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_a_folder_of_that_name_is_never_replaced(settings: Settings, folder: Notes) -> None:
    (settings.notes / "wood" / "bees.txt").mkdir()
    with pytest.raises(UploadRefused):
        folder.add("wood", "bees.txt", NOTE, replace=True)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.txt", b""),
        ("binary.txt", bytes(range(256)) * 40),
        ("broken.pdf", b"%PDF-1.7 and nothing else"),
        ("broken.docx", b"no archive"),
        ("broken.zip", b"PK\x03\x04 no archive"),
        ("huge.txt", b"x" * (LARGEST + 1)),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    settings: Settings, folder: Notes, name: str, data: bytes
) -> None:
    with pytest.raises(UploadRefused, match=r"\w+.*\."):
        folder.add("wood", name, data, replace=False)
    assert everything(settings) == []


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"bomb.txt": bytes(9_000_000)}, "packed size"),
        ({"../../bees.txt": NOTE}, "leads out"),
        ({"/etc/bees.txt": NOTE}, "leads out"),
        ({"picture.png": b"x"}, "holds no notes"),
        ({f"{n}.txt": f"{n} ".encode() * 2_800_000 for n in range(10, 17)}, "MB|packed size"),
    ],
)
def test_an_archive_that_is_a_trap_is_refused_whole(
    settings: Settings, folder: Notes, files: Mapping[str, bytes], why: str
) -> None:
    with pytest.raises(UploadRefused, match=why):
        folder.add(
            "wood",
            "many.zip",
            zipped({"fine.txt": NOTE, **files} if "picture.png" not in files else files),
            replace=False,
        )
    assert everything(settings) == []


def test_a_link_in_an_archive_is_refused(settings: Settings, folder: Notes) -> None:
    data = zipped({"bees.txt": b"/etc/passwd"}, modes={"bees.txt": stat.S_IFLNK | 0o777})
    with pytest.raises(UploadRefused, match="link"):
        folder.add("wood", "many.zip", data, replace=False)
    assert everything(settings) == []


def test_an_archive_of_notes_is_taken_as_it_is(settings: Settings, folder: Notes) -> None:
    folder.add("wood", "many.zip", zipped({"bees.txt": NOTE, "deep/tides.txt": NOTE}), replace=False)
    assert everything(settings) == ["notes/wood/many.zip"]


def test_what_is_removed_is_kept_elsewhere(settings: Settings, folder: Notes) -> None:
    folder.add("wood", "bees.txt", NOTE, replace=False)
    for name in ("tides.txt", "../bees.txt", "/etc/passwd", "wood/bees.txt"):
        with pytest.raises(UploadRefused):
            folder.remove("wood", name)
    kept = Path(folder.remove("wood", "bees.txt"))
    assert BEES in kept.read_text()
    assert folder.listed("wood") == []
    assert kept.parent == (settings.data / REMOVED).resolve()


def test_collections_are_made_and_kept_indexed(settings: Settings, folder: Notes) -> None:
    assert folder.make("Play")
    assert not folder.make("Play")
    assert list(folder.collections()) == ["Play", "wood"]
    assert folder.keep(["wood"], apart=True)
    (data_of(settings.data, "wood") / "current").write_text("x")
    assert not folder.keep(["wood"], apart=True)
    with pytest.raises(UploadRefused):
        folder.make("../out")


def test_where_the_new_note_cannot_be_named_the_old_one_stays(settings: Settings) -> None:
    """The old one was moved aside before, and on a disk that had become read-only it could not be moved back."""

    def read_only(_source: Path, to: Path) -> None:
        assert to.read_bytes() == NOTE
        raise OSError(errno.EROFS, "Read-only file system", str(to))

    NotesFolder(settings).add("wood", "bees.txt", NOTE, replace=False)
    with pytest.raises(UploadRefused, match="Read-only file system"):
        NotesFolder(settings, put=read_only).add("wood", "bees.txt", NOTE + b"More.", replace=True)
    assert everything(settings) == ["notes/wood/bees.txt"]
    assert (settings.notes / "wood" / "bees.txt").read_bytes() == NOTE


def test_a_note_that_is_replaced_is_kept_though_the_disk_does_not_take_the_new_name_for_good(
    settings: Settings,
) -> None:
    def unsynced(written: Path, to: Path) -> None:
        written.replace(to)
        raise OSError(errno.EIO, "Input/output error", str(to.parent))

    NotesFolder(settings).add("wood", "bees.txt", NOTE, replace=False)
    with pytest.raises(UploadRefused, match="Input/output error"):
        NotesFolder(settings, put=unsynced).add("wood", "bees.txt", NOTE + b"More.", replace=True)
    assert (settings.notes / "wood" / "bees.txt").read_bytes() == NOTE + b"More."
    (kept,) = (settings.data / REMOVED).iterdir()
    assert kept.read_bytes() == NOTE


def test_where_the_old_note_cannot_be_kept_it_stays_and_no_part_of_it_is_kept(settings: Settings) -> None:
    """Half of it stayed, and looked like what had been kept."""
    old = NOTE + b"More. " * 1000
    folder = NotesFolder(settings)
    folder.add("wood", "bees.txt", old, replace=False)
    with little_space(len(NOTE) + 500), pytest.raises(UploadRefused, match="File too large"):
        folder.add("wood", "bees.txt", NOTE, replace=True)
    assert everything(settings) == ["notes/wood/bees.txt"]
    assert (settings.notes / "wood" / "bees.txt").read_bytes() == old


def test_a_note_is_removed_to_another_drive_whole_or_not_at_all(settings: Settings) -> None:
    """Half of it stayed there, and looked like what had been kept."""
    shared = Path("/dev/shm")  # noqa: S108 - another drive than that of the tests, on most systems
    if not shared.is_dir() or shared.stat().st_dev == settings.notes.stat().st_dev:
        pytest.skip("there is no second drive here")
    old = NOTE + b"More. " * 1000
    with tempfile.TemporaryDirectory(dir=shared) as away:
        folder = NotesFolder(settings.model_copy(update={"data": Path(away)}))
        folder.add("wood", "bees.txt", old, replace=False)
        with little_space(500), pytest.raises(UploadRefused, match="File too large"):
            folder.remove("wood", "bees.txt")
        assert everything(settings) == ["notes/wood/bees.txt"]
        assert not list((Path(away) / REMOVED).iterdir())
        assert Path(folder.remove("wood", "bees.txt")).read_bytes() == old
        assert everything(settings) == []


def test_where_a_file_has_one_name_alone_a_note_still_comes_whole_and_instead_of_nothing(settings: Settings) -> None:
    """It was copied under its name, so that half a note could stand there."""
    seen: list[int] = []

    def no_links(_source: Path, to: Path) -> None:
        seen.append(to.exists())
        raise PermissionError(1, "Operation not permitted")

    folder = NotesFolder(settings, link=no_links)
    folder.add("wood", "bees.txt", NOTE, replace=False)
    folder.add("wood", "bees.txt", NOTE + b"More.", replace=True)
    assert (settings.notes / "wood" / "bees.txt").read_bytes() == NOTE + b"More."
    assert seen == [False]
    assert len(everything(settings)) == 2


def test_a_collection_does_not_fill_the_disk(settings: Settings, folder: Notes) -> None:
    with (settings.notes / "wood" / "big.txt").open("wb") as file:
        file.truncate(LARGEST_TOTAL - 10)
    with pytest.raises(UploadRefused, match=r"more than 500 MB\. Take others away first"):
        folder.add("wood", "bees.txt", NOTE, replace=False)
    folder.add("wood", "big.txt", NOTE, replace=True)
    folder.add("wood", "bees.txt", NOTE, replace=False)


def test_what_was_removed_long_ago_or_is_too_much_is_deleted(settings: Settings, folder: Notes) -> None:
    removed = settings.data / REMOVED
    removed.mkdir(parents=True)
    (removed / "20200101T000000-abcd-old.txt").write_text("x")
    stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime(time.time() - 86_400))
    with (removed / f"{stamp}-abcd-big.txt").open("wb") as file:
        file.truncate(LARGEST_TOTAL)
    folder.keep([], apart=False)
    assert [path.name for path in removed.iterdir()] == [f"{stamp}-abcd-big.txt"]
    folder.add("wood", "bees.txt", NOTE, replace=False)
    kept = folder.remove("wood", "bees.txt")
    assert [path.name for path in removed.iterdir()] == [Path(kept).name]
