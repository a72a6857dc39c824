"""The figures of a measurement as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from rag.lab.comparison import Comparison, Difference

Json = Mapping[str, Any]
_GATE = (
    "By deletion: every answerable question with and without its passage; below, those alone whose passage is found. "
    "At 10%: the share answered while a tenth of the others is. Question alone: a model that sees no note."
)
_ABLATION = (
    "Written, deletion: AUROC of the gate on written questions and by deletion. At 10%: the share answered by deletion "
    "while a tenth of the others is. Wrongly: unanswerable questions answered. Ms: the median of a question."
)


def tables(figures: Json) -> list[Table]:
    """The figures as four tables: all questions, the gate, hits by kind, outcomes by kind."""
    return [
        _overall(figures),
        deletion_table(figures),
        _hits(figures["hit_by_kind"]),
        _outcomes(figures["outcomes_by_kind"]),
    ]


def deletion_table(figures: Json) -> Table:
    """The gate by deletion and on written questions, each beside what the question alone gives away."""
    deleted, alone = figures["deletion"], figures["question_only"]
    table = Table(Column("asked", no_wrap=True), "AUROC", "95%", "at 10%", "95%", "n", title="The gate", caption=_GATE)
    rows: list[tuple[str, Json, int]] = [
        ("by deletion", deleted, deleted["n"]),
        ("- found in ten", deleted["found"], deleted["found"]["n"]),
        ("- question alone", alone["deletion"], deleted["n"]),
        ("written ones", figures, figures["count"]),
        ("- question alone", alone["written"], figures["count"]),
    ]
    for name, row, n in rows:
        auroc, answered = _number(row["auroc"]), _number(row["answered_at_risk"])
        table.add_row(
            name, auroc, _ends(row.get("auroc_interval")), answered, _ends(row.get("answered_interval")), str(n)
        )
    return table


def comparison_table(comparison: Comparison) -> Table:
    """One row a figure: both values, the difference and its interval."""
    table = Table("", "first", "second", "difference", "95%", title=f"{comparison.count} questions")
    for row in comparison.differences:
        table.add_row(row.figure, _number(row.one), _number(row.other), _signed(row.difference), _span(row))
    return table


def ablation_table(figures: Mapping[str, Json]) -> Table:
    """One row a configuration of the pipeline."""
    heads = ("hit@1", "hit@5", "MRR", "written", "deletion", "at 10%", "wrongly", "ms")
    table = Table(
        Column(no_wrap=True), *heads, title="Configurations", caption=_ABLATION, box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for name, row in figures.items():
        numbers = (
            row["hit"]["@1"]["value"],
            row["hit"]["@5"]["value"],
            row["mrr"],
            row["auroc"],
            row["deletion"]["auroc"],
            row["deletion"]["answered_at_risk"],
            row["answered_wrongly"]["value"],
        )
        total = row["timings_ms"].get("total")
        table.add_row(name, *map(_number, numbers), f"{total['p50']:.0f}" if total else "-")
    return table


def _overall(figures: Json) -> Table:
    table = Table("", "value", "95% interval", "n", title="All questions")
    rows = {
        **{f"hit{k}": value for k, value in figures["hit"].items()},
        "answerable: answered": figures["answered"],
        "others: answered": figures["answered_wrongly"],
        "answers that cite a gold passage": figures["answers_citing_gold"],
        "citations that are gold": figures["citation_precision"],
        "answers within 30 s of the minute": figures["minute"],
        "quotes byte-exact": figures["quotes_byte_exact"],
    }
    for name, value in rows.items():
        table.add_row(name, *_share(value))
    table.add_row("MRR", _number(figures["mrr"]), "", "")
    table.add_row("key facts in answers", _number(figures["keyfacts"]), "", "")
    for stage, ms in figures["timings_ms"].items():
        table.add_row(f"{stage}, ms", f"{ms['p50']:.0f}", f"p95 {ms['p95']:.0f}", "")
    return table


def _hits(kinds: Json) -> Table:
    table = Table("answerable", "n", "hit@1", "hit@5", "hit@20", title="Found, by kind")
    for kind, row in kinds.items():
        table.add_row(kind, str(row["n"]), *(f"{row[k]:.2f}" for k in ("@1", "@5", "@20")))
    return table


def _outcomes(kinds: Json) -> Table:
    table = Table("kind", "n", "answer", "closest", "not covered", title="Outcomes, by kind")
    for kind, row in kinds.items():
        table.add_row(kind, *(str(row[k]) for k in ("n", "answer", "closest", "not_covered")))
    return table


def _share(value: Json) -> tuple[str, str, str]:
    if value["value"] is None:
        return "-", "", "0"
    return f"{value['value']:.3f}", _ends((value["low"], value["high"])), str(value["n"])


def _ends(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _span(row: Difference) -> str:
    return "" if row.low is None or row.high is None else f"{row.low:+.3f} to {row.high:+.3f}"
