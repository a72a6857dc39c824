"""The language model's say in the ranking: how likely it finds the question, given each passage.

Ponte and Croft's query likelihood (1998, "A Language Modeling Approach to Information Retrieval"), with a
causal model and three examples before it (Sachan et al. 2022, "Improving Passage Retrieval with Zero-Shot
Question Generation"). It is the one role in which a model of 135 million parameters helped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.types import Hit

RANKED = 5  # how many of the best are ranked; the rest keep their order behind them
CONTEXT_CHARS = 450
FITS = 0.1  # for a passage that holds the kind of thing that is asked for, in units of the hybrid score
HEADING = -0.5  # for one that only names its episode, when something else is asked for
NAMED = 0.05  # for one that stands under what the question names, though not for sure
ASIDE = -0.08  # for a sponsor read, a link list or a call to subscribe, when nothing of the kind is asked for
WEIGHT = 0.15  # of one nat a token, in units of the hybrid score

EXAMPLES = (
    (
        "Gardening Hour: Rosa Lind. mulch in late autumn, not spring: keeps the soil from freezing hard",
        "When does Rosa recommend mulching?",
    ),
    (
        "Night Trains: Ep. 12. the sleeper from Vienna takes 14 hours, she says book the upper bunk, it's quieter",
        "which bunk should i book and why",
    ),
    (
        "The Ledger. Most small shops fail in the third year - cash runs out before customers do.",
        "What usually causes small shops to close?",
    ),
)
PREFIX = "".join(f"Notes: {notes}\nQuestion: {question}\n\n" for notes, question in EXAMPLES)


def prefer(hits: Sequence[Hit], bonus: Callable[[Hit], float]) -> list[Hit]:
    """`hits` with `bonus` added to each score, sorted anew."""
    changed = [replace(hit, score=hit.score + bonus(hit)) for hit in hits]
    return sorted(changed, key=lambda hit: -hit.score)


def context(text: str) -> str:
    """What the model reads of one passage (in its context) before the question."""
    return f"Notes: {text[:CONTEXT_CHARS]}\nQuestion:"


def continuation(question: str) -> str:
    """What the model says the likelihood of."""
    return f" {question}"


def reorder(hits: Sequence[Hit], log_likelihoods: Sequence[float]) -> list[Hit]:
    """`hits` with the first len(log_likelihoods) of them sorted anew; their scores say the new order.

    Only differences between passages count, so that the question's own length and wording cancel out.
    """
    n = len(log_likelihoods)
    if not n:
        return list(hits)
    mean = sum(log_likelihoods) / n
    scored = [
        replace(hit, score=hit.score + WEIGHT * (value - mean), log_likelihood=value)
        for hit, value in zip(hits[:n], log_likelihoods, strict=True)
    ]
    scored.sort(key=lambda hit: -hit.score)
    floor = scored[-1].score
    rest = [replace(hit, score=min(hit.score, floor)) for hit in hits[n:]]
    return [*scored, *rest]
