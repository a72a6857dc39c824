"""`footnote eval` on the sample notes: the document fits its schema, and a planted gold quote is found first."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bot.assistant import LocalAssistant
from bot.json_face import schema
from bot.settings import Settings
from rag.evaluate import evaluate, load_questions

pytestmark = pytest.mark.models

QUESTIONS: tuple[dict[str, object], ...] = (
    {
        "id": "heat",
        "question": "How hot is the surface of Venus?",
        "answerable": True,
        "kind": "number",
        "gold": [{"file": "clear-sky-venus-notes.txt", "quote": "about 464 °C day and night"}],
        "keyfacts": ["464"],
    },
    {"id": "sink", "question": "How do I unclog a sink?", "answerable": False, "kind": "off-topic", "gold": []},
    {"id": "emoji", "question": "🥖🥖🥖", "answerable": None, "kind": "", "gold": []},
)


@pytest.fixture(scope="module")
def document(
    assistant: LocalAssistant, indexed: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    path: Path = tmp_path_factory.mktemp("questions") / "questions.jsonl"
    path.write_text("\n".join(json.dumps(question) for question in QUESTIONS), encoding="utf-8")
    measured = evaluate(assistant.index, assistant.answerer, load_questions(path), notes=indexed.notes)
    read_back: dict[str, object] = json.loads(json.dumps(measured))
    return read_back


def test_the_document_fits_its_schema(document: dict[str, object]) -> None:
    jsonschema.validate(document, schema("eval"))


def test_the_gold_passage_is_found_and_its_absence_noticed(document: dict[str, list[dict[str, object]]]) -> None:
    heat, sink, emoji = document["questions"]
    assert heat["gold_rank"] == 1
    assert heat["keyfacts_found"] == 1.0
    p, without = heat["p_answerable"], heat["p_without_gold"]
    assert isinstance(p, float)
    assert isinstance(without, float)
    assert without < p
    assert sink["outcome"] == "not_covered"
    assert "no word" in str(emoji["error"])


def test_every_quote_stands_in_its_note(document: dict[str, dict[str, dict[str, object]]]) -> None:
    assert document["aggregates"]["quotes_byte_exact"]["value"] == 1.0
