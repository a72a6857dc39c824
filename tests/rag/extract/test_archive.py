"""Zip archives (PKWARE APPNOTE). A Notion export is a zip of `Title <32 hex digits>.md` files and, since its parts
were introduced, a zip of `ExportBlock-…-Part-1.zip` archives that hold them (github.com/obsidianmd/obsidian-importer).
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from rag.reading.library import bytes_of, read_library, scan
from tests.rag.extract.samples import docx, packed

ID = "0123456789abcdef0123456789abcdef"
NOTE = b"# Karl Vogt\n\n- old grains taste better\n"


def archived(root: Path, data: bytes, name: str = "export.zip") -> Path:
    (root / name).write_bytes(data)
    (root / "good.md").write_text("# Bread\n\nIt rises slowly overnight.\n")
    return root


def entry(name: str, data: bytes, *, mode: int = 0, flags: int = 0) -> bytes:
    """An archive of one member with these bits."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
        archive.writestr(info, data)
    made = bytearray(out.getvalue())
    made[6] |= flags
    made[made.index(b"PK\x01\x02") + 8] |= flags
    return bytes(made)


@pytest.mark.parametrize("nested", [False, True])
def test_a_notion_export(tmp_path: Path, nested: bool) -> None:
    inner = packed({f"Export/Talks {ID}/Karl {ID}.md": NOTE, f"Export/Talks {ID}/table.png": b"x", ".DS_Store": b"x"})
    data = packed({"ExportBlock-1-Part-1.zip": inner}) if nested else inner
    found = read_library(archived(tmp_path, data))
    above = "export.zip/ExportBlock-1-Part-1.zip" if nested else "export.zip"
    assert [note.file for note in found.notes] == [f"{above}/Export/Talks {ID}/Karl {ID}.md", "good.md"]
    assert found.warnings == ()
    passage = next(p for p in found.passages if p.text == "old grains taste better")
    assert (passage.line_start, passage.raw) == (3, "old grains taste better")
    assert NOTE.decode()[passage.char_start : passage.char_end] == passage.raw


def test_members_of_any_format_are_read_as_files_are(tmp_path: Path) -> None:
    members = {
        "a.docx": docx(["grains in Word"]),
        "b.html": b"<p>grains on a page</p>",
        "c.txt": "grains — é".encode("cp1252"),
    }
    found = read_library(archived(tmp_path, packed(members)))
    assert [(note.file, note.derived) for note in found.notes] == [
        ("export.zip/a.docx", "docx"),
        ("export.zip/b.html", "html"),
        ("export.zip/c.txt", None),
        ("good.md", None),
    ]
    for note in found.notes:
        held = bytes_of(tmp_path, note)
        assert all(p.raw.encode(note.encoding) in held for p in found.passages if p.note_file == note.file)


def test_scan_sees_a_changed_member(tmp_path: Path) -> None:
    archived(tmp_path, packed({"a.md": NOTE, "b.md": b"# B\n\nwords"}))
    before = scan(tmp_path)
    archived(tmp_path, packed({"a.md": NOTE, "b.md": b"# B\n\nother"}))
    changed = [one[0] for one, other in zip(before, scan(tmp_path), strict=True) if one != other]
    assert changed == ["export.zip/b.md"]


@pytest.mark.parametrize(
    ("data", "file", "reason"),
    [
        (entry("../../up.md", NOTE), "export.zip/up.md", "leads out of the archive"),
        (entry("a/../../up.md", NOTE), "export.zip/a/up.md", "leads out of the archive"),
        (entry("/etc/up.md", NOTE), "export.zip/etc/up.md", "leads out of the archive"),
        (entry("C:\\up.md", NOTE), "export.zip/C:/up.md", "leads out of the archive"),
        (entry("..\\up.md", NOTE), "export.zip/up.md", "leads out of the archive"),
        (entry("link.md", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "export.zip/link.md", "It is a link"),
        (entry("a.md", NOTE, flags=1), "export.zip/a.md", "encrypted"),
        (entry("bomb.md", b"a" * 10_000_000), "export.zip/bomb.md", "times its packed size"),
        (entry("data.xyz", b"a"), "export.zip/data.xyz", "not read yet"),
        (entry("a.md", NOTE)[:40], "export.zip", "damaged"),
        (b"no archive at all", "export.zip", "damaged"),
        (packed({}), "export.zip", "holds no notes"),
        (packed({"a.png": b"x"}), "export.zip", "holds no notes"),
        (packed({"in.zip": b"PK\x03\x04"}), "export.zip/in.zip", "inner archive is damaged"),
        (packed({"in.zip": packed({"in.zip": packed({"a.md": NOTE})})}), "export.zip/in.zip/in.zip", "this deep"),
        (packed({"in.zip": entry("../x.md", NOTE)}), "export.zip/in.zip/x.md", "leads out of the archive"),
    ],
)
def test_a_hostile_archive_costs_only_itself(tmp_path: Path, data: bytes, file: str, reason: str) -> None:
    found = read_library(archived(tmp_path, data))
    assert [(w.file, w.skipped) for w in found.warnings] == [(file, True)]
    assert reason in found.warnings[0].reason
    assert [note.file for note in found.notes] == ["good.md"]


def test_a_hostile_member_costs_only_itself(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.md", b"\0" * 100_000_000)
        archive.writestr("a.md", NOTE)
        archive.writestr("../b.md", NOTE)
        archive.writestr("deep.json", b"[" * 10_000)
    found = read_library(archived(tmp_path, out.getvalue()))
    assert [note.file for note in found.notes] == ["export.zip/a.md", "good.md"]
    assert {w.file for w in found.warnings} == {"export.zip/bomb.md", "export.zip/b.md", "export.zip/deep.json"}
    assert not (tmp_path.parent / "b.md").exists()


def test_a_member_that_lies_about_its_size_is_not_read_past_it(tmp_path: Path) -> None:
    data = bytearray(entry("a.md", b"a " * 3_000_000))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (100).to_bytes(4, "little")
    found = read_library(archived(tmp_path, bytes(data)))
    assert [w.file for w in found.warnings] == ["export.zip/a.md"]
    assert "damaged" in found.warnings[0].reason


def test_too_many_files_and_too_much_of_them(tmp_path: Path) -> None:
    found = read_library(archived(tmp_path, packed({f"{n}.md": b"" for n in range(20_001)})))
    assert "20,001 files" in found.warnings[0].reason
    swollen = packed({f"{n:02}.md": os.urandom(100_000) for n in range(30)})
    size = (100_000).to_bytes(4, "little")
    claimed = (19_000_000).to_bytes(4, "little")
    found = read_library(archived(tmp_path, swollen.replace(size + b"\x05\x00", claimed + b"\x05\x00")))
    assert "more than 500 MB" in found.warnings[0].reason


def test_two_members_of_one_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.md", NOTE)
        archive.writestr("a.md", b"# Other\n\nwords")
    found = read_library(archived(tmp_path, out.getvalue()))
    assert [note.file for note in found.notes] == ["export.zip/a.md", "good.md"]
    assert "another file of this name" in found.warnings[0].reason


def test_a_member_without_a_name(tmp_path: Path) -> None:
    """Python's own test for a folder looks at the last letter of the name, and there is none."""
    data = entry("a.md", NOTE).replace(b"a.md", b"\0.md")
    found = read_library(archived(tmp_path, data))
    assert [note.file for note in found.notes] == ["good.md"]
    assert found.warnings[0].skipped
