"""A question in a language that the notes are not in: said to be out of reach, whatever was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from rag.answer import Answerer
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index, open_index
from rag.indexing import build_index
from rag.probe import check
from rag.types import Answer, NotCovered
from tests.builders import write_notes
from tests.fakes import FakeEmbedder

FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    build_index(write_notes(tmp_path / "notes"), tmp_path / "data", FakeEmbedder(), check=check)
    opened = open_index(tmp_path / "data", embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


def ask(index: Index, question: str) -> Answer | NotCovered:
    everything = Thresholds(answer=0.0, closest=0.0)
    return Answerer(index, FakeEmbedder(), None, gate=GATE, thresholds=everything).ask(question)


def test_passages_know_their_language(index: Index) -> None:
    assert index.languages == {"en"}


SHORT = [("Хлеб?", "Cyrillic letters"), ("咖啡", "Chinese characters"), ("빵", "Korean"), ("לחם", "Hebrew")]


@pytest.mark.parametrize(("question", "written"), SHORT)
@pytest.mark.parametrize("outcome", [0.0, 2.0])
def test_a_short_one_in_another_script_is_told_by_it(index: Index, question: str, written: str, outcome: float) -> None:
    """Too short for its language to be told, it was answered "None of the words in your question occur"."""
    thresholds = Thresholds(answer=outcome, closest=outcome)
    result = Answerer(index, FakeEmbedder(), None, gate=GATE, thresholds=thresholds).ask(question)
    assert isinstance(result, NotCovered)
    assert result.reason.startswith(f"Your question is in {written}, your notes are in English")


def test_a_word_of_another_script_that_the_notes_have_is_asked_for(tmp_path: Path) -> None:
    notes = {"tea.md": "# Tea\n\n" + "\n".join(f"- Tea number {n} is poured at noon in spring." for n in range(9))}
    notes["tea.md"] += "\n- The word for tea in Kyiv is written чай on every shop sign, says Ada.\n"
    build_index(write_notes(tmp_path / "notes", notes), tmp_path / "data", FakeEmbedder(), check=check)
    opened = open_index(tmp_path / "data", embedder=FakeEmbedder().fingerprint)
    try:
        assert opened.languages == {"en"}
        assert isinstance(ask(opened, "чай?"), Answer)
    finally:
        opened.close()


def test_a_question_in_the_notes_language_is_answered(index: Index) -> None:
    assert isinstance(ask(index, "How long does rye bread keep?"), Answer)


def test_a_word_or_two_in_no_language_are_answered(index: Index) -> None:
    assert isinstance(ask(index, "rye bread"), Answer)


@pytest.mark.parametrize(
    ("question", "language"),
    [("Wie lange hält sich das Roggenbrot?", "German"), ("ライ麦パンはどのくらい持ちますか", "Japanese")],
)
def test_one_in_another_language_is_said_to_be_out_of_reach(index: Index, question: str, language: str) -> None:
    result = ask(index, question)
    assert isinstance(result, NotCovered)
    assert f"in {language}, your notes are in English" in result.reason
    assert "footnote models pull bge-m3, then FOOTNOTE_EMBEDDER=bge-m3 in .env, then footnote index." in result.reason
    assert result.closest


def test_a_multilingual_embedder_may_compare_them(index: Index) -> None:
    """The question was refused for its language whichever embedder was chosen."""
    everything = Thresholds(answer=0.0, closest=0.0)
    answerer = Answerer(index, FakeEmbedder(), None, gate=GATE, thresholds=everything, multilingual=True)
    assert isinstance(answerer.ask("Wie lange hält sich das Roggenbrot?"), Answer)
