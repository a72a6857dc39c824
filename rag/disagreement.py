"""Where notes disagree or say one thing twice: both are told, with their episodes and dates. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from rag.phrase import Phrase
from rag.premise import contradiction
from rag.types import Citation

DISAGREE = Phrase("Your notes disagree: {one} in {here}, {other} in {there}.")
AGREE = Phrase("Much the same is said in {here} and in {there}.")


def disagree(one: Citation, other: Citation) -> bool:
    """Whether two quotes cannot both be true, as far as code can tell: numbers of one unit, or a comparison."""
    return contradiction(one.display, other.display) is not None


def opposed(shown: Sequence[Citation], others: Iterable[Citation]) -> list[Citation]:
    """Those of the others that disagree with something shown."""
    return [other for other in others if any(disagree(one, other) for one in shown)]


def disagreements(citations: Sequence[Citation]) -> tuple[str, ...]:
    """A sentence for each two quotes that disagree: what each says, in its own words, and where."""
    found = ((one, other, contradiction(one.display, other.display)) for one, other in combinations(citations, 2))
    return tuple(
        DISAGREE.format(one=told[1], here=_where(one), other=told[0], there=_where(other))
        for one, other, told in found
        if told
    )


def agreement(one: Citation, other: Citation) -> Phrase:
    """The sentence that two quotes say nearly the same, and where each stands."""
    return AGREE.format(here=_where(one), there=_where(other))


def _where(citation: Citation) -> str:
    """ "Show: Title (2024-03-03) [1]"."""
    name = ": ".join(filter(None, (citation.show, citation.episode)))
    return f"{name} ({citation.date or 'no date'}) [{citation.n}]"
