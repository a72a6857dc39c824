"""`footnote backup`, `restore` and `gaps`, as their owner types them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from bot.cli import Services, run
from bot.state.conversations import Asked, Cited, Place, remember
from bot.state.store import open_store, state_path

SERVICES = Services(open_assistant=lambda _: 1 / 0, refresh=lambda _: None, build=lambda *_: "")  # type: ignore[arg-type,return-value]
DAY_ONE = 1_700_000_000.0  # 14 November 2023
HOSTILE = '=HYPERLINK("https://evil.example") [x](https://evil.example) \x1b[2J *rye*'


def ask(data: Path, question: str, *, times: int = 1, file: str = "bees.txt") -> None:
    cited = Cited(n=1, episode_id="e", passage_id="p", note_file=file, line_start=1, line_end=1)
    asked = Asked(
        place=Place(user=1, channel=2, guild=3),
        kind="ask",
        question=question,
        searched="",
        outcome="closest",
        cited=(cited,),
    )
    with open_store(state_path(data)) as store, store.transaction():
        for later in range(times):
            remember(store, asked, DAY_ONE + later)


def footnote(*words: str, data: Path) -> int:
    return run([*words, "--data", str(data)], SERVICES)


def test_gaps_are_listed_most_asked_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask(tmp_path, "Who won?")
    ask(tmp_path, "How far is Mars?", times=3)
    assert footnote("gaps", data=tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "   3 x  How far is Mars?; nearest: bees.txt",
        "   1 x  Who won?; nearest: bees.txt",
    ]


def test_gaps_as_markdown_are_a_list_to_tick_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask(tmp_path, "How far is [Mars](https://evil.example)?", times=2)
    assert footnote("gaps", "--markdown", data=tmp_path) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(
        r"- [ ] How far is \[Mars\](https://evil.example)? (asked 2 times, last on 2023-11-14; nearest:"
    )


def test_gaps_as_csv_are_no_formulas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask(tmp_path, HOSTILE, file="@notes, old.txt")
    assert footnote("gaps", "--csv", data=tmp_path) == 0
    head, row = csv.reader(io.StringIO(capsys.readouterr().out))
    cells = dict(zip(head, row, strict=True))
    assert cells["question"].startswith("'=HYPERLINK")
    assert "\x1b" not in cells["question"]
    assert cells["nearest_notes"] == "'@notes, old.txt"
    assert (cells["times"], cells["last_asked"], cells["outcome"]) == ("1", "2023-11-14", "closest")


@pytest.mark.parametrize("form", [[], ["--csv"], ["--markdown"]])
def test_hostile_questions_do_not_steer_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    ask(tmp_path, HOSTILE)
    assert footnote("gaps", *form, data=tmp_path) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_without_a_database_the_owner_learns_who_makes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["gaps"], ["backup", str(tmp_path / "backup")]):
        assert footnote(*words, data=tmp_path) == 1
        assert "It is made by the bot: footnote bot" in capsys.readouterr().err


def test_a_backup_is_put_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backup = tmp_path / "backup.sqlite3"
    ask(tmp_path, "Who won?")
    assert footnote("backup", str(backup), data=tmp_path) == 0
    assert f"footnote restore {backup}" in capsys.readouterr().out
    ask(tmp_path, "Who lost?")
    assert footnote("restore", str(backup), data=tmp_path) == 0
    assert ".before-restore" in capsys.readouterr().out
    footnote("gaps", data=tmp_path)
    assert "Who won?" in (out := capsys.readouterr().out)
    assert "Who lost?" not in out


def test_a_running_bot_has_to_be_stopped_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backup = tmp_path / "backup.sqlite3"
    ask(tmp_path, "Who won?")
    with open_store(state_path(tmp_path)):
        assert footnote("backup", str(backup), data=tmp_path) == 0
        assert footnote("restore", str(backup), data=tmp_path) == 1
    assert "Stop that bot first." in capsys.readouterr().err
