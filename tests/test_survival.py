"""The trials of what survives notice what is amiss; themselves they run for long, and by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.survival import deeds
from scripts.survival.kill import Failed, Trial
from tests.builders import FILES, write_notes

SAYS = "import sys, time; print('begun', flush=True); "


def trial(folder: Path, code: str, *, endless: bool = False) -> Trial:
    return Trial(command=[sys.executable, "-c", SAYS + code], says=folder / "says", endless=endless)


@pytest.mark.parametrize("endless", [False, True])
def test_what_an_activity_takes_and_has_said_is_told(tmp_path: Path, endless: bool) -> None:
    tried = trial(tmp_path, f"print('one', flush=True); time.sleep({60 if endless else 0.2})", endless=endless)
    assert 0.1 < tried.undisturbed() < 30
    assert tried.killed(1.0) == ["one"]


@pytest.mark.parametrize(
    ("code", "endless", "why"),
    [
        ("sys.exit(9)", True, "ends by itself, with 9"),
        ("print('one')", True, "ends by itself, with 0"),
        ("time.sleep(60)", True, "does nothing"),
        ("print('one'); sys.exit(9)", False, "fails undisturbed, with 9"),
        ("print('on', end='')", False, "does nothing"),
    ],
)
def test_an_activity_that_fails_or_does_nothing_is_no_trial(tmp_path: Path, code: str, endless: bool, why: str) -> None:
    """One that ended at once was killed in vain every time, and nothing was found amiss."""
    with pytest.raises(Failed, match=why):
        trial(tmp_path, code, endless=endless).undisturbed()


@pytest.mark.parametrize("endless", [False, True])
def test_an_activity_that_has_failed_before_it_was_killed_is_amiss(tmp_path: Path, endless: bool) -> None:
    with pytest.raises(Failed, match="with 9"):
        trial(tmp_path, "print('one'); sys.exit(9)", endless=endless).killed(1.0)


def test_a_note_that_was_replaced_has_to_be_kept_whole(tmp_path: Path) -> None:
    """Nobody looked whether it was."""
    write_notes(tmp_path / "notes", FILES)
    deeds.note_is_whole(tmp_path, ())
    deeds.add_note(tmp_path)
    deeds.note_is_whole(tmp_path, ["added"])
    (kept,) = (tmp_path / "data" / "removed").iterdir()
    kept.write_text(FILES["rye.md"][:9])
    with pytest.raises(AssertionError, match="kept of the note before"):
        deeds.note_is_whole(tmp_path, ["added"])
    kept.unlink()
    with pytest.raises(AssertionError, match="kept of the note before"):
        deeds.note_is_whole(tmp_path, ["added"])
