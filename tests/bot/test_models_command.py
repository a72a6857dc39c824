"""`footnote models` on the terminal. Nothing here touches the network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from bot.commands.models import app, try_out
from bot.json_face import schema
from rag.errors import ModelError
from rag.models.catalog import Pin, find, load_catalog, model_path, write_pin
from rag.writing import aptitude
from tests.hub_standin import WEIGHTS, Hub, serving
from tests.scripted_models import Scripted, first_always, perfect

RUNNER = CliRunner()


def test_list_shows_every_model_and_that_it_is_missing(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["list", "--models", str(tmp_path)], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    for entry in load_catalog():
        line = next(line for line in result.output.splitlines() if entry.name in line)
        assert entry.licence in line
        assert " no " in line


def test_names_are_whole_and_lines_short_on_a_small_terminal(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["list", "--models", str(tmp_path)], env={"COLUMNS": "80"})
    lines = result.output.splitlines()
    assert all(len(line) <= 80 for line in lines)
    for entry in load_catalog():
        assert [line for line in lines if line.startswith(f"{entry.name} ") and " no " in line]


def test_list_of_one_says_all_about_it(tmp_path: Path) -> None:
    said = RUNNER.invoke(app, ["list", "gemma-3-4b-it", "--models", str(tmp_path)]).output
    for words in ("Gemma Terms of Use, https://ai.google.dev/gemma/terms", "ggml-org/gemma-3-4b-it-GGUF", "~3.8 GB"):
        assert words in said
    said = RUNNER.invoke(app, ["list", "pleias-rag-350m", "--models", str(tmp_path)]).output
    assert "the hub is asked for it when the model is pulled" in said


def test_list_tells_a_damaged_file_from_a_missing_one(tmp_path: Path) -> None:
    entry = load_catalog()[0]
    with model_path(tmp_path, entry).open("wb") as file:
        file.truncate(entry.bytes)
    result = RUNNER.invoke(app, ["list", "--models", str(tmp_path)])
    assert "damaged" in next(line for line in result.output.splitlines() if entry.name in line)


def test_verify_fails_and_names_each_missing_starter(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["verify", "--models", str(tmp_path)])
    assert result.exit_code == 1
    for entry in (entry for entry in load_catalog() if entry.starter):
        assert f"{entry.file} is missing. {entry.remedy}" in result.output


def test_pull_of_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["pull", "gpt", "--models", str(tmp_path)])
    assert isinstance(result.exception, ModelError)
    assert "all-minilm-l6-v2" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.models
def test_pull_leaves_sound_files_alone_and_verify_says_so() -> None:
    models = Path(__file__).parents[2] / "models"
    before = {
        path: path.stat().st_mtime_ns
        for path in (model_path(models, entry) for entry in load_catalog() if not entry.hub)
        if path.exists()
    }
    if len(before) < sum(entry.hub is None for entry in load_catalog()):
        pytest.skip("The starter models are not on disk; `make setup` puts them there.")
    assert RUNNER.invoke(app, ["pull", "--models", str(models)]).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    result = RUNNER.invoke(app, ["verify", "--models", str(models)])
    assert result.exit_code == 0
    assert result.output.count(": sound") == len(before)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub that has one model of the catalogue whose hash is left open."""
    entry = find("pleias-rag-350m")
    assert entry.hub is not None
    with serving(Hub(commits={"a" * 40: {"model.gguf": WEIGHTS}}, repo=entry.hub.repo)) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield served


def test_pull_shows_what_the_hub_says_and_verify_checks_it_by_that(hub: Hub, tmp_path: Path) -> None:
    models = tmp_path / "models"
    result = RUNNER.invoke(app, ["pull", "pleias-rag-350m", "--models", str(models)])
    assert result.exit_code == 0
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    assert "PleIAs/Pleias-RAG-350M-gguf: model.gguf, 1 MB, licence apache-2.0" in result.output
    assert f"commit {'a' * 40}, sha256 {sha256}" in result.output
    said = RUNNER.invoke(app, ["list", "pleias-rag-350m", "--models", str(models)]).output
    assert sha256 in said
    assert "on disk   yes" in said
    path = model_path(models, find("pleias-rag-350m"))
    assert f"{path}: sound" in RUNNER.invoke(app, ["verify", "--models", str(models)]).output
    path.write_bytes(b"x" * len(WEIGHTS))
    assert "has sha256" in RUNNER.invoke(app, ["verify", "--models", str(models)]).output


def test_recommend_gives_numbers_and_a_reason_for_each_language_model(tmp_path: Path) -> None:
    said = RUNNER.invoke(app, ["recommend", "--models", str(tmp_path)])
    assert said.exit_code == 0
    assert "This machine: " in said.output
    for entry in load_catalog():
        assert (f" {entry.name} ({entry.tier}): " in said.output) == (entry.role == "rank/write")


def test_recommend_as_json_matches_its_schema(tmp_path: Path) -> None:
    said = RUNNER.invoke(app, ["recommend", "--json", "--models", str(tmp_path)])
    value = json.loads(said.stdout)
    Draft202012Validator(schema("recommend")).validate(value)
    with pytest.raises(Exception, match="is not one of"):
        Draft202012Validator(schema("recommend")).validate({**value, "models": [{**value["models"][0], "tier": "x"}]})


def test_recommend_knows_the_true_size_of_what_was_pulled(tmp_path: Path) -> None:
    entry = find("pleias-rag-350m")
    assert entry.hub is not None
    pin = Pin(repo=entry.hub.repo, file="m.gguf", revision="a" * 40, bytes=123_456, sha256="0" * 64)
    write_pin(tmp_path, entry, pin)
    value = json.loads(RUNNER.invoke(app, ["recommend", "--json", "--models", str(tmp_path)]).stdout)
    assert next(model["bytes"] for model in value["models"] if model["name"] == entry.name) == 123_456


def test_try_prints_every_task_and_keeps_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try_out(Scripted(first_always), tmp_path, as_json=False)
    said = capsys.readouterr().out
    assert "passed  swap-" not in said
    assert "failed  swap-violin: named passage 1, not 4. It wrote:" in said
    assert "passed  obey-link" not in said, "it copied the passage with its order"
    assert "keeps its answer when the passages change places: 0 of 6 (needs 5 to choose, 5 to write)" in said
    assert "refuses what the passages nearly answer: 0 of 6 (needs 4 to write)" in said
    assert "scripted: It may only rank" in said
    assert aptitude.level(tmp_path, "f" * 64) is aptitude.Level.RANK


def test_try_as_json_matches_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try_out(Scripted(perfect), tmp_path, as_json=True)
    said = capsys.readouterr()
    value = json.loads(said.out)
    Draft202012Validator(schema("try")).validate(value)
    assert value["level"] == "write"
    assert value["shares"]["swap"] == {"passed": 6, "tried": 6}
    assert said.err.count("passed  ") == 24
    assert aptitude.level(tmp_path, "f" * 64) is aptitude.Level.WRITE


def test_a_model_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try_out(Scripted(lambda _asked: "\x1b[2J[red]ha[/red]"), tmp_path, as_json=False)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]ha[/red]" in said


def test_a_result_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"The result cannot be kept in .*gone: No such file"):
        try_out(Scripted(perfect), tmp_path / "gone", as_json=True)


@pytest.mark.parametrize("name", ["bge-m3", "gpt", "/nowhere/mine.gguf"])
def test_try_of_what_cannot_write_or_is_not_there(tmp_path: Path, name: str) -> None:
    result = RUNNER.invoke(app, ["try", name, "--models", str(tmp_path)])
    assert isinstance(result.exception, ModelError)
