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

NEAR = 5  # how many of the best passages count as evidence together


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found for a question, as numbers; the order of the fields is the model's.

    Attributes:
        cosine: of the nearest passage.
        lead: how far the hybrid score of the best passage is ahead of the fifth.
        covered: largest idf-weighted share of the question's content words in one of the best five, 0 to 1.
        typed: 0 if the question asks for a number and the best passage holds none, else 1.
        named: share of the show's, episode's and guests' names in the question that the best passage stands
            under, 0 to 1; 1 if the question has none.
        exact: the same share of the question's proper names and numbers.
    """

    cosine: float
    lead: float
    covered: float
    typed: float
    named: float
    exact: float

    def vector(self) -> FloatArray:
        """The fields in order, shape (6,)."""
        return np.asarray(astuple(self), dtype=np.float32)


def weigh(
    hits: Sequence[Hit],
    question_terms: Sequence[str],
    *,
    terms_of: Callable[[Hit], AbstractSet[str]],
    names: AbstractSet[str],
    idf: Callable[[str], float],
    exact_terms: Sequence[str],
    typed: bool,
) -> Evidence:
    """Evidence in `hits` (best first, as search returned them).

    `question_terms` are distinct; `terms_of` gives a passage's terms with those of its headings; `names` are
    the terms of all shows, episodes and guests; `exact_terms` those of the question's names and numbers; `typed`
    is False if the best passage cannot hold the kind of answer that is asked for.
    """
    near = list(hits[:NEAR])
    if not near:
        return Evidence(cosine=0.0, lead=0.0, covered=0.0, typed=0.0, named=0.0, exact=0.0)
    found = [terms_of(hit) for hit in near]
    return Evidence(
        cosine=max(hit.cosine for hit in hits),
        lead=near[0].score - near[-1].score,
        covered=max(_share(question_terms, terms, idf) for terms in found),
        typed=float(typed),
        named=_present([term for term in question_terms if term in names], found[0]),
        exact=_present(exact_terms, found[0]),
    )


def _present(wanted: Sequence[str], terms: AbstractSet[str]) -> float:
    """Share of `wanted` that is in `terms`; 1 if nothing is wanted."""
    return sum(term in terms for term in wanted) / len(wanted) if wanted else 1.0


def _share(question: Sequence[str], terms: AbstractSet[str], idf: Callable[[str], float]) -> float:
    total = sum(idf(term) for term in question)
    return sum(idf(term) for term in question if term in terms) / total if total > 0 else 0.0


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
