"""Question sets: JSON Lines of questions and of the places in the notes that answer them.

A set is split in halves by a hash of the ids, so that what is tuned on one half is reported on the other, and a
question added later moves no other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag.errors import QuestionError
from rag.types import Citation, Passage, Place

Split = Literal["tune", "report", "all"]


@dataclass(frozen=True, kw_only=True)
class Gold:
    """A place that answers: a quote in a note, or lines of it (1-based, inclusive) where `quote` is empty."""

    file: str
    quote: str = ""
    line_start: int = 0
    line_end: int = 0


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line of a question set.

    Attributes:
        answerable: None is unlabelled, or neither one nor the other: asked, but not scored.
        history: earlier questions of the conversation, oldest first.
        seconds: where in the audio the answer is spoken, (start, end).
    """

    id: str
    question: str
    answerable: bool | None
    kind: str
    gold: tuple[Gold, ...] = ()
    keyfacts: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    seconds: tuple[float, float] | None = None


def load_questions(path: Path, split: Split = "all") -> list[Question]:
    """Read a question set. Raises QuestionError naming the line that is wrong, or if there is no question in it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise QuestionError(f"The question file {path} cannot be read ({error.strerror}).") from error
    questions = [_question(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not questions:
        raise QuestionError(f"The question file {path} is empty.")
    kept = [question for question in questions if in_split(question.id, split)]
    if not kept:
        raise QuestionError(f"No question of {path} is in the half '{split}'.", remedy="Use --split all.")
    return kept


def in_split(question_id: str, split: Split) -> bool:
    """Whether a question belongs to a half: "tune" by an even sha256 of its id, "report" by an odd one."""
    half = hashlib.sha256(question_id.encode()).digest()[-1] % 2
    return split == "all" or split == ("tune", "report")[half]


def _question(path: Path, number: int, line: str) -> Question:
    try:
        raw = json.loads(line)
        label, seconds = raw.get("answerable"), raw.get("seconds")
        return Question(
            id=str(raw["id"]),
            question=str(raw["question"]),
            answerable=label if isinstance(label, bool) else None,
            kind=str(raw.get("kind", "")),
            gold=tuple(_gold(gold) for gold in raw.get("gold", ())),
            keyfacts=tuple(raw.get("keyfacts", ())),
            history=tuple(map(str, raw.get("history", ()))),
            seconds=(float(seconds[0]), float(seconds[1])) if seconds else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise QuestionError(
            f"Line {number} of {path.name} is not a question ({error}).", remedy='It needs "id" and "question".'
        ) from error


def _gold(raw: dict[str, Any]) -> Gold:
    if "quote" in raw:
        return Gold(file=raw["file"], quote=raw["quote"])
    return Gold(file=raw["file"], line_start=int(raw["line_start"]), line_end=int(raw["line_end"]))


def normalized(text: str) -> str:
    """`text` with white space collapsed and a transcript's line marks dropped."""
    return re.sub(r"\s+", " ", re.sub(r"(?m)^\*\s+", "", text)).strip()


def overlaps(gold: str, quote: str) -> bool:
    """Whether a shown quote and a gold quote share their words: one holds the other."""
    one, other = normalized(gold), normalized(quote)
    return bool(other) and (one in other or other in one)


def is_gold(passage: Passage, gold: Sequence[Gold]) -> bool:
    """Whether a passage holds a gold quote, or stands in gold lines."""
    mine = [g for g in gold if g.file == passage.note_file]
    return any(
        normalized(g.quote) in normalized(passage.raw) if g.quote else _meets(g, passage.line_start, passage.line_end)
        for g in mine
    )


def cites_gold(citation: Citation, gold: Sequence[Gold]) -> bool:
    """Whether a citation, or another place where its quote stands, shows what answers."""
    places: tuple[Citation | Place, ...] = (citation, *citation.also)
    return any(
        overlaps(g.quote, citation.quote) if g.quote else _meets(g, place.line_start, place.line_end)
        for g in gold
        for place in places
        if place.note_file == g.file
    )


def _meets(gold: Gold, line_start: int, line_end: int) -> bool:
    return line_start <= gold.line_end and gold.line_start <= line_end
