"""The benchmark's report and its instruments; no test depends on how fast anything is."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.__main__ import grown, options_of, publish, read_questions, wanted_sizes
from benchmarks.circumstances import Circumstances, Meanwhile, machine, this_machine
from benchmarks.costs import disk_mib, in_process, own_mib, peak_mib, resident_mib, run, seconds
from benchmarks.page import page, shown
from benchmarks.pictures import pictures
from benchmarks.report import Aim, Figure, Report, quantiles, saved
from benchmarks.scale import BUILD, NOTE, kept, measure_searching, measure_size, measure_writing
from benchmarks.sizes import Kind, Quantiles, Searched, Size, Written, merged
from benchmarks.synthetic import SyntheticEmbedder, synthetic_library

HERE = "P, 2 cores; Linux"
WHEN = Circumstances(date="2026-01-02", machine=HERE, load=(0.5, 1.25), others=0.04)
RATE = Figure(
    group="Embedding",
    name="texts",
    value=80,
    unit="texts/s",
    baseline=50,
    against="the bare loop",
    aim=Aim(limit=0.9, at_least=True),
)
PLAIN = Figure(group="Starting", name="opening", value=1234.5, unit="s", aim=Aim(limit=5, of="value"))
ASIDE = Figure(group="Starting", name="again", value=2, unit="s")
REPORT = Report(inputs={"notes": "5 files"}, when=WHEN, figures=(RATE, PLAIN, ASIDE))


def size(
    kind: Kind, count: int, *, seconds: float = 3.0, machine: str = HERE, others: float = 0.0, date: str = "2026-01-02"
) -> Size:
    """Made-up figures."""
    when = Circumstances(date=date, machine=machine, load=(0.1, 0.2), others=others)
    return Size(
        kind=kind,
        count=count,
        written=Written(
            vectors=2 * count, seconds=seconds, processor_seconds=2.0, peak_mib=300, disk_mib=70, when=when
        ),
        searched=Searched(
            opening=0.25,
            search=Quantiles(p50=2, p95=3),
            exact=Quantiles(p50=4, p95=12),
            recall=0.975,
            opened_mib=140,
            searched_mib=150,
            own_mib=90,
            when=when,
        ),
    )


def test_a_ratio_is_a_multiple_of_the_baseline() -> None:
    assert RATE.ratio == 1.6
    assert PLAIN.ratio is None


@pytest.mark.parametrize(
    ("value", "aim", "met"),
    [
        (45, Aim(limit=0.9, at_least=True), True),
        (44, Aim(limit=0.9, at_least=True), False),
        (100, Aim(limit=2.0), True),
        (101, Aim(limit=2.0), False),
        (3, Aim(limit=3, of="value"), True),
        (4, Aim(limit=3, of="value"), False),
    ],
)
def test_an_aim_is_met_from_its_limit_on(value: float, aim: Aim, met: bool) -> None:
    assert Figure(group="g", name="n", value=value, unit="s", baseline=50, aim=aim).met is met


def test_an_aim_without_its_baseline_is_not_met() -> None:
    assert not Figure(group="g", name="n", value=1, unit="s", aim=Aim(limit=2.0)).met


def test_the_json_holds_every_figure_with_its_ratio() -> None:
    report = json.loads(json.dumps(REPORT.as_json()))
    assert report["when"]["load"] == [0.5, 1.25]
    assert [(f["name"], f["value"], f["unit"], f["baseline"], f["ratio"]) for f in report["figures"]] == [
        ("texts", 80, "texts/s", 50, 1.6),
        ("opening", 1234.5, "s", None, None),
        ("again", 2, "s", None, None),
    ]


def test_a_report_is_read_again_as_it_was_saved(tmp_path: Path) -> None:
    report = replace(REPORT, sizes=(size("index", 1000), size("store", 30)))
    report.save(tmp_path / "cache" / "bench.json")
    assert saved(tmp_path / "cache" / "bench.json") == report


@pytest.mark.parametrize("text", ["", "{", '{"figures": [{"group": "g"}]}'])
def test_a_report_of_another_version_counts_as_none_and_is_kept(tmp_path: Path, text: str) -> None:
    """The next run wrote over it: hours of sizes were gone without a word."""
    (tmp_path / "bench.json").write_text(text, encoding="utf-8")
    assert saved(tmp_path / "bench.json") == saved(tmp_path / "none.json") == Report()
    assert (tmp_path / "bench.json.old").read_text(encoding="utf-8") == text


def test_the_page_says_when_and_beside_what_it_was_measured() -> None:
    lines = page(REPORT, {}).splitlines()
    assert "- date: 2026-01-02" in lines
    assert f"- machine: {HERE}" in lines
    assert "- notes: 5 files" in lines
    assert "- load average (one minute): 0.5 before, 1.2 after" in lines
    assert "- other work meanwhile: 0.04 cores" in lines


def test_the_page_warns_where_the_machine_was_busy() -> None:
    busy = replace(REPORT, when=replace(WHEN, others=1.5))
    assert "**1.50** cores, so what follows is slower" in page(busy, {})
    unknown = replace(REPORT, when=replace(WHEN, others=None))
    assert "- other work meanwhile: unknown cores\n" in page(unknown, {})


def test_the_page_begins_with_the_aims() -> None:
    lines = page(REPORT, {}).splitlines()
    aims, groups = lines.index("## Aims"), lines.index("## Embedding")
    assert aims < groups
    assert lines[aims + 4 : groups - 1] == [
        "| Embedding: texts | 1.60 of the bare library | at least 0.9 | yes |",
        "| Starting: opening | 1,234 s | at most 5 | **no** |",
    ]


def test_the_page_has_a_table_for_each_group() -> None:
    lines = page(REPORT, {}).splitlines()
    assert lines.index("## Embedding") < lines.index("## Starting")
    assert "| texts | 80 texts/s | 50 texts/s (the bare loop) | 1.60 |" in lines
    assert "| opening | 1,234 s | | |" in lines


def test_the_page_has_a_column_for_each_size() -> None:
    sizes = (size("index", 1000), size("index", 15_000), size("store", 300, others=1.0))
    text = page(Report(sizes=sizes), {"Disk": "pictures/disk.svg"})
    lines = text.splitlines()
    index, store = lines.index("### A whole index: passages, words, vectors"), lines.index("### The vector store alone")
    assert lines[index + 2] == "|  | 1,000 passages | 15,000 passages |"
    assert "| vectors | 2,000 | 30,000 |" in lines[index:store]
    assert "| search, p50 and p95 | 2, 3 ms | 2, 3 ms |" in lines[index:store]
    assert "| ratio, p50 and p95 | 0.5, 0.25 | 0.5, 0.25 |" in lines[index:store]
    assert lines[store + 2] == "|  | 300 vectors |"
    assert "| of the 20 nearest the store finds | 97.5 % |" in lines[store:]
    assert any("2026-01-02; 0.1, 0.2; **1.00**" in line for line in lines[store:])
    assert "![Disk](pictures/disk.svg)" in lines
    assert "so what follows" not in text
    assert "Where other work took a good part of the machine" in text
    assert "Where other work took a good part" not in page(Report(sizes=sizes[:2]), {})


def test_sizes_of_runs_come_together() -> None:
    before = [size("store", 300), size("index", 15_000), size("index", 1000, seconds=9)]
    now = [size("index", 1000, seconds=1)]
    assert merged(before, now, machine=HERE) == (now[0], before[1], before[0])


def test_a_size_that_another_machine_wrote_or_searched_is_left_out() -> None:
    elsewhere, here = size("index", 10, machine="Q"), size("index", 20)
    half = replace(size("index", 30), written=elsewhere.written)
    assert merged([elsewhere, half], [here], machine=HERE) == (here,)


def test_a_size_of_now_joins_those_of_before() -> None:
    here = this_machine()
    first = size("index", 10, machine=here)
    report = grown(replace(REPORT, sizes=(first,)), size("index", 20, machine=here))
    assert report == replace(REPORT, sizes=(first, size("index", 20, machine=here)))


def test_which_sizes_are_measured() -> None:
    default = [("index", 1000), ("index", 15_000), ("index", 100_000)]
    assert list(wanted_sizes(options_of([]))) == default
    assert list(wanted_sizes(options_of(["--quick"]))) == []
    assert list(wanted_sizes(options_of(["--passages"]))) == []
    named = options_of(["--quick", "--passages", "20", "10", "--vectors", "30"])
    assert list(wanted_sizes(named)) == [("index", 10), ("index", 20), ("store", 30)]


def test_the_page_links_the_pictures_that_are_drawn(tmp_path: Path) -> None:
    places = ["--markdown", str(tmp_path / "page.md"), "--pictures", str(tmp_path / "pictures")]
    text = publish(Report(sizes=(size("index", 1000), size("index", 2000))), options_of(places))
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == text
    links = [line.partition("](")[2].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(links) == 5
    for link in links:
        ElementTree.fromstring((tmp_path / link).read_text(encoding="utf-8"))  # noqa: S314  # our own
        assert Path(link).name.startswith("bench-")


def test_a_picture_has_a_line_for_each_kind_and_one_for_what_it_is_compared_with() -> None:
    sizes = [size("index", 1000), size("index", 100_000), size("store", 500)]
    drawn = pictures(sizes)
    assert pictures([]) == {}
    assert drawn == pictures(sizes)
    title, svg = drawn["search"]
    assert title == "A search, p95: milliseconds"
    assert [name for name in ("index", "store alone", "exact numpy, vectors only") if f">{name}<" in svg] == [
        "index",
        "store alone",
        "exact numpy, vectors only",
    ]
    assert "<script" not in svg
    assert ">store alone<" not in pictures(sizes[:2])["disk"][1]


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (99.44, "99.4"), (0.01234, "0.0123"), (0, "0")])
def test_figures_are_shown_without_an_exponent(value: float, text: str) -> None:
    assert shown(value) == text


def test_quantiles_are_compared_with_the_same_quantiles() -> None:
    median, tail = quantiles(
        "g",
        "ask",
        list(range(101)),
        "ms",
        baselines=[2.0 * i for i in range(101)],
        against="b",
        aims={95: Aim(limit=2.0)},
    )
    assert (median.name, median.value, median.baseline, median.ratio) == ("ask, p50", 50, 100, 0.5)
    assert (tail.name, tail.value, tail.baseline) == ("ask, p95", 95, 190)
    assert (median.aim, tail.aim) == (None, Aim(limit=2.0))


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


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the system does not tell kinds of memory apart")
def test_memory_is_told_by_kind() -> None:
    before = own_mib()
    held = b"x" * (64 << 20)
    assert own_mib() > before + 60
    assert own_mib() < resident_mib()
    del held
    assert resident_mib() < peak_mib() - 48


def test_the_disk_is_what_all_files_below_a_folder_take(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("b", "a/c"):
        (tmp_path / name).write_bytes(b"x" * 2**19)
    assert disk_mib(tmp_path) == 1


def test_a_child_that_has_ended_is_no_other_work() -> None:
    meanwhile = Meanwhile()
    run(["-c", "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"])
    when = meanwhile.ended()
    assert when.machine == this_machine()
    assert len(when.load) == 2
    assert when.others is None or 0 <= when.others <= (os.cpu_count() or 1) + 1


def test_questions_come_from_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"question": "Why?", "answerable": true}\n\n{"question": "Who, å?"}\n', encoding="utf-8")
    assert read_questions(file) == ["Why?", "Who, å?"]


def test_what_is_made_up_is_the_same_every_time() -> None:
    assert synthetic_library(60) == synthetic_library(60)
    texts = ["any", "other"]
    assert (SyntheticEmbedder().embed(texts) == SyntheticEmbedder().embed(texts)).all()
    assert not (SyntheticEmbedder(seed=2).embed(texts) == SyntheticEmbedder().embed(texts)).any()


@pytest.mark.parametrize(("kind", "vectors"), [("index", 120), ("store", 60)])
def test_what_is_made_up_can_be_written_and_searched(kind: Kind, vectors: int, tmp_path: Path) -> None:
    written = measure_writing(kind, tmp_path, 60)
    assert written.pop("vectors") == vectors
    assert all(value > 0 for value in written.values())
    searched = measure_searching(kind, tmp_path, vectors)
    assert searched["recall"] == 1.0
    assert searched["search"].p95 >= searched["search"].p50 > 0


def test_what_was_kept_is_searched_and_not_written_again(tmp_path: Path) -> None:
    first = measure_size("store", 40, keep=tmp_path)
    again = measure_size("store", 40, keep=tmp_path)
    assert (first.kind, first.count, first.written.vectors) == ("store", 40, 40)
    assert first.written.disk_mib > 0
    assert again.written == first.written
    assert again.searched != first.searched


def test_what_was_not_written_to_its_end_or_by_other_libraries_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / BUILD).mkdir()
    assert kept(tmp_path) is None
    for machine_of, expected in ((this_machine(), True), ("another", False)):
        written = size("store", 1, machine=machine_of).written
        (tmp_path / NOTE).write_text(json.dumps(asdict(written)), encoding="utf-8")
        assert kept(tmp_path) == (written if expected else None)
