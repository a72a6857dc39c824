"""Results as JSON for programs that read or measure Footnote; `schemas/` says what each object holds.

Knows nothing of terminals, except that `dumps` stays within ASCII so that printing it is always safe.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any, Literal, TypeAlias

from bot.terminal.render_text import episode_list, plain, render
from rag.map_types import TopicSummary
from rag.types import Answer, Citation, Episode, NotCovered

Json: TypeAlias = dict[str, Any]


def dumps(value: Mapping[str, Any]) -> str:
    """One line of ASCII; every other character is escaped, so quotes survive every terminal."""
    return json.dumps(value, ensure_ascii=True)


Described: TypeAlias = Literal[
    "ask", "topic", "episodes", "eval", "notes", "calibrate", "recommend", "try", "doctor", "topics", "timeline",
    "compare", "digest",
]  # fmt: skip


def schema(name: Described) -> Json:
    """The JSON Schema (2020-12) of what `footnote NAME --json` gives."""
    loaded: Json = json.loads(files("bot").joinpath("schemas", f"{name}.schema.json").read_text("utf-8"))
    return loaded


def ask_json(result: Answer | NotCovered) -> Json:
    """What `footnote ask --json` prints. A refusal has no sentences; an answer has nothing in `closest`."""
    return {**_common(result), **(_refused(result) if isinstance(result, NotCovered) else _answered(result))}


def topic_json(result: TopicSummary | NotCovered) -> Json:
    """What `footnote topic --json` prints. A refusal has no points and no episodes."""
    summary = None if isinstance(result, NotCovered) else result
    return {
        "outcome": result.outcome,
        "topic": result.question if isinstance(result, NotCovered) else result.topic,
        "text": plain(render(result)),
        "points": [
            {
                "text": point.text,
                "theme": point.theme,
                "citations": list(point.citations),
                "verbatim": point.verbatim,
                "more": [{"text": quote.text, "citations": list(quote.citations)} for quote in point.more],
            }
            for point in (summary.points if summary else ())
        ],
        "citations": citations_json(summary.citations if summary else ()),
        "episodes": [episode_json(episode) for episode in (summary.episodes if summary else ())],
        "coverage": {c.episode.id: c.passages for c in (summary.coverage if summary else ())},
        "silent": [episode_json(episode) for episode in (summary.silent if summary else ())],
        "searched": result.searched,
        "remarks": list(result.remarks),
        "near_topics": list(result.near_topics if isinstance(result, NotCovered) else ()),
        "closest": citations_json(result.closest if isinstance(result, NotCovered) else ()),
        "timings_ms": dict(result.timings_ms),
    }


def episodes_json(episodes: Sequence[Episode]) -> Json:
    """What `footnote episodes --json` prints."""
    listed = [
        {
            **episode_json(episode),
            "guests": list(episode.guests),
            "urls": list(episode.urls),
            "notes": [
                {"note_file": entry.note_file, "line_start": entry.line_start, "line_end": entry.line_end}
                for entry in episode.entries
            ],
        }
        for episode in episodes
    ]
    return {"text": plain(episode_list(episodes)), "episodes": listed}


def _common(result: Answer | NotCovered) -> Json:
    return {
        "outcome": result.outcome,
        "question": result.question,
        "searched": result.searched or result.question,
        "filters": [asdict(each) for each in result.filters],
        "remarks": list(result.remarks),
        "text": plain(render(result)),
        "p_answerable": result.p_answerable,
        "timings_ms": dict(result.timings_ms),
    }


def _answered(answer: Answer) -> Json:
    return {
        "lead_in": answer.lead_in,
        "sentences": [
            {"text": sentence.text, "citations": list(sentence.citations), "verbatim": sentence.verbatim}
            for sentence in answer.sentences
        ],
        "citations": citations_json(answer.citations),
        "closest": [],
        "absent_words": [],
        "did_you_mean": [],
        "near_episodes": [],
    }


def _refused(result: NotCovered) -> Json:
    return {
        "lead_in": result.reason,
        "sentences": [],
        "citations": [],
        "closest": citations_json(result.closest),
        "absent_words": list(result.absent_words),
        "did_you_mean": list(result.did_you_mean),
        "near_episodes": list(result.near_episodes),
    }


def citations_json(citations: Sequence[Citation]) -> list[Json]:
    """Citations as every object has them."""
    return [_citation(citation) for citation in citations]


def _citation(citation: Citation) -> Json:
    return {
        "n": citation.n,
        "show": citation.show,
        "episode": citation.episode,
        "episode_id": citation.episode_id,
        "date": citation.date,
        "note_file": citation.note_file,
        "line_start": citation.line_start,
        "line_end": citation.line_end,
        "counted": citation.counted,
        "quote": citation.quote,
        "seconds": citation.seconds,
        "seconds_around": citation.seconds_around,
        "speaker": citation.speaker,
        "url": citation.url,
        "also": [asdict(place) for place in citation.also],
        "context": {"before": list(citation.before), "passage": citation.whole, "after": list(citation.after)},
    }


def episode_json(episode: Episode) -> Json:
    """An episode as every object names it."""
    return {"id": episode.id, "show": episode.show, "title": episode.title, "date": episode.date}
