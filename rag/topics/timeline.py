"""A topic over time: in which episodes it is spoken of, by date, and at which minutes.

Asks no language model. Knows nothing of how a topic is looked up.
"""

from __future__ import annotations

from collections import defaultdict

from rag.index import Index
from rag.map_types import EpisodeMentions, Timeline
from rag.phrase import Phrase
from rag.topics.mentions import Mention, Relevant
from rag.topics.quoting import quote
from rag.types import Citation, Episode, NotCovered

NOTHING = Phrase("Your notes do not cover this.")
TOO_LITTLE = Phrase("No passage of your notes speaks of this plainly enough for a timeline.")
CLOSEST = 3
NEAR = 0.45  # strength from which a passage is worth showing with a refusal


def timeline(index: Index, found: Relevant) -> Timeline | NotCovered:
    """Where the notes speak of what was looked for; a refusal where they do not."""
    told = found.above
    if not told:
        return _refused(index, found)
    by_episode: dict[str, list[Mention]] = defaultdict(list)
    for mention in told:
        by_episode[mention.passage.episode_id].append(mention)
    episodes = sorted((index.episodes[each] for each in by_episode), key=by_date)
    last = _last_seconds(index)
    citations: list[Citation] = []
    rows: list[EpisodeMentions] = []
    for episode in episodes:
        mentions = sorted(by_episode[episode.id], key=_by_minute)
        first = len(citations) + 1
        citations += [quote(index, first + n, each.row, found.vector) for n, each in enumerate(mentions)]
        numbers = tuple(range(first, len(citations) + 1))
        rows.append(EpisodeMentions(episode=episode, mentions=numbers, seconds=last.get(episode.id)))
    return Timeline(
        topic=found.topic,
        searched=found.searched,
        episodes=tuple(rows),
        citations=tuple(citations),
        silent=len(index.episodes) - len(rows),
    )


def by_date(episode: Episode) -> tuple[bool, str, str, str]:
    """The order of episodes in time; those without a year come last."""
    dated = bool(episode.date) and not str(episode.date).startswith("-")
    return not dated, episode.date or "", episode.show or "", episode.title


def _by_minute(mention: Mention) -> tuple[bool, int, int]:
    seconds = mention.passage.seconds
    return seconds is None, seconds or 0, mention.row


def _last_seconds(index: Index) -> dict[str, int]:
    """The last second that the notes of each episode know of."""
    last: dict[str, int] = {}
    for passage in index.passages:
        seconds = passage.seconds_end or passage.seconds
        if seconds is not None:
            last[passage.episode_id] = max(seconds, last.get(passage.episode_id, 0))
    return last


def _refused(index: Index, found: Relevant) -> NotCovered:
    near = sorted((each for each in found.near if each.strength >= NEAR), key=lambda each: -each.strength)[:CLOSEST]
    return NotCovered(
        question=found.topic,
        reason=TOO_LITTLE if near else NOTHING,
        closest=tuple(quote(index, n, each.row, found.vector) for n, each in enumerate(near, start=1)),
        absent_words=tuple(word.written for word in found.words if not index.lexical.knows(word.stem)),
        p_answerable=0.0,
        searched=found.searched,
    )
