"""A topic over time as strips, one an episode: what every way of drawing it has in common.

Pure functions on plain values. Knows nothing of colours, pixels or characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import wording
from bot.language import _, ngettext
from rag.map_types import EpisodeMentions, Timeline
from rag.phrase import Phrase
from rag.reading.minutes import format_seconds
from rag.types import Citation

STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 14_400, 36_000, 86_400)  # seconds between two marks of the axis
MOST_TICKS = 7
OVER_TIME = Phrase("“{topic}” over time")
NO_MINUTES = Phrase("no minutes in the notes")
WITHOUT_MINUTE = Phrase("+: without a minute")
LEAST_SECONDS = 60  # of an episode with a mark


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mention with a minute.

    Attributes:
        at: where on the axis, 0 to 1.
        citation: what is said then.
    """

    at: float
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One episode.

    Attributes:
        title: what it is called, without its show.
        show: "" where it is not known.
        date: as people write it; "" where it is not known.
        length: how much of the axis the episode takes, as far as its notes know, 0 to 1; 0 without minutes.
        untimed: what is said of the topic at a minute that the notes do not tell.
    """

    title: str
    show: str
    date: str
    marks: tuple[Mark, ...]
    untimed: tuple[Citation, ...]
    length: float

    @property
    def count(self) -> int:
        """How often the topic comes up."""
        return len(self.marks) + len(self.untimed)

    @property
    def counts(self) -> tuple[str, str]:
        """How often at a minute, and how often beside that, as it is written; "" for never."""
        if not self.length:
            return f"{self.count:,}", ""
        return f"{len(self.marks):,}" if self.marks else "", f"+{len(self.untimed):,}" if self.untimed else ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """All strips, by date.

    Attributes:
        seconds: what the whole axis stands for; 0 where no episode has minutes.
        ticks: (where, what is written there) of the axis.
        more: how many further episodes speak of the topic, less often.
    """

    topic: str
    strips: tuple[Strip, ...]
    seconds: int
    ticks: tuple[tuple[float, str], ...]
    more: int = 0

    @property
    def count(self) -> int:
        """How often the topic comes up in what is shown."""
        return sum(strip.count for strip in self.strips)


def chart(timeline: Timeline, *, most: int = 1_000_000) -> Chart:
    """The strips of the `most` episodes that speak most often of the topic, by date."""
    fullest = sorted(timeline.episodes, key=lambda each: -len(each.mentions))[:most]
    shown = [each for each in timeline.episodes if each in fullest]
    citations = {citation.n: citation for citation in timeline.citations}
    seconds = max((each.seconds or 0 for each in shown), default=0)
    return Chart(
        topic=timeline.searched or timeline.topic,
        strips=tuple(_strip(each, [citations[n] for n in each.mentions], seconds) for each in shown),
        seconds=seconds,
        ticks=ticks(seconds),
        more=len(timeline.episodes) - len(shown),
    )


def ticks(seconds: int) -> tuple[tuple[float, str], ...]:
    """(where, minute) of the marks of an axis, so many that they do not crowd."""
    if not seconds:
        return ()
    step = next((each for each in STEPS if seconds / each <= MOST_TICKS), seconds)
    return tuple((at / seconds, format_seconds(at)) for at in range(0, seconds + 1, step))


def has_untimed(drawn: Chart) -> bool:
    """Whether an episode with minutes has mentions without one."""
    return any(strip.counts[1] for strip in drawn.strips)


def summary(drawn: Chart) -> str:
    """ "24 mentions in 3 episodes", and how many episodes are not shown."""
    said = _("{mentions} in {episodes}")
    said = said.format(mentions=wording.mentions(drawn.count), episodes=wording.episodes(len(drawn.strips)))
    fewer = ngettext("{n} more episode with fewer", "{n} more episodes with fewer", drawn.more) if drawn.more else ""
    return "; ".join(filter(None, (said, fewer)))


def _strip(mentions: EpisodeMentions, citations: Sequence[Citation], seconds: int) -> Strip:
    episode = mentions.episode
    timed = [c for c in citations if c.seconds is not None and seconds]
    return Strip(
        title=wording.episode_name(None, episode.title),
        show=wording.clean(episode.show or ""),
        date=wording.format_date(episode.date),
        marks=tuple(Mark(at=min((c.seconds or 0) / seconds, 1.0), citation=c) for c in timed),
        untimed=tuple(c for c in citations if c not in timed),
        length=max(mentions.seconds or 0, LEAST_SECONDS if timed else 0) / seconds if seconds else 0.0,
    )
