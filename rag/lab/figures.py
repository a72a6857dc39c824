"""From records, one a question, to figures: what is found, what is refused, what is quoted, and how sure that is.

A question set cannot judge a gate by itself, because written unanswerable questions sound different. So the
gate is also measured by deletion: every answerable question is asked once with its passages in the notes and
once without, in the same words. Beside both stands what a model makes of the question alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rag.lab.baseline import question_only
from rag.lab.statistics import (
    Numbers,
    Rows,
    answered_at_risk,
    auroc,
    interval,
    reliability,
    risk_coverage,
    share,
)

Json = dict[str, Any]
CUTOFFS = (1, 5, 20)
FOUND_WITHIN = 10
NEAR_SECONDS = 30


def aggregate(records: Sequence[Json]) -> Json:
    """Figures over all questions; shares are 0 to 1, intervals are 95% bootstrap percentiles."""
    answerable = [r for r in records if r["answerable"] is True]
    others = [r for r in records if r["answerable"] is False]
    answers = [r for r in answerable if r["outcome"] == "answer"]
    return {
        "count": len(records),
        "answerable": len(answerable),
        "unanswerable": len(others),
        **_found(answerable),
        **_refused(records),
        "deletion": deletion(answerable),
        "question_only": _question_only(answerable, others),
        "answered": share(np.asarray([r["outcome"] == "answer" for r in answerable])),
        "answered_wrongly": share(np.asarray([r["outcome"] == "answer" for r in others])),
        "answers_citing_gold": share(np.asarray([any(c["gold"] for c in r["citations"]) for r in answers])),
        "citation_precision": share(np.asarray([c["gold"] for r in answers for c in r["citations"]])),
        "keyfacts": _mean([r["keyfacts_found"] for r in answers]),
        "minute": share(np.asarray([_near(r) for r in answers if r["gold_seconds"]])),
        "timings_ms": _timings(records),
    }


def _found(answerable: Sequence[Json]) -> Json:
    ranks = ranks_of(answerable)
    return {
        "hit": {f"@{k}": share(ranks <= k) for k in CUTOFFS},
        "mrr": float(np.mean(1 / ranks)) if len(ranks) else None,
        "hit_by_kind": _by_kind(answerable, _hits_of),
    }


def _refused(records: Sequence[Json]) -> Json:
    labelled = [r for r in records if r["answerable"] is not None]
    p, truth = column(labelled, "p_answerable"), np.asarray([r["answerable"] for r in labelled], dtype=bool)
    return {
        "outcomes_by_kind": _by_kind(records, _outcomes),
        "auroc": auroc(p[truth], p[~truth]),
        "auroc_interval": interval(
            lambda rows: auroc(p[rows[truth[rows]]], p[rows[~truth[rows]]]),
            np.flatnonzero(truth),
            np.flatnonzero(~truth),
        ),
        "answered_at_risk": answered_at_risk(p[truth], p[~truth]),
        "risk_coverage": risk_coverage(p[truth], p[~truth]),
        "reliability": reliability(p, truth),
    }


def deletion(answerable: Sequence[Json]) -> Json:
    """The gate asked the same questions with and without what answers them.

    `found` is the same over those questions alone whose passage is among the first ten.
    """
    asked = [r for r in answerable if r["p_without_gold"] is not None]
    return {**_pairs(asked), "found": _pairs([r for r in asked if (r["gold_rank"] or np.inf) <= FOUND_WITHIN])}


def _pairs(asked: Sequence[Json]) -> Json:
    present, absent = column(asked, "p_answerable"), column(asked, "p_without_gold")
    rows: Rows = np.arange(len(asked))
    return {
        "n": len(asked),
        "auroc": auroc(present, absent),
        "auroc_interval": interval(lambda drawn: auroc(present[drawn], absent[drawn]), rows),
        "answered_at_risk": answered_at_risk(present, absent),
        "answered_interval": interval(lambda drawn: answered_at_risk(present[drawn], absent[drawn]), rows),
        "risk_coverage": risk_coverage(present, absent),
    }


def _question_only(answerable: Sequence[Json], others: Sequence[Json]) -> Json:
    """AUROC and share answered at 10% of the question alone: on the written questions, and by deletion."""
    written = [r["question"] for r in (*answerable, *others)]
    twice = [r["question"] for r in answerable if r["p_without_gold"] is not None]
    return {
        "written": _scored(written, len(answerable)),
        "deletion": _scored([*twice, *twice], len(twice)),
    }


def _scored(questions: Sequence[str], positives: int) -> Json:
    truth = np.arange(len(questions)) < positives
    if not questions or truth.all():
        return {"auroc": None, "answered_at_risk": None}
    scores = question_only(questions, truth)
    return {
        "auroc": auroc(scores[truth], scores[~truth]),
        "answered_at_risk": answered_at_risk(scores[truth], scores[~truth]),
    }


def column(records: Sequence[Mapping[str, Any]], name: str) -> Numbers:
    """One number of every record, shape (records,)."""
    return np.asarray([r[name] for r in records], dtype=np.float64)


def ranks_of(records: Sequence[Mapping[str, Any]]) -> Numbers:
    """Place of the gold passage in every record, infinite where it was not found; shape (records,)."""
    return np.asarray([r["gold_rank"] or np.inf for r in records], dtype=np.float64)


def _near(record: Json) -> bool:
    """Whether the answer's first citation lies within half a minute of where the answer is spoken."""
    off = record["seconds_off"]
    return off is not None and off <= NEAR_SECONDS


def _by_kind(records: Sequence[Json], figure: Callable[[list[Json]], Json]) -> Json:
    groups: dict[str, list[Json]] = defaultdict(list)
    for record in records:
        groups[record["kind"]].append(record)
    return {kind: figure(groups[kind]) for kind in sorted(groups)}


def _hits_of(records: Sequence[Json]) -> Json:
    ranks = ranks_of(records)
    return {"n": len(records)} | {f"@{k}": float(np.mean(ranks <= k)) for k in CUTOFFS}


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
