"""`footnote notes`: the table, the doctor and an episode as read, on a real folder and without models."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.cli import Services, run
from bot.commands.notes import find
from bot.json_face import schema
from rag.reading.overrides import FILE
from tests.builders import episode, write_notes

CLEAN = """---
show: The Garden Hour
title: How bees find clover
guests: Ines Moreau
date: 2024-05-02
url: https://www.youtube.com/watch?v=BeesEp00002
---

## Dances

(4:10) A bee dances for ten seconds to show where the clover is.
"""
SPARROWS = "The old hedges by the river hold forty sparrow nests, and nobody had counted the birds before."
OTHER = """---
show: The Garden Hour
title: Clover
date: 2024-05-02
---

- Clover keeps the soil from drying out between the rows.
"""
TROUBLED = {
    "clover.md": OTHER,
    "bees.md": CLEAN,
    "walk.md": f"# Thoughts on a walk\n\n(2:30) {SPARROWS}\n",
    "Huberman Lab/Episode 12 - Sleep/notes.txt": f"- {SPARROWS}\n",
    "broken.md": "# Broken, May 3, 2024\n\nIt was \ufffd\ufffd\ufffd degrees in the shade that day.\n",
    "empty.md": "",
}


def never(*_: object) -> Any:
    raise AssertionError("notes are read without models and without the index")


SERVICES = Services(open_assistant=never, refresh=never, build=never)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Path]:
    """Writes a notes folder; no `.env` and no settings lie about."""
    monkeypatch.chdir(tmp_path)

    def written(files: dict[str, str]) -> Path:
        folder = write_notes(tmp_path / "notes", {})
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return written


Notes = Callable[[dict[str, str]], Path]
Captured = pytest.CaptureFixture[str]


def printed(capsys: Captured, folder: Path, *args: str, code: int = 0) -> str:
    assert run(["notes", *args, "--notes", str(folder)], SERVICES) == code
    return capsys.readouterr().out


def as_json(capsys: Captured, folder: Path, *args: str, code: int = 0) -> Any:
    value = json.loads(printed(capsys, folder, *args, "--json", code=code))
    Draft202012Validator(schema("notes")).validate(value)
    return value


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema("notes"))


def test_the_table_has_a_row_for_every_file(notes: Notes, capsys: Captured) -> None:
    folder = notes({"bees.md": CLEAN, "empty.md": ""})
    lines = printed(capsys, folder).splitlines()
    assert lines[0].split("\t") == ["file", "reader", "episodes", "passages", "minutes", "warnings"]
    bees, empty = (line.split("\t") for line in lines[1:])
    assert (bees[0], bees[2], bees[4], bees[5]) == ("bees.md", "1", "1", "0")
    assert int(bees[3]) >= 1
    assert empty == ["empty.md", "left out", "0", "0", "0", "1"]
    rows = as_json(capsys, folder)["files"]
    assert [row["file"] for row in rows] == ["bees.md", "empty.md"]
    assert rows[1]["reader"] is None


def test_a_clean_folder_is_0(notes: Notes, capsys: Captured) -> None:
    folder = notes({"bees.md": CLEAN})
    assert "Nothing to mend" in printed(capsys, folder, "check")
    assert as_json(capsys, folder, "check")["findings"] == []


def test_every_kind_of_finding_is_3_and_has_a_remedy(notes: Notes, capsys: Captured) -> None:
    found = as_json(capsys, notes(TROUBLED), "check", code=3)["findings"]
    by_kind = {finding["kind"]: finding for finding in found}
    assert set(by_kind) == {"unreadable", "encoding", "undated", "minutes without a link", "join", "twice", "guess"}
    assert by_kind["unreadable"]["file"] == "empty.md"
    assert by_kind["minutes without a link"]["file"] == "walk.md"
    assert (by_kind["encoding"]["file"], by_kind["encoding"]["line"]) == ("broken.md", 3)
    assert "Huberman Lab/Episode 12 - Sleep/notes.txt" in by_kind["twice"]["what"]
    assert by_kind["join"]["proposal"]["why"] == "one show and date, but other titles"
    sleep = next(f for f in found if f["kind"] == "guess" and "Sleep" in f["what"])
    assert "show from the folder's name" in sleep["what"]
    assert all(f["remedy"] for f in found if f["kind"] != "unreadable")


@pytest.mark.parametrize("kind", ["undated", "minutes without a link", "guess"])
def test_what_a_remedy_says_to_write_mends_it(kind: str, notes: Notes, capsys: Captured) -> None:
    folder = notes(TROUBLED)
    before = as_json(capsys, folder, "check", code=3)["findings"]
    written = [f["toml"].replace("https://...", "https://youtu.be/Walk0000001") for f in before if f["kind"] == kind]
    (folder / FILE).write_text("\n".join(written), encoding="utf-8")
    after = as_json(capsys, folder, "check", code=3)["findings"]
    assert {f["kind"] for f in before} - {f["kind"] for f in after} == {kind}
    assert not [f for f in after if f["file"] == FILE]


def test_fix_writes_the_joins_into_the_file_and_keeps_what_is_there(notes: Notes, capsys: Captured) -> None:
    folder = notes({"bees.md": CLEAN, "clover.md": OTHER})
    (folder / FILE).write_text('# mine\n[[episode]]\nfile = "clover.md"\nnumber = 2\n')
    assert "may be one episode" in printed(capsys, folder, "check", code=3)
    printed(capsys, folder, "check", "--fix", "--yes")
    text = (folder / FILE).read_text()
    assert text.startswith('# mine\n[[episode]]\nfile = "clover.md"\nnumber = 2\n')
    assert 'join = ["clover.md", "bees.md"]' in text or 'join = ["bees.md", "clover.md"]' in text
    assert len(as_json(capsys, folder, "show", "bees")["episode"]["notes"]) == 2


def test_fix_writes_nothing_where_nobody_can_be_asked(
    notes: Notes, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = notes({"bees.md": CLEAN, "clover.md": OTHER})
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run(["notes", "check", "--fix", "--notes", str(folder)], SERVICES) == 1
    assert "--yes" in capsys.readouterr().err
    assert not (folder / FILE).exists()


class Terminal:
    """A person who types these lines."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:
        return self._lines.pop(0) + "\n"


@pytest.mark.parametrize(("answer", "word", "code"), [("y", "join", 0), ("n", "separate", 0), ("l", "", 3)])
def test_fix_asks_about_each_join(
    answer: str, word: str, code: int, notes: Notes, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = notes({"bees.md": CLEAN, "clover.md": OTHER})
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    out = printed(capsys, folder, "check", "--fix", code=code)
    assert "Are they one episode? one show and date, but other titles" in out
    assert "bees.md:1" in out
    assert (folder / FILE).exists() == bool(word)
    assert not word or f"{word} = [" in (folder / FILE).read_text()


def test_an_episode_is_shown_as_read(notes: Notes, capsys: Captured) -> None:
    folder = notes({"bees.md": CLEAN})
    out = printed(capsys, folder, "show", "clover")
    assert out.startswith("The Garden Hour: How bees find clover (2 May 2024)\n")
    assert "  date: 2024-05-02  (front matter)\n" in out
    assert "4:10" in out
    assert "bees.md:11 · Dances" in out
    value = as_json(capsys, folder, "show", "the-garden-hour-how-bees-find-clover-2024-05-02")["episode"]
    assert value["origins"]["guests"] == "front matter"
    timed = [p for note in value["notes"] for p in note["passages"] if p["seconds"] == 250]
    assert [p["line_start"] for p in timed] == [11]


def test_several_that_may_be_meant_are_listed(notes: Notes, capsys: Captured) -> None:
    folder = notes({"bees.md": CLEAN, "clover.md": OTHER})
    out = printed(capsys, folder, "show", "garden", "hour", code=1)
    assert "the-garden-hour-clover-2024-05-02" in out
    assert len(as_json(capsys, folder, "show", "garden hour", code=1)["choices"]) == 2


def test_no_such_episode_is_said_in_one_sentence(notes: Notes, capsys: Captured) -> None:
    assert run(["notes", "show", "\x1b[31mzz", "--notes", str(notes({"bees.md": CLEAN}))], SERVICES) == 1
    assert "\x1b" not in (error := capsys.readouterr().err)
    assert "No episode is called" in error


def test_a_missing_folder_is_said_in_one_sentence(tmp_path: Path, capsys: Captured) -> None:
    assert run(["notes", "check", "--notes", str(tmp_path / "none")], SERVICES) == 1
    assert "does not exist" in capsys.readouterr().err


def test_notes_cannot_steer_the_terminal(notes: Notes, capsys: Captured) -> None:
    evil = CLEAN.replace("How bees", "How \x1b]0;owned\x07\u202ebees").replace("## Dances", "## Da\x9bnces")
    folder = notes({"bees\x1b[2J.md": evil, "empty\x1b[31m.md": ""})
    for args in ([], ["check"], ["show", "clover"]):
        run(["notes", *args, "--notes", str(folder)], SERVICES)
        out = capsys.readouterr().out
        assert out
        assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("b", ["b"]),
        ("hunger", ["b"]),
        ("MIA", ["a"]),
        ("Brad and slat", ["a"]),
        ("quantum chromodynamics", []),
    ],
)
def test_how_an_episode_is_found_by_name(name: str, meant: list[str]) -> None:
    known = [
        episode(id="a", title="Bread and salt", guests=("Mia Sand",)),
        episode(id="b", title="Hunger"),
    ]
    assert [found.id for found in find(known, name)] == meant
