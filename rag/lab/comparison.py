"""Two measurements of the same questions: is the difference more than chance? Paired bootstrap, seeded.

Both are asked the same questions, so the same questions are drawn for both; what is hard for both cancels out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import QuestionError
from rag.lab.figures import column, ranks_of
from rag.lab.statistics import Numbers, Rows, answered_at_risk, auroc, interval

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """One measurement as arrays, one entry a question, shape (questions,).

    Attributes:
        truth: whether the question is answerable.
        rank: place of its passage; infinite where it was not found, or there is none.
        p: p(answerable).
        without: the same with its passage taken out of the notes; nan where there is none to take out.
    """

    truth: npt.NDArray[np.bool_]
    rank: Numbers
    p: Numbers
    without: Numbers


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A figure of both, and the second less the first with its 95% interval."""

    figure: str
    one: float | None
    other: float | None
    low: float | None
    high: float | None

    @property
    def difference(self) -> float | None:
        return None if self.one is None or self.other is None else self.other - self.one


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`won` and `lost`: ids whose passage stands first in the second measurement alone, or in the first alone."""

    count: int
    differences: tuple[Difference, ...]
    won: tuple[str, ...]
    lost: tuple[str, ...]


Measure = Callable[[Columns, Rows], float | None]


def _hit(k: int) -> Measure:
    return lambda of, rows: _mean(of.rank[rows] <= k)


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(values.mean()) if len(values) else None


def _written(figure: Callable[[Numbers, Numbers], float | None]) -> Measure:
    return lambda of, rows: figure(of.p[rows[of.truth[rows]]], of.p[rows[~of.truth[rows]]])


def _deleted(figure: Callable[[Numbers, Numbers], float | None]) -> Measure:
    return lambda of, rows: figure(of.p[rows], of.without[rows])


FOUND: dict[str, Measure] = {
    "hit@1": _hit(1),
    "hit@5": _hit(5),
    "MRR": lambda of, rows: _mean(1 / of.rank[rows]),
}
WRITTEN: dict[str, Measure] = {"AUROC": _written(auroc), "answered at 10%": _written(answered_at_risk)}
DELETED: dict[str, Measure] = {
    "AUROC by deletion": _deleted(auroc),
    "answered at 10% by deletion": _deleted(answered_at_risk),
}


def compare(one: Sequence[Json], other: Sequence[Json]) -> Comparison:
    """Compare the records of two measurements by their questions' ids. Raises QuestionError if they share none."""
    second = {record["id"]: record for record in other}
    first = [r for r in one if r["id"] in second and r["answerable"] is not None]
    if not first:
        raise QuestionError("The two measurements share no labelled question.", remedy="Measure the same questions.")
    both = _columns(first), _columns([second[record["id"]] for record in first])
    truth = both[0].truth
    answerable, others = np.flatnonzero(truth), np.flatnonzero(~truth)
    deleted = np.flatnonzero(~np.isnan(both[0].without) & ~np.isnan(both[1].without))
    differences = [
        *(_difference(name, measure, both, answerable) for name, measure in FOUND.items()),
        *(_difference(name, measure, both, answerable, others) for name, measure in WRITTEN.items()),
        *(_difference(name, measure, both, deleted) for name, measure in DELETED.items()),
    ]
    right = [of.rank[answerable] == 1 for of in both]
    ids = np.asarray([record["id"] for record in first])[answerable]
    return Comparison(
        count=len(first),
        differences=tuple(differences),
        won=tuple(ids[right[1] & ~right[0]].tolist()),
        lost=tuple(ids[right[0] & ~right[1]].tolist()),
    )


def _columns(records: Sequence[Json]) -> Columns:
    return Columns(
        truth=np.asarray([record["answerable"] for record in records], dtype=bool),
        rank=ranks_of(records),
        p=column(records, "p_answerable"),
        without=column(records, "p_without_gold"),
    )


def _difference(name: str, measure: Measure, both: tuple[Columns, Columns], *groups: Rows) -> Difference:
    def difference(rows: Rows) -> float | None:
        before, after = (measure(of, rows) for of in both)
        return None if before is None or after is None else after - before

    rows = np.concatenate(groups)
    low, high = interval(difference, *groups) or (None, None)
    return Difference(figure=name, one=measure(both[0], rows), other=measure(both[1], rows), low=low, high=high)
