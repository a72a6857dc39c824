"""Bookmarks of Pocket Casts as its service lists them: `bookmarkUuid`, `podcastUuid`, `episodeUuid`, `time` in seconds,
`title`, `createdAt` (as in the models of clients such as PocketcastsApiTesting; exports of the app add titles). A link
to an episode is https://pca.st/episode/ and its id: https://github.com/Automattic/pocket-casts-android, issue 2405."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rag.extract.samples import library, refused

EPISODE = "2f62aa1e-0000-4819-ba74-e400611a0b25"


def marked(second: object, title: str, **more: str) -> dict[str, object]:
    plain = {"bookmarkUuid": title, "podcastUuid": "p", "episodeUuid": EPISODE, "time": second, "title": title}
    return {**plain, "createdAt": "2024-04-10T10:00:00Z", **more}


def test_bookmarks_stand_under_their_episode_at_their_second(tmp_path: Path) -> None:
    more = {"podcastTitle": "Paper Tape Radio", "episodeTitle": "The salt road"}
    marks = [marked(1327, "Why salt"), marked(88, "Bread", **more), marked(90, "Mills", episodeUuid="other")]
    found = library(tmp_path, bookmarks_json=json.dumps({"bookmarks": marks}, indent=1))
    assert sorted((e.show or "", e.title, e.urls) for e in found.episodes) == [
        ("", "Episode other", ("https://pca.st/episode/other",)),
        ("Paper Tape Radio", "The salt road", (f"https://pca.st/episode/{EPISODE}",)),
    ]
    said = {p.text: (p.seconds, p.line_start) for p in found.passages if p.text.startswith("[")}
    assert said == {"[1:28] Bread": (88, 11), "[22:07] Why salt": (1327, 3), "[1:30] Mills": (90, 21)}


def test_a_bare_list_is_read_too(tmp_path: Path) -> None:
    found = library(tmp_path, bookmarks_json=json.dumps([marked(5, "Bread")]))
    assert [p.seconds for p in found.passages] == [None, 5]


@pytest.mark.parametrize("second", [-1, "90", None, True, 1e9])
def test_a_time_that_is_none_is_no_bookmark(tmp_path: Path, second: object) -> None:
    assert "none of the transcripts" in refused(tmp_path, "a.json", json.dumps([marked(second, "Bread")]))
