"""Measure Footnote's speed and memory on this machine, each against the bare library where one compares."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.asking import measure_asking
from benchmarks.circumstances import Meanwhile, this_machine
from benchmarks.costs import in_process
from benchmarks.discord_ack import measure_acknowledging
from benchmarks.discord_burst import EACH, PEOPLE, measure_burst
from benchmarks.discord_evidence import measure_evidence
from benchmarks.discord_memory import measure_memory
from benchmarks.embedding import measure_embedding
from benchmarks.indexing import measure_indexing
from benchmarks.page import page, shown
from benchmarks.pictures import pictures
from benchmarks.report import Aim, Figure, Report, quantiles, saved
from benchmarks.scale import measure_size
from benchmarks.sizes import Kind, Size, merged
from benchmarks.starting import measure_starting
from benchmarks.writing import measure_writing
from bot.answering.assistant import starter_model
from bot.settings import Settings, load_settings
from rag.build import current_build, read_library
from rag.calibrate import make_trials
from rag.errors import FootnoteError
from rag.lab.charts import library
from rag.models.llama import threads_for
from rag.reading.library import scan

QUESTIONS = 60
PASSAGES = (1_000, 15_000, 100_000)
ACKNOWLEDGED = Aim(limit=3000, of="value")  # what Discord waits, in milliseconds


def measure(settings: Settings, questions: Path | None, *, quick: bool) -> Iterator[Figure]:
    """Every figure on the notes at hand, in the order of the report; `settings.data` must be empty."""
    embedding = in_process(measure_embedding, settings, count=50 if quick else 400)
    yield from embedding
    yield from measure_indexing(settings, bare_rate=embedding[0].baseline or 1.0)
    yield from measure_starting(settings, quick=quick)
    asked = read_questions(questions) if questions else trial_questions(settings.data)
    yield from in_process(measure_asking, settings, asked[: 10 if quick else QUESTIONS])
    yield from in_process(measure_writing, settings, rounds=1 if quick else 3)
    yield from _acknowledging(10 if quick else 50, rounds=1 if quick else 5)
    yield from _showing(settings, asked[: 5 if quick else 30])
    yield from _holding(0 if quick else 5000)


def _acknowledging(count: int, *, rounds: int) -> Iterator[Figure]:
    name = "a command is acknowledged while the worker computes"
    yield from quantiles(
        "Discord",
        name,
        in_process(measure_acknowledging, count),
        "ms",
        percentiles=(50, 95, 99),
        aims={99: ACKNOWLEDGED},
    )
    burst = in_process(measure_burst, rounds)
    yield from quantiles(
        "Discord",
        f"{PEOPLE * EACH} questions of {PEOPLE} people at once are acknowledged",
        burst.ours,
        "ms",
        baselines=burst.bare,
        against="a bot that only defers",
        percentiles=(50, 95, 99),
        aims={99: ACKNOWLEDGED},
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


def noted(settings: Settings, options: argparse.Namespace, before: Report) -> Report:
    """Measure on the notes at hand; the sizes of `before` stay."""
    meanwhile = Meanwhile()
    figures = tuple(map(told, measure(settings, options.questions, quick=options.quick)))
    given = inputs(settings, options.questions)
    if options.quick:
        given["rounds"] = "few (--quick), so the figures are rough"
    return Report(
        inputs=given,
        when=meanwhile.ended(),
        figures=figures,
        sizes=merged(before.sizes, (), machine=this_machine()),
    )


def told(figure: Figure) -> Figure:
    """The figure, for whoever waits."""
    sys.stderr.write(f"{figure.group}: {figure.name}: {shown(figure.value)} {figure.unit}\n")
    return figure


def grown(report: Report, size: Size) -> Report:
    """The report with one more size, or with one measured anew."""
    return replace(report, sizes=merged(report.sizes, [size], machine=this_machine()))


def wanted_sizes(options: argparse.Namespace) -> Iterator[tuple[Kind, int]]:
    """The sizes to measure now, the small ones first."""
    passages = options.passages if options.passages is not None else () if options.quick else PASSAGES
    yield from (("index", count) for count in sorted(passages))
    yield from (("store", count) for count in sorted(options.vectors))


def publish(report: Report, options: argparse.Namespace) -> str:
    """Write the page and its pictures; the page."""
    drawn = pictures(report.sizes)
    options.pictures.mkdir(parents=True, exist_ok=True)
    links = {}
    for name, (title, svg) in drawn.items():
        file = options.pictures / f"bench-{name}.svg"
        file.write_text(svg, encoding="utf-8")
        links[title] = Path(os.path.relpath(file, options.markdown.parent)).as_posix()
    text = page(report, links)
    options.markdown.write_text(text, encoding="utf-8")
    return text


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--notes", type=Path, help="notes folder (default: FOOTNOTE_NOTES)")
    parser.add_argument("--questions", type=Path, help="questions as JSON Lines (default: made from the notes)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no large index unless one is named")
    parser.add_argument(
        "--passages", type=int, nargs="*", help=f"of made-up indexes (default: {' '.join(map(str, PASSAGES))})"
    )
    parser.add_argument(
        "--vectors",
        type=int,
        nargs="*",
        default=(),
        help="of the vector store alone (default: none; 1000000 takes long)",
    )
    parser.add_argument(
        "--only-scale", action="store_true", help="only these sizes; the other figures stay as they were measured last"
    )
    parser.add_argument(
        "--keep", type=Path, help="folder in which such indexes stay, to be searched again without being written again"
    )
    parser.add_argument("--json", type=Path, default=Path(".cache/bench.json"), help="default: %(default)s")
    parser.add_argument("--markdown", type=Path, default=Path("docs/benchmarks.md"), help="default: %(default)s")
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"), help="folder, default: %(default)s")
    return parser.parse_args(arguments)


def main() -> int:
    """Measure, keep each result as soon as it is there, write the page and print it."""
    options = options_of()
    library()  # what draws the pictures is missed now rather than after an hour
    if not options.only_scale:
        with tempfile.TemporaryDirectory() as data:
            settings = load_settings(notes=options.notes, data=Path(data))
            noted(settings, options, saved(options.json)).save(options.json)
    for kind, count in wanted_sizes(options):
        sys.stderr.write(f"{kind} of {count:,}\n")
        size = measure_size(kind, count, keep=options.keep)
        grown(saved(options.json), size).save(options.json)
    sys.stdout.write(publish(saved(options.json), options))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FootnoteError as error:
        sys.exit(str(error))
