"""A question in a language that the notes are not in: said to be out of reach, whatever was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.answer import Answerer
from rag.gate import Thresholds, load_gate_model
from rag.index import Index, open_index
from rag.indexing import build_index
from rag.probe import check
from rag.types import Answer, NotCovered
from tests.builders import write_notes
from tests.fakes import FakeEmbedder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    build_index(write_notes(tmp_path / "notes"), tmp_path / "data", FakeEmbedder(), check=check)
    opened = open_index(tmp_path / "data", embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


def ask(index: Index, question: str) -> Answer | NotCovered:
    everything = Thresholds(answer=0.0, closest=0.0)
    return Answerer(index, FakeEmbedder(), None, gate=load_gate_model(), thresholds=everything).ask(question)


def test_passages_know_their_language(index: Index) -> None:
    assert index.languages == {"en"}


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
    assert "multilingual embedder" in result.reason
    assert result.closest
