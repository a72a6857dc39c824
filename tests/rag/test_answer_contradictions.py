"""Two notes that contradict each other are both quoted, though search may put them far apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from rag.answer import NEAR_BEST, Answerer
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.indexing import write_build
from rag.types import Answer
from tests.builders import library
from tests.fakes import FakeEmbedder

HARMLESS = "Coffee in the afternoon does no harm to sleep."
HARMFUL = (
    "An hour is what a cup of coffee in the late afternoon costs her every single night, because the caffeine is still "
    "half there at bedtime, and whoever makes light of the harm to deep sleep has hardly measured brain waves."
)
SHORT = "Caraway is old."
LONG = "At the harbour they sold pepper, ginger, mace, a little caraway, and cloves by the sack to bakers from inland."
FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    folder: Path = tmp_path_factory.mktemp("build")
    write_build(folder, library((HARMFUL, LONG, HARMLESS, SHORT)), {}, FakeEmbedder())
    index = Index(folder, embedder=FakeEmbedder().fingerprint)
    yield Answerer(index, FakeEmbedder(), None, gate=GATE, thresholds=Thresholds(answer=0.0, closest=-1.0))
    index.close()


def quoted(answerer: Answerer, question: str) -> list[str]:
    result = answerer.ask(question)
    assert isinstance(result, Answer)
    return [citation.whole for citation in result.citations]


def scores(answerer: Answerer, question: str) -> dict[str, float]:
    return {hit.passage.text: hit.score for hit in answerer.retrieve(question).hits}


def test_the_other_side_is_quoted_however_far_behind(answerer: Answerer) -> None:
    """Only what scored within a tenth of the best was quoted, and the longer of two notes lost its say."""
    question = "Does coffee in the afternoon harm sleep?"
    found = scores(answerer, question)
    assert found[HARMFUL] < found[HARMLESS] - NEAR_BEST
    assert quoted(answerer, question) == [HARMLESS, HARMFUL]


def test_one_word_in_common_is_not_enough(answerer: Answerer) -> None:
    found = scores(answerer, "Is caraway cheap?")
    assert found[LONG] < found[SHORT] - NEAR_BEST
    assert quoted(answerer, "Is caraway cheap?") == [SHORT]


def test_one_that_has_fewer_of_the_words_has_to_be_near(answerer: Answerer) -> None:
    """The two have as many words of the question each, but not the same: they are not about the same."""
    assert quoted(answerer, "Is caraway as old as pepper?") == [SHORT]
