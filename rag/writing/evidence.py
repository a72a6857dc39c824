"""Which passages a model gets to write from, and what a reader sees each of them under. Pure functions on hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.fields import header
from rag.spans import says_the_same
from rag.types import Citation, Episode, Hit, Passage
from rag.writing.checks import Cited
from rag.writing.checks.harm import instructs, without_orders

MOST = 8
PER_EPISODE = 3  # unless the question names one
NEAR_BEST = 0.2  # a passage is evidence if its score is no further behind the best


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A span that may be cited, and what the checks need to know of it."""

    citation: Citation
    cited: Cited


def choose(hits: Sequence[Hit], *, first: int = 0, one_episode: bool = False) -> list[Hit]:
    """At most eight hits that come near the best, at most three from one episode; the `first` in any case.

    `one_episode`: the question names where to look. What speaks to whoever answers is left out: a model would obey.
    """
    best = max((hit.score for hit in hits[first:]), default=0.0)
    counts: Counter[str] = Counter()
    chosen: list[Hit] = []
    for place, hit in enumerate(hits):
        near = place < first or hit.score >= best - NEAR_BEST
        room = one_episode or counts[hit.passage.episode_id] < PER_EPISODE
        if near and room and len(chosen) < MOST and not instructs(hit.passage.text) and not _known(hit, chosen):
            counts[hit.passage.episode_id] += 1
            chosen.append(hit)
    return chosen


def _known(hit: Hit, chosen: Sequence[Hit]) -> bool:
    return any(says_the_same(hit.passage.text, other.passage.text) for other in chosen)


def gather(
    hits: Sequence[Hit], cite: Callable[[int, Hit], Citation], episode_of: Callable[[Passage], Episode]
) -> tuple[Evidence, ...]:
    """The hits as evidence, cited by their numbers from 1."""
    cites = [(cite(number, hit), hit.passage) for number, hit in enumerate(hits, start=1)]
    found = (Evidence(citation=one, cited=cited(one, passage, episode_of(passage))) for one, passage in cites)
    return tuple(each for each in found if each.cited.text)


def cited(citation: Citation, passage: Passage, episode: Episode) -> Cited:
    """A quote, orders left out, with what a reader sees it under: names, date, headings, the bullets above it."""
    above = (header(episode), citation.date or "", *passage.section, *passage.parents)
    return Cited(
        text=without_orders(citation.display),
        context="\n".join(filter(None, above)),
        people=(*episode.guests, *episode.hosts),
        speaker=passage.speaker or "",
    )
