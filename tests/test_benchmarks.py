"""The benchmark's report and its instruments; no test depends on how fast anything is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.__main__ import read_questions
from benchmarks.costs import in_process, resident_mib, run, seconds
from benchmarks.report import Figure, Report, machine, quantiles, shown
from benchmarks.scale import measure_scale, synthetic_library

RATE = Figure(group="Embedding", name="texts", value=80, unit="texts/s", baseline=50, against="the bare loop")
PLAIN = Figure(group="Starting", name="opening", value=1234.5, unit="s")
REPORT = Report(conditions={"processor": "P, 2 cores"}, load=(0.5, 1.25), figures=(RATE, PLAIN))


def test_a_ratio_is_a_multiple_of_the_baseline() -> None:
    assert RATE.ratio == 1.6
    assert PLAIN.ratio is None


def test_the_json_holds_every_figure_with_its_ratio() -> None:
    report = json.loads(json.dumps(REPORT.as_json()))
    assert report["load"] == [0.5, 1.25]
    assert [(f["name"], f["value"], f["unit"], f["baseline"], f["ratio"]) for f in report["figures"]] == [
        ("texts", 80, "texts/s", 50, 1.6),
        ("opening", 1234.5, "s", None, None),
    ]


def test_the_page_has_a_table_for_each_group() -> None:
    lines = REPORT.as_markdown().splitlines()
    assert "- processor: P, 2 cores" in lines
    assert "- load average (one minute): 0.5 before, 1.2 after" in lines
    assert lines.index("## Embedding") < lines.index("## Starting")
    assert "| texts | 80 texts/s | 50 texts/s (the bare loop) | 1.60 |" in lines
    assert "| opening | 1,234 s | | |" in lines


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (99.44, "99.4"), (0.01234, "0.0123"), (0, "0")])
def test_figures_are_shown_without_an_exponent(value: float, text: str) -> None:
    assert shown(value) == text


def test_quantiles_are_compared_with_the_same_quantiles() -> None:
    median, tail = quantiles("g", "ask", list(range(101)), "ms", baselines=[2.0 * i for i in range(101)], against="b")
    assert (median.name, median.value, median.baseline, median.ratio) == ("ask, p50", 50, 100, 0.5)
    assert (tail.name, tail.value, tail.baseline) == ("ask, p95", 95, 190)


def test_the_machine_is_named_and_no_place_on_it() -> None:
    assert {"processor", "system", "libraries"} <= set(machine())
    assert not any("/" in value for value in machine().values())


def test_a_command_is_charged_with_its_own_memory_and_time() -> None:
    small, large = run(["-c", "pass"]), run(["-c", "import time; held = b'x' * (200 << 20); time.sleep(0.3)"])
    assert large.peak_mib - small.peak_mib > 150
    assert large.seconds > 0.3


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(["-c", "raise SystemExit(3)"])


def test_work_in_a_process_of_its_own() -> None:
    assert in_process(os.getpid) != os.getpid()
    assert seconds(lambda: None) >= 0
    assert resident_mib() > 10


def test_questions_come_from_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"question": "Why?", "answerable": true}\n\n{"question": "Who, å?"}\n', encoding="utf-8")
    assert read_questions(file) == ["Why?", "Who, å?"]


def test_the_made_up_library_can_be_indexed_and_searched(tmp_path: Path) -> None:
    assert synthetic_library(60) == synthetic_library(60)
    figures = measure_scale(tmp_path, passages=60)
    assert [figure.name for figure in figures] == [
        "writing 60 passages, 120 vectors, embedding apart",
        "opening 60 passages",
        "search among 60 passages, p50",
        "search among 60 passages, p95",
    ]
    assert all(figure.value > 0 for figure in figures)
