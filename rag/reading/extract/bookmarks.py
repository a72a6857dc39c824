"""Bookmarks as JSON, those of Pocket Casts: what was marked, under the episode it stands in, at its second.

The list that the app keeps knows an episode by its id alone; exports that add titles are read with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rag.reading.extract.base import Row
from rag.reading.extract.placed_json import Placed
from rag.reading.minutes import format_seconds

_LONGEST = 100 * 3600
_TITLES = ("episodeTitle", "episode_title", "episode")
_SHOWS = ("podcastTitle", "podcast_title", "podcast")


def rows(whole: object) -> list[Row]:
    """A heading, its show and link, and a bullet a bookmark, for each episode; empty where `whole` holds none."""
    found = whole.get("bookmarks") if isinstance(whole, Mapping) else whole
    if not isinstance(found, list):
        return []
    marks = [item for item in found if isinstance(item, Placed) and _episode(item) and _seconds(item) is not None]
    marks.sort(key=lambda mark: (_episode(mark), _seconds(mark) or 0))
    return [row for _, group in groupby(marks, key=_episode) for row in _rows(list(group))]


def _rows(marks: list[Placed]) -> Iterator[Row]:
    episode = _episode(marks[0])
    first, last = min(mark.first for mark in marks), max(mark.last for mark in marks)
    show, title = (max((_said(mark, *keys) for mark in marks), key=len) for keys in (_SHOWS, _TITLES))
    head = [f"## {title or 'Episode ' + episode}", *([f"Podcast: {show}"] if show else [])]
    head += [f"Link: https://pca.st/episode/{episode}", ""]
    for text in head:
        yield Row(text=text, first=first, last=last)
    for mark in marks:
        stamp = format_seconds(_seconds(mark) or 0)
        words = _said(mark, "title") or "Bookmark"
        yield Row(text=f"- [{stamp}] {words}", first=mark.first, last=mark.last)
        if note := _said(mark, "note", "transcription"):
            yield Row(text=f"  - {note}", first=mark.first, last=mark.last)
    yield Row(text="", first=last, last=last)


def _episode(mark: Placed) -> str:
    return _said(mark, "episodeUuid", "episode_uuid")


def _seconds(mark: Placed) -> int | None:
    time: Any = mark.get("time")
    known = isinstance(time, int | float) and not isinstance(time, bool)
    return int(time) if known and 0 <= time < _LONGEST else None


def _said(mark: Placed, *keys: str) -> str:
    """The words of the first of `keys` that has any, on one line."""
    return next((" ".join(mark[key].split()) for key in keys if isinstance(mark.get(key), str) and mark[key]), "")
