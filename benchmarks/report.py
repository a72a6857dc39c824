"""What was measured, as JSON and as a Markdown table. Knows nothing of how it was measured."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = ("llama-cpp-python", "chromadb", "bm25s", "numpy", "discord.py")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement.

    Attributes:
        group: heading it stands under.
        baseline: the same unit, measured in the same run with the bare library; None where nothing compares.
        against: what the baseline is.
    """

    group: str
    name: str
    value: float
    unit: str
    baseline: float | None = None
    against: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the baseline."""
        return self.value / self.baseline if self.baseline else None


@dataclass(frozen=True, kw_only=True)
class Report:
    """Every figure of one run.

    Attributes:
        conditions: what the figures depend on, by name: the machine, the notes.
        load: the machine's load, averaged over one minute, before and after the run; other work shows here.
    """

    conditions: dict[str, str]
    load: tuple[float, float]
    figures: tuple[Figure, ...]

    def as_json(self) -> dict[str, Any]:
        """The report for `json.dumps`."""
        figures = [{**asdict(figure), "ratio": figure.ratio} for figure in self.figures]
        return {"conditions": self.conditions, "load": list(self.load), "figures": figures}

    def as_markdown(self) -> str:
        """The report as a page."""
        lines = [
            "# Speed and memory",
            "",
            "Written by `make bench`; do not edit. A ratio compares with the bare library in the same run, on the same",
            "input, with the same number of threads.",
            "",
            *(f"- {name}: {value}" for name, value in self.conditions.items()),
            f"- load average (one minute): {self.load[0]:.1f} before, {self.load[1]:.1f} after",
        ]
        for group, figures in groupby(self.figures, key=lambda figure: figure.group):
            lines += ["", f"## {group}", "", "| | | baseline | ratio |", "|---|---:|---:|---:|"]
            lines += [_row(figure) for figure in figures]
        return "\n".join(lines) + "\n"


def _row(figure: Figure) -> str:
    if figure.baseline is None or figure.ratio is None:
        return f"| {figure.name} | {shown(figure.value)} {figure.unit} | | |"
    baseline = f"{shown(figure.baseline)} {figure.unit} ({figure.against})"
    return f"| {figure.name} | {shown(figure.value)} {figure.unit} | {baseline} | {figure.ratio:.2f} |"


def shown(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def quantiles(
    group: str,
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    baselines: Sequence[float] = (),
    against: str = "",
    percentiles: Sequence[int] = (50, 95),
) -> Iterator[Figure]:
    """The percentiles of `values`, each against that of `baselines`."""
    for q in percentiles:
        baseline = float(np.percentile(baselines, q)) if baselines else None
        yield Figure(
            group=group,
            name=f"{name}, p{q}",
            value=float(np.percentile(values, q)),
            unit=unit,
            baseline=baseline,
            against=against,
        )


def machine() -> dict[str, str]:
    """The machine and the libraries."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load_average() -> float:
    """Over one minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
