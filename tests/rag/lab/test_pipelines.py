"""Every named configuration is known, and switching a part off changes what it should."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from rag.answer import Answerer
from rag.errors import QuestionError
from rag.gate import Evidence, GateModel
from rag.index import Index
from rag.indexing import write_build
from rag.lab.pipelines import SHIPPED, answerer_for, config_named, load_configs
from rag.pipeline import Pipeline
from tests.builders import library, word_salad
from tests.fakes import FakeEmbedder, FakeRanker

FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)
TEXTS = (
    *word_salad(30, vocabulary=200),
    "Marigold seeds keep for three winters in a dry tin.",
    "Seeds and winters, winters and seeds.",
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("build")
    write_build(folder, library(TEXTS), {}, FakeEmbedder())
    opened = Index(folder, embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


def made(index: Index, name: str, generator: FakeRanker | None = None) -> Answerer:
    return answerer_for(config_named(name), index, FakeEmbedder(), generator, gate=GATE)


def test_the_shipped_configuration_is_the_pipeline_as_it_is() -> None:
    shipped = config_named(SHIPPED)
    assert shipped.pipeline == Pipeline()
    assert shipped.ranking
    assert shipped.gate is None


def test_every_configuration_names_parts_and_evidence_that_exist() -> None:
    names = {field.name for field in fields(Evidence)}
    for config in load_configs().values():
        assert config.about
        assert set(config.gate or ()) <= names


def test_an_unknown_name_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(QuestionError, match="dense, bm25"):
        config_named("magic")


@pytest.mark.parametrize("name", list(load_configs()))
def test_every_configuration_answers(index: Index, name: str) -> None:
    assert made(index, name).ask("how long do marigold seeds keep").p_answerable >= 0


def test_dense_and_bm25_rank_by_their_own_scores(index: Index) -> None:
    question = "how long do marigold seeds keep"
    dense, words = (made(index, name).retrieve(question).hits for name in ("dense", "bm25"))
    assert [h.score for h in words] == pytest.approx([h.bm25 for h in words])
    assert all(h.bm25 == 0 or h.score <= h.cosine for h in dense)


def test_the_language_model_is_asked_only_where_it_ranks(index: Index) -> None:
    question = "how long do marigold seeds keep"
    silent, asked = FakeRanker(), FakeRanker()
    search, shipped = made(index, "search", silent), made(index, SHIPPED, asked)
    search.ranked(search.retrieve(question))
    shipped.ranked(shipped.retrieve(question))
    assert silent.calls == []
    assert asked.calls


def test_a_gate_on_one_kind_of_evidence_hears_no_other(index: Index) -> None:
    """A number that the best passage lacks counts against an answer, but not where the score alone counts."""
    question = "how long do marigold seeds keep, 1969?"
    vector = FakeEmbedder().embed([question])[0]
    plain, exact = (made(index, "gate-score").retrieve_vector(q, vector) for q in (question[:-7], question))
    scores = [found.hits[0].score for found in (plain, exact)]
    gate = answerer_for(config_named("gate-score"), index, FakeEmbedder(), None, gate=GATE)
    p = [1 / (1 + math.exp(2 - score)) for score in scores]
    assert [gate.retrieve_vector(q, vector).p_answerable for q in (question[:-7], question)] == pytest.approx(p)
    assert made(index, SHIPPED).retrieve_vector(question, vector).p_answerable != pytest.approx(p[1])
