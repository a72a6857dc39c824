"""What was asked and the notes do not cover: the list to write notes from.

One row a question, however often and by whomever it was asked; who asked is not told. Which questions mean the same
takes an embedder to find out; here they are only put together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.state.database import Database, Row
from rag.types import Outcome


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A question that the notes did not answer when it was last asked.

    Attributes:
        question: as it was last written.
        searched: as it was searched for: a follow-up says there what it leans on.
        count: how often it was asked.
        last_asked: seconds since 1970.
        nearest: ids of the episodes that came nearest, the nearest first.
        files: the notes they stand in.
        also: what else was searched for that means the same.
    """

    question: str
    searched: str
    count: int
    outcome: Outcome
    last_asked: float
    nearest: tuple[str, ...]
    files: tuple[str, ...]
    also: tuple[str, ...] = ()


def gaps(db: Database, *, guild: int | None = None) -> tuple[Gap, ...]:
    """The questions of one server, or of everywhere, whose last answer was a refusal; the most asked first."""
    found = db.rows(
        """SELECT question, searched, outcome, cited, asked_at AS last_asked, COUNT(*) AS count, MAX(id) FROM turns
        WHERE :guild IS NULL OR guild = :guild
        GROUP BY lower(trim(CASE searched WHEN '' THEN question ELSE searched END, ' ?!.'))
        HAVING outcome != 'answer' ORDER BY count DESC, last_asked DESC""",
        guild=guild,
    )
    return tuple(_gap(row) for row in found)


def together(found: Sequence[Gap], groups: Iterable[Sequence[int]]) -> tuple[Gap, ...]:
    """One gap for each group of positions in `found`, by the words of its first; the most asked first."""
    put = [_merged([found[place] for place in group]) for group in groups if group]
    return tuple(sorted(put, key=lambda gap: (-gap.count, -gap.last_asked)))


def _merged(same: Sequence[Gap]) -> Gap:
    return replace(
        same[0],
        count=sum(gap.count for gap in same),
        last_asked=max(gap.last_asked for gap in same),
        nearest=tuple(dict.fromkeys(each for gap in same for each in gap.nearest)),
        files=tuple(dict.fromkeys(each for gap in same for each in gap.files)),
        also=tuple(gap.searched for gap in same[1:]),
    )


def _gap(row: Row) -> Gap:
    cited = json.loads(row["cited"])
    return Gap(
        question=row["question"],
        searched=row["searched"] or row["question"],
        count=row["count"],
        outcome=row["outcome"],
        last_asked=row["last_asked"],
        nearest=tuple(dict.fromkeys(each["episode_id"] for each in cited)),
        files=tuple(dict.fromkeys(each["note_file"] for each in cited)),
    )
