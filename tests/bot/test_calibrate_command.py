from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from bot.cli import Services, run
from bot.commands.calibrate import calibrate_index, calibrate_json, certificate, describe, run_calibrate
from bot.json_face import schema
from bot.settings import Settings
from rag import build as layout
from rag.calibration import Calibration, Level, load_calibration, save_calibration
from rag.certainty import SHARES
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


def test_without_a_model_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"is missing.+(Run|footnote models)"):
        run_calibrate(Settings(data=tmp_path, models=tmp_path))


def level(answer: float, with_passage: float, wrong: int) -> Level:
    return Level(answer=answer, answered_with=with_passage, wrong=wrong, off_topic_answered=0.0125)


MEASURED = Calibration(
    levels={"cautious": level(0.8, 0.5, 9), "balanced": level(0.6, 0.755, 19), "generous": level(0.4, 0.9, 41)},
    closest=0.25,
    trials=400,
    checked=200,
    off_topic=80,
)


def test_what_is_certified_in_words() -> None:
    text = describe(MEASURED, "cautious")
    assert text.startswith(
        "Of 200 trial questions that your notes do not cover, 9 would have been answered: "
        "at most 8% with 95% confidence.\n"
    )
    assert "50% are answered; of 80 everyday questions, 1%" in text
    assert "FOOTNOTE_ANSWERS=cautious" in text
    assert re.search(r"balanced +76% +aims at 10%, 19 of 200: at most 14%", text)


def test_a_bound_is_never_rounded_down() -> None:
    """19 of 200: 13.4%."""
    assert "at most 14%" in certificate(MEASURED, "balanced")


@pytest.mark.parametrize(("checked", "said"), [(22, "give 22 trial"), (0, "give too few trial")])
def test_what_cannot_be_certified_is_said_with_how_many_it_takes(checked: int, said: str) -> None:
    text = certificate(replace(MEASURED, checked=checked), "cautious")
    assert "cannot be certified" in text
    assert said in text
    assert "it takes 59" in text
    assert "95%" not in text


def test_a_preview_says_how_to_choose_it() -> None:
    text = describe(MEASURED, "generous", chosen=False)
    assert "41 would have been answered" in text
    assert "set FOOTNOTE_ANSWERS=generous in .env" in text


@pytest.fixture
def measured(tmp_path: Path) -> Settings:
    """Settings of an index whose measurement is kept; there is no model to measure anew with."""
    settings = Settings(data=tmp_path, models=tmp_path / "none", answers="cautious")
    folder = layout.builds_folder(tmp_path) / "one"
    folder.mkdir(parents=True)
    (folder / layout.MANIFEST).write_text("{}")
    layout.make_current(tmp_path, folder)
    save_calibration(folder, MEASURED)
    return settings


def test_a_preview_needs_no_model_and_no_measurement(measured: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_calibrate(measured, preview="generous") == 0
    assert capsys.readouterr().out.startswith(certificate(MEASURED, "generous"))
    run_calibrate(measured, preview="cautious")
    assert "This is FOOTNOTE_ANSWERS=cautious" in capsys.readouterr().out


def test_json_has_every_choice_and_matches_its_schema(measured: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run_calibrate(measured, preview="balanced", as_json=True)
    printed = capsys.readouterr().out
    value = json.loads(printed)
    assert printed.count("\n") == 1
    Draft202012Validator(schema("calibrate")).validate(value)
    assert [value["levels"][name]["wrong"] for name in SHARES] == [9, 19, 41]
    assert value["levels"]["cautious"]["at_most"] == pytest.approx(0.0773, abs=0.0001)
    assert value["text"] == describe(MEASURED, "balanced", chosen=False)
    few = calibrate_json(replace(MEASURED, checked=0), "balanced", "")
    Draft202012Validator(schema("calibrate")).validate(few)
    assert few["levels"]["balanced"]["at_most"] is None
    with pytest.raises(ValidationError):
        Draft202012Validator(schema("calibrate")).validate({**few, "trials": -1})


def no_build(*_: object) -> str:
    raise AssertionError("a preview builds nothing")


SERVICES = Services(open_assistant=no_build, refresh=lambda _settings: None, build=no_build)  # type: ignore[arg-type]


def test_the_command_previews_a_choice(measured: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["calibrate", "--answers", "generous", "--json", "--data", str(measured.data)], SERVICES) == 0
    assert json.loads(capsys.readouterr().out)["answers"] == "generous"


def test_a_choice_that_there_is_not_names_the_three(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["calibrate", "--answers", "bold"], SERVICES) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("bold", *SHARES))
