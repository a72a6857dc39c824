"""`footnote eval` around the measuring itself: comparing two files, and what it says of wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import Services, run
from tests.rag.lab.records import record, unanswerable


def never(*_args: object) -> object:
    raise AssertionError("no model and no index is needed for this")


SERVICES = Services(open_assistant=never, refresh=never, build=never)  # type: ignore[arg-type]


def figures(path: Path, wrong: set[int]) -> str:
    records = [record(i, gold_rank=3 if i in wrong else 1) for i in range(12)]
    path.write_text(json.dumps({"questions": [*records, unanswerable(12)], "aggregates": {}}), encoding="utf-8")
    return str(path)


def test_comparing_names_what_was_won_and_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = figures(tmp_path / "a.json", {1, 2}), figures(tmp_path / "b.json", {5})
    assert run(["eval", "--compare", one, other], SERVICES) == 0
    out = capsys.readouterr().out
    assert "Won (passage first): 2. q1, q2" in out
    assert "Lost (passage first): 1. q5" in out
    assert "+0.083" in out


def test_a_file_that_holds_no_figures_is_named_with_what_makes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = figures(tmp_path / "a.json", set()), tmp_path / "b.json"
    bad.write_text("[]", encoding="utf-8")
    assert run(["eval", "--compare", good, str(bad)], SERVICES) == 1
    error = capsys.readouterr().err
    assert "b.json is no file of figures" in error
    assert "--json" in error


def test_without_questions_it_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval"], SERVICES) == 2
    assert "--compare" in capsys.readouterr().err


def test_a_half_that_there_is_not_is_wrong_usage() -> None:
    assert run(["eval", "questions.jsonl", "--split", "most"], SERVICES) == 2
