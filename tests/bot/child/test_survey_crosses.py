"""What the map of the notes gives back is the same on the other side of a process."""

from __future__ import annotations

import json

import pytest

from bot.child import wire
from rag.protocols import Assistant, Surveying
from tests.bot.samples import CLOSEST, COMPARISON, DIGEST, SUBJECTS, TIMELINE


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("subjects", SUBJECTS),
        ("timeline", TIMELINE),
        ("timeline", CLOSEST),
        ("compare", COMPARISON),
        ("compare", CLOSEST),
        ("digest", DIGEST),
    ],
)
def test_an_outcome_is_what_it_was(name: str, outcome: object) -> None:
    method = wire.methods(Surveying)[name]
    assert method.outcome
    told = json.loads(json.dumps(method.outcome.dump_python(outcome, mode="json")))
    heard = method.outcome.validate_python(told)
    assert (tuple(heard) if name == "subjects" else heard) == outcome


def test_an_assistant_leads_to_its_survey() -> None:
    assert wire.methods(Assistant)["survey"].leads_to is Surveying
    assert wire.methods(Surveying)["digest"].stays == {"cancelled"}
