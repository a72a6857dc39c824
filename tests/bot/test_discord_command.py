from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.commands.discord import served
from rag.calibration import save_calibration
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
