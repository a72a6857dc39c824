"""`episodes.toml`: what it changes, what is said of what cannot be used, and what is written into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import NotesError
from rag.reading.corrections import Decision, decided, write
from rag.reading.library import read_library, scan
from rag.reading.overrides import FILE, joined, parse
from rag.types import Episode, Library
from tests.builders import write_notes
from tests.rag.test_episodes import FULL, claim

LOG = """# Learning log

## Mia Sand on Odd Lots (4/16)
- Salt is two percent.

## Karl Vogt on Odd Lots (4/17)
- Rye keeps for a week.
"""


def front(title: str, date: str, text: str) -> str:
    return f"---\nshow: Odd Lots\ntitle: {title}\ndate: {date}\n---\n\n- {text}\n"


NOTES = {
    "rye.md": front("Why rye keeps", "2024-04-19", "Its crumb holds water."),
    "mills.md": front("Mills and tides", "2024-05-02", "The moon turns them."),
    "log.md": LOG,
}


def library(folder: Path, toml: str, files: dict[str, str] = NOTES) -> Library:
    write_notes(folder, files)
    (folder / FILE).write_text(toml, encoding="utf-8")
    return read_library(folder)


def of_file(found: Library, file: str, line: int = 1) -> Episode:
    return next(
        episode
        for episode in found.episodes
        for entry in episode.entries
        if entry.note_file == file and entry.line_end >= line
    )


def test_every_field_can_be_set(tmp_path: Path) -> None:
    found = library(
        tmp_path,
        """
        [[episode]]
        file = "rye.md"
        show = "The Slow Oven"
        title = "Rye"
        number = 12
        guests = ["Mia Sand", "Karl Vogt"]
        hosts = "Ann Lee"
        date = 2024-05-12
        urls = ["https://youtu.be/RyeEp000012"]
        """,
    )
    assert found.warnings == ()
    rye = of_file(found, "rye.md")
    assert (rye.show, rye.title, rye.number, rye.date) == ("The Slow Oven", "Rye", "12", "2024-05-12")
    assert (rye.guests, rye.hosts) == (("Mia Sand", "Karl Vogt"), ("Ann Lee",))
    assert rye.urls == ("https://youtu.be/RyeEp000012",)
    assert {origin for _, origin in rye.origins} == {"override"}
    assert rye.id == "the-slow-oven-rye-2024-05-12"
    assert of_file(found, "mills.md").title == "Mills and tides"
    assert next(p for p in found.passages if "crumb" in p.text).episode_id == rye.id


@pytest.mark.parametrize(
    ("target", "changed"),
    [
        ('file = "*.md"', {"rye.md", "mills.md", "log.md"}),
        ('file = "r*"', {"rye.md"}),
        ('file = "log.md"\nlines = "6"', {"log.md"}),
        ('file = "log.md"\nlines = [3, 4]', {"log.md"}),
        ('id = "odd-lots-mills-and-tides-2024-05-02"', {"mills.md"}),
    ],
)
def test_what_a_rule_is_about(tmp_path: Path, target: str, changed: set[str]) -> None:
    found = library(tmp_path, f'[[episode]]\n{target}\nnumber = "7"')
    assert found.warnings == ()
    numbered = [e for episode in found.episodes for e in episode.entries if e.number == "7"]
    assert {entry.note_file for entry in numbered} == changed
    if "lines" in target:
        assert len(numbered) == 1


def test_a_field_can_be_emptied(tmp_path: Path) -> None:
    found = library(tmp_path, '[[episode]]\nfile = "mills.md"\nshow = ""\ndate = ""')
    mills = of_file(found, "mills.md")
    assert (mills.show, mills.date) == (None, None)


def test_an_id_leads_to_its_episode_before_and_after_the_rule_that_changes_it(tmp_path: Path) -> None:
    """A title in the file changes the id; both the old and the new one must go on working."""
    toml = """
        [[episode]]
        id = "odd-lots-mills-and-tides-2024-05-02"
        title = "Tide mills"
        [[episode]]
        id = "odd-lots-tide-mills-2024-05-02"
        number = 3
    """
    found = library(tmp_path, toml)
    assert found.warnings == ()
    mills = of_file(found, "mills.md")
    assert (mills.title, mills.number) == ("Tide mills", "3")


def test_join_and_separate(tmp_path: Path) -> None:
    found = library(tmp_path, '[[episode]]\njoin = ["rye.md", "mills.md"]')
    assert of_file(found, "rye.md") == of_file(found, "mills.md")
    joined_by_id = library(tmp_path, '[[episode]]\nid = "odd-lots-mills-and-tides-2024-05-02"\njoin = ["log.md:6-7"]\n')
    assert {e.note_file for e in of_file(joined_by_id, "mills.md").entries} == {"mills.md", "log.md"}
    twins = {"a.md": NOTES["rye.md"], "b.md": NOTES["rye.md"]}
    assert len(library(tmp_path, "", twins).episodes) == 1
    assert len(library(tmp_path, '[[episode]]\nfile = "a.md"\nseparate = ["b.md"]', twins).episodes) == 2


def test_the_file_is_no_note_and_a_change_in_it_is_a_change_of_the_notes(tmp_path: Path) -> None:
    found = library(tmp_path, '[[episode]]\nfile = "rye.md"\nnumber = 1')
    assert FILE not in {note.file for note in found.notes}
    before = dict(scan(tmp_path))
    (tmp_path / FILE).write_text('[[episode]]\nfile = "rye.md"\nnumber = 2', encoding="utf-8")
    after = dict(scan(tmp_path))
    assert [name for name in after if after[name] != before.get(name)] == [FILE]
    (tmp_path / FILE).unlink()
    assert FILE not in dict(scan(tmp_path))


GOOD_RULE = '[[episode]]\nfile = "rye.md"\nnumber = 9\n'


@pytest.mark.parametrize(
    ("toml", "line", "reason"),
    [
        ('[[episode]]\nfile = "rye.md"\ntitel = "Rye"', 3, "titel: unknown; the fields are file,"),
        ('[[episode]]\nfile = "rye.md"\ndate = "yesterday"', 3, "date: this is no date"),
        ('[[episode]]\nfile = "rye.md"\ndate = "2024-02-30"', 3, "date: this is no date"),
        ('[[episode]]\nfile = "rye.md"\n\nguests = [1]', 4, "guests: this must be a list"),
        ('[[episode]]\nfile = "rye.md"\nurls = ["javascript:alert(1)"]', 3, "urls: each must be an address"),
        ('[[episode]]\nfile = "rye.md"\ntitle = 3', 3, "title: this must be text"),
        ('[[episode]]\nfile = "rye.md"\nnumber = true', 3, "number: this must be a number"),
        ('[[episode]]\nfile = "rye.md"\nlines = "top"\ntitle = "x"', 3, "lines: this must be lines"),
        ('[[episode]]\nfile = "rey.md"\ntitle = "x"', 1, "Did you mean 'rye.md'?"),
        ('# first\n\n[[episode]]\nid = "no-such-thing"\ntitle = "x"', 3, "called 'no-such-thing'"),
        ('[[episode]]\njoin = ["rye.md", "nowhere.md"]', 1, "nowhere.md"),
        ('[[episode]]\ntitle = "x"', 1, "Nothing says which episode"),
        ('[[episode]]\nfile = "rye.md"', 1, "This changes nothing"),
        ('[notes]\nfile = "rye.md"', 1, "'notes' means nothing here. Write [[episode]]"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line_and_costs_only_itself(
    tmp_path: Path, toml: str, line: int, reason: str
) -> None:
    found = library(tmp_path, toml + "\n" + GOOD_RULE.replace("rye.md", "mills.md"))
    (warning,) = found.warnings
    assert (warning.file, warning.line, warning.skipped) == (FILE, line, False)
    assert reason in warning.reason
    assert of_file(found, "mills.md").number == "9"
    assert len(found.notes) == len(NOTES)


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b'[[episode]]\nfile = "rye.md"\ntitle = Rye\n', 3, "This is not TOML"),
        (b'[[episode]]\ntitle = "\xff"\n', 2, "not UTF-8"),
        (b"x = " + b"[" * 5000, None, ""),
    ],
)
def test_a_broken_file_costs_only_itself(tmp_path: Path, data: bytes, line: int | None, reason: str) -> None:
    write_notes(tmp_path, NOTES)
    (tmp_path / FILE).write_bytes(data)
    found = read_library(tmp_path)
    (warning,) = found.warnings
    assert warning.file == FILE
    assert reason in warning.reason
    assert line is None or warning.line == line
    assert len(found.notes) == len(NOTES)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b"[[episode]]\n" + text.encode()))
def test_any_bytes_are_survived(data: bytes) -> None:
    rules, warnings = parse(data)
    joined([claim("a", guests=FULL)], rules)
    assert all(warning.reason and warning.file == FILE for warning in warnings)


WRITTEN = """# mine: keep this
[[episode]]
file = "mills.md"   # the tide ones
number = 7
"""


@pytest.mark.parametrize(
    "before", ["", WRITTEN, WRITTEN.replace("\n", "\r\n"), 'episode = [{file = "mills.md", number = 7}]\n']
)
def test_decisions_are_added_and_all_else_stays(tmp_path: Path, before: str) -> None:
    write_notes(tmp_path, NOTES)
    (tmp_path / FILE).write_bytes(before.encode())
    write(tmp_path, [Decision(action="join", names=("rye.md", "mills.md"), why="one show and date (60% sure)")])
    after = (tmp_path / FILE).read_bytes().decode()
    assert after.startswith(before.rstrip().rstrip("]"))
    assert ("\r\n" in after) == ("\r\n" in before)
    found = read_library(tmp_path)
    assert found.warnings == ()
    assert of_file(found, "rye.md") == of_file(found, "mills.md")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("title = Rye")
    with pytest.raises(NotesError, match="cannot be added to"):
        write(tmp_path, [Decision(action="join", names=("a", "b"), why="")])
    assert (tmp_path / FILE).read_text() == "title = Rye"


@pytest.mark.parametrize("action", ["join", "separate"])
def test_a_decision_settles_its_proposal(tmp_path: Path, action: str) -> None:
    found = library(tmp_path, "", {**NOTES, "old.md": front("Hunger", "2024-04-19", "Bread was dear.")})
    (proposal,) = found.proposals
    write(tmp_path, [decided(proposal, found, action)])  # type: ignore[arg-type]
    again = read_library(tmp_path)
    assert again.warnings == ()
    assert again.proposals == ()
    together = of_file(again, "rye.md") == of_file(again, "old.md")
    assert together == (action == "join")
