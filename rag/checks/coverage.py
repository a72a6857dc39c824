"""How much of what a sentence says stands in what it cites: its content words, each by how much it tells."""

from __future__ import annotations

from rag.checks.claim import Claim
from rag.quantities import WORDED
from rag.words import stem, terms

LEAST = 0.7  # of the sentence's words by idf; tuned on one half of the claims, see docs/lab-notes.md
LEAST_QUOTED = 0.5  # the same of the quotes alone, without the names and headings above them
SAYING = frozenset(
    terms("think thinks believe believes state argue argues claim claims add adds point suggest suggests according "
          "recommend recommends consider speak speaks talk talks")
)  # fmt: skip
SHARED_LETTERS = 5
_NUMBER_WORDS = frozenset(map(stem, WORDED))


def uncovered(claim: Claim) -> str:
    """Why what is cited does not carry the sentence; "" where it does."""
    if not claim.terms:
        return "it says nothing"
    if (share := coverage(claim)) < LEAST:
        return f"only {share:.0%} of its words stand in what it cites"
    if _share(claim, frozenset(terms(claim.evidence))) < LEAST_QUOTED:
        return "what it says stands above what it cites, not in it"
    if not claim.terms - set(terms(claim.question)):
        return "it only repeats the question"
    return ""


def coverage(claim: Claim) -> float:
    """Share of the content words, by idf, that stand in the cited spans or above them, 0 to 1."""
    return _share(claim, claim.known)


def _share(claim: Claim, known: frozenset[str]) -> float:
    wanted = [term for term in claim.terms if term not in SAYING and not _is_number(term)]
    total = sum(map(claim.idf, wanted))
    return sum(claim.idf(term) for term in wanted if _held(term, known)) / total if total else 1.0


def _is_number(term: str) -> bool:
    """Numbers are written in many ways, and another check sees to every one of them."""
    return term in _NUMBER_WORDS or term[0].isdigit()


def _held(term: str, known: frozenset[str]) -> bool:
    """Whether a word stands there, in this form or another: "publisher" for "publish"."""
    if term in known:
        return True
    return len(term) >= SHARED_LETTERS and any(_related(term, other) for other in known)


def _related(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), shorter)
    return shared >= SHARED_LETTERS and shared >= 0.75 * shorter
