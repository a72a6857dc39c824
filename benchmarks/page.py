"""The report as a Markdown page. Knows nothing of how anything was measured, nor how the pictures are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from benchmarks.circumstances import Circumstances
from benchmarks.report import Aim, Figure, Report
from benchmarks.sizes import Kind, Quantiles, Size
from rag.index import SMALL

BUSY = 0.1  # cores that others take, from which on figures are said to be worse than they could be

INTRODUCTION = """\
# Speed and memory

Written by `make bench`; do not edit. A ratio compares with the bare library in the same run, on the same input, with
the same number of threads. `python -m benchmarks --help` says what else can be measured."""
ABOUT_SIZES = f"""\
Texts and vectors are made up: 384 numbers scattered about 200 topics, passages of 20 words, two vectors each. That is
enough for speed and memory and says nothing of quality. Each size is written by one process and opened and searched by
another, so that the memory is its own; its files are in the system's cache. Exact numpy has all vectors in memory,
computes every cosine and selects the nearest; ours takes turns with it, query by query. Up to {SMALL:,} vectors an
index does the same; from there on it asks the vector store, which finds most of the nearest and not all. Subjects and
topics are left out. Sizes are kept from one run to the next, as long as machine and libraries are the same; each says
when it was measured, and how much else the machine did."""
DISTURBED = """\
Where other work took a good part of the machine, shown in bold, times are longer than on an idle one, those of numpy
most: it computes with a thread for each core, and they wait for each other. The processor's time suffers less, memory
and disk do not."""
HEADINGS: dict[Kind, str] = {
    "index": "A whole index: passages, words, vectors",
    "store": "The vector store alone",
}


def page(report: Report, pictures: Mapping[str, str]) -> str:
    """The report in Markdown; `pictures`: what each shows -> where it lies, as the page links it."""
    lines = [INTRODUCTION, "", *_conditions(report)]
    aims = [_aim_row(figure, figure.aim) for figure in report.figures if figure.aim]
    if aims:
        lines += ["", "## Aims", "", "| | measured | aim | met |", "|---|---:|---:|---|", *aims]
    for group, figures in groupby(report.figures, key=lambda figure: figure.group):
        lines += ["", f"## {group}", "", "| | | baseline | ratio |", "|---|---:|---:|---:|", *map(_row, figures)]
    if report.sizes:
        lines += ["", "## How it grows", "", ABOUT_SIZES, *_disturbed(report.sizes)]
        for kind, heading in HEADINGS.items():
            lines += _growth(heading, [size for size in report.sizes if size.kind == kind])
        lines += [line for name, link in pictures.items() for line in ("", f"![{name}]({link})")]
    return "\n".join(lines) + "\n"


def _conditions(report: Report) -> Iterator[str]:
    when = report.when or next((size.searched.when for size in report.sizes), None)
    if when is None:
        return
    yield f"- date: {when.date}"
    yield f"- machine: {when.machine}"
    yield from (f"- {name}: {value}" for name, value in report.inputs.items())
    if report.when:
        yield f"- load average (one minute): {when.load[0]:.1f} before, {when.load[1]:.1f} after"
        yield f"- other work meanwhile: {_others(when)} cores{_busy(when)}"


def _busy(when: Circumstances) -> str:
    return ", so what follows is slower and less even than on an idle machine" if (when.others or 0) > BUSY else ""


def _disturbed(sizes: Sequence[Size]) -> list[str]:
    others = [when.others or 0.0 for size in sizes for when in (size.written.when, size.searched.when)]
    return ["", DISTURBED] if max(others) > BUSY else []


def _aim_row(figure: Figure, aim: Aim) -> str:
    unit = "of the bare library" if aim.of == "ratio" else figure.unit
    measured = "unknown" if figure.aimed is None else f"{_exact(figure.aimed)} {unit}"
    name = f"{figure.group}: {figure.name}"
    return f"| {name} | {measured} | {_aim(aim)} | {'yes' if figure.met else '**no**'} |"


def _aim(aim: Aim) -> str:
    return f"at {'least' if aim.at_least else 'most'} {aim.limit:,g}"


def _row(figure: Figure) -> str:
    if figure.baseline is None or figure.ratio is None:
        return f"| {figure.name} | {shown(figure.value)} {figure.unit} | | |"
    baseline = f"{shown(figure.baseline)} {figure.unit} ({figure.against})"
    return f"| {figure.name} | {shown(figure.value)} {figure.unit} | {baseline} | {figure.ratio:.2f} |"


def _growth(heading: str, sizes: Sequence[Size]) -> list[str]:
    """A table with a column for each size."""
    if not sizes:
        return []
    rows = [
        "| " + " | ".join(["", *(_called(size) for size in sizes)]) + " |",
        "|---|" + "---:|" * len(sizes),
        *(f"| {name} | {' | '.join(cells)} |" for name, *cells in zip(ROWS, *map(_cells, sizes), strict=True)),
    ]
    return ["", f"### {heading}", "", *rows]


def _called(size: Size) -> str:
    return f"{size.count:,} {'passages' if size.kind == 'index' else 'vectors'}"


ROWS = (
    "vectors",
    "writing, embedding apart",
    "of that, time of the processor",
    "most memory at once while it writes",
    "disk",
    "written on; load before and after; other work in cores",
    "opening",
    "search, p50 and p95",
    "exact numpy, p50 and p95",
    "ratio, p50 and p95",
    "of the 20 nearest the store finds",
    "memory, opened",
    "memory, after some hundred searches",
    "of that no mapped file",
    "searched on; load before and after; other work in cores",
)


def _cells(size: Size) -> tuple[str, ...]:
    """What `ROWS` say of one size."""
    written, searched = size.written, size.searched
    return (
        f"{written.vectors:,}",
        f"{shown(written.seconds)} s",
        f"{shown(written.processor_seconds)} s",
        f"{written.peak_mib:,.0f} MiB",
        f"{written.disk_mib:,.0f} MiB",
        _stood(written.when),
        f"{shown(searched.opening)} s",
        f"{_both(searched.search)} ms",
        f"{_both(searched.exact)} ms",
        _both(searched.ratio),
        f"{100 * searched.recall:.3g} %",
        f"{searched.opened_mib:,.0f} MiB",
        f"{searched.searched_mib:,.0f} MiB",
        f"{searched.own_mib:,.0f} MiB",
        _stood(searched.when),
    )


def _stood(when: Circumstances) -> str:
    return f"{when.date}; {when.load[0]:.1f}, {when.load[1]:.1f}; {_others(when)}"


def _others(when: Circumstances) -> str:
    if when.others is None:
        return "unknown"
    return f"**{when.others:.2f}**" if when.others > BUSY else f"{when.others:.2f}"


def _both(values: Quantiles) -> str:
    return f"{shown(values.p50)}, {shown(values.p95)}"


def _exact(value: float) -> str:
    return f"{value:.2f}" if value < 10 else shown(value)


def shown(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
