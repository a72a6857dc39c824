from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.child.errors import Crashed
from bot.child.process import Child
from bot.child.supervisor import DEADLY, Supervisor, told
from bot.child.wire import methods
from bot.line.worker import Started
from bot.settings import DiscordSettings, Settings, WriterSettings
from rag.errors import FootnoteError, IndexMissing, QuestionError
from rag.protocols import Assistant, Browsing, GivenUp, Surveying, Watch
from tests.bot.samples import ANSWER, BREAD, HEAT, LOAF, NOTHING, VENUS


class House:
    """A supervisor of children that do what the question says, and a clock to set."""

    def __init__(self, folder: Path, *, idle_seconds: float | None = None) -> None:
        self.folder = folder
        self.now = 0.0
        self.started = 0
        self.supervisor = Supervisor(self._start, idle_seconds=idle_seconds, clock=lambda: self.now)

    def _start(self) -> Child:
        self.started += 1
        return Child([sys.executable, "-m", "tests.bot.child.house", str(self.folder)], {})

    def times_asked(self, question: str) -> int:
        return (self.folder / "asked").read_text().split("\n").count(question)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.supervisor.close()


@pytest.fixture
def assistant(house: House) -> Assistant:
    return house.supervisor.open()


def test_answers_refusals_and_lists_arrive_as_they_are(assistant: Assistant) -> None:
    assert assistant.ask("How hot is it?") == ANSWER
    assert assistant.ask("refuse") == NOTHING
    assert list(assistant.episodes()) == [VENUS, LOAF]
    assert list(assistant.browse().overview().episodes) == [VENUS, LOAF]


def test_who_watches_is_told_before_the_answer_is_there(assistant: Assistant) -> None:
    seen: list[object] = []
    assistant.ask(
        "x",
        watch=Watch(
            on_evidence=lambda citations: seen.append(list(citations)),
            on_sentence=lambda sentence, cited: seen.append((sentence, list(cited))),
        ),
    )
    assert seen == [[HEAT, BREAD], (ANSWER.sentences[0], [HEAT])]


def test_an_error_keeps_its_kind_its_sentence_and_its_remedy(assistant: Assistant) -> None:
    with pytest.raises(QuestionError) as caught:
        assistant.ask("empty")
    assert str(caught.value) == "The question is empty. Ask something."
    assert caught.value.remedy == "Ask something."


def test_of_an_unexpected_error_only_the_kind_crosses(assistant: Assistant) -> None:
    with pytest.raises(RuntimeError, match=r"^KeyError$"):
        assistant.ask("say too much")


def test_a_call_is_taken_back_while_it_is_made(assistant: Assistant) -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    started = time.monotonic()
    assistant.ask("think", cancelled=GivenUp(cancelled=stop.is_set, until=started + 60))
    assert time.monotonic() - started < 30


def test_what_the_child_died_of_is_asked_once_more(house: House, assistant: Assistant) -> None:
    assert assistant.ask("die once") == ANSWER
    assert (house.started, house.times_asked("die once")) == (2, 2)


def test_a_question_that_killed_twice_is_refused_and_others_are_answered(house: House, assistant: Assistant) -> None:
    for _ in range(2):
        with pytest.raises(QuestionError, match=DEADLY):
            assistant.ask("die")
    assert house.times_asked("die") == 2
    house.now += 60
    assert assistant.ask("x") == ANSWER


def test_two_deaths_that_a_second_try_mended_are_not_held_against_a_question(
    house: House, assistant: Assistant
) -> None:
    """Once they were: a common question that was under way when the child was killed, twice in a month, was refused."""
    for _ in range(2):
        (house.folder / "asked").unlink(missing_ok=True)  # so that it dies of it again
        house.now += 60
        assert assistant.ask("die once") == ANSWER
    assert assistant.ask("die once") == ANSWER


def test_a_deadly_question_may_be_tried_again_after_a_day(house: House, assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match=DEADLY):
        assistant.ask("die")
    house.now += 86_400
    with pytest.raises(FootnoteError):
        assistant.ask("die")
    assert house.times_asked("die") > 2


def test_a_child_that_is_killed_between_two_questions_is_started_again(house: House, assistant: Assistant) -> None:
    assert house.supervisor.pid
    os.kill(house.supervisor.pid, signal.SIGKILL)
    assert assistant.ask("x") == ANSWER
    assert house.started == 2


def test_starts_that_fail_are_not_made_in_a_loop(house: House, assistant: Assistant) -> None:
    assert house.supervisor.pid
    (house.folder / "broken").touch()
    os.kill(house.supervisor.pid, signal.SIGKILL)
    with pytest.raises(Crashed):
        assistant.ask("x")
    tried = house.started
    with pytest.raises(Crashed, match="started again in"):
        assistant.ask("y")
    assert house.started == tried
    (house.folder / "broken").unlink()
    house.now += 60
    assert assistant.ask("y") == ANSWER


def test_an_assistant_that_cannot_be_opened_says_why(house: House) -> None:
    (house.folder / "no index").touch()
    with pytest.raises(IndexMissing, match="There is no index"):
        house.supervisor.open()


def test_nobody_asks_for_long_and_the_child_is_let_go_until_somebody_does(tmp_path: Path) -> None:
    house = House(tmp_path, idle_seconds=0.2)
    assistant = house.supervisor.open()
    assert assistant.ask("x") == ANSWER
    end = time.monotonic() + 30
    while house.supervisor.pid and time.monotonic() < end:
        time.sleep(0.02)
    assert house.supervisor.pid is None
    assert assistant.ask("x") == ANSWER
    house.supervisor.close()


def test_it_tells_whenever_a_child_is_started(tmp_path: Path) -> None:
    seen: list[bool] = []

    def start() -> Child:
        seen.append(supervisor.starting)
        return Child([sys.executable, "-m", "tests.bot.child.house", str(tmp_path)], {})

    supervisor = Supervisor(start)
    assistant = supervisor.open()
    assert isinstance(assistant, Started)
    assert (assistant.starting, assistant.starts) == (False, 1)
    assistant.ask("x")
    assert assistant.starts == 1
    assistant.ask("die once")
    assert (assistant.starting, assistant.starts, seen) == (False, 2, [True, True])
    supervisor.close()


def test_closing_ends_the_child_and_nothing_starts_it_again(house: House, assistant: Assistant) -> None:
    pid = house.supervisor.pid
    assert pid
    assistant.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(Crashed):
        assistant.ask("x")


def test_a_child_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    child = Child([sys.executable, "-m", "tests.bot.child.house", str(tmp_path)], {})
    started = time.monotonic()
    child.close(grace=30)
    assert time.monotonic() - started < 25  # it was not killed


def test_only_what_the_protocol_names_can_be_called(assistant: Assistant) -> None:
    assert not hasattr(assistant, "embedder")


def test_the_child_learns_the_key_of_the_writer_and_not_the_token() -> None:
    settings = Settings(
        discord=DiscordSettings(token=SecretStr("t0ken")),
        writer=WriterSettings(api_key=SecretStr("k3y")),
        ranker_key=SecretStr("0ther"),
    )
    assert told(settings)["writer"]["api_key"] == "k3y"
    assert told(settings)["ranker_key"] == "0ther"
    assert "t0ken" not in str(told(settings))
    assert told(settings)["discord"] == {"token": ""}  # which wins over .env


@pytest.mark.parametrize("protocol", [Assistant, Browsing, Surveying])
def test_every_method_of_the_protocols_can_cross(protocol: type) -> None:
    """A new argument that is called back would not: it has to be among those that stay."""
    for name, method in methods(protocol).items():
        assert method.outcome or method.leads_to, name
        assert set(method.signature.parameters) - {"self"} == set(method.parameters) | method.stays
