"""`footnote eval` on the sample notes: the document fits its schema, and a planted gold quote is found first."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bot.answering.assistant import LocalAssistant
from bot.commands.eval import EvalOptions, run_eval
from bot.json_face import schema
from bot.settings import Settings
from rag.lab.asking import evaluate
from rag.lab.pipelines import load_configs
from rag.lab.questions import load_questions

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
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("questions") / "questions.jsonl"
    path.write_text("\n".join(json.dumps(question) for question in QUESTIONS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def document(assistant: LocalAssistant, indexed: Settings, questions: Path) -> dict[str, object]:
    measured = evaluate(assistant.index, assistant.answerer, load_questions(questions), notes=indexed.notes)
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


def test_a_named_pipeline_writes_figures_and_a_report(
    indexed: Settings, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, report = tmp_path / "figures.json", tmp_path / "report.html"
    options = EvalOptions(questions=questions, json_out=figures, report=report, config="hybrid", deletion=True)
    assert run_eval(indexed, options) == 0
    measured = json.loads(figures.read_text(encoding="utf-8"))
    jsonschema.validate(measured, schema("eval"))
    assert "rank" not in measured["questions"][0]["timings_ms"]
    assert "How do I unclog a sink?" in report.read_text(encoding="utf-8")
    assert "The gate" in capsys.readouterr().out


def test_an_ablation_has_a_row_for_every_pipeline(
    indexed: Settings, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    assert run_eval(indexed, EvalOptions(questions=questions, json_out=figures, deletion=True, ablation=True)) == 0
    assert list(json.loads(figures.read_text(encoding="utf-8"))) == list(load_configs())
    assert "hybrid" in capsys.readouterr().out
