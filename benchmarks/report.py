"""What was measured, kept as JSON from one run to the next. Knows nothing of how it was measured, nor of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from benchmarks.circumstances import Circumstances
from benchmarks.sizes import Size
from rag import durable


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a figure should be: at most so much, or at least; its ratio to the bare library, or the value itself."""

    limit: float
    at_least: bool = False
    of: Literal["ratio", "value"] = "ratio"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement.

    Attributes:
        group: heading it stands under.
        baseline: the same unit, measured in the same run with the bare library; None where nothing compares.
        against: what the baseline is.
        aim: what it should be; None where nothing is asked of it.
    """

    group: str
    name: str
    value: float
    unit: str
    baseline: float | None = None
    against: str = ""
    aim: Aim | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the baseline."""
        return self.value / self.baseline if self.baseline else None

    @property
    def aimed(self) -> float | None:
        """What its aim is compared with; None without an aim, or where the baseline is unknown."""
        return None if self.aim is None else self.ratio if self.aim.of == "ratio" else self.value

    @property
    def met(self) -> bool:
        """Whether it is what it should be."""
        if self.aim is None or self.aimed is None:
            return False
        return self.aimed >= self.aim.limit if self.aim.at_least else self.aimed <= self.aim.limit


@dataclass(frozen=True, kw_only=True)
class Report:
    """Every figure of one run, and every size of this and earlier ones.

    Attributes:
        inputs: what the figures depend on beside the machine, by name: the notes, the questions.
        when: circumstances of the figures; None where there are none yet.
        sizes: what was measured of large indexes, in this run or an earlier one on the same machine.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    when: Circumstances | None = None
    figures: tuple[Figure, ...] = ()
    sizes: tuple[Size, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The report for `json.dumps`."""
        figures = [{**asdict(figure), "ratio": figure.ratio} for figure in self.figures]
        return {**asdict(self), "figures": figures}

    def save(self, file: Path) -> None:
        """Write it to a file, whose folder is made."""
        file.parent.mkdir(parents=True, exist_ok=True)
        durable.write(file, (json.dumps(self.as_json(), indent=1) + "\n").encode())


def saved(file: Path) -> Report:
    """What `save` wrote; an empty report where there is none. One of another version is put aside as `.old`."""
    try:
        return TypeAdapter(Report).validate_json(file.read_bytes())
    except FileNotFoundError:
        return Report()
    except ValidationError:
        file.replace(file.with_name(file.name + ".old"))
        return Report()


def quantiles(
    group: str,
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    baselines: Sequence[float] = (),
    against: str = "",
    percentiles: Sequence[int] = (50, 95),
    aims: Mapping[int, Aim] = MappingProxyType({}),
) -> Iterator[Figure]:
    """The percentiles of `values`, each against that of `baselines`; `aims`: those of some percentiles."""
    for q in percentiles:
        baseline = float(np.percentile(baselines, q)) if baselines else None
        yield Figure(
            group=group,
            name=f"{name}, p{q}",
            value=float(np.percentile(values, q)),
            unit=unit,
            baseline=baseline,
            against=against,
            aim=aims.get(q),
        )
