"""A public set becomes notes that the product reads as it reads anybody's, and gold ids become lines of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.lab.questions import is_gold, load_questions
from rag.reading.library import read_library
from scripts.import_set import import_set

PASSAGES: list[dict[str, Any]] = [
    {"passage_id": "a0", "doc_id": "A/B: C", "title": 'Bees "and" more', "text": "A bee dances.\nIt shows the clover."},
    {"passage_id": "b0", "doc_id": "42", "title": "", "text": "The moon pulls on the sea."},
    {"passage_id": "a1", "doc_id": "A/B: C", "title": 'Bees "and" more', "text": "Drones are thrown out in August."},
    {"passage_id": "c0", "doc_id": "c", "title": "Rye", "text": "Rye bread keeps for a week."},
]
SPEECH: list[dict[str, Any]] = [
    {
        "passage_id": f"s{i}",
        "doc_id": "s",
        "title": "Tides",
        "date": "2017-06-27",
        "start_sec": 50 * i,
        "end_sec": 50 * i + 50,
        "text": f"Tom Ashby: The sea answers {i} times a day, and the moon pulls on it as long as it can be seen.\n"
        f"Ines Moreau: And what does it do at night, when it has pulled {i} times already and has to rest?",
    }
    for i in range(4)
]


def question(number: int, *gold: str, answerable: object = True, **more: object) -> dict[str, Any]:
    return {"question_id": f"q{number}", "question": "Why?", "answerable": answerable, "gold_passage_ids": gold, **more}


def made(folder: Path, passages: list[dict[str, Any]], questions: list[dict[str, Any]], **options: Any) -> Path:
    source = folder / "set"
    source.mkdir()
    for name, rows in (("passages", passages), ("questions", questions)):
        (source / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    import_set(source, folder / "out", **options)
    return folder / "out"


@pytest.mark.parametrize("passages", [PASSAGES, SPEECH], ids=["prose", "speech"])
def test_every_gold_id_leads_to_the_words_of_its_passage_and_no_other_document(
    tmp_path: Path, passages: list[dict[str, Any]]
) -> None:
    out = made(tmp_path, passages, [question(i, row["passage_id"]) for i, row in enumerate(passages)])
    read = read_library(out / "notes")
    for asked, row in zip(load_questions(out / "questions.jsonl"), passages, strict=True):
        found = " ".join(" ".join(p.text.split()) for p in read.passages if is_gold(p, asked.gold))
        assert " ".join(row["text"].split()) in found
        others = [" ".join(other["text"].split()) for other in passages if other["doc_id"] != row["doc_id"]]
        assert not any(other in found for other in others)


def test_speech_keeps_its_minutes_title_and_date(tmp_path: Path) -> None:
    out = made(tmp_path, SPEECH, [question(1, "s1", gold_time_sec=[50, 100])])
    read = read_library(out / "notes")
    assert [(e.title, e.date) for e in read.episodes] == [("Tides", "2017-06-27")]
    starts = {row["start_sec"]: row["text"].split("\n")[0] for row in SPEECH}
    timed = [p for p in read.passages if p.seconds is not None]
    assert timed
    assert all(p.text.startswith(starts[p.seconds]) for p in timed if p.seconds is not None)
    assert load_questions(out / "questions.jsonl")[0].seconds == (50, 100)


def test_titles_are_kept_and_a_document_without_one_goes_by_its_id(tmp_path: Path) -> None:
    out = made(tmp_path, PASSAGES, [question(1)])
    assert {e.title for e in read_library(out / "notes").episodes} == {'Bees "and" more', "Document 42", "Rye"}


def test_labels_and_conversations_are_kept(tmp_path: Path) -> None:
    turns = [{"speaker": "user", "text": "And bees?"}, {"speaker": "agent", "text": "They dance."}]
    rows = [
        question(1, "a0", history=turns),
        question(2, answerable=False, collection="sea"),
        question(3, "b0", answerable="partial"),
        question(4, answerable=None),
    ]
    asked = load_questions(made(tmp_path, PASSAGES, rows) / "questions.jsonl")
    assert [q.answerable for q in asked] == [True, False, None, None]
    assert [q.kind for q in asked] == ["", "sea", "partial", "unlabelled"]
    assert asked[0].history == ("And bees?",)


def test_a_cut_set_keeps_what_its_questions_need(tmp_path: Path) -> None:
    rows = [question(i, PASSAGES[i % 4]["passage_id"]) for i in range(20)] + [question(99, answerable=None)]
    out = made(tmp_path, PASSAGES, rows, most=1, more=1)
    asked = load_questions(out / "questions.jsonl")
    read = read_library(out / "notes")
    assert len(asked) == 1
    assert len(read.notes) == 2
    assert any(is_gold(passage, asked[0].gold) for passage in read.passages)


def test_a_cut_set_keeps_what_only_comes_near(tmp_path: Path) -> None:
    """Without it the questions that nothing answers would all be off-topic, and refusing them no feat."""
    rows = [question(1, answerable=False, near_miss_passage_ids=["c0"])]
    out = made(tmp_path, PASSAGES, rows, most=1, more=0)
    assert [p.text for p in read_library(out / "notes").passages if "Rye bread" in p.text]
