"""Killed or out of space at any moment, an index goes on serving; the next build works and cleans up."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag import build as layout
from rag.errors import StorageFull
from rag.index import open_index
from rag.indexing import build_index
from rag.probe import check
from rag.words import terms
from tests.builders import word_salad, write_notes
from tests.fakes import FakeEmbedder, bag_of_words

ROOT = Path(__file__).parents[2]
STAGES = ("Reading", "Embedding", "Storing", "Check")
CHANCE = random.Random()
SECONDS = sorted(CHANCE.uniform(0.0, 1.5) for _ in range(3))
BEFORE = {"salad.txt": "\n\n".join(word_salad(40))}
AFTER = {"salad.txt": "\n\n".join(word_salad(400, seed=11))}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with notes/ and data/: a small index serves, and the notes have grown since."""
    root = tmp_path_factory.mktemp("crash")
    build_index(write_notes(root / "notes", BEFORE), root / "data", FakeEmbedder(), check=check)
    write_notes(root / "notes", AFTER)
    return root


def passages(data: Path) -> int:
    """How many passages the index serves; every tenth is found by its own words."""
    check(layout.current_build(data))
    index = open_index(data, embedder=FakeEmbedder().fingerprint)
    try:
        for piece in index.passages[::10]:
            best = index.search(bag_of_words(piece.text), terms(piece.text), 1)[0]
            assert best.passage.text == piece.text
        return len(index.passages)
    finally:
        index.close()


def run(root: Path, moments: Sequence[str]) -> list[Path]:
    """One copy of the data folder a moment, after a build was killed then."""
    copies = [Path(shutil.copytree(root / "data", root / f"data-{moment}")) for moment in moments]
    arguments = [f"{copy}={moment}" for copy, moment in zip(copies, moments, strict=True)]
    command = [sys.executable, "-m", "tests.integration.crashing_build", str(root / "notes"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return copies


def mended(root: Path, data: Path) -> None:
    """The next build works, and nothing of the one that was killed is left."""
    report = build_index(root / "notes", data, FakeEmbedder(), check=check)
    assert passages(data) == report.passages > 350
    assert len(list(layout.builds_folder(data).iterdir())) <= 2
    assert all((folder / layout.MANIFEST).is_file() for folder in layout.builds_folder(data).iterdir())
    assert sorted(path.name for path in data.iterdir()) == ["builds", "current", "index.lock", "notes.json"]


def test_a_kill_in_any_stage_leaves_the_index_before(before: Path) -> None:
    served = passages(before / "data")
    copies = run(before, STAGES)
    for data in copies:
        assert passages(data) == served
    assert len(list(layout.builds_folder(copies[-1]).iterdir())) == 2  # something was there to clean up
    mended(before, copies[-1])


def test_a_kill_at_any_moment_leaves_the_index_before_or_the_new_one(before: Path) -> None:
    served = passages(before / "data")
    for data, seconds in zip(run(before, [f"{s:.3f}" for s in SECONDS]), SECONDS, strict=True):
        now = passages(data)
        assert now == served or now > 350, f"killed after {seconds} s"
    mended(before, data)


FULL_DISK = """
import shutil, sys
from pathlib import Path
from rag.errors import FootnoteError
from rag.indexing import build_index
from rag.probe import check
from tests.fakes import FakeEmbedder
try:
    build_index(Path(sys.argv[1]), Path(sys.argv[2]), FakeEmbedder(), check=check)
except FootnoteError as error:
    print(type(error).__name__, error)
shutil.copytree(sys.argv[2], sys.argv[3])
"""
MOUNT = 'mount -t tmpfs -o size={size}k none "$2" && cp -r "$1"/. "$2" && shift 2 && exec "$@"'


def has_own_mounts() -> bool:
    unshare = shutil.which("unshare")
    if not unshare:
        return False
    command = [unshare, "-rm", "sh", "-c", "mount -t tmpfs none /tmp"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_own_mounts(), reason="this system does not let a test mount a small disk")
@pytest.mark.parametrize("spare_kb", [40, 300])
def test_on_a_disk_that_is_really_full_the_index_before_serves(before: Path, tmp_path: Path, spare_kb: int) -> None:
    disk, saved = tmp_path / "disk", tmp_path / "saved"
    disk.mkdir()
    used = sum(4 + path.stat().st_size // 1024 for path in (before / "data").rglob("*"))
    shell = ["sh", "-c", MOUNT.format(size=used + spare_kb), "sh", str(before / "data"), str(disk)]
    build = [sys.executable, "-c", FULL_DISK, str(before / "notes"), str(disk), str(saved)]
    command = ["unshare", "-rm", *shell, *build]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(StorageFull.__name__), done.stdout + done.stderr
    assert "Free some space, then run: footnote index" in done.stdout
    assert passages(saved) == passages(before / "data")
    assert len(list(layout.builds_folder(saved).iterdir())) == 1
