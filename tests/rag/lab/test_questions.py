"""Question sets: what a line may hold, which half it is in, which passages and citations answer it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.citations import cite
from rag.errors import QuestionError
from rag.lab.questions import Gold, Split, cites_gold, in_split, is_gold, load_questions, normalized, overlaps
from rag.types import Citation, Place
from tests.builders import BEES, episode, passage

LINES = Gold(file="bees.txt", line_start=3, line_end=5)


def load(folder: Path, *lines: str, split: Split = "all") -> list[str]:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return [question.id for question in load_questions(path, split)]


def citation(line: int) -> Citation:
    text = passage(BEES, line_start=line, line_end=line)
    return cite(1, text, (0, len(text.text)), episode())


def test_a_quote_counts_across_line_marks_and_white_space() -> None:
    assert normalized("*  one\n*  two   three") == "one two three"
    assert overlaps("two three", "*  one\n*  two   three")
    assert overlaps("a whole sentence, of which", "a whole sentence")
    assert not overlaps("something else", "a whole sentence")
    assert not overlaps("something", "")


@pytest.mark.parametrize(
    "line",
    [
        "{not json",
        '{"question": "no id"}',
        '["list"]',
        '{"id": "a", "question": "b", "gold": [{"file": "no place"}]}',
        '{"id": "a", "question": "b", "seconds": [1]}',
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(QuestionError, match="Line 2"):
        load(tmp_path, '{"id": "a", "question": "Why?"}', line)


def test_an_unlabelled_question_stays_unlabelled(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "a", "question": "Why?", "answerable": "partial"}\n', encoding="utf-8")
    assert load_questions(path)[0].answerable is None


def test_an_empty_or_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"questions\.jsonl is empty"):
        load(tmp_path, "")
    with pytest.raises(QuestionError, match=r"missing\.jsonl"):
        load_questions(tmp_path / "missing.jsonl")


def test_the_halves_are_disjoint_whole_about_equal_and_do_not_move() -> None:
    """Whatever was tuned on one half must never be reported on: the hash may not change."""
    ids = [f"q{i}" for i in range(1000)]
    tune, report = ({i for i in ids if in_split(i, half)} for half in ("tune", "report"))
    assert tune | report == set(ids)
    assert not tune & report
    assert 450 < len(tune) < 550
    assert (in_split("d001", "tune"), in_split("d002", "tune"), in_split("d003", "tune")) == (False, False, False)


def test_a_half_without_questions_is_an_error(tmp_path: Path) -> None:
    half: Split = "report" if in_split("a", "tune") else "tune"
    with pytest.raises(QuestionError, match="--split all"):
        load(tmp_path, '{"id": "a", "question": "Why?"}', split=half)


def test_gold_is_a_quote_or_lines_of_its_own_file() -> None:
    quoted = Gold(file="bees.txt", quote="dances for  ten")
    assert is_gold(passage(BEES), [quoted])
    assert not is_gold(passage(BEES, note_file="tides.txt"), [quoted])
    assert [is_gold(passage(BEES, line_start=n, line_end=n + 1), [LINES]) for n in (1, 2, 5, 6)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not is_gold(passage(BEES, note_file="tides.txt", line_start=3, line_end=3), [LINES])


def test_a_citation_is_gold_where_it_or_a_copy_of_its_quote_stands_there() -> None:
    elsewhere = replace(citation(3), note_file="tides.txt")
    copy = Place(note_file="bees.txt", line_start=4, line_end=4, episode="Bees")
    assert cites_gold(citation(3), [LINES])
    assert not cites_gold(citation(6), [LINES])
    assert not cites_gold(elsewhere, [LINES])
    assert cites_gold(replace(elsewhere, also=(copy,)), [LINES])
