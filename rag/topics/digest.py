"""What the newest notes add: of each episode since a day, three quotes that no older note says.

A point is worth telling if it is near what its episode is about and far from all that the other episodes say. Asks no
language model. Knows nothing of files: when a note came or changed it is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from rag.errors import Interrupted
from rag.index import Index
from rag.map_types import Digest, News
from rag.protocols import Cancelled
from rag.topics.quoting import quote
from rag.topics.themes import diverse, makes_a_point
from rag.types import Citation, FloatArray

POINTS = 3
MOST = 10  # episodes
LOOKED_AT = 400  # passages of an episode, evenly over it
NEWNESS = 0.5  # weight of being unlike older notes against being what the episode is about
QUOTABLE = range(40, 1500)  # characters


def digest(
    index: Index, since: str, *, added: Mapping[str, str], cancelled: Cancelled | None = None, most: int = MOST
) -> Digest:
    """What was said, or written down, since a day.

    Args:
        since: ISO 8601; a year or a month means its first day.
        added: file of a note -> the day it came or changed, ISO 8601; those that are not known are left out.
    """
    rows = _rows(index)
    days = {id_: _day(index, id_, added) for id_ in rows}
    newer = [id_ for id_ in rows if days[id_] and days[id_] >= since[: len(days[id_])]]  # a day may be just a month
    new = sorted(newer, key=lambda id_: (days[id_], id_), reverse=True)
    citations: list[Citation] = []
    news: list[News] = []
    for id_ in new[:most]:
        if cancelled and cancelled():
            raise Interrupted("Cancelled.")
        first = len(citations) + 1
        chosen, aim = _points(
            index, rows[id_], [row for other, each in rows.items() if other not in new for row in each]
        )
        citations += [quote(index, first + n, row, aim) for n, row in enumerate(chosen)]
        numbers = tuple(range(first, len(citations) + 1))
        news.append(News(episode=index.episodes[id_], points=numbers, added=_added(index, id_, added)))
    return Digest(since=since, episodes=tuple(news), citations=tuple(citations), more=max(len(new) - most, 0))


def _rows(index: Index) -> dict[str, list[int]]:
    """The rows of each episode that say something."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, passage in enumerate(index.passages):
        says = len(passage.text) in QUOTABLE and makes_a_point(passage.text)
        if says and not index.is_heading(passage) and not index.is_aside(passage):
            rows[passage.episode_id].append(row)
    return rows


def _day(index: Index, episode: str, added: Mapping[str, str]) -> str:
    """The later one of the day that an episode is from and the day its notes came; "" where neither is known."""
    date = index.episodes[episode].date or ""
    return max("" if date.startswith("-") else date, _added(index, episode, added) or "")


def _added(index: Index, episode: str, added: Mapping[str, str]) -> str | None:
    days = [added[entry.note_file] for entry in index.episodes[episode].entries if entry.note_file in added]
    return max(days, default=None)


def _points(index: Index, rows: Sequence[int], older: Sequence[int]) -> tuple[list[int], FloatArray]:
    """Up to three rows of an episode in its order, and what the episode is about, shape (dimension,)."""
    rows = _spread(rows)
    vectors = _vectors(index, rows)
    about = vectors.mean(axis=0)
    about /= np.linalg.norm(about) or 1.0
    known = (vectors @ _vectors(index, _spread(older, most=5 * LOOKED_AT)).T).max(axis=1) if older else 0.0
    worth = np.asarray(vectors @ about - NEWNESS * known, dtype=np.float32)
    files = [index.passages[row].note_file for row in rows]
    chosen = diverse(worth, vectors @ vectors.T, files, count=POINTS, each=POINTS)
    return sorted(rows[place] for place in chosen), np.asarray(about, dtype=np.float32)


def _vectors(index: Index, rows: Sequence[int]) -> FloatArray:
    return index.store.vectors([index.vector_numbers(row)[0] for row in rows])


def _spread(rows: Sequence[int], *, most: int = LOOKED_AT) -> list[int]:
    """At most so many of the rows, evenly over them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(place)] for place in np.linspace(0, len(rows) - 1, most)]
