"""`footnote topics`, `compare`, `digest`, `report` and `topic --timeline`, with a fake assistant handed in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.added import days
from bot.cli import run
from bot.discord.topic_pages import comparison_page
from bot.json_face import Described, schema
from bot.language import speaking
from bot.map_json import compare_json
from bot.terminal.map_report import comparison, topics
from bot.terminal.render_text import plain
from rag.map_types import Subject
from tests.bot.samples import CLOSEST, COMPARISON, DIGEST, NOTHING, SUBJECTS, FakeAssistant, FakeSurveying
from tests.bot.test_cli import Recorder


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder without `.env` and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(name)
    return iter([None])


def refusing(refusal: object) -> Recorder:
    surveying = FakeSurveying(line=refusal, compared=refusal)  # type: ignore[arg-type]
    return Recorder(FakeAssistant(surveying=surveying, summary=refusal))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (["topics"], "topics"),
        (["topic", "heat", "--timeline"], "timeline"),
        (["compare", "Mara", "Ines"], "compare"),
        (["digest", "--since", "2023"], "digest"),
    ],
)
def test_json_is_one_object_that_matches_its_schema(
    args: list[str], name: Described, capsys: pytest.CaptureFixture[str]
) -> None:
    document = schema(name)
    Draft202012Validator.check_schema(document)
    for recorder in (Recorder(), refusing(CLOSEST), refusing(NOTHING)):
        assert run([*args, "--json"], recorder.services) == 0
        printed = capsys.readouterr().out
        assert printed.count("\n") == 1
        Draft202012Validator(document).validate(json.loads(printed))
        assert recorder.assistant.closed


def test_topics_are_a_table_with_counts_and_dates(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topics"], Recorder().services) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Topic             Passages  Episodes  From – to",
        "heat / high heat        12         2  10 Sep 2023",
        "rye *bread*              4         1",
    ]


def test_topics_can_be_looked_for_by_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topics", "BREAD", "rye"], Recorder().services) == 0
    assert "heat" not in capsys.readouterr().out
    assert run(["topics", "plutonium"], Recorder().services) == 0
    assert capsys.readouterr().out.startswith("No topic of your notes has these words.")


def test_a_long_table_is_cut_and_says_so() -> None:
    many = [Subject(name=f"topic {n}", passages=1, episodes=("e",)) for n in range(60)]
    printed = plain(topics(many, most=40))
    assert printed.endswith("20 topics more: footnote topics --all")
    assert "topic 39" in printed
    assert "topic 40" not in printed


def test_notes_without_topics_are_told_of() -> None:
    assert plain(topics([], most=40)).startswith("Your notes have no topics yet")


def test_two_things_that_have_nothing_in_common_are_said_not_to_in_the_language_that_is_spoken() -> None:
    """It was a sentence in English before it reached a face."""
    apart = replace(COMPARISON, rows=COMPARISON.rows[1:])
    topics = [replace(side, kind="topic") for side in (COMPARISON.left, COMPARISON.right)]
    both = replace(apart, left=topics[0], right=topics[1])
    assert "The notes about them have no topic in common." in plain(comparison(apart))
    assert "in common" not in plain(comparison(COMPARISON))
    assert compare_json(both)["remarks"] == ["No episode of your notes speaks of both."]
    with speaking("de"):
        assert "Keine Folge in deinen Notizen spricht von beidem." in plain(comparison(both))
        assert "Die Notizen dazu haben kein gemeinsames Thema." in (comparison_page(apart).description or "")


def test_a_comparison_stands_in_two_columns_where_there_is_room() -> None:
    wide = plain(comparison(COMPARISON, width=120))
    row = next(line for line in wide.splitlines() if "Bread is done" in line or "done at 96" in line)
    assert "The surface is at 464" in row
    narrow = plain(comparison(COMPARISON, width=80))
    assert "  Mara Lindqvist:\n    “The surface is at 464 °C.” [1]\n  Ines Carvalho:\n    “done at 96 °C” [2]" in narrow
    for text in (wide, narrow):
        assert text.startswith("Mara Lindqvist (guest; 20 passages, 1 episode)\nInes Carvalho (guest;")
        assert "venus.txt:12-13" in text


def test_a_digest_names_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["digest", "--since", "2023-09-01"], Recorder().services) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(
        "New in your notes since 1 Sep 2023: 1 episode\n\nClear Skies Tonight: Venus (10 Sep 2023)"
    )
    assert "notes of 12 Sep 2023" in printed
    empty = Recorder(FakeAssistant(surveying=FakeSurveying(news=replace(DIGEST, episodes=(), citations=()))))
    assert run(["digest", "--since", "2023-09-01"], empty.services) == 0
    assert capsys.readouterr().out == "Nothing in your notes is of 1 Sep 2023 or newer.\n"


@pytest.mark.parametrize("refusal", [CLOSEST, NOTHING])
@pytest.mark.parametrize(
    "args",
    [
        ["topic", "golf", "--timeline"],
        ["compare", "golf", "tennis"],
    ],
)
def test_an_honest_refusal_is_no_failure(refusal: object, args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args, refusing(refusal).services) == 0
    assert capsys.readouterr().out.startswith("Your notes don't")


@pytest.mark.parametrize("refusal", [CLOSEST, NOTHING])
@pytest.mark.parametrize("args", [["report", "golf", "-o", "golf.md"], ["topic", "golf", "-o", "golf.png"]])
def test_a_file_that_the_notes_have_nothing_for_is_not_written_and_a_script_is_told(
    refusal: object, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It ended with code 0, and a script went on with a file that was not there."""
    assert run(args, refusing(refusal).services) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("Your notes don't")
    assert printed.err.endswith(f"{args[-1]} was not written.\n")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["compare", "🎉", "heat"], "The topic has no words in it."),
        (["compare", "", "heat"], "The topic is empty."),
        (["report", "🎉", "-o", "x.md"], "The topic has no words in it."),
        (["topic", "🎉", "--timeline"], "The topic has no words in it."),
        (["digest", "--since", "soon"], "“soon” is no day in the past."),
        (["report", "heat", "-o", "heat.docx"], "heat.docx is no kind of file that this can write."),
        (["topic", "heat", "-o", "heat.md"], "heat.md is no kind of file that this can write."),
        (["report", "heat", "-o", "nowhere/heat.md"], "There is no folder nowhere."),
    ],
)
def test_what_cannot_be_done_costs_no_model_and_says_what_mends_it(
    args: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder()
    assert run(args, recorder.services) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(sentence)
    assert len(printed.err) > len(sentence) + 5, "a remedy stands behind it"
    assert recorder.calls == []


@pytest.mark.parametrize("name", ["heat.md", "heat.html", "heat.pdf", "HEAT.MD"])
def test_a_report_is_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name.endswith("pdf"):
        pytest.importorskip("fpdf", reason="PDF files need footnote[pdf]")
    assert run(["report", "heat", "-o", name], Recorder().services) == 0
    assert capsys.readouterr().err == f"Written to {name}\n"
    assert len(Path(name).read_bytes()) > 500


@pytest.mark.parametrize(("name", "begins"), [("heat.png", b"\x89PNG"), ("heat.html", b"<!doctype html>")])
def test_a_timeline_is_written(name: str, begins: bytes) -> None:
    assert run(["topic", "heat", "-o", name, "--dark"], Recorder().services) == 0
    assert Path(name).read_bytes().startswith(begins)


def test_what_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("heat.md").mkdir()
    assert run(["report", "heat", "-o", "heat.md"], Recorder().services) == 1
    assert capsys.readouterr().err.startswith("heat.md cannot be written (")


def test_names_that_are_compared_arrive_as_they_were_typed() -> None:
    recorder = Recorder()
    assert run(["compare", " guest:Mara ", "Ines Carvalho"], recorder.services) == 0
    assert recorder.assistant.surveying.calls == [("compare", "guest:Mara", "Ines Carvalho")]


def test_the_day_of_a_note_is_that_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    os.utime(tmp_path / "a.md", (1_700_000_000, 1_700_000_000))
    found = days(tmp_path, ["a.md", "gone.md", "talks.zip/b.md", "nul\0l"])
    assert set(found) == {"a.md"}
    assert found["a.md"] in ("2023-11-14", "2023-11-15")


def test_a_wide_name_does_not_break_the_table() -> None:
    lines = plain(topics([Subject(name="日本の話", passages=3, episodes=("e",)), *SUBJECTS], most=9)).splitlines()
    assert lines[1].startswith("日本の話  ")
