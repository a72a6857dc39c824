from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import build as layout
from rag.answer import Answerer
from rag.calibrate import (
    LEAST_WORDS,
    SHOWN_WRONGLY,
    _level,
    calibrate,
    halves,
    make_trials,
    off_topic_questions,
)
from rag.certainty import SHARES
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.indexing import write_build
from rag.words import content_words, words
from tests.builders import library, passage, word_salad
from tests.fakes import FakeEmbedder

PASSAGES = [passage(text, position=i) for i, text in enumerate(word_salad(60, vocabulary=300))]
FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)
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


@given(PROBABILITIES, PROBABILITIES, st.sampled_from(sorted(SHARES.values())))
def test_thresholds_keep_their_promise_whatever_was_measured(
    without: list[float], off: list[float], share: float
) -> None:
    """Many equal probabilities at the quantile once let through all of them."""
    p = np.asarray([without, without])
    found = _level(p, p, np.asarray(off), share)
    assert found.wrong <= share * len(without)
    assert found.off_topic_answered <= SHOWN_WRONGLY


def test_thresholds_are_no_stricter_than_they_must_be() -> None:
    p = np.stack([np.linspace(0.5, 1, 100), np.linspace(0, 1, 100)])
    found = _level(p, p, np.linspace(0, 0.5, 100), 0.10)
    assert found.wrong == 10
    assert found.answered_with == pytest.approx(0.2, abs=0.03)


def test_what_is_certified_is_counted_on_other_trials_than_those_that_chose() -> None:
    chosen_on = np.stack([np.full(20, 0.4), np.linspace(0, 0.3, 20)])
    checked_on = np.stack([np.full(20, 0.9), np.full(20, 0.35)])
    found = _level(chosen_on, checked_on, np.zeros(50), 0.10)
    assert found.answer < 0.35
    assert (found.wrong, found.answered_with) == (20, 1.0)


def test_without_a_single_trial_nothing_is_answered() -> None:
    none = np.zeros((2, 0))
    found = _level(none, none, np.asarray([0.1, 0.2]), 0.20)
    assert found.answer > 1.0
    assert found.wrong == 0


def test_half_of_the_trials_choose_and_the_other_half_checks_whatever_their_order() -> None:
    questions = [f"question {n}" for n in range(101)]
    choosing, checking = halves(questions)
    assert len(checking) == 50
    assert sorted([*choosing, *checking]) == list(range(101))
    turned = questions[::-1]
    assert {turned[i] for i in halves(turned)[1]} == {questions[i] for i in checking}


def test_where_half_could_certify_nothing_all_choose() -> None:
    assert len(halves([str(n) for n in range(28)])[1]) == 14
    assert halves([str(n) for n in range(27)])[1] == []
    assert halves([]) == ([], [])


def test_the_choices_are_in_order() -> None:
    chance = np.random.default_rng(1)
    p = np.stack([chance.random(200), chance.random(200)])
    cautious, balanced, generous = (_level(p, p, np.zeros(50), share) for share in SHARES.values())
    assert cautious.answer > balanced.answer > generous.answer
    assert cautious.answered_with < balanced.answered_with < generous.answered_with


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
    answerer = Recording(index, FakeEmbedder(), None, gate=GATE, thresholds=shut)
    told: list[tuple[str, int, int]] = []
    found = calibrate(index, FakeEmbedder(), answerer, progress=lambda *progress: told.append(progress))
    trials = make_trials(index.passages)
    assert told[-1] == ("Calibrating", len(trials), len(trials))
    assert found.trials == len(trials)
    expected = {(t.question, frozenset({0, 60}) if t.row in (0, 60) else frozenset({t.row})) for t in trials}
    assert {item for item in asked if item[1]} == expected
    assert found.checked == len(trials) // 2
    for name, level in found.levels.items():
        at_most = found.at_most(name)
        assert level.answered_with > level.wrong / found.checked
        assert at_most is None or at_most > level.wrong / found.checked
    assert found == calibrate(index, FakeEmbedder(), answerer)
