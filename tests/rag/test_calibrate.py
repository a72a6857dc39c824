from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import build as layout
from rag.answer import Answerer, Retrieved
from rag.calibrate import (
    ANSWERED_WRONGLY,
    LEAST_WORDS,
    SHOWN_WRONGLY,
    _measure,
    calibrate,
    make_trials,
    off_topic_questions,
)
from rag.gate import Thresholds, load_gate_model
from rag.index import Index
from rag.indexing import write_build
from rag.words import content_words, words
from tests.builders import library, passage, word_salad
from tests.fakes import FakeEmbedder

PASSAGES = [passage(text, position=i) for i, text in enumerate(word_salad(60, vocabulary=300))]
PROBABILITIES = st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]) | st.floats(0, 1), min_size=1, max_size=60)


def test_trials_are_the_same_every_time_and_one_a_passage() -> None:
    trials = make_trials(PASSAGES, count=40)
    assert trials == make_trials(PASSAGES, count=40)
    assert trials != make_trials(PASSAGES, count=40, seed=1)
    assert len({trial.row for trial in trials}) == 40


def test_a_trial_is_some_words_of_its_passage_in_their_order() -> None:
    for trial in make_trials(PASSAGES):
        kept = trial.question.split()
        written = [word.written for word in words(PASSAGES[trial.row].text)]
        assert 2 <= len(kept) <= 8
        rest = iter(written)
        assert all(word in rest for word in kept)  # in order


def test_passages_that_say_little_are_no_source() -> None:
    assert make_trials([passage("Yes."), passage("Softmax?"), passage("—"), passage("a b the of")]) == []
    assert min(LEAST_WORDS) >= 2


def test_everyday_questions_are_many_and_distinct() -> None:
    questions = off_topic_questions()
    assert len(questions) == len(set(questions)) >= 50
    assert all(content_words(question) for question in questions)


def away(*found: float) -> list[Retrieved]:
    """What was found for everyday questions; probability and cosine are the same number."""
    vector = np.zeros(1, dtype=np.float32)
    return [Retrieved(searched="?", vector=vector, words=(), hits=(), p_answerable=p, cosine=p) for p in found]


@given(PROBABILITIES, PROBABILITIES, PROBABILITIES)
def test_thresholds_keep_their_promise_whatever_was_measured(
    with_passage: list[float], without: list[float], off: list[float]
) -> None:
    """Many equal probabilities at the quantile once let through all of them."""
    found = _measure(np.asarray(with_passage), np.asarray(without), away(*off))
    assert found.answered_without <= ANSWERED_WRONGLY
    assert (np.asarray(off) >= found.closest).mean() <= SHOWN_WRONGLY
    assert found.off_topic_answered <= SHOWN_WRONGLY


def test_thresholds_are_no_stricter_than_they_must_be() -> None:
    found = _measure(np.linspace(0.5, 1, 100), np.linspace(0, 1, 100), away(*np.linspace(0, 0.5, 100)))
    assert found.answered_without == pytest.approx(0.1, abs=0.011)
    assert found.closest == pytest.approx(0.475, abs=0.006)
    assert found.answered_with == pytest.approx(0.2, abs=0.03)


def test_without_a_single_trial_nothing_is_answered() -> None:
    found = _measure(np.zeros(0), np.zeros(0), away(0.1, 0.2))
    assert (found.trials, found.answer) == (0, 1.0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    data: Path = tmp_path_factory.mktemp("data")
    folder = layout.builds_folder(data) / "one"
    folder.mkdir(parents=True)
    copies = tuple([*PASSAGES, passage(PASSAGES[0].text, position=60)])
    write_build(folder, library(passages=copies), {}, FakeEmbedder())
    layout.make_current(data, folder)
    opened = Index(folder, embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


def test_a_passage_is_taken_out_with_its_copies_and_the_outcome_is_repeatable(index: Index) -> None:
    asked: list[tuple[str, frozenset[int]]] = []

    class Recording(Answerer):
        def retrieve_vector(self, searched, vector, *, without=frozenset()):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            asked.append((searched, frozenset(without)))
            return super().retrieve_vector(searched, vector, without=without)

    shut = Thresholds(answer=1.0, closest=1.0)
    answerer = Recording(index, FakeEmbedder(), None, gate=load_gate_model(), thresholds=shut)
    told: list[tuple[str, int, int]] = []
    found = calibrate(index, FakeEmbedder(), answerer, progress=lambda *progress: told.append(progress))
    trials = make_trials(index.passages)
    assert told[-1] == ("Calibrating", len(trials), len(trials))
    assert found.trials == len(trials)
    expected = {(t.question, frozenset({0, 60}) if t.row in (0, 60) else frozenset({t.row})) for t in trials}
    assert {item for item in asked if item[1]} == expected
    assert found.answered_with > found.answered_without
    assert found == calibrate(index, FakeEmbedder(), answerer)
