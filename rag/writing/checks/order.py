"""Do the words of a sentence stand in the order of what it cites? Who turns them round easily says something else."""

from __future__ import annotations

from bisect import bisect_left

from rag.words import terms
from rag.writing.checks.claim import Claim

MOST_MOVED = 0.3  # of the words that both have: those that would have to be moved
MOST_BREAKS = 1  # a sentence may put first what stands last: "On a June day the queen lays eggs"


def reordered(claim: Claim) -> str:
    """Why no sentence of what is cited says it in nearly this order; "" where one does."""
    if not claim.carrying or any(_is_near(terms(claim.text), terms(piece)) for piece in claim.carrying):
        return ""
    return "its words stand in another order in what it cites"


def _is_near(wanted: list[str], there: list[str]) -> bool:
    places: dict[str, list[int]] = {}
    for place, term in enumerate(there):
        places.setdefault(term, []).append(place)
    shared = [places[term] for term in wanted if term in places]
    return _breaks(shared) <= MOST_BREAKS or len(shared) - _in_order(shared) <= MOST_MOVED * len(shared)


def _breaks(shared: list[list[int]]) -> int:
    """How often one has to go back, reading the words where they next stand."""
    breaks, last = 0, -1
    for places in shared:
        ahead = bisect_left(places, last + 1)
        breaks += ahead == len(places)
        last = places[ahead % len(places)]
    return breaks


def _in_order(shared: list[list[int]]) -> int:
    """How many of the words can be read without going back."""
    ends: list[int] = []  # for each length, the least place where so many words in order can end
    for places in shared:
        for place in reversed(places):
            at = bisect_left(ends, place)
            ends[at : at + 1] = [place]
    return len(ends)
