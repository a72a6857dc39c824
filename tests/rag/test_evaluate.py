"""The figures are computed as they say, and a broken question file is named by its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import QuestionError
from rag.evaluate import (
    answered_at_risk,
    auroc,
    load_questions,
    normalized,
    overlaps,
    risk_coverage,
    share,
)


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    assert auroc(np.array([0.9, 0.4]), np.array([0.5, 0.1])) == 0.75
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5
    assert auroc(np.array([]), np.array([0.5])) is None


def test_answered_at_risk_lets_at_most_that_share_of_the_others_through() -> None:
    others = np.linspace(0.0, 0.9, 10)
    positives = np.array([0.95, 0.85, 0.5, 0.05])
    assert answered_at_risk(positives, others, 0.10) == 0.5  # one of the ten may pass: the bar is 0.8
    assert answered_at_risk(positives, others, 0.0) == 0.25
    assert answered_at_risk(positives, others, 1.0) == 1.0


def test_risk_coverage_never_falls() -> None:
    chance = np.random.default_rng(1)
    curve = [point["answered"] for point in risk_coverage(chance.random(50), chance.random(50))]
    assert curve == sorted(curve)
    assert curve[0] < curve[-1]


def test_share_has_an_interval_around_its_value() -> None:
    figure = share(np.array([True] * 30 + [False] * 10))
    assert figure["value"] == 0.75
    assert 0.55 < figure["low"] < 0.75 < figure["high"] < 0.95
    assert share(np.array([]))["value"] is None


def test_a_quote_counts_across_line_marks_and_white_space() -> None:
    assert normalized("*  one\n*  two   three") == "one two three"
    assert overlaps("two three", "*  one\n*  two   three")
    assert overlaps("a whole sentence, of which", "a whole sentence")
    assert not overlaps("something else", "a whole sentence")
    assert not overlaps("something", "")


@pytest.mark.parametrize(
    ("line", "hint"), [("{not json", "Line 2"), ('{"question": "no id"}', "Line 2"), ('["list"]', "Line 2")]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, hint: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"id": "a", "question": "Why?"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(QuestionError, match=hint):
        load_questions(path)


def test_an_unlabelled_question_stays_unlabelled(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "a", "question": "Why?", "answerable": "partial"}\n', encoding="utf-8")
    assert load_questions(path)[0].answerable is None


def test_an_empty_or_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(QuestionError, match=r"empty\.jsonl"):
        load_questions(tmp_path / "empty.jsonl")
    with pytest.raises(QuestionError, match=r"missing\.jsonl"):
        load_questions(tmp_path / "missing.jsonl")
