"""Measures a pipeline on questions whose answers are known: what is found, what is refused, what is quoted.

A question set cannot judge a gate by itself, because written unanswerable questions sound different. So the
gate is also measured by deletion: every answerable question is asked once with its passages in the notes and
once without, in the same words.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.answer import Answerer, Retrieved
from rag.clock import Clock
from rag.errors import FootnoteError, QuestionError
from rag.index import Index
from rag.library import bytes_of
from rag.types import Answer, Citation, Hit, NotCovered, Passage, Place

Json = dict[str, Any]
Numbers = npt.NDArray[np.float64]

CUTOFFS = (1, 5, 20)
RESAMPLES = 2000
RISK = 0.10
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Gold:
    """A place that answers: a quote of 20 to 120 characters in one line of a note."""

    file: str
    quote: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line of a question set. `answerable` None: unlabelled, not scored."""

    id: str
    question: str
    answerable: bool | None
    kind: str
    gold: tuple[Gold, ...] = ()
    keyfacts: tuple[str, ...] = ()


def load_questions(path: Path) -> list[Question]:
    """Read a question set (JSON lines). Raises QuestionError naming the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise QuestionError(f"The question file {path} cannot be read ({error.strerror}).") from error
    questions = [_question(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not questions:
        raise QuestionError(f"The question file {path} is empty.")
    return questions


def _question(path: Path, number: int, line: str) -> Question:
    try:
        raw = json.loads(line)
        label = raw.get("answerable")
        return Question(
            id=str(raw["id"]),
            question=str(raw["question"]),
            answerable=label if isinstance(label, bool) else None,
            kind=str(raw.get("kind", "")),
            gold=tuple(Gold(file=g["file"], quote=g["quote"]) for g in raw.get("gold", ())),
            keyfacts=tuple(raw.get("keyfacts", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionError(
            f"Line {number} of {path.name} is not a question ({error}).", remedy='It needs "id" and "question".'
        ) from error


def evaluate(
    index: Index,
    answerer: Answerer,
    questions: Sequence[Question],
    *,
    notes: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Json:
    """Ask every question: {"questions": [...], "aggregates": {...}} as documented for `footnote eval`."""
    records: list[Json] = []
    for number, question in enumerate(questions, start=1):
        records.append(_ask(index, answerer, question))
        if progress:
            progress(number, len(questions))
    exact = _byte_exact(records, index, notes)
    return {"questions": records, "aggregates": {**aggregate(records), "quotes_byte_exact": exact}}


def _ask(index: Index, answerer: Answerer, question: Question) -> Json:
    clock = Clock()
    try:
        found = answerer.retrieve(question.question, clock=clock)
    except FootnoteError as error:
        return {**_record(question, [], None, 0.0), "p_without_gold": None, "timings_ms": {}, "error": str(error)}
    hits = answerer.ranked(found, clock=clock)
    result = answerer.decide(question.question, found, hits, clock=clock)
    return {
        **_record(question, hits, result, found.p_answerable),
        "p_without_gold": _without_gold(answerer, found, _with_copies(index, gold_rows(index.passages, question.gold))),
        "timings_ms": clock.timings(),
        "error": "",
    }


def _record(question: Question, hits: Sequence[Hit], result: Answer | NotCovered | None, p: float) -> Json:
    shown = () if result is None else result.citations if isinstance(result, Answer) else result.closest
    return {
        "id": question.id,
        "question": question.question,
        "kind": question.kind,
        "answerable": question.answerable,
        "outcome": result.outcome if result else "not_covered",
        "p_answerable": p,
        "hits": [_hit(hit) for hit in hits],
        "gold_rank": gold_rank(hits, question.gold),
        "citations": [_citation(c, question.gold) for c in shown],
        "keyfacts_found": _keyfacts(question, shown),
    }


def _hit(hit: Hit) -> Json:
    passage = hit.passage
    return {
        "note_file": passage.note_file,
        "line_start": passage.line_start,
        "line_end": passage.line_end,
        "text": passage.raw,
        "score": hit.score,
        "also": [_place(copy) for copy in hit.also],
    }


def _place(place: Passage | Place) -> Json:
    return {"note_file": place.note_file, "line_start": place.line_start, "line_end": place.line_end}


def _citation(citation: Citation, gold: Sequence[Gold]) -> Json:
    files = {citation.note_file, *(place.note_file for place in citation.also)}
    return {
        "n": citation.n,
        "show": citation.show,
        "episode": citation.episode,
        "date": citation.date,
        "note_file": citation.note_file,
        "line_start": citation.line_start,
        "line_end": citation.line_end,
        "quote": citation.quote,
        "seconds": citation.seconds,
        "url": citation.url,
        "also": [_place(place) for place in citation.also],
        "gold": any(g.file in files and overlaps(g.quote, citation.quote) for g in gold),
    }


def _keyfacts(question: Question, citations: Iterable[Citation]) -> float | None:
    if not question.keyfacts:
        return None
    said = " ".join(f"{c.display} {c.episode} {c.show} {c.url}" for c in citations).lower()
    said += " " + re.sub(r"\s*:\s*", ":", said)
    return sum(fact.lower() in said for fact in question.keyfacts) / len(question.keyfacts)


def _without_gold(answerer: Answerer, found: Retrieved, rows: frozenset[int]) -> float | None:
    """p(answerable) once the gold passages are out of the notes; None where there are none to take out."""
    return answerer.retrieve_vector(found.searched, found.vector, without=rows).p_answerable if rows else None


def normalized(text: str) -> str:
    """`text` with white space collapsed and a transcript's line marks dropped."""
    return re.sub(r"\s+", " ", re.sub(r"(?m)^\*\s+", "", text)).strip()


def overlaps(gold: str, quote: str) -> bool:
    """Whether a shown quote and a gold quote share their words: one holds the other."""
    one, other = normalized(gold), normalized(quote)
    return bool(other) and (one in other or other in one)


def gold_rank(hits: Sequence[Hit], gold: Sequence[Gold]) -> int | None:
    """1-based place of the first hit that holds a gold quote of its file, or whose copy does; None if none does."""
    for place, hit in enumerate(hits, start=1):
        if any(_holds(passage, gold) for passage in (hit.passage, *hit.also)):
            return place
    return None


def gold_rows(passages: Sequence[Passage], gold: Sequence[Gold]) -> frozenset[int]:
    """Rows of every passage that holds a gold quote."""
    return frozenset(row for row, passage in enumerate(passages) if _holds(passage, gold))


def _with_copies(index: Index, rows: Iterable[int]) -> frozenset[int]:
    """The rows and all that say the same: what answers is only gone with its copies."""
    return frozenset(copy for row in rows for copy in index.copies(row))


def _holds(passage: Passage, gold: Sequence[Gold]) -> bool:
    mine = [g for g in gold if g.file == passage.note_file]
    return bool(mine) and any(normalized(g.quote) in normalized(passage.raw) for g in mine)


def aggregate(records: Sequence[Json]) -> Json:
    """Figures over all questions; shares are 0 to 1, intervals are 95% bootstrap percentiles."""
    answerable = [r for r in records if r["answerable"] is True]
    others = [r for r in records if r["answerable"] is False]
    ranks = np.asarray([r["gold_rank"] or np.inf for r in answerable], dtype=np.float64)
    p_yes, p_no = _column(answerable, "p_answerable"), _column(others, "p_answerable")
    return {
        "count": len(records),
        "answerable": len(answerable),
        "unanswerable": len(others),
        "hit": {f"@{k}": share(ranks <= k) for k in CUTOFFS},
        "mrr": float(np.mean(1 / ranks)) if len(ranks) else None,
        "hit_by_kind": _by_kind(answerable, lambda rows: _hits_of(rows)),
        "outcomes_by_kind": _by_kind(records, _outcomes),
        "auroc": auroc(p_yes, p_no),
        "answered_at_risk": answered_at_risk(p_yes, p_no),
        "risk_coverage": risk_coverage(p_yes, p_no),
        "deletion": _deletion(answerable),
        "answered": share(np.asarray([r["outcome"] == "answer" for r in answerable])),
        "answered_wrongly": share(np.asarray([r["outcome"] == "answer" for r in others])),
        "answers_citing_gold": share(
            np.asarray([any(c["gold"] for c in r["citations"]) for r in answerable if r["outcome"] == "answer"])
        ),
        "citation_precision": share(
            np.asarray([c["gold"] for r in answerable if r["outcome"] == "answer" for c in r["citations"]])
        ),
        "keyfacts": _mean([r["keyfacts_found"] for r in answerable if r["outcome"] == "answer"]),
        "timings_ms": _timings(records),
    }


def share(values: npt.NDArray[Any]) -> Json:
    """Mean of booleans with its 95% bootstrap interval: {"value", "low", "high", "n"}."""
    if len(values) == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    chance = np.random.default_rng(SEED)
    sample = values[chance.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(sample, [0.025, 0.975])
    return {"value": float(values.mean()), "low": float(low), "high": float(high), "n": len(values)}


def auroc(positive: Numbers, negative: Numbers) -> float | None:
    """Probability that a positive scores above a negative, ties half (Mann and Whitney 1947)."""
    if not len(positive) or not len(negative):
        return None
    difference = positive[:, None] - negative[None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def answered_at_risk(positive: Numbers, negative: Numbers, risk: float = RISK) -> float | None:
    """Largest share of positives answered by a threshold that answers at most `risk` of the negatives."""
    if not len(positive) or not len(negative):
        return None
    allowed = int(risk * len(negative))
    ordered = np.sort(negative)[::-1]
    bar = ordered[allowed] if allowed < len(ordered) else -np.inf
    return float((positive > bar).mean())


def risk_coverage(positive: Numbers, negative: Numbers) -> list[Json]:
    """Share of answerable questions answered for each share of the others answered, in steps of 0.05."""
    return [
        {"risk": round(r, 2), "answered": answered_at_risk(positive, negative, r)} for r in np.arange(0, 0.55, 0.05)
    ]


def _deletion(answerable: Sequence[Json]) -> Json:
    """The gate asked the same questions with and without what answers them (gold among the first ten)."""
    found = [r for r in answerable if r["p_without_gold"] is not None and (r["gold_rank"] or 99) <= 10]
    present, absent = _column(found, "p_answerable"), _column(found, "p_without_gold")
    return {"n": len(found), "auroc": auroc(present, absent), "answered_at_risk": answered_at_risk(present, absent)}


def _column(records: Sequence[Json], name: str) -> Numbers:
    return np.asarray([r[name] for r in records], dtype=np.float64)


def _by_kind(records: Sequence[Json], figure: Callable[[list[Json]], Json]) -> Json:
    groups: dict[str, list[Json]] = defaultdict(list)
    for record in records:
        groups[record["kind"]].append(record)
    return {kind: figure(groups[kind]) for kind in sorted(groups)}


def _hits_of(records: Sequence[Json]) -> Json:
    return {"n": len(records)} | {
        f"@{k}": float(np.mean([(r["gold_rank"] or np.inf) <= k for r in records])) for k in CUTOFFS
    }


def _outcomes(records: Sequence[Json]) -> Json:
    return {"n": len(records)} | {
        outcome: sum(r["outcome"] == outcome for r in records) for outcome in ("answer", "closest", "not_covered")
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _timings(records: Sequence[Json]) -> Json:
    stages: dict[str, list[float]] = defaultdict(list)
    for record in records:
        for stage, ms in record["timings_ms"].items():
            stages[stage].append(ms)
    return {stage: {"p50": float(np.median(ms)), "p95": float(np.quantile(ms, 0.95))} for stage, ms in stages.items()}


def _byte_exact(records: Sequence[Json], index: Index, notes: Path) -> Json:
    """Share of shown quotes whose bytes stand in their note."""
    known = {note.file: note for note in index.notes}
    cache: dict[str, bytes] = {}
    exact = []
    for citation in (c for record in records for c in record["citations"]):
        name = citation["note_file"]
        if name not in cache:
            cache[name] = bytes_of(notes, known[name])
        exact.append(citation["quote"].encode(known[name].encoding, "surrogateescape") in cache[name])
    return share(np.asarray(exact, dtype=bool))
