from __future__ import annotations

import json
import math
from dataclasses import fields
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.gate import Evidence, GateModel, Thresholds, load_gate_model, weigh
from rag.types import Hit
from rag.words import terms
from tests.builders import BEES, RYE, TIDES, hit

UNIT = st.floats(0, 1)
SURE = Evidence(score=0.9, lead=0.3, named=1.0, exact=1.0)
UNSURE = Evidence(score=0.15, lead=0.01, named=0.0, exact=0.0)


def evidence(hits: list[Hit], question: str, **more: object) -> Evidence:
    plain = {
        "terms_of": lambda found: frozenset(terms(found.passage.text)),
        "names": frozenset(),
        "exact_terms": (),
    }
    return weigh(hits, list(dict.fromkeys(terms(question))), **{**plain, **more})  # type: ignore[arg-type]


def test_nothing_found_is_no_evidence() -> None:
    assert evidence([], "bees") == Evidence(score=0.0, lead=0.0, named=0.0, exact=0.0)


def test_the_score_is_that_of_the_first() -> None:
    assert evidence([hit(BEES, score=0.4), hit(TIDES, score=0.3)], "bees").score == 0.4


def test_lead_is_over_the_fifth() -> None:
    told = ("bees dance", "tides turn", "rye keeps", "drones leave", "moons pull", "salt dissolves")
    hits = [hit(text, score=score) for text, score in zip(told, (0.9, 0.8, 0.7, 0.6, 0.5, 0.1), strict=True)]
    assert evidence(hits, "bees").lead == pytest.approx(0.4)
    assert evidence(hits[:2], "bees").lead == pytest.approx(0.1)
    assert evidence(hits[:1], "bees").lead == 0.0


def test_copies_of_the_best_do_not_take_its_lead_away() -> None:
    """Of a note that stood five times in the folder nothing was ever answered."""
    copies = [hit(f"{BEES} {RYE} in house {number}", score=0.9 - number / 100) for number in range(6)]
    assert evidence([*copies, hit(TIDES, score=0.2)], "bees").lead == pytest.approx(0.7)
    assert evidence(copies, "bees").lead == 0.0


def test_names_in_the_question_must_stand_over_the_best() -> None:
    names = frozenset({"ine", "moreau"})
    assert evidence([hit("Ines Moreau spoke")], "what did Ines Moreau say", names=names).named == 1.0
    assert evidence([hit("Ines spoke")], "what did Ines Moreau say", names=names).named == 0.5
    assert evidence([hit(TIDES), hit("Ines Moreau")], "what did Ines Moreau say", names=names).named == 0.0
    assert evidence([hit(TIDES)], "what did anyone say of tides", names=names).named == 1.0


def test_exact_names_and_numbers_must_stand_in_the_best() -> None:
    found = [hit(BEES), hit("1969 Armstrong")]
    assert evidence(found, "what of bees", exact_terms=("bee", "1969")).exact == 0.5
    assert evidence(found, "what of bees", exact_terms=("1969",)).exact == 0.0
    assert evidence(found, "what of bees").exact == 1.0


def test_the_vector_has_the_fields_in_the_order_of_the_model() -> None:
    numbers = Evidence(score=1, lead=2, named=3, exact=4)
    assert numbers.vector().tolist() == [1, 2, 3, 4]


def test_the_regression_is_the_formula() -> None:
    model = GateModel(mean=(0.5, 0, 0, 0), scale=(0.5, 1, 2, 1), weights=(2, 1, -3, 0), bias=-0.25)
    z = 2 * (0.9 - 0.5) / 0.5 + 0.3 - 3 * 1 / 2 - 0.25
    assert model.p_answerable(SURE) == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-5)


def test_the_model_that_ships_was_fitted_on_these_fields() -> None:
    raw = json.loads((files("rag") / "data" / "gate.json").read_text(encoding="utf-8"))
    assert raw["fields"] == [field.name for field in fields(Evidence)]


def test_the_model_that_ships_tells_good_evidence_from_bad() -> None:
    model = load_gate_model()
    assert len(model.mean) == len(model.scale) == len(model.weights) == len(UNSURE.vector())
    assert all(scale > 0 for scale in model.scale)
    assert model.p_answerable(SURE) > 0.7
    assert model.p_answerable(UNSURE) < 0.3


@given(st.lists(UNIT, min_size=4, max_size=4))
def test_any_evidence_has_a_probability(numbers: list[float]) -> None:
    names = [field.name for field in fields(Evidence)]
    assert 0 <= load_gate_model().p_answerable(Evidence(**dict(zip(names, numbers, strict=True)))) <= 1


@pytest.mark.parametrize(
    ("p", "cosine", "outcome"),
    [
        (0.9, 0.1, "answer"),
        (0.6, 0.9, "answer"),
        (0.59, 0.9, "closest"),
        (0.1, 0.3, "closest"),
        (0.59, 0.29, "not_covered"),
    ],
)
def test_evidence_earns_one_outcome(p: float, cosine: float, outcome: str) -> None:
    assert Thresholds(answer=0.6, closest=0.3).outcome(p, cosine) == outcome
