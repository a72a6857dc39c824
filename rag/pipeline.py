"""Which parts of the pipeline have a say: all of them as shipped, fewer in an ablation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answers = Literal["cautious", "balanced", "generous"]
"""How readily to answer, as the owner chooses."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Which parts have a say in an answer. A part is switched off by a value here, never by other code.

    Attributes:
        dense: weight of the cosine in the hybrid score.
        lexical: weight of BM25's share in it.
        preferences: whether passages that fit the question's form go before headings and asides.
        spelling: whether names misspelt in the question are corrected.
        follow_ups: whether the conversation before the question is looked at.
        filters: whether names, dates and minutes in the question narrow the search.
        parts: whether what is asked together is searched for one by one, too.
    """

    dense: float = 1.0
    lexical: float = 0.3
    preferences: bool = True
    spelling: bool = True
    follow_ups: bool = True
    filters: bool = True
    parts: bool = True


SHIPPED = Pipeline()
