"""Thresholds on disk: kept with their build, carried over to the next, given up where too much has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag import build as layout
from rag.calibration import (
    DUE_FROM,
    FILE,
    WORTHLESS_FROM,
    Calibration,
    Level,
    calibration_of,
    carry_over,
    is_calibrated,
    load_calibration,
    save_calibration,
)
from rag.certainty import upper_bound
from rag.errors import IndexMismatch, IndexMissing, IndexProblem
from rag.gate import Thresholds, gate_fingerprint
from tests.disks import little_space


def level(answer: float, wrong: int) -> Level:
    return Level(answer=answer, answered_with=0.6, wrong=wrong, off_topic_answered=0.0)


SAMPLE = Calibration(
    levels={"cautious": level(0.75, 9), "balanced": level(0.5, 19), "generous": level(0.25, 41)},
    closest=0.25,
    trials=400,
    checked=200,
    off_topic=80,
)


def build(data: Path, name: str) -> Path:
    """An empty build that serves."""
    folder = layout.builds_folder(data) / name
    folder.mkdir(parents=True)
    (folder / layout.MANIFEST).write_text("{}")
    layout.make_current(data, folder)
    return folder


def test_a_calibration_stays_with_its_build(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        is_calibrated(tmp_path)
    folder = layout.builds_folder(tmp_path) / "one"
    folder.mkdir(parents=True)
    (folder / layout.MANIFEST).write_text("{}")
    layout.make_current(tmp_path, folder)
    assert not is_calibrated(tmp_path)
    save_calibration(folder, SAMPLE)
    assert is_calibrated(tmp_path)
    assert load_calibration(tmp_path) == SAMPLE
    assert SAMPLE.thresholds("balanced") == Thresholds(answer=0.5, closest=0.25)
    assert SAMPLE.thresholds("cautious") == Thresholds(answer=0.75, closest=0.25)
    assert [path.name for path in folder.glob("*calib*")] == [FILE]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"answer": 1}',
        json.dumps({"unknown": 1}),
        json.dumps({"gate": gate_fingerprint(), "levels": []}),
    ],
)
def test_a_spoilt_calibration_names_the_command(tmp_path: Path, content: str) -> None:
    folder = layout.builds_folder(tmp_path) / "one"
    folder.mkdir(parents=True)
    (folder / layout.MANIFEST).write_text("{}")
    (folder / FILE).write_text(content)
    layout.make_current(tmp_path, folder)
    with pytest.raises(IndexMismatch, match="Run: footnote calibrate"):
        load_calibration(tmp_path)


def test_thresholds_are_carried_over_and_the_changes_since_are_summed(tmp_path: Path) -> None:
    one, two, three = (build(tmp_path, name) for name in ("one", "two", "three"))
    save_calibration(one, replace(SAMPLE, build="one"))
    carry_over(one, two, changed=0.06)
    carry_over(two, three, changed=0.05)
    found = load_calibration(tmp_path)
    assert found.levels == SAMPLE.levels
    assert found.build == "one"
    assert found.changed == pytest.approx(0.11)
    assert is_calibrated(tmp_path)
    assert not is_calibrated(tmp_path, changed_below=DUE_FROM)


def test_thresholds_of_quite_other_notes_are_not_carried_over(tmp_path: Path) -> None:
    one, two = build(tmp_path, "one"), build(tmp_path, "two")
    save_calibration(one, SAMPLE)
    carry_over(one, two, changed=WORTHLESS_FROM)
    assert not is_calibrated(tmp_path)


def test_where_nothing_was_measured_nothing_is_carried_over(tmp_path: Path) -> None:
    one, two = build(tmp_path, "one"), build(tmp_path, "two")
    carry_over(one, two, changed=0.0)
    (one / FILE).write_text(json.dumps({"gate": "another", "answer": 0.5}))
    carry_over(one, two, changed=0.0)
    assert not is_calibrated(tmp_path)


def test_a_calibration_of_before_there_was_a_choice_is_measured_again(tmp_path: Path) -> None:
    """It had one threshold and no levels; reading it must not fail with anything but the remedy."""
    folder = build(tmp_path, "one")
    before = {"gate": gate_fingerprint(), "answer": 0.5, "closest": 0.25, "trials": 9, "answered_with": 0.6}
    (folder / FILE).write_text(json.dumps(before))
    with pytest.raises(IndexMismatch, match="Run: footnote calibrate"):
        load_calibration(tmp_path)
    assert not is_calibrated(tmp_path)


def test_what_a_choice_certifies() -> None:
    assert SAMPLE.at_most("cautious") == pytest.approx(0.0773, abs=0.0001)  # 9 of 200
    few = replace(SAMPLE, checked=30)
    assert few.at_most("cautious") is None  # 59 trials without an error would be needed
    assert few.at_most("balanced") == upper_bound(19, 30)
    assert replace(SAMPLE, checked=0).at_most("generous") is None


def test_a_build_keeps_its_own_thresholds_when_a_newer_one_serves(tmp_path: Path) -> None:
    """An assistant that had opened one build took the thresholds of the next, which was swapped in meanwhile."""
    older, newer = tmp_path / "builds" / "a", tmp_path / "builds" / "b"
    for build, closest in ((older, 0.1), (newer, 0.2)):
        build.mkdir(parents=True)
        save_calibration(build, replace(SAMPLE, closest=closest))
    (newer / "manifest.json").write_text("{}")
    (tmp_path / "current").write_text("b")
    assert (load_calibration(tmp_path).closest, calibration_of(older).closest) == (0.2, 0.1)


def test_thresholds_that_find_no_space_are_a_sentence_and_those_before_stay(tmp_path: Path) -> None:
    """It was an error that Footnote does not know."""
    folder = build(tmp_path, "one")
    save_calibration(folder, SAMPLE)
    with little_space(10), pytest.raises(IndexProblem, match=r"cannot be kept in .*\. Make space, or"):
        save_calibration(folder, replace(SAMPLE, changed=0.5))
    assert load_calibration(tmp_path) == SAMPLE
