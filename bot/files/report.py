"""What goes into a report on a topic: the summary's points with every quote, what stands around it, and its link.

Knows nothing of Markdown, HTML or PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bot import wording
from bot.language import _, ngettext
from rag.map_types import TopicPoint, TopicSummary
from rag.phrase import Phrase
from rag.protocols import Assistant
from rag.types import Citation


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A quote with what stands around it.

    Attributes:
        before, after: the passages around it in its note.
        source: episode, minute and place in the file, on one line.
        url: a link to the minute; "" where there is none that is safe.
    """

    n: int
    text: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    source: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point: a model's wording, if it is one, and the quotes that carry it."""

    said: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """The points under one sub-theme; "" where that has no name."""

    theme: str
    points: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report, in the language that was spoken.

    Attributes:
        extent: how much it is.
        episodes: their names with dates.
        remarks: sentences for the reader.
    """

    topic: str
    extent: str
    chapters: tuple[Chapter, ...]
    episodes: tuple[str, ...]
    remarks: tuple[str, ...]


MODEL_WROTE = Phrase("Written by a model, checked against the quotes below it.")
EPISODES = Phrase("Episodes")


def opening(report: Report) -> str:
    """The sentence that a report begins with."""
    return _("What the notes say about it: {extent}.").format(extent=report.extent)


def report_on(summary: TopicSummary, assistant: Assistant) -> Report:
    """The report on a summary, with the context of its quotes as the notes have it now."""
    ids = list(dict.fromkeys(citation.passage_id for citation in summary.citations))
    around = dict(zip(ids, _around(assistant, ids), strict=True))
    quotes = {citation.n: _quote(citation, around[citation.passage_id]) for citation in summary.citations}
    points, episodes = len(summary.points), len(summary.episodes)
    return Report(
        topic=wording.clean(summary.topic),
        extent=_("{points} from {episodes}").format(
            points=ngettext("{n} point", "{n} points", points), episodes=wording.episodes(episodes)
        ),
        chapters=tuple(
            Chapter(theme=wording.clean(theme), points=tuple(_point(each, quotes) for each in group))
            for theme, group in groupby(summary.points, key=lambda point: point.theme)
        ),
        episodes=tuple(wording.episode_name(e.show, e.title, e.date) for e in summary.episodes),
        remarks=tuple(map(_, summary.remarks)),
    )


def _around(assistant: Assistant, ids: Sequence[str]) -> list[Citation | None]:
    """The passages with these ids; None for one that is gone meanwhile."""
    found = {each.passage_id: each for each in assistant.browse().around(ids)}
    return [found.get(id_) for id_ in ids]


def _point(point: TopicPoint, quotes: dict[int, Quote]) -> Point:
    numbers = dict.fromkeys([*point.citations, *(n for more in point.more for n in more.citations)])
    return Point(
        said="" if point.verbatim else wording.clean(point.text),
        quotes=tuple(quotes[n] for n in numbers if n in quotes),
    )


def _quote(citation: Citation, around: Citation | None) -> Quote:
    return Quote(
        n=citation.n,
        text=wording.clean(citation.display),
        before=tuple(map(wording.clean, around.before if around else citation.before)),
        after=tuple(map(wording.clean, around.after if around else citation.after)),
        source=wording.source(citation),
        url=wording.safe_url(citation.url) or "",
    )
