from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands.calibrate import calibrate_index, describe, run_calibrate
from bot.settings import Settings
from rag.calibration import Calibration, load_calibration
from rag.errors import IndexMissing, ModelMissing
from rag.indexing import build_index
from rag.probe import check
from tests.builders import write_notes
from tests.fakes import FakeEmbedder


def test_an_index_is_calibrated_where_it_lies(tmp_path: Path) -> None:
    settings = Settings(notes=write_notes(tmp_path / "notes"), data=tmp_path / "data")
    build_index(settings.notes, settings.data, FakeEmbedder(), check=check)
    told: list[tuple[str, int, int]] = []
    found = calibrate_index(settings, FakeEmbedder(), progress=lambda *progress: told.append(progress))
    assert load_calibration(settings.data) == found
    assert found.trials > 3
    assert found.off_topic > 40
    assert told[-1][1] == told[-1][2] == found.trials


def test_without_an_index_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="footnote index"):
        calibrate_index(Settings(data=tmp_path), FakeEmbedder())


def test_without_a_model_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="footnote models pull"):
        run_calibrate(Settings(data=tmp_path, models=tmp_path))


def test_the_outcome_in_words() -> None:
    text = describe(
        Calibration(
            answer=0.61251,
            closest=0.25,
            trials=200,
            answered_with=0.755,
            answered_without=0.1,
            off_topic=80,
            off_topic_answered=0.0125,
        )
    )
    for part in ("200 trial questions", "76%", "10%", "80 everyday questions", "1%", "0.613", "0.250"):
        assert part in text
