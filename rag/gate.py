"""Answer, show what is closest, or say that the notes do not cover it: from the evidence alone.

Nothing here looks at how a question is worded. Written unanswerable questions betray themselves by their
form, so a gate that learns from the form would look good in a test and fail in front of people. What
counts is what was found: how near, how far ahead of the rest, and how much of what the question names is
in it. A logistic regression over that says p(answerable); the owner's own index says which p is enough.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import astuple, dataclass
from importlib.resources import files

import numpy as np

from rag.types import FloatArray, Hit, Outcome

NEAR = 5  # the lead is over the passage at this place
ALIKE = 0.8  # share of their terms that two passages have in common if they are as good as one


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found for a question, as numbers; the order of the fields is the model's.

    Attributes:
        score: hybrid score of the best passage, with what it is preferred for.
        lead: how far that is ahead of the fifth, not counting those that hold nearly the same words as the best.
        named: share of the show's, episode's and guests' names in the question that the best passage stands
            under, 0 to 1; 1 if the question has none.
        exact: the same share of the question's proper names and numbers.
    """

    score: float
    lead: float
    named: float
    exact: float

    def vector(self) -> FloatArray:
        """The fields in order, shape (4,)."""
        return np.asarray(astuple(self), dtype=np.float32)


def weigh(
    hits: Sequence[Hit],
    question_terms: Sequence[str],
    *,
    terms_of: Callable[[Hit], AbstractSet[str]],
    names: AbstractSet[str],
    exact_terms: Sequence[str],
) -> Evidence:
    """Evidence in `hits` (best first, as search returned them).

    `question_terms` are distinct; `terms_of` gives a passage's terms with those of its headings; `names` are
    the terms of all shows, episodes and guests; `exact_terms` those of the question's names and numbers.
    """
    if not hits:
        return Evidence(score=0.0, lead=0.0, named=0.0, exact=0.0)
    best, found = hits[0], terms_of(hits[0])
    others = [hit for hit in hits[1:] if not _alike(found, terms_of(hit))]
    last = others[: NEAR - 1][-1] if others else best
    return Evidence(
        score=best.score,
        lead=best.score - last.score,
        named=_present([term for term in question_terms if term in names], found),
        exact=_present(exact_terms, found),
    )


def _alike(one: AbstractSet[str], other: AbstractSet[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def _present(wanted: Sequence[str], terms: AbstractSet[str]) -> float:
    """Share of `wanted` that is in `terms`; 1 if nothing is wanted."""
    return sum(term in terms for term in wanted) / len(wanted) if wanted else 1.0


@dataclass(frozen=True, kw_only=True)
class GateModel:
    """A fitted logistic regression over standardised evidence.

    Attributes:
        mean, scale, weights: one value a field of `Evidence`, in its order.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def p_answerable(self, evidence: Evidence) -> float:
        """Estimated probability that the notes answer the question, 0 to 1."""
        z = (evidence.vector() - np.asarray(self.mean)) / np.asarray(self.scale)
        return float(1 / (1 + np.exp(-(z @ np.asarray(self.weights) + self.bias))))


def _shipped() -> str:
    return (files("rag") / "data" / "gate.json").read_text(encoding="utf-8")


def gate_fingerprint() -> str:
    """Tells one gate from another: thresholds measured with one mean nothing for the next."""
    return hashlib.sha256(_shipped().encode()).hexdigest()[:16]


def load_gate_model() -> GateModel:
    """The model that ships with Footnote (rag/data/gate.json says from what it was fitted)."""
    raw = json.loads(_shipped())
    return GateModel(
        mean=tuple(raw["mean"]), scale=tuple(raw["scale"]), weights=tuple(raw["weights"]), bias=raw["bias"]
    )


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """How much is enough.

    Attributes:
        answer: the least p(answerable) for an answer.
        closest: the least cosine of the nearest passage for showing what comes closest.
    """

    answer: float
    closest: float

    def outcome(self, p_answerable: float, cosine: float) -> Outcome:
        """Which of the three this evidence earns."""
        if p_answerable >= self.answer:
            return "answer"
        return "closest" if cosine >= self.closest else "not_covered"
