"""What is said about a topic beside its quotes: which episodes speak of it, which are silent, which topics are near,
and how far the summary is.

In the language that is spoken. Knows nothing of Discord.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console

from bot import wording
from bot.language import _, number
from bot.wording import clean, episode_name, passages
from rag.map_types import Comparison, TopicSummary
from rag.phrase import Phrase
from rag.protocols import Stage, Watch
from rag.types import Episode, Sentence

NOWHERE_BOTH = Phrase("No episode of your notes speaks of both.")
NOTHING_SHARED = Phrase("The notes about them have no topic in common.")
NAMED = 3  # episodes named of those that speak, and of those that do not
STAGES: dict[Stage, Phrase] = {
    "search": Phrase("Reading what your notes say about it …"),
    "choose": Phrase("Choosing what to quote …"),
    "group": Phrase("Putting together what belongs together …"),
    "write": Phrase("Putting it into sentences …"),
    "quote": Phrase("Looking up the places …"),
}


@contextmanager
def telling(console: Console) -> Iterator[Watch]:
    """A watch that says on a terminal how far a summary is, as long as the block lasts; elsewhere it says nothing."""
    with console.status("") as status:
        yield Watch(on_stage=lambda stage: status.update(_(STAGES[stage])))


def apart(compared: Comparison) -> str:
    """What to say where two things have nothing in common, to be said in the language that is spoken; else ""."""
    if compared.meets:
        return ""
    return NOWHERE_BOTH if compared.left.kind == compared.right.kind == "topic" else NOTHING_SHARED


def coverage(summary: TopicSummary) -> str:
    """ "2 of 9 episodes speak of it: mostly A (4 passages), B (1 passage). Nothing in C."; "" where nobody counted."""
    if not summary.coverage:
        return ""
    speaking, silent = len(summary.coverage), len(summary.silent)
    told = _("{n} of {all} episodes speaks of it") if speaking == 1 else _("{n} of {all} episodes speak of it")
    opening = told.format(n=number(speaking), all=number(speaking + silent))
    named = [f"{_name(c.episode)} ({passages(c.passages)})" for c in summary.coverage]
    mostly = _("{opening}: mostly {episodes}.") if _differ(summary) else _("{opening}: {episodes}.")
    first = mostly.format(opening=opening, episodes=_few(named))
    return " ".join(filter(None, (first, _nothing_in(summary.silent))))


def _differ(summary: TopicSummary) -> bool:
    """Whether one episode has more to say than another."""
    return len({each.passages for each in summary.coverage}) > 1


def written(summary: TopicSummary) -> str:
    """Which points are quotes, where not all of them are; "" where all are."""
    points = (Sentence(text=p.text, citations=p.citations, verbatim=p.verbatim) for p in summary.points)
    return wording.written(points)


def near_topics(names: Iterable[str]) -> str:
    """One line with the topics that the notes do have, or ""."""
    listed = ", ".join(clean(name) for name in names)
    return _("Topics your notes do speak of: {topics}").format(topics=listed) if listed else ""


def _nothing_in(silent: Sequence[Episode]) -> str:
    """Where there is nothing: by name where these are few."""
    if len(silent) > NAMED:
        return _("Nothing in the other {n}.").format(n=number(len(silent)))
    return _("Nothing in {episodes}.").format(episodes=", ".join(map(_name, silent))) if silent else ""


def _few(names: list[str]) -> str:
    listed, further = ", ".join(names[:NAMED]), len(names) - NAMED
    return _("{listed} and {n} more").format(listed=listed, n=number(further)) if further > 0 else listed


def _name(episode: Episode) -> str:
    return episode_name(episode.show, episode.title, episode.date)
