"""Ten files that mean no good, and what Footnote says of each to somebody who has put them among their notes.

    python -m scripts.hostile_notes FOLDER            writes them into a new folder, with one honest note
    python -m scripts.hostile_notes FOLDER --crowd    adds 100,000 short notes

Then look with `footnote notes --notes FOLDER` and `footnote index --notes FOLDER --data SOMEWHERE`.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from pypdf import PdfWriter

HONEST = "honest.txt"
CROWD = 100_000
_NOTE = "Show: Odd Hours\nTitle: Gates\n\nThe wooden gate of Ostrava has seventeen hinges.\n"
_LOREM = "The gate is painted green every second spring. "


def zip_bomb(path: Path) -> None:
    """A megabyte that holds a gigabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("notes.txt", "w", force_zip64=True) as member:
            for _ in range(1024):
                member.write(bytes(1024 * 1024))
        archive.writestr("../../outside.txt", _NOTE)


def link_out(path: Path) -> None:
    """A link to a file that is none of the notes."""
    path.symlink_to("/etc/passwd")


def one_line(path: Path) -> None:
    """50 MB without a line break."""
    path.write_text(_LOREM * (50_000_000 // len(_LOREM)), encoding="utf-8")


def nesting(path: Path) -> None:
    """A JSON transcript 10,000 levels deep."""
    path.write_text('{"segments": ' + "[" * 10_000 + "]" * 10_000 + "}", encoding="utf-8")


def yaml_aliases(path: Path) -> None:
    """Front matter that a reader of YAML unfolds into a billion words."""
    levels = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    path.write_text("---\n" + "\n".join(levels) + f"\n---\n\n{_NOTE}", encoding="utf-8")


def locked_pdf(path: Path) -> None:
    """A PDF that asks for a password."""
    _pdf(path, lambda writer: writer.encrypt("secret", algorithm="RC4-128"))


def scanned_pdf(path: Path) -> None:
    """A PDF of two pages without text, as a scanner makes them."""
    _pdf(path, lambda writer: writer.add_blank_page(width=200, height=200))


def _pdf(path: Path, change: Callable[[PdfWriter], object]) -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    change(writer)
    content = io.BytesIO()
    writer.write(content)
    path.write_bytes(content.getvalue())


def macros(path: Path) -> None:
    """A Word document that carries a macro."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
        "</Types>"
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in _NOTE.splitlines())
    document = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{paragraphs}</w:body></w:document>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        archive.writestr("word/document.xml", document)
        archive.writestr("word/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b'Sub AutoOpen()\nShell "calc"\nEnd Sub')


def binary(path: Path) -> None:
    """NUL bytes under the name of a text."""
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40)


def surrogates(path: Path) -> None:
    """UTF-16 with halves of characters in it; the name is written from right to left."""
    text = _NOTE.replace("seventeen", "\ud800seven\udc00teen")
    path.write_bytes(b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass"))


FILES: dict[str, Callable[[Path], None]] = {
    "bomb.zip": zip_bomb,
    "link-out.txt": link_out,
    "one-line.txt": one_line,
    "nesting.json": nesting,
    "aliases.md": yaml_aliases,
    "locked.pdf": locked_pdf,
    "scanned.pdf": scanned_pdf,
    "macros.docx": macros,
    "binary.txt": binary,
    "gate-\u202etxt.seton.txt": surrogates,
}


def write(folder: Path) -> None:
    """Write the ten and the honest note into `folder`, which is made."""
    folder.mkdir(parents=True)
    (folder / HONEST).write_text(_NOTE, encoding="utf-8")
    for name, make in FILES.items():
        make(folder / name)


def crowd(folder: Path) -> None:
    """Add many short notes, a thousand a folder."""
    for i in range(CROWD):
        place = folder / f"crowd-{i // 1000:03}"
        place.mkdir(exist_ok=True)
        (place / f"{i:06}.txt").write_text(f"Show: Crowd\nTitle: Talk {i}\n\n- Guest {i} counts to {json.dumps(i)}.\n")


def main(arguments: list[str]) -> None:
    if not arguments:
        sys.exit(__doc__)
    folder = Path(arguments[0])
    write(folder)
    if "--crowd" in arguments:
        crowd(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
