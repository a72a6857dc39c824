from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.commands.discord import backed_up, beside, served
from bot.settings import Settings
from bot.state.store import open_store, state_path
from rag.calibration import save_calibration
from rag.collection import data_of, keep_indexed
from tests.rag.test_calibration import SAMPLE, build


def test_a_build_has_another_name_once_its_thresholds_are_its_own(tmp_path: Path) -> None:
    """What people wait for is asked once a name: a new build is served first with the thresholds of the one before."""
    assert served(tmp_path) == ""
    folder = build(tmp_path, "one")
    save_calibration(folder, replace(SAMPLE, changed=0.5))
    carried = served(tmp_path)
    save_calibration(folder, SAMPLE)
    assert served(tmp_path) == "one" != carried
    build(tmp_path, "two")
    assert served(tmp_path) not in ("one", "two", carried)


def test_a_build_of_a_collection_is_a_new_name_too_and_is_kept_up(tmp_path: Path) -> None:
    """Who waits for a collection's notes to cover something is asked for again whenever those change."""
    save_calibration(build(tmp_path, "one"), SAMPLE)
    keep_indexed(tmp_path, ["work"])
    before = served(tmp_path)
    save_calibration(build(data_of(tmp_path, "work"), "first"), SAMPLE)
    assert served(tmp_path).startswith("one, ")
    assert served(tmp_path) != before
    assert [kept.data for kept in beside(Settings(data=tmp_path))] == [data_of(tmp_path, "work")]


def test_what_a_killed_bot_has_left_of_a_backup_is_gone_with_the_next(tmp_path: Path) -> None:
    """Questions stood in it that their people had had erased since."""
    open_store(state_path(tmp_path)).close()
    left = tmp_path / "backups" / ".state-20240229T120000.sqlite3.unfinished-journal"
    left.parent.mkdir()
    left.write_bytes(b"half of it")
    assert list((tmp_path / "backups").iterdir()) == [left]
    made = backed_up(tmp_path)
    assert list((tmp_path / "backups").iterdir()) == [made]
