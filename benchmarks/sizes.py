"""What was measured of one size of an index, and how measurements of different runs come together.

Knows nothing of how they are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.circumstances import Circumstances

Kind = Literal["index", "store"]


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Of many measurements: the median and the 95th percentile."""

    p50: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Quantiles:
        p50, p95 = np.percentile(values, (50, 95))
        return cls(p50=float(p50), p95=float(p95))


@dataclass(frozen=True, kw_only=True)
class Written:
    """What writing cost, from texts and vectors in memory to files on the disk.

    Attributes:
        seconds: wall time; `processor_seconds` of it were computed, which other work changes less.
        peak_mib: the most memory held at once.
        disk_mib: what was written takes.
    """

    vectors: int
    seconds: float
    processor_seconds: float
    peak_mib: float
    disk_mib: float
    when: Circumstances


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What opening and searching cost.

    Attributes:
        opening: seconds.
        search: milliseconds a search; exact: all cosines and a selection with numpy, in turns with it.
        recall: share of the truly nearest vectors that the store finds.
        opened_mib: memory held once it is open; searched_mib: after some hundred searches, mapped files included.
        own_mib: of that what is no mapped file, so what cannot be given back under pressure.
    """

    opening: float
    search: Quantiles
    exact: Quantiles
    recall: float
    opened_mib: float
    searched_mib: float
    own_mib: float
    when: Circumstances

    @property
    def ratio(self) -> Quantiles:
        """A search as a multiple of exact numpy."""
        return Quantiles(p50=self.search.p50 / self.exact.p50, p95=self.search.p95 / self.exact.p95)


@dataclass(frozen=True, kw_only=True)
class Size:
    """One size of an index, or of the vector store alone; `count`: passages, or vectors."""

    kind: Kind
    count: int
    written: Written
    searched: Searched


def merged(before: Iterable[Size], now: Iterable[Size], *, machine: str) -> tuple[Size, ...]:
    """Each size of this machine once, as it was measured last, in order."""
    same = [s for s in (*before, *now) if {s.written.when.machine, s.searched.when.machine} == {machine}]
    latest = {(size.kind, size.count): size for size in same}
    return tuple(latest[key] for key in sorted(latest))
