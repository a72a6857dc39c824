"""The conversation in a terminal: reads lines, asks, prints, and remembers the questions.

Knows nothing of how questions are answered; `bot.terminal.render_text` decides how results look.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console

from bot import wording
from bot.question import check_question
from bot.terminal.live import preview
from bot.terminal.render_text import (
    Line,
    Result,
    citations_in_full,
    episode_list,
    make_line,
    render,
    show,
    surroundings,
)
from rag.errors import FootnoteError, Interrupted
from rag.protocols import Assistant, Cancelled
from rag.types import Citation, Episode, NotCovered, Turn

T = TypeVar("T")
ReadLine = Callable[[], str]  # the next line; EOFError at the end
Keep = Callable[[Callable[[], None], Callable[[str], None]], AbstractContextManager[object]]
"""Given how to reload the assistant and how to tell the user: what keeps the notes up to date inside its block."""

PROMPT = "> "
HELP = (
    ":sources    the last answer's quotes, with file and lines",
    ":context N  the lines around source N",
    ":topic X    what all episodes say about X",
    ":episodes   every episode in your notes",
    ":help       this list",
    ":quit       leave (Ctrl-D does too)",
    "Anything else is a question. Ctrl-C stops an answer.",
)


class OwnedAssistant:
    """An assistant on a thread of its own, so that Ctrl-C reaches the user's thread while it works."""

    def __init__(self, open_assistant: Callable[[], Assistant]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="assistant")
        self._assistant = self._thread.submit(open_assistant)

    def __enter__(self) -> Self:
        try:
            self._assistant.result()
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._thread.submit(self._assistant.result().close).result()
        self._thread.shutdown()

    def reload(self) -> None:
        """Let it serve the newest index, between two questions. Raises IndexProblem."""
        self._thread.submit(lambda: self._assistant.result().reload()).result()

    def call(self, work: Callable[[Assistant, Cancelled], T]) -> T:
        """What `work` returns; Ctrl-C makes its `cancelled` true.

        Raises:
            Interrupted: the user pressed Ctrl-C, even where `work` ended well nevertheless.
        """
        stop = Event()
        result = _wait(self._thread.submit(lambda: work(self._assistant.result(), stop.is_set)), stop)
        if stop.is_set():
            raise Interrupted("Stopped.")
        return result


class Chat:
    """One conversation: `handle` takes what the user typed and prints what comes of it."""

    def __init__(self, assistant: OwnedAssistant, console: Console) -> None:
        self._assistant = assistant
        self._console = console
        self._history: list[Turn] = []
        self._sources: Sequence[Citation] = ()
        self._news: list[str] = []
        self.commands: dict[str, Callable[[str], None]] = {
            ":sources": lambda _: self._show(citations_in_full(self._sources)),
            ":context": self._context,
            ":topic": self._topic,
            ":episodes": lambda _: self._show(episode_list(self._episodes())),
            ":help": lambda _: self._say(*HELP),
        }

    def greet(self) -> None:
        """Three lines: what there is to ask about, an example, and where to find more."""
        episodes = self._episodes()
        self._say(
            f"Footnote has read {wording.knows(episodes)}.",
            example(episodes),
            ":help lists what else there is.",
        )

    def notify(self, sentence: str) -> None:
        """Have something said after the next line that is typed, not in the middle of it; from any thread."""
        self._news.append(sentence)

    def handle(self, typed: str) -> bool:
        """Act on one line; False once the user wants to leave. Errors are printed, never raised."""
        typed = typed.strip()
        if typed in (":quit", ":q"):
            return False
        try:
            self._act(typed)
        except (Interrupted, KeyboardInterrupt):
            self._say("Stopped.")
        except FootnoteError as error:
            self._say(str(error))
        while self._news:
            self._say(self._news.pop(0))
        return True

    def _act(self, typed: str) -> None:
        command, _, rest = typed.partition(" ")
        if command in self.commands:
            self.commands[command](rest)
        elif command.startswith(":"):
            self._say(f"There is no command {command}; :help lists them.")
        elif typed:
            self._ask(check_question(typed))

    def _ask(self, question: str) -> None:
        earlier = tuple(self._history)
        with preview(self._console) as watch:
            result = self._assistant.call(
                lambda it, cancelled: it.ask(question, history=earlier, cancelled=cancelled, watch=watch)
            )
        self._conclude(result)
        cited = tuple(dict.fromkeys(citation.episode_id for citation in self._sources))
        self._history.append(Turn(question=question, searched=result.searched, episodes=cited))

    def _context(self, rest: str) -> None:
        chosen = [citation for citation in self._sources if rest.strip() in ("", str(citation.n))][:1]
        if not chosen:
            numbers = ", ".join(str(citation.n) for citation in self._sources)
            self._say(f"The last answer has these sources: {numbers}." if numbers else "The last answer cites nothing.")
        for citation in chosen:
            self._show(surroundings(citation))

    def _topic(self, rest: str) -> None:
        topic = check_question(rest, what="topic")
        self._conclude(self._busy(lambda it, cancelled: it.topic(topic, cancelled=cancelled)))

    def _conclude(self, result: Result) -> None:
        self._sources = result.closest if isinstance(result, NotCovered) else result.citations
        self._show(render(result))

    def _episodes(self) -> Sequence[Episode]:
        return self._assistant.call(lambda it, _: it.episodes())

    def _busy(self, work: Callable[[Assistant, Cancelled], T]) -> T:
        if not self._console.is_terminal:
            return self._assistant.call(work)
        with self._console.status("Looking through your notes"):
            return self._assistant.call(work)

    def _say(self, *sentences: str) -> None:
        self._show([make_line(sentence) for sentence in sentences])

    def _show(self, lines: Sequence[Line]) -> None:
        show(self._console, [*lines, make_line("")])


def run_chat(
    open_assistant: Callable[[], Assistant],
    read_line: ReadLine,
    console: Console,
    *,
    greet: bool,
    keep: Keep = lambda _reload, _tell: nullcontext(),
) -> int:
    """Talk until the input ends or the user leaves; 0, the exit code.

    Raises:
        FootnoteError: the assistant cannot be opened.
    """
    with OwnedAssistant(open_assistant) as assistant:
        chat = Chat(assistant, console)
        if greet:
            chat.greet()
        with keep(assistant.reload, chat.notify), suppress(EOFError):
            while chat.handle(read_line()):
                pass
    return 0


def open_input(data: Path) -> tuple[ReadLine, bool]:
    """How to read lines, and whether a person types them: a prompt on a terminal, else standard input."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return typed_lines(data), True
    return piped_lines, False


def piped_lines() -> str:
    """The next line of standard input. Raises EOFError at its end."""
    if text := sys.stdin.readline():
        return text
    raise EOFError


def typed_lines(data: Path) -> ReadLine:
    """A prompt with arrow keys, completion of commands, and a history kept in `data` if possible."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.shortcuts import CompleteStyle

    class WhatCanBeKept(FileHistory):
        def store_string(self, string: str) -> None:
            with suppress(OSError):  # of a full disk; this line is then forgotten
                super().store_string(string)

    with suppress(OSError):
        data.mkdir(parents=True, exist_ok=True)
    history = WhatCanBeKept(data / "chat_history") if os.access(data, os.W_OK) else InMemoryHistory()
    words = WordCompleter([entry.split()[0] for entry in HELP if entry.startswith(":")], sentence=True)
    session: PromptSession[str] = PromptSession(
        history=history,
        completer=words,
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
    )

    def read() -> str:
        while True:
            with suppress(KeyboardInterrupt):  # Ctrl-C drops the line being typed
                return session.prompt(PROMPT)

    return read


def example(episodes: Sequence[Episode]) -> str:
    """A question worth trying, made of the first episode that has a title of its own."""
    if not episodes:
        return "Put some notes in the notes folder first."
    titled = [episode for episode in episodes if not any(name in episode.title for name in episode.guests)]
    return f"Try: What do my notes say about {wording.clean((titled or list(episodes))[0].title)}?"


def _wait(future: Future[T], stop: Event) -> T:
    """The future's result. Short waits, because a long one would hold back Ctrl-C on Windows."""
    while True:
        try:
            if wait([future], timeout=0.2).done:
                return future.result()
        except KeyboardInterrupt:
            stop.set()
