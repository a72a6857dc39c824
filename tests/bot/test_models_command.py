"""`footnote models` on the terminal. Nothing here touches the network."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands.models import app
from rag.catalog import load_catalog, model_path
from rag.errors import ModelError

RUNNER = CliRunner()


def test_list_shows_every_model_and_that_it_is_missing(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["list", "--models", str(tmp_path)], terminal_width=200)
    assert result.exit_code == 0
    for entry in load_catalog():
        line = next(line for line in result.output.splitlines() if entry.name in line)
        assert entry.licence in line
        assert " no " in line


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
        for path in (model_path(models, entry) for entry in load_catalog())
        if path.exists()
    }
    if len(before) < len(load_catalog()):
        pytest.skip("The starter models are not on disk; `make setup` puts them there.")
    assert RUNNER.invoke(app, ["pull", "--models", str(models)]).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    result = RUNNER.invoke(app, ["verify", "--models", str(models)])
    assert result.exit_code == 0
    assert result.output.count(": sound") == len(before)
