"""The child's side: opens the assistant and makes one call after the other, until the parent hangs up.

Whatever the models print goes to standard error; the way to the parent is only used here.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TextIO

from bot.child import wire
from rag.errors import FootnoteError
from rag.protocols import NOBODY, Assistant, GivenUp, Watch

log = logging.getLogger(__name__)

Tell = Callable[[Mapping[str, Any]], None]


class Calls:
    """What the parent asks for, read on a thread of its own so that it can be taken back meanwhile."""

    def __init__(self, incoming: TextIO) -> None:
        self._incoming = incoming
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._given_up = -1
        threading.Thread(target=self._read, name="footnote-parent", daemon=True).start()

    def next(self) -> dict[str, Any]:
        """The next call, once there is one."""
        return self._waiting.get()

    def given_up(self, n: int) -> bool:
        """Whether nobody waits for the call with this number any longer."""
        return n <= self._given_up

    def _read(self) -> None:
        for text in self._incoming:
            message = json.loads(text)
            if "cancel" in message:
                self._given_up = int(message["cancel"])
            else:
                self._waiting.put(message)
        os._exit(0)  # the parent is gone; a model that computes cannot be stopped otherwise


def serve(open_assistant: Callable[[], Assistant], incoming: TextIO, outgoing: TextIO) -> None:
    """Serve until the parent hangs up; returns only where the assistant cannot be opened, once that is told."""

    def tell(message: Mapping[str, Any]) -> None:
        outgoing.write(wire.line(message))
        outgoing.flush()

    calls = Calls(incoming)
    try:
        assistant = open_assistant()
    except Exception as error:
        _tell_error(tell, 0, error)
        return
    tell({"n": 0, "outcome": None})
    while True:
        call = calls.next()
        n = call["n"]
        try:
            tell({"n": n, "outcome": _perform(assistant, call, partial(calls.given_up, n), tell)})
        except Exception as error:
            _tell_error(tell, n, error)


def _perform(assistant: Assistant, call: Mapping[str, Any], given_up: Callable[[], bool], tell: Tell) -> Any:  # noqa: ANN401
    """What comes of a call, as JSON knows it."""
    target: Any = assistant
    protocol: type = Assistant
    for name, told in call["path"]:
        method = wire.methods(protocol)[name]
        arguments = wire.unpacked(method, told)
        if "cancelled" in method.stays:
            arguments["cancelled"] = GivenUp(cancelled=given_up, until=time.monotonic() + call["seconds"])
        if "watch" in method.stays:
            arguments["watch"] = _watch(call["n"], tell) if call["watched"] else NOBODY
        target = getattr(target, name)(**arguments)
        protocol = method.leads_to or protocol
    return method.outcome.dump_python(wire.light(target), mode="json") if method.outcome else None


def _watch(n: int, tell: Tell) -> Watch:
    return Watch(
        on_evidence=lambda citations: tell({"n": n, "evidence": wire.CITATIONS.dump_python(citations, mode="json")}),
        on_sentence=lambda sentence, cited: tell(
            {
                "n": n,
                "sentence": wire.SENTENCE.dump_python(sentence, mode="json"),
                "cited": wire.CITATIONS.dump_python(cited, mode="json"),
            }
        ),
        on_stage=lambda stage: tell({"n": n, "stage": stage}),
    )


def _tell_error(tell: Tell, n: int, error: Exception) -> None:
    if not isinstance(error, FootnoteError):
        log.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    tell({"n": n, "error": wire.error_told(error)})


def way_to_parent() -> TextIO:
    """Standard output for messages alone: what anybody else prints goes to standard error from now on."""
    outgoing = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return outgoing
