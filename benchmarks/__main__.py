"""Measure Footnote's speed and memory on this machine, each against the bare library where one compares."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.asking import measure_asking, measure_opening
from benchmarks.costs import in_process, run
from benchmarks.discord_ack import measure_acknowledging
from benchmarks.discord_burst import EACH, PEOPLE, measure_burst
from benchmarks.discord_evidence import measure_evidence
from benchmarks.discord_memory import measure_memory
from benchmarks.embedding import measure_embedding
from benchmarks.indexing import measure_indexing
from benchmarks.report import Figure, Report, load_average, machine, quantiles
from benchmarks.scale import measure_scale
from benchmarks.writing import measure_writing
from bot.answering.assistant import starter_model
from bot.settings import Settings, load_settings
from rag.build import current_build, read_library
from rag.calibrate import make_trials
from rag.errors import FootnoteError
from rag.models.llama import threads_for
from rag.reading.library import scan

QUESTIONS = 60
STARTS = 5
SIZES = (15_000,)


def measure(settings: Settings, questions: Path | None, *, quick: bool, sizes: Sequence[int]) -> Iterator[Figure]:
    """Every figure, in the order of the report; `settings.data` must be empty."""
    embedding = in_process(measure_embedding, settings, count=50 if quick else 400)
    yield from embedding
    yield from measure_indexing(settings, bare_rate=embedding[0].baseline or 1.0)
    yield from _starting(settings)
    asked = read_questions(questions) if questions else trial_questions(settings.data)
    yield from in_process(measure_asking, settings, asked[: 10 if quick else QUESTIONS])
    yield from in_process(measure_writing, settings, rounds=1 if quick else 3)
    yield from _acknowledging(10 if quick else 50, rounds=1 if quick else 5)
    yield from _showing(settings, asked[: 5 if quick else 30])
    yield from _holding(0 if quick else 5000)
    for size in () if quick else sizes:
        with tempfile.TemporaryDirectory() as folder:
            yield from in_process(measure_scale, Path(folder), passages=size)


def _starting(settings: Settings) -> Iterator[Figure]:
    helped = min(run(["-m", "bot.cli", "--help"]).seconds for _ in range(STARTS))
    bare = min(run(["-c", "pass"]).seconds for _ in range(STARTS))
    name = "`footnote --help`"
    yield Figure(group="Starting", name=name, value=helped, unit="s", baseline=bare, against="Python alone")
    opening = in_process(measure_opening, settings)
    yield Figure(group="Starting", name="opening models and index", value=opening, unit="s")


def _acknowledging(count: int, *, rounds: int) -> Iterator[Figure]:
    name = "a command is acknowledged while the worker computes"
    yield from quantiles("Discord", name, in_process(measure_acknowledging, count), "ms", percentiles=(50, 95, 99))
    burst = in_process(measure_burst, rounds)
    yield from quantiles(
        "Discord",
        f"{PEOPLE * EACH} questions of {PEOPLE} people at once are acknowledged",
        burst.ours,
        "ms",
        baselines=burst.bare,
        against="a bot that only defers",
        percentiles=(50, 95, 99),
    )
    yield Figure(group="Discord", name="a heartbeat is late meanwhile, at most", value=burst.late, unit="ms")


def _showing(settings: Settings, asked: Sequence[str]) -> Iterator[Figure]:
    seen = in_process(measure_evidence, settings, asked)
    yield from quantiles("Discord", "something of the notes is shown", [each.first for each in seen], "ms")
    yield from quantiles("Discord", "the answer is shown", [each.answer for each in seen], "ms")
    edits = sum(each.edits for each in seen) / len(seen)
    yield Figure(group="Discord", name="messages and edits an answer", value=edits, unit="")


def _holding(answers: int) -> Iterator[Figure]:
    if answers:
        held = in_process(measure_memory, answers)
        name = f"memory grown from {held.answers[0]:,} to {held.answers[-1]:,} answers"
        yield Figure(group="Discord", name=name, value=held.growth, unit="MiB")


def read_questions(file: Path) -> list[str]:
    """The questions of a JSON Lines file, from the field `question`."""
    return [json.loads(line)["question"] for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def trial_questions(data: Path) -> list[str]:
    """Questions made from the notes, as calibration makes them."""
    passages = read_library(current_build(data)).passages
    return [trial.question for trial in make_trials(passages, count=QUESTIONS)]


def inputs(settings: Settings, questions: Path | None) -> dict[str, str]:
    """Which notes and questions, in words."""
    files = scan(settings.notes)
    size = sum((settings.notes / name).stat().st_size for name, _ in files) / 1024
    return {
        "notes": f"{len(files)} files, {size:,.0f} KiB",
        "questions": "from a file" if questions else "made from the notes",
        "threads": str(threads_for(starter_model(settings.models, "rank/write"), settings.threads)),
    }


def main() -> int:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--notes", type=Path, help="notes folder (default: FOOTNOTE_NOTES)")
    parser.add_argument("--questions", type=Path, help="questions as JSON Lines (default: made from the notes)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no large index")
    parser.add_argument("--passages", type=int, nargs="+", default=SIZES, help="of large indexes (default: 15000)")
    parser.add_argument("--json", type=Path, default=Path(".cache/bench.json"), help="default: %(default)s")
    parser.add_argument("--markdown", type=Path, default=Path("docs/benchmarks.md"), help="default: %(default)s")
    options = parser.parse_args()
    before = load_average()
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings(notes=options.notes, data=Path(data))
        figures = tuple(measure(settings, options.questions, quick=options.quick, sizes=options.passages))
    conditions = {**machine(), **inputs(settings, options.questions)}
    report = Report(conditions=conditions, load=(before, load_average()), figures=figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    options.markdown.write_text(report.as_markdown(), encoding="utf-8")
    sys.stdout.write(report.as_markdown())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FootnoteError as error:
        sys.exit(str(error))
