"""`footnote eval`: ask a whole question set, print tables, write figures and a report, or compare two measurements."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bot.answering.assistant import LocalAssistant, open_assistant
from bot.settings import Settings
from bot.terminal.eval_tables import ablation_table, comparison_table, deletion_table, tables
from rag.answer import Answerer
from rag.certainty import Answers
from rag.errors import QuestionError, StorageFull
from rag.gate import load_gate_model
from rag.lab import charts
from rag.lab.asking import evaluate
from rag.lab.comparison import compare
from rag.lab.pipelines import SHIPPED, Config, answerer_for, config_named, load_configs
from rag.lab.questions import Question, Split, load_questions
from rag.lab.report import write_report

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EvalOptions:
    """What was asked for on the command line; see `footnote eval --help`."""

    questions: Path
    json_out: Path | None = None
    report: Path | None = None
    split: Split = "all"
    config: str = SHIPPED
    deletion: bool = False
    ablation: bool = False


def run_eval(settings: Settings, options: EvalOptions) -> int:
    """Evaluate, print, and write what is wanted. Raises FootnoteError."""
    asked = load_questions(options.questions, options.split)
    config = config_named(options.config)
    if options.report:
        charts.library()
    assistant = open_assistant(settings)
    console = Console()
    measure = partial(_measure, settings, assistant, asked, search_only=options.deletion)
    try:
        if options.ablation:
            figures = {c.name: measure(c)["aggregates"] for c in load_configs().values()}
            console.print(ablation_table(figures))
            _write(options.json_out, figures)
            return 0
        document = measure(config)
    finally:
        assistant.close()
    _write(options.json_out, document)
    if options.report:
        title = f"{options.questions.stem}, {config.name}, {options.split} questions"
        for path in write_report(document, options.report, title=title):
            console.print(f"Report: {path}", markup=False, highlight=False, soft_wrap=True)
    for shown in [deletion_table(document["aggregates"])] if options.deletion else tables(document["aggregates"]):
        console.print(shown)
    return 0


def run_compare(one: Path, other: Path) -> int:
    """Print what the second file of figures differs in from the first. Raises QuestionError."""
    comparison = compare(_questions_of(one), _questions_of(other))
    console = Console()
    console.print(comparison_table(comparison))
    for word, ids in (("Won", comparison.won), ("Lost", comparison.lost)):
        console.print(
            f"{word} (passage first): {len(ids)}. {', '.join(ids)}", markup=False, highlight=False, soft_wrap=True
        )
    return 0


def _measure(
    settings: Settings,
    assistant: LocalAssistant,
    asked: list[Question],
    config: Config,
    *,
    search_only: bool,
) -> Json:
    with _progress(config.name, len(asked)) as progress:
        answerer = _answerer(assistant, config, settings.answers, search_only=search_only)
        return evaluate(assistant.index, answerer, asked, notes=settings.notes, progress=progress)


def _answerer(assistant: LocalAssistant, config: Config, answers: Answers, *, search_only: bool) -> Answerer:
    if config.name == SHIPPED and not search_only:
        return assistant.answerer
    ranker = None if search_only else assistant.ranker
    return answerer_for(config, assistant.index, assistant.embedder, ranker, gate=load_gate_model(), answers=answers)


@contextmanager
def _progress(name: str, total: int) -> Iterator[Callable[[int, int], None]]:
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(f"Asking ({name})", total=total)
        yield lambda done, _total: bar.update(task, completed=done)


def _questions_of(path: Path) -> list[Json]:
    try:
        found: list[Json] = json.loads(path.read_text(encoding="utf-8"))["questions"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionError(
            f"{path} is no file of figures.", remedy=f"Write one with: footnote eval QUESTIONS --json {path}"
        ) from error
    return found


def _write(path: Path | None, document: Json) -> None:
    if path is None:
        return
    try:
        path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    except OSError as error:
        raise StorageFull(f"The figures cannot be written to {path} ({error.strerror}).") from error
