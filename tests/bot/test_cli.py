"""The command line: output, exit codes and errors, with a fake assistant handed in."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.cli import PARTS, Services, run
from bot.json_face import schema
from bot.language import speaking
from bot.settings import Settings
from rag.errors import IndexMissing
from rag.types import Answer, Turn
from tests.bot.samples import CLOSEST, NOTHING, FakeAssistant

ROOT = Path(__file__).parents[2]


class Recorder:
    """Services that hand out one fake assistant and write down what they were called with."""

    def __init__(self, assistant: FakeAssistant | None = None, *, error: Exception | None = None) -> None:
        self.assistant = assistant or FakeAssistant()
        self.calls: list[tuple[str, Settings]] = []
        self._error = error

    @property
    def services(self) -> Services:
        return Services(open_assistant=self._open, refresh=self._refresh, build=self._build)

    def _open(self, settings: Settings) -> FakeAssistant:
        self.calls.append(("open", settings))
        return self.assistant

    def _refresh(self, settings: Settings) -> None:
        self.calls.append(("refresh", settings))
        if self._error:
            raise self._error

    def _build(self, settings: Settings, rebuild: bool) -> str:
        self.calls.append(("rebuild" if rebuild else "build", settings))
        return "10 notes"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder without `.env`, an environment without settings, and no input."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return iter([None])


def test_ask_prints_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder()
    assert run(["ask", "how", "hot?"], recorder.services) == 0
    assert capsys.readouterr().out.startswith("From your notes:\n\n  “The surface is at 464 °C.” [1]\n")
    assert recorder.assistant.asked == [("how hot?", ())]
    assert recorder.assistant.closed


def test_the_index_is_brought_up_to_date_before_it_is_opened() -> None:
    recorder = Recorder()
    run(["ask", "how?", "--notes", "my notes", "--data", "d"], recorder.services)
    assert [name for name, _ in recorder.calls] == ["refresh", "open"]
    assert recorder.calls[0][1].notes == Path("my notes")
    assert recorder.calls[0][1].data == Path("d")


def test_folders_come_from_the_settings_if_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_NOTES", "from-env")
    recorder = Recorder()
    run(["ask", "how?"], recorder.services)
    assert recorder.calls[0][1].notes == Path("from-env")
    assert recorder.calls[0][1].data == Path(".data")


@pytest.mark.parametrize(
    ("args", "name"), [(["ask", "how?"], "ask"), (["topic", "heat"], "topic"), (["episodes"], "episodes")]
)
def test_json_is_one_object_that_matches_its_schema(
    args: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*args, "--json"], Recorder().services) == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    Draft202012Validator(schema(name)).validate(json.loads(printed.out))  # type: ignore[arg-type]
    assert printed.err == ""


@pytest.mark.parametrize("refusal", [CLOSEST, NOTHING])
def test_an_honest_refusal_is_no_failure(refusal: object, capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(FakeAssistant(answer=lambda *_: refusal, summary=refusal))  # type: ignore[arg-type]
    assert run(["ask", "who won?"], recorder.services) == 0
    assert run(["topic", "golf"], recorder.services) == 0
    assert capsys.readouterr().out.count("Your notes don't") == 2


@pytest.mark.parametrize("question", ["", "   ", "🙂🙂🙂", "x" * 30_000])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_what_is_no_question_costs_no_model(question: str, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder()
    assert run(["ask", question, *more], recorder.services) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("The question ")
    assert printed.err.count("\n") == 1
    assert recorder.calls == []


@pytest.mark.parametrize("args", [["ask", "how?"], ["ask", "how?", "--json"], ["topic", "x"], ["episodes"], ["chat"]])
def test_an_error_is_one_line_on_standard_error(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").touch()
    recorder = Recorder(error=IndexMissing("There is no \x1b[2Jindex.", remedy="Run: footnote index"))
    assert run(args, recorder.services) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "There is no \ufffd[2Jindex. Run: footnote index\n")


def test_whoever_has_set_nothing_up_or_is_in_another_folder_is_told_so_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In an empty folder each command named one missing thing after the other, and none of them footnote init."""
    services = Recorder(error=IndexMissing("There is no index.", remedy="Run: footnote index")).services
    assert run(["ask", "how?"], services) == 1
    assert capsys.readouterr().err.startswith("This folder is not set up yet: run footnote init here,")
    assert run(["ask", ""], services) == 1
    assert "set up" not in capsys.readouterr().err
    assert run(["ask", "how?", "--notes", "elsewhere"], services) == 1
    assert "set up" not in capsys.readouterr().err
    monkeypatch.setenv("FOOTNOTE_NOTES", "n")
    assert run(["ask", "how?"], services) == 1
    assert capsys.readouterr().err == "There is no index. Run: footnote index\n"


@pytest.mark.parametrize("args", [["ask", ""], ["notes"], ["restore", "nothing"], ["bot"]])
def test_errors_speak_the_language_of_the_settings(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Those that came before the settings were read were in English."""
    Path(".env").write_text("FOOTNOTE_LANGUAGE=de\n")
    with speaking("en"):
        assert run(args, Recorder().services) == 1
    assert not re.search(r"\b(The|is|There|to|no|a|it|that|of)\b", capsys.readouterr().err)


@pytest.mark.parametrize("args", [[each, "--help"] for each in PARTS])
def test_every_help_is_plain(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Some were drawn in boxes, and called a switch --json <bool>."""
    assert run(args, Recorder().services) == 0
    printed = capsys.readouterr().out
    assert "╭" not in printed
    assert "<bool>" not in printed


def test_an_unknown_error_is_a_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "how?"], Recorder(error=KeyError("x")).services) == 1
    printed = capsys.readouterr()
    assert "KeyError" in printed.err
    assert "FOOTNOTE_LOG_LEVEL=DEBUG" in printed.err
    assert "Traceback" not in printed.err


def test_the_assistant_is_closed_when_it_fails() -> None:
    def fail(*_: object) -> Answer:
        raise IndexMissing("gone")

    recorder = Recorder(FakeAssistant(answer=fail))
    assert run(["ask", "how?"], recorder.services) == 1
    assert recorder.assistant.closed


@pytest.mark.parametrize("args", [["ask"], ["nonsense"], ["ask", "how?", "--nonsense"], ["ask", "how?", "--notes"], []])
def test_wrong_usage_is_two(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args, Recorder().services) == 2
    printed = "".join(capsys.readouterr())
    assert "Usage" in printed or "Error" in printed
    assert "Traceback" not in printed


def test_a_wrong_setting_is_named_and_its_value_kept_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_DISCORD__GUILD_ID", "hush-hush")
    assert run(["ask", "how?"], Recorder().services) == 1
    error = capsys.readouterr().err
    assert error.startswith("FOOTNOTE_DISCORD__GUILD_ID does not work:")
    assert "hush" not in error


def test_index_prints_what_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder()
    assert run(["index", "--notes", "n"], recorder.services) == 0
    assert capsys.readouterr().out == "10 notes\n"
    assert [name for name, _ in recorder.calls] == ["build"]
    assert run(["index", "--rebuild"], recorder.services) == 0
    assert [name for name, _ in recorder.calls] == ["build", "rebuild"]


def test_chat_reads_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("how hot?\nand bread?"))
    recorder = Recorder()
    assert run(["chat"], recorder.services) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("From your notes:\n")
    assert printed.count("From your notes:") == 2
    assert "\x1b" not in printed
    before = Turn(question="how hot?", episodes=("venus", "bread"))
    assert recorder.assistant.asked == [("how hot?", ()), ("and bread?", (before,))]


def test_a_long_source_line_is_not_broken_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(*_: object) -> Answer:
        sample = FakeAssistant().answer("", None)
        assert isinstance(sample, Answer)
        first, *rest = sample.citations
        return replace(sample, citations=(replace(first, episode="long " * 60 + "title"), *rest))

    run(["ask", "how?"], Recorder(FakeAssistant(answer=answer)).services)
    assert "long " * 60 + "title" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], Recorder().services) == 0
    assert capsys.readouterr().out.startswith("footnote ")


def in_a_process(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *args],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_every_command_with_a_line() -> None:
    done = in_a_process("--help")
    assert done.returncode == 0
    for command in ("index", "ask", "topic", "episodes", "chat", "bot", "models", "calibrate", "eval"):
        assert f"\n  {command} " in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from bot.cli import Services, run; run(['--help'], None);"
        "heavy = {'numpy', 'chromadb', 'llama_cpp', 'pydantic', 'discord', 'prompt_toolkit'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
