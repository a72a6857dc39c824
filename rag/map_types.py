"""The nouns of what is said about topics: a summary, which there are, one over time, two side by side, what is new.

Plain frozen values, as in rag/types.py, whose citations and episodes they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rag.phrase import Said
from rag.types import Citation, Episode, Outcome, Sentence

SideKind = Literal["topic", "guest", "episode"]


@dataclass(frozen=True, kw_only=True)
class TopicPoint:
    """One point of a topic summary: a statement under its sub-theme, and what else belongs to it.

    Attributes:
        citations: numbers of those that carry `text`, and of those that say nearly the same elsewhere.
        more: further quotes of the same matter, the nearest to the topic first.
        verbatim: `text` is a quote; otherwise a model joined it from the quotes in `more`, and every check passed it.
    """

    text: str
    citations: tuple[int, ...]
    theme: str
    more: tuple[Sentence, ...] = ()
    verbatim: bool = True


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much an episode says of a topic: how many of its passages speak of it."""

    episode: Episode
    passages: int


@dataclass(frozen=True, kw_only=True)
class TopicSummary:
    """What the notes say of a topic across episodes.

    Attributes:
        episodes: those that speak of it, the fullest first.
        searched: what was looked for, where that is not the topic as it was written; "" where it is.
        coverage: the same episodes, with how much they say.
        silent: the other episodes, by show and date.
        remarks: sentences for the reader: where quotes that are shown agree or disagree, what the topic was taken for.
    """

    topic: str
    points: tuple[TopicPoint, ...]
    citations: tuple[Citation, ...]
    episodes: tuple[Episode, ...]
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    searched: str = ""
    coverage: tuple[Coverage, ...] = ()
    silent: tuple[Episode, ...] = ()
    remarks: tuple[Said, ...] = ()

    outcome: Outcome = field(default="answer", init=False)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A topic that the notes have.

    Attributes:
        name: as the notes write it most often.
        also: other names of the notes for much the same.
        passages: how many hold one of them.
        episodes: ids of their episodes, the one with the most first.
        first, last: the earliest and the latest date of these, ISO 8601; None where none has a year.
    """

    name: str
    passages: int
    episodes: tuple[str, ...]
    also: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, kw_only=True)
class EpisodeMentions:
    """Where one episode speaks of a topic.

    Attributes:
        seconds: the last second that its notes know of; None where they know no minutes.
        mentions: numbers of the citations, by minute; those without one come last.
    """

    episode: Episode
    mentions: tuple[int, ...]
    seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A topic over episodes and minutes.

    Attributes:
        searched: the topic with names spelt as the notes do.
        episodes: those that speak of it, by date; those without a year come last.
        silent: how many others there are.
    """

    topic: str
    searched: str
    episodes: tuple[EpisodeMentions, ...]
    citations: tuple[Citation, ...]
    silent: int = 0

    outcome: Outcome = field(default="answer", init=False)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two things that are compared.

    Attributes:
        label: as the notes call it.
        episodes: those that it is, or that speak of it.
        passages: how many speak of it, or are in them.
    """

    label: str
    kind: SideKind
    episodes: tuple[Episode, ...]
    passages: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """What both sides say where they meet, or what one says alone; numbers of citations."""

    theme: str
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two topics, guests or episodes side by side.

    Attributes:
        rows: where both have something to say first; one after the other where they never meet.
    """

    left: Side
    right: Side
    rows: tuple[Row, ...]
    citations: tuple[Citation, ...]

    outcome: Outcome = field(default="answer", init=False)

    @property
    def meets(self) -> bool:
        """Whether there is anything that both have something to say to."""
        return any(row.left and row.right for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class News:
    """What one episode adds: up to three citations, by number.

    Attributes:
        added: the day its notes came or changed, ISO 8601; None where that is not known.
    """

    episode: Episode
    points: tuple[int, ...]
    added: str | None = None


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What the notes since a day add.

    Attributes:
        since: ISO 8601.
        episodes: the newest first.
        more: how many further ones are as new.
    """

    since: str
    episodes: tuple[News, ...]
    citations: tuple[Citation, ...]
    more: int = 0
