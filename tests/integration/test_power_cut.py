"""What is swapped in is on the disk before it is: read from the system's own record of a build (strace).

`python -m scripts.survival.power_cut` shows that this is enough: it builds the worst disks that a cut may leave.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.envfile import write
from bot.state.backup import back_up
from bot.state.store import open_store, state_path
from tests.bot.state.builders import turn
from tests.builders import write_notes

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
CALLS = (
    *("openat", "open", "creat", "mkdir", "write", "pwrite64", "writev", "sendfile", "ftruncate", "fallocate"),
    *("fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink"),
)
LINE = re.compile(r"^(?P<thread>\d+)\s+(?:<\.\.\. \w+ resumed>)?(?P<rest>.*)$")
CALL = re.compile(r"^(?P<name>\w+)\((?P<given>.*)\)\s+= (?P<outcome>-?\d+)(?:<(?P<opened>[^>]*)>)?")
BUILD = """
import sys
from pathlib import Path
from rag.indexing import build_index
from rag.probe import check
from tests.fakes import FakeEmbedder
build_index(Path(sys.argv[1]), Path(sys.argv[2]), FakeEmbedder(), check=check)
"""
ENV = "import sys; from pathlib import Path; from bot.envfile import write; write(Path(sys.argv[1]), {'A': 'new'})"
BACKUP = "import sys; from pathlib import Path; from bot.state.backup import back_up; back_up(*map(Path, sys.argv[1:]))"
NOTE = """
import sys
from pathlib import Path
from bot.notes_folder import NotesFolder
from bot.settings import Settings
NotesFolder(Settings(notes=Path(sys.argv[1]), data=Path(sys.argv[2]))).add(None, "bees.txt", b"# Bees", replace=True)
"""

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was done: "write", "name" (it is new in its folder), "gone", "sync" or "rename", to which path."""

    kind: str
    path: str
    to: str = ""


def recorded(code: str, *arguments: Path) -> list[Step]:
    """All that a program does to the disk, in order."""
    log = arguments[0].parent / "strace.log"
    traced = [str(STRACE), "-f", "-y", "-s", "0", "-e", f"trace={','.join(CALLS)}", "-o", str(log)]
    command = [*traced, sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    if "ptrace" in done.stderr.lower() or "not permitted" in done.stderr:
        pytest.skip("this system does not let a test trace programs")
    assert done.returncode == 0, done.stderr
    return [step for call in whole(log.read_text(errors="replace").splitlines()) for step in steps(call)]


def whole(lines: Sequence[str]) -> Iterator[re.Match[str]]:
    """Every call when it has come back, those too that other threads came between."""
    begun: dict[str, str] = {}
    for line in lines:
        found = LINE.match(line)
        assert found is not None
        text = begun.pop(found["thread"], "") + found["rest"]
        if text.endswith("<unfinished ...>"):
            begun[found["thread"]] = text.removesuffix("<unfinished ...>")
        elif call := CALL.match(text):
            yield call


def steps(call: re.Match[str]) -> Iterator[Step]:
    """What a call has done to which paths."""
    if call["outcome"].startswith("-"):
        return
    of = re.match(r"\d+<([^>]*)>", call["given"])
    named = [str(ROOT / path) for path in re.findall(r'"([^"]*)"', call["given"])]
    if call["name"] in ("fsync", "fdatasync") and of:
        yield Step(kind="sync", path=of[1])
    elif call["name"] in ("write", "pwrite64", "writev", "sendfile", "ftruncate", "fallocate") and of:
        yield Step(kind="write", path=of[1])
    elif call["name"].startswith("rename"):
        yield Step(kind="rename", path=named[0], to=named[-1])
    elif call["name"] in ("mkdir", "unlink"):
        yield Step(kind="gone" if call["name"] == "unlink" else "name", path=named[-1])
    elif call["opened"] and "O_CREAT" in call["given"]:
        yield Step(kind="name", path=call["opened"])


def unsynced(done: Sequence[Step], below: Path) -> set[str]:
    """The files and folders in `below` that were changed and not synced after that."""
    changed: set[str] = set()
    for step in done:
        if step.kind == "sync":
            changed.discard(step.path)
        elif step.kind == "write":
            changed.add(step.path)
        else:
            changed.add(str(Path(step.path).parent))
        if step.kind == "gone":
            changed.discard(step.path)
    return {path for path in changed if Path(path).is_relative_to(below)}


def swap(done: Sequence[Step], target: Path) -> int:
    """Where in the record something takes its place."""
    (at,) = (n for n, step in enumerate(done) if step.kind == "rename" and step.to == str(target))
    return at


def test_every_file_and_folder_of_a_build_is_synced_before_it_serves_and_its_name_after(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = recorded(BUILD, write_notes(tmp_path / "notes"), data)
    at = swap(done, data / "current")
    build = data / "builds" / (data / "current").read_text()
    written = {step.path for step in done[:at] if step.kind == "write"}
    assert {str(path) for path in build.rglob("*.json*")} <= written  # so the record is one
    assert unsynced(done[:at], data / "builds") == set()
    assert done[at].path not in unsynced(done[:at], data)
    assert str(data) not in unsynced(done, data)


def test_settings_and_a_backup_are_synced_before_they_are_named_and_their_names_after(tmp_path: Path) -> None:
    settings = tmp_path / "settings" / ".env"
    settings.parent.mkdir()
    write(settings, {"A": "old"})
    with open_store(state_path(tmp_path)) as store, store.transaction():
        turn(store)
    back_up(state_path(tmp_path), tmp_path / "warm.sqlite3")
    copy = tmp_path / "copies" / "copy.sqlite3"
    copy.parent.mkdir()
    for code, target, arguments in ((ENV, settings, [settings]), (BACKUP, copy, [state_path(tmp_path), copy])):
        done = recorded(code, *arguments)
        at = swap(done, target)
        assert done[at].path not in unsynced(done[:at], target.parent)
        assert unsynced(done, target.parent) == set()


def test_a_note_is_kept_for_good_before_another_takes_its_place(tmp_path: Path) -> None:
    """After a power cut there was half of it, or nothing, and the new one."""
    notes, data = write_notes(tmp_path / "notes"), tmp_path / "data"
    done = recorded(NOTE, notes, data)
    at = swap(done, notes / "bees.txt")
    assert any(step.kind == "write" and "removed" in step.path for step in done[:at])  # so the record is one
    assert unsynced(done[:at], data) == set()
    assert unsynced(done, notes) == set()
