"""`footnote eval`: ask a whole question set, print a table, write everything to a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.assistant import open_assistant
from bot.settings import Settings
from rag.errors import StorageFull
from rag.evaluate import evaluate, load_questions


def run_eval(settings: Settings, questions: Path, json_out: Path | None) -> int:
    """Evaluate, print, and write to `json_out` if given. Raises FootnoteError."""
    asked = load_questions(questions)
    assistant = open_assistant(settings)
    errors = Console(stderr=True)
    try:
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task("Asking", total=len(asked))
            document = evaluate(
                assistant.index,
                assistant.answerer,
                asked,
                notes=settings.notes,
                progress=lambda done, _total: bar.update(task, completed=done),
            )
    finally:
        assistant.close()
    if json_out:
        _write(json_out, document)
    console = Console()
    for table in tables(document["aggregates"]):
        console.print(table)
    return 0


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    except OSError as error:
        raise StorageFull(f"The figures cannot be written to {path} ({error.strerror}).") from error


def tables(figures: dict[str, Any]) -> list[Table]:
    """The figures as three tables: all questions, hits by kind, outcomes by kind."""
    return [_overall(figures), _hits(figures["hit_by_kind"]), _outcomes(figures["outcomes_by_kind"])]


def _overall(figures: dict[str, Any]) -> Table:
    table = Table("", "value", "95% interval", "n", title="All questions")
    for k, value in figures["hit"].items():
        table.add_row(f"hit{k}", *_share(value))
    rows = {
        "answerable: answered": figures["answered"],
        "others: answered": figures["answered_wrongly"],
        "answers that cite a gold passage": figures["answers_citing_gold"],
        "citations that are gold": figures["citation_precision"],
        "quotes byte-exact": figures["quotes_byte_exact"],
    }
    for name, value in rows.items():
        table.add_row(name, *_share(value))
    deletion = figures["deletion"]
    plain = {
        "MRR": figures["mrr"],
        "key facts in answers": figures["keyfacts"],
        "AUROC of the gate": figures["auroc"],
        "answered when at most 10% of the others are": figures["answered_at_risk"],
        "AUROC by deletion": deletion["auroc"],
        "answered by deletion at 10%": deletion["answered_at_risk"],
    }
    for name, number in plain.items():
        table.add_row(name, _number(number), "", "")
    for stage, ms in figures["timings_ms"].items():
        table.add_row(f"{stage}, ms", f"{ms['p50']:.0f}", f"p95 {ms['p95']:.0f}", "")
    return table


def _hits(kinds: dict[str, Any]) -> Table:
    table = Table("answerable", "n", "hit@1", "hit@5", "hit@20", title="Found, by kind")
    for kind, row in kinds.items():
        table.add_row(kind, str(row["n"]), *(f"{row[k]:.2f}" for k in ("@1", "@5", "@20")))
    return table


def _outcomes(kinds: dict[str, Any]) -> Table:
    table = Table("kind", "n", "answer", "closest", "not covered", title="Outcomes, by kind")
    for kind, row in kinds.items():
        table.add_row(kind, *(str(row[k]) for k in ("n", "answer", "closest", "not_covered")))
    return table


def _share(value: dict[str, Any]) -> tuple[str, str, str]:
    if value["value"] is None:
        return "-", "", "0"
    return f"{value['value']:.3f}", f"{value['low']:.2f} to {value['high']:.2f}", str(value["n"])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
