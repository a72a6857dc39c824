"""Asks every question of a set and keeps, for each, what was found, what was decided and what was quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from rag.answer import Answerer
from rag.clock import Clock
from rag.errors import FootnoteError
from rag.index import Index
from rag.lab.figures import Json, aggregate
from rag.lab.questions import Gold, Question, cites_gold, is_gold
from rag.lab.statistics import share
from rag.lab.written import figures
from rag.reading.library import bytes_of
from rag.types import Answer, Citation, Hit, NotCovered, Passage, Place


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
    asked: list[tuple[Question, Answer | NotCovered]] = []
    for number, question in enumerate(questions, start=1):
        record, result = _ask(index, answerer, question)
        records.append(record)
        asked += [(question, result)] if result else []
        if progress:
            progress(number, len(questions))
    exact = _byte_exact(records, index, notes)
    return {
        "questions": records,
        "aggregates": {**aggregate(records), "quotes_byte_exact": exact, "answers": figures(asked)},
    }


def _ask(index: Index, answerer: Answerer, question: Question) -> tuple[Json, Answer | NotCovered | None]:
    """What is kept of a question, and its result; None where it could not be asked."""
    clock = Clock()
    rows = gold_rows(index.passages, question.gold)
    gold = [_passage(index.passages[row]) for row in sorted(rows)]
    try:
        found = answerer.retrieve(question.question, history=question.history, clock=clock)
    except FootnoteError as error:
        empty: Json = {"gold": gold, "p_without_gold": None, "timings_ms": {}, "error": str(error)}
        return {**_record(question, [], None, 0.0), **empty}, None
    hits = answerer.ranked(found, clock=clock)
    result = answerer.decide(question.question, found, hits, clock=clock)
    record = {
        **_record(question, hits, result, found.p_answerable),
        "gold": gold,
        "p_without_gold": _without_gold(answerer, question, _with_copies(index, rows)),
        "timings_ms": clock.timings(),
        "error": "",
    }
    return record, result


def _record(question: Question, hits: Sequence[Hit], result: Answer | NotCovered | None, p: float) -> Json:
    shown = () if result is None else result.citations if isinstance(result, Answer) else result.closest
    return {
        "id": question.id,
        "question": question.question,
        "searched": result.searched if result else question.question,
        "kind": question.kind,
        "answerable": question.answerable,
        "outcome": result.outcome if result else "not_covered",
        "p_answerable": p,
        "hits": [_hit(hit) for hit in hits],
        "gold_rank": gold_rank(hits, question.gold),
        "citations": [_citation(c, question.gold) for c in shown],
        "keyfacts_found": _keyfacts(question, shown),
        "gold_seconds": question.seconds,
        "seconds_off": seconds_off(question, shown),
    }


def _hit(hit: Hit) -> Json:
    return {**_passage(hit.passage), "score": hit.score, "also": [_place(copy) for copy in hit.also]}


def _passage(passage: Passage) -> Json:
    return {**_place(passage), "text": passage.raw}


def _place(place: Passage | Place) -> Json:
    return {"note_file": place.note_file, "line_start": place.line_start, "line_end": place.line_end}


def _citation(citation: Citation, gold: Sequence[Gold]) -> Json:
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
        "gold": cites_gold(citation, gold),
    }


def _keyfacts(question: Question, citations: Iterable[Citation]) -> float | None:
    if not question.keyfacts:
        return None
    said = " ".join(f"{c.display} {c.episode} {c.show} {c.url}" for c in citations).lower()
    said += " " + re.sub(r"\s*:\s*", ":", said)
    return sum(fact.lower() in said for fact in question.keyfacts) / len(question.keyfacts)


def seconds_off(question: Question, citations: Sequence[Citation]) -> float | None:
    """How far the first citation's minute is from where the answer is spoken; None in another note or without one."""
    if not question.seconds or not citations or citations[0].seconds is None:
        return None
    if citations[0].note_file not in {gold.file for gold in question.gold}:
        return None
    start, end = question.seconds
    return float(max(start - citations[0].seconds, citations[0].seconds - end, 0))


def _without_gold(answerer: Answerer, question: Question, rows: frozenset[int]) -> float | None:
    """p(answerable) once the gold passages are out of the notes; None where there are none to take out."""
    if not rows:
        return None
    return answerer.retrieve(question.question, history=question.history, without=rows).p_answerable


def gold_rank(hits: Sequence[Hit], gold: Sequence[Gold]) -> int | None:
    """1-based place of the first hit that holds what answers, or whose copy does; None if none does."""
    for place, hit in enumerate(hits, start=1):
        if any(is_gold(passage, gold) for passage in (hit.passage, *hit.also)):
            return place
    return None


def gold_rows(passages: Sequence[Passage], gold: Sequence[Gold]) -> frozenset[int]:
    """Rows of every passage that holds what answers."""
    return frozenset(row for row, passage in enumerate(passages) if is_gold(passage, gold))


def _with_copies(index: Index, rows: Iterable[int]) -> frozenset[int]:
    """The rows and all that say the same: what answers is only gone with its copies."""
    return frozenset(copy for row in rows for copy in index.copies(row))


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
