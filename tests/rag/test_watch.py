"""Watching real folders. Times are short here; what counts is how often an update comes, and for what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.reading.ignored import is_ignored
from rag.reading.watch import stamps, watch

WAIT = 20.0  # seconds until a test gives up
QUIET = 0.3


@contextmanager
def watched(folder: Path, update: Callable[[], bool], **more: float) -> Iterator[None]:
    stop = threading.Event()
    options = {"look_every": 0.5, "quiet": QUIET, "try_again": 0.3, **more}
    thread = threading.Thread(target=watch, args=(folder, update), kwargs={"stop": stop, **options})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WAIT)
        assert not thread.is_alive()


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


class Updates:
    """Counts updates, and what the folder held at each."""

    def __init__(self, folder: Path, *, failures: int = 0) -> None:
        self.folder = folder
        self.failures = failures
        self.seen: list[dict[str, int]] = []

    def __call__(self) -> bool:
        self.seen.append({Path(path).name: stamp[0] for path, stamp in stamps(self.folder).items()})
        return len(self.seen) > self.failures

    def stay(self, count: int) -> None:
        time.sleep(4 * QUIET)
        assert len(self.seen) == count


def test_a_save_a_change_and_a_deletion_are_an_update_each(tmp_path: Path) -> None:
    updates, note = Updates(tmp_path), tmp_path / "deep" / "a.txt"
    with watched(tmp_path, updates):
        until(lambda: len(updates.seen) == 1)
        note.parent.mkdir()
        note.write_text("one")
        until(lambda: updates.seen[-1] == {"a.txt": 3})
        note.write_text("three")
        until(lambda: updates.seen[-1] == {"a.txt": 5})
        note.unlink()
        until(lambda: updates.seen[-1] == {})
        updates.stay(4)


def test_a_burst_of_saves_is_one_update(tmp_path: Path) -> None:
    updates = Updates(tmp_path)
    with watched(tmp_path, updates, quiet=1.0):
        until(lambda: len(updates.seen) == 1)
        for i in range(1_000):
            (tmp_path / f"{i % 50}.txt").write_text(str(i))
        until(lambda: len(updates.seen) == 2)
        updates.stay(2)
    assert len(updates.seen[1]) == 50


def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    updates = Updates(tmp_path)
    with watched(tmp_path, updates):
        until(lambda: len(updates.seen) == 1)
        with (tmp_path / "a.txt").open("w") as file:
            for _ in range(15):
                file.write("x")
                file.flush()
                time.sleep(QUIET / 3)
        until(lambda: len(updates.seen) == 2)
    assert updates.seen[1] == {"a.txt": 15}


def test_a_file_that_never_stops_growing_does_not_hold_up_the_others(tmp_path: Path) -> None:
    updates, stop = Updates(tmp_path), threading.Event()

    def grow() -> None:
        while not stop.wait(QUIET / 3):
            with (tmp_path / "log.txt").open("a") as file:
                file.write("x")

    growing = threading.Thread(target=grow)
    with watched(tmp_path, updates, patience=1.0):
        until(lambda: len(updates.seen) == 1)
        growing.start()
        (tmp_path / "a.txt").write_text("one")
        until(lambda: "a.txt" in updates.seen[-1])
        stop.set()
        growing.join(WAIT)


def test_what_sync_clients_leave_behind_is_no_change(tmp_path: Path) -> None:
    updates = Updates(tmp_path)
    with watched(tmp_path, updates):
        until(lambda: len(updates.seen) == 1)
        (tmp_path / ".obsidian").mkdir()
        (tmp_path / ".obsidian" / "workspace.json").write_text("{}")
        (tmp_path / "a.txt.crdownload").write_text("half")
        (tmp_path / "~$a.docx").write_text("lock")
        updates.stay(1)


def test_a_failed_update_is_tried_again(tmp_path: Path) -> None:
    updates = Updates(tmp_path, failures=2)
    with watched(tmp_path, updates):
        until(lambda: len(updates.seen) == 3)
        updates.stay(3)


def test_a_folder_that_goes_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    updates = Updates(folder)
    with watched(folder, updates):
        until(lambda: len(updates.seen) == 1)
        folder.rename(tmp_path / "away")
        until(lambda: updates.seen[-1] == {})
        (tmp_path / "away").rename(folder)
        until(lambda: updates.seen[-1] == {"a.txt": 3})


def test_a_folder_linked_into_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(stamps(tmp_path)) == 1


@pytest.mark.parametrize(
    "name",
    [
        ".obsidian", ".trash", "._a.txt", ".a.txt.icloud", "~$notes.docx", "a.tmp", "a.txt.part", "a.md.crdownload",
        "a.sync-conflict-20240101-120000-ABCDEFG.md", "~syncthing~a.md.tmp", "a.txt~", "#a.txt#", "a.txt.swp",
        "a.docx.sb-1a2b3c4d-XyZ", ".DS_Store",
    ],
)  # fmt: skip
def test_these_are_nobodys_notes(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["a.txt", "part one.md", "tmp.md", "~ on sleep.md", "c# notes.txt", "a.b.c.md"])
def test_these_may_be(name: str) -> None:
    assert not is_ignored(name)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A link to the root of the disk had all of it looked at every ten seconds."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("one")
    (tmp_path / "notes" / "out").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert stamps(tmp_path / "notes") == {}
