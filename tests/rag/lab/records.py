"""Records as asking makes them, for what reads records."""

from __future__ import annotations

from typing import Any

PLACE = {"note_file": "bees.txt", "line_start": 3, "line_end": 3}


def record(number: int, **more: Any) -> dict[str, Any]:
    """An answerable question, answered, whose passage stands first."""
    return {
        "id": f"q{number}",
        "question": f"why do bees dance number {number}",
        "searched": f"why do bees dance number {number}",
        "kind": "why",
        "answerable": True,
        "outcome": "answer",
        "p_answerable": 0.9,
        "p_without_gold": 0.2,
        "hits": [{**PLACE, "text": "A bee dances.", "score": 1.0, "also": []}],
        "gold": [{**PLACE, "text": "A bee dances."}],
        "gold_rank": 1,
        "citations": [],
        "keyfacts_found": None,
        "gold_seconds": None,
        "seconds_off": None,
        "timings_ms": {"total": 10.0},
        "error": "",
        **more,
    }


def unanswerable(number: int, **more: Any) -> dict[str, Any]:
    """A question that nothing answers, refused."""
    plain = {"answerable": False, "outcome": "not_covered", "p_answerable": 0.1, "p_without_gold": None}
    return record(number, **{**plain, "gold_rank": None, "gold": [], "kind": "off-topic", **more})
