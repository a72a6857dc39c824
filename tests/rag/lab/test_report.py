"""The report is a page that stands alone, says what went wrong, and lets no note write into it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from rag.lab.charts import charts
from rag.lab.figures import aggregate
from rag.lab.report import badness, escaped, html, markdown, worst, write_report
from rag.lab.statistics import share
from tests.rag.lab.records import PLACE, record, unanswerable

EVIL = "</p><script>alert(1)</script> ![x](http://evil.example/i.png) [y](http://evil.example) | ` **b** @everyone"


def document(*records: dict[str, Any]) -> dict[str, Any]:
    exact = {"quotes_byte_exact": share(np.asarray([True]))}
    return {"questions": list(records), "aggregates": {**aggregate(records), **exact}}


PLAIN = document(
    record(1), record(2, gold_rank=3), unanswerable(3), unanswerable(4, outcome="answer", p_answerable=0.8)
)


def test_a_folder_gets_both_pages_and_the_charts_that_the_markdown_names(tmp_path: Path) -> None:
    written = write_report(PLAIN, tmp_path / "report", title="Bees")
    assert [path.name for path in written] == ["report.md", "report.html"]
    page = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    names = re.findall(r"\]\((.*?)\)", page)
    assert len(names) == 3
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"report.md", "report.html", *names}


def test_one_file_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    assert write_report(PLAIN, tmp_path / "bees.html", title="Bees") == [tmp_path / "bees.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["bees.html"]
    page = (tmp_path / "bees.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import", page)


@pytest.mark.parametrize("field", ["question", "id", "kind"])
def test_what_a_set_says_is_shown_and_not_obeyed(field: str) -> None:
    evil = record(1, **{field: EVIL}, hits=[{**PLACE, "note_file": EVIL, "text": EVIL}], gold_rank=None)
    figures = document(evil)
    page = html(markdown(figures, title=EVIL), charts(figures["aggregates"]), title=EVIL)
    assert not re.search(r"<script|<img|href=", page)
    assert "alert(1)" in page


def test_the_worst_come_first_and_the_unlabelled_not_at_all() -> None:
    lost = record(1, gold_rank=None, p_answerable=0.1)
    late, sure = record(2, gold_rank=2), unanswerable(3, outcome="answer", p_answerable=0.7)
    fine = [record(i) for i in range(10, 40)]
    unlabelled = record(4, answerable=None, gold_rank=None)
    found = worst([*fine, late, unlabelled, sure, lost])
    assert [r["id"] for r in found[:3]] == ["q1", "q3", "q2"]
    assert len(found) == 20
    assert badness(unanswerable(5)) < badness(sure)


def test_a_bad_question_stands_beside_what_was_right_and_what_was_found() -> None:
    hits = [{**PLACE, "line_start": 9, "text": "Rye keeps."}]
    page = markdown(document(record(1, gold_rank=None, hits=hits)), title="t")
    right, found = page.index("> bees.txt:3 A bee dances."), page.index("> bees.txt:9 Rye keeps.")
    assert page.index("What stood right") < right < page.index("What was retrieved") < found


def test_the_charts_are_the_same_every_time_and_are_xml() -> None:
    first = charts(PLAIN["aggregates"])
    assert first == charts(PLAIN["aggregates"])
    for svg in first.values():
        assert ElementTree.fromstring(svg).tag.endswith("svg")  # noqa: S314  # our own


def test_figures_of_nothing_make_a_report_too(tmp_path: Path) -> None:
    write_report(document(record(1, answerable=None)), tmp_path, title="none")
    assert "–" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_words_stay_as_they_are() -> None:
    assert (
        escaped("plain words: 4-6k (9/10), snake_case\n and more!") == "plain words: 4-6k (9/10), snake_case and more!"
    )


def test_without_the_library_a_report_says_what_to_install_and_nothing_else_needs_it() -> None:
    code = (
        "import sys; sys.modules['pygal'] = None\n"
        "import bot.commands.eval\n"
        "from rag.lab import charts\n"
        "try: charts.library()\n"
        "except charts.ChartsMissing as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install pygal" in result.stdout
