"""The map of the notes as JSON for programs; `schemas/` says what each object holds. Knows nothing of terminals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from bot.json_face import Json, citations_json, episode_json
from bot.terminal.topic_wording import apart
from rag.map_types import Comparison, Digest, Side, Subject, Timeline
from rag.types import NotCovered


def topics_json(subjects: Sequence[Subject]) -> Json:
    """What `footnote topics --json` prints."""
    return {"topics": [{**asdict(each), "also": list(each.also), "episodes": list(each.episodes)} for each in subjects]}


def timeline_json(result: Timeline | NotCovered) -> Json:
    """What `footnote topic T --timeline --json` prints. A refusal has no episodes."""
    if isinstance(result, NotCovered):
        return {**_refused(result), "topic": result.question, "episodes": [], "silent": 0}
    episodes = [
        {**episode_json(each.episode), "seconds": each.seconds, "mentions": list(each.mentions)}
        for each in result.episodes
    ]
    found = {"episodes": episodes, "silent": result.silent, "citations": citations_json(result.citations)}
    return {
        "outcome": "answer",
        "topic": result.topic,
        "searched": result.searched,
        "reason": "",
        "closest": [],
        **found,
    }


def compare_json(result: Comparison | NotCovered) -> Json:
    """What `footnote compare --json` prints. A refusal has no sides and no rows."""
    if isinstance(result, NotCovered):
        return {**_refused(result), "left": None, "right": None, "rows": [], "remarks": []}
    rows = [{"theme": row.theme, "left": list(row.left), "right": list(row.right)} for row in result.rows]
    return {
        "outcome": "answer",
        "searched": "",
        "reason": "",
        "closest": [],
        "left": _side(result.left),
        "right": _side(result.right),
        "rows": rows,
        "remarks": [said] if (said := apart(result)) else [],
        "citations": citations_json(result.citations),
    }


def digest_json(digest: Digest) -> Json:
    """What `footnote digest --json` prints."""
    episodes = [
        {**episode_json(each.episode), "points": list(each.points), "added": each.added} for each in digest.episodes
    ]
    return {
        "since": digest.since,
        "episodes": episodes,
        "more": digest.more,
        "citations": citations_json(digest.citations),
    }


def _refused(result: NotCovered) -> Json:
    shown = {"closest": citations_json(result.closest), "citations": []}
    return {"outcome": result.outcome, "searched": result.searched, "reason": result.reason, **shown}


def _side(side: Side) -> Json:
    episodes = [episode_json(each) for each in side.episodes]
    return {"label": side.label, "kind": side.kind, "passages": side.passages, "episodes": episodes}
