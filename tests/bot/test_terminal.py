"""The conversation in a terminal, with a fake assistant, real Ctrl-C and a real prompt on a pipe."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from bot.terminal.chat import OwnedAssistant, example, run_chat, typed_lines
from rag.errors import IndexBusy, Interrupted, ModelMissing
from rag.protocols import Assistant, Cancelled
from rag.types import Answer, Turn
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT, LOAF, VENUS, FakeAssistant
from tests.disks import little_space

WAIT = 5.0  # seconds until a test gives up


def typing(*lines: str) -> Callable[[], str]:
    """A reader of these lines, then the end of the input."""
    left = iter(lines)

    def read() -> str:
        for text in left:
            return text
        raise EOFError

    return read


def chat(assistant: FakeAssistant, *lines: str, greet: bool = False, width: int = 60) -> str:
    """What is printed when somebody types these lines."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    assert run_chat(lambda: assistant, typing(*lines), console, greet=greet) == 0
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_line_is_answered_and_the_assistant_closed_at_the_end() -> None:
    assistant = FakeAssistant()
    text = chat(assistant, "how hot is Venus?\n", "", "  \n", "and bread?\n")
    assert text.count("From your notes:") == 2
    before = Turn(question="how hot is Venus?", episodes=("venus", "bread"))
    assert assistant.asked == [("how hot is Venus?", ()), ("and bread?", (before,))]
    assert assistant.closed


def test_the_first_screen_has_three_lines() -> None:
    lines = chat(FakeAssistant(), greet=True).split("\n\n")[0].splitlines()
    assert lines == [
        "Footnote has read 2 episodes from 3 notes.",
        "Try: What do my notes say about Venus?",
        ":help lists what else there is.",
    ]


def test_an_example_question_wants_a_title_rather_than_a_name() -> None:
    assert example([LOAF, VENUS]) == "Try: What do my notes say about Venus?"
    assert example([LOAF]) == "Try: What do my notes say about Ines Carvalho?"
    assert example([]) == "Put some notes in the notes folder first."


def test_sources_are_those_of_the_last_result() -> None:
    text = chat(FakeAssistant(), ":sources", "how hot?", ":sources")
    before, after = text.split("From your notes:")
    assert "cites nothing" in before
    assert "        464 °C." in after
    refused = chat(FakeAssistant(answer=lambda *_: CLOSEST), "how hot is Pluto?", ":sources")
    assert "        464 °C." in refused


def test_the_lines_around_a_source() -> None:
    around = replace(
        HEAT, whole="The surface is at 464 °C. Lead melts.", before=("On Venus:",), after=("Rain never lands.",)
    )
    assistant = FakeAssistant(answer=lambda *_: replace(ANSWER, citations=(around, BREAD)))
    text = chat(assistant, ":context", "how hot?", ":context 1", ":context 2", ":context 9")
    assert text.index("cites nothing") < text.index("From your notes:")
    assert text.index("On Venus:") < text.index("Lead melts.") < text.index("Rain never lands.")
    assert text.rindex("done at 96 °C") > text.index("Rain never lands.")
    assert "The last answer has these sources: 1, 2." in text


def test_commands() -> None:
    assistant = FakeAssistant()
    text = chat(assistant, ":topic  heat ", ":episodes", ":help", ":topic", ":nonsense", ":quit", "never asked")
    assert assistant.topics == ["heat"]
    assert "What your notes say about heat" in text
    assert "2 episodes from 3 notes" in text
    assert ":sources    the last answer" in text
    assert "The topic is empty." in text
    assert "There is no command :nonsense" in text
    assert assistant.asked == []


def test_help_fits_a_narrow_terminal() -> None:
    assert all(len(line) <= 60 for line in chat(FakeAssistant(), ":help").splitlines())


def test_an_error_is_a_sentence_and_the_conversation_goes_on() -> None:
    def busy_once(question: str, _: Cancelled | None) -> Answer:
        if question == "first":
            raise IndexBusy("Another process is indexing.", remedy="Wait.")
        return ANSWER

    assistant = FakeAssistant(answer=busy_once)
    text = chat(assistant, "🙂", "first", "second")
    assert "The question has no words in it." in text
    assert "Another process is indexing. Wait." in text
    assert "From your notes:" in text
    assert assistant.asked[-1] == ("second", ())


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal: a program started in the background ignores it, and so would the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_cancels_the_answer_and_not_the_program() -> None:
    def slow_once(question: str, cancelled: Cancelled | None) -> Answer:
        if question == "slow":
            signal.raise_signal(signal.SIGINT)
            deadline = time.monotonic() + WAIT
            while time.monotonic() < deadline:
                if cancelled is not None and cancelled():
                    raise Interrupted("The question was cancelled.")
                time.sleep(0.01)
            raise AssertionError("never cancelled")
        return ANSWER

    assistant = FakeAssistant(answer=slow_once)
    text = chat(assistant, "slow", "quick")
    assert text.splitlines()[0] == "Stopped."
    assert "From your notes:" in text
    assert assistant.asked[-1] == ("quick", ())


@pytest.mark.usefixtures("ctrl_c")
def test_an_answer_that_comes_after_ctrl_c_is_not_shown() -> None:
    def heedless(_question: str, cancelled: Cancelled | None) -> Answer:
        signal.raise_signal(signal.SIGINT)
        deadline = time.monotonic() + WAIT
        while cancelled is not None and not cancelled() and time.monotonic() < deadline:
            time.sleep(0.01)
        return ANSWER

    assert chat(FakeAssistant(answer=heedless), "slow") == "Stopped.\n\n"


def test_one_thread_opens_asks_and_closes() -> None:
    seen: list[str] = []

    class Watched(FakeAssistant):
        def close(self) -> None:
            seen.append(threading.current_thread().name)

    def answer(*_: object) -> Answer:
        seen.append(threading.current_thread().name)
        return ANSWER

    def open_assistant() -> Assistant:
        seen.append(threading.current_thread().name)
        return Watched(answer=answer)

    with OwnedAssistant(open_assistant) as owned:
        owned.call(lambda assistant, cancelled: assistant.ask("how?", cancelled=cancelled))
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert seen[0] != threading.current_thread().name


def test_an_assistant_that_cannot_be_opened_is_the_callers_to_report() -> None:
    def missing() -> Assistant:
        raise ModelMissing("The model is missing.")

    with pytest.raises(ModelMissing):
        run_chat(missing, typing("never read"), Console(file=io.StringIO()), greet=False)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("how hot?\r", "how hot?"),
        ("hot?\x1b[H" + "how \r", "how hot?"),  # Home, then type in front
        ("dropped\x03kept\r", "kept"),  # Ctrl-C
        ("\x1b[A\r", "asked before"),  # Up
        (":so\t\r", ":sources"),  # Tab
    ],
)
def test_lines_are_edited_at_the_prompt(tmp_path: Path, keys: str, expected: str) -> None:
    (tmp_path / "chat_history").write_text("\n# then\n+asked before\n")
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        assert typed_lines(tmp_path)() == expected


def test_ctrl_d_ends_and_the_history_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "not" / "there"
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("how hot?\r\x04")
        read = typed_lines(data)
        assert read() == "how hot?"
        with pytest.raises(EOFError):
            read()
    assert "+how hot?" in (data / "chat_history").read_text()


def test_on_a_full_disk_a_line_is_forgotten_and_still_asked(tmp_path: Path) -> None:
    """The prompt ended with an error that Footnote does not know."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()), little_space(0):
        pipe.send_text("how hot?\r")
        assert typed_lines(tmp_path)() == "how hot?"


def test_where_no_folder_can_be_made_lines_are_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("how hot?\r")
        assert typed_lines(tmp_path / "file" / "data")() == "how hot?"


def test_news_is_said_after_the_line_that_is_typed_and_the_assistant_reloads_in_between() -> None:
    """Printing from another thread would write into the line the user is typing."""
    assistant = FakeAssistant()
    lines = iter(["how hot?", ":help"])
    told: list[Callable[[str], None]] = []

    @contextmanager
    def keep(reload: Callable[[], None], tell: Callable[[str], None]) -> Iterator[None]:
        told.append(tell)
        reload()
        yield

    def read() -> str:
        if line := next(lines, ""):
            told[0](f"News before {line}")
            return line
        raise EOFError

    console = Console(file=io.StringIO(), width=60, highlight=False)
    run_chat(lambda: assistant, read, console, greet=False, keep=keep)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert assistant.reloads == 1
    assert text.index("From your notes:") < text.index("News before how hot?") < text.index(":sources    the last")
    assert text.rstrip().endswith("News before :help")
