"""The parent's side of one child: starts it, makes one call at a time, and notices when it dies."""

from __future__ import annotations

import json
import logging
import math
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bot.child import wire
from rag.protocols import NOBODY, Cancelled, Watch, awaited_until

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05  # how often is asked, during a call, whether somebody still waits for it
STUBBORN_SECONDS = 15.0  # what does not stop so long after it was asked to is killed
PATIENCE_SECONDS = 600.0  # what nobody waits for, or a child that is being opened, is given up after so long
LONG = 1e9


class ChildGone(Exception):
    """The child died. `how` says what is known of it: a signal's name, an exit code."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Child:
    """A running child.

    Args:
        command: what to run, such as `[sys.executable, "-m", "bot.child"]`.
        settings: what it gets to know first; may hold secrets, and so is on no command line.
        environment: its variables; None: those of this process.

    Raises:
        FootnoteError: the assistant cannot be opened.
        ChildGone: it died while it opened the assistant.
    """

    def __init__(
        self, command: Sequence[str], settings: Mapping[str, Any], *, environment: Mapping[str, str] | None = None
    ) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603 - the command is our own
            list(command), stdin=pipe, stdout=pipe, encoding="utf-8", env=environment
        )
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._calls = 0
        threading.Thread(target=self._read, name="footnote-child", daemon=True).start()
        try:
            self._send(settings)
            self._outcome(0, None, NOBODY)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The operating system's number for it."""
        return self._process.pid

    def gone(self) -> ChildGone | None:
        """How it died; None while it runs."""
        return self._gone() if self._process.poll() is not None else None

    def call(self, path: Sequence[wire.Step], *, cancelled: Cancelled | None = None, watch: Watch = NOBODY) -> Any:  # noqa: ANN401
        """What comes of the methods on `path`, called one on the other's outcome; as JSON knows it.

        Raises whatever the child raises, and ChildGone.
        """
        self._calls += 1
        seconds = min(awaited_until(cancelled) - time.monotonic(), LONG)
        self._send({"n": self._calls, "path": path, "seconds": seconds, "watched": watch is not NOBODY})
        return self._outcome(self._calls, cancelled, watch)

    def close(self, *, grace: float = 3.0) -> None:
        """Hang up, and see that it ends."""
        try:
            if self._process.stdin:
                self._process.stdin.close()
        except OSError:
            log.debug("the child has hung up before")
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, message: Mapping[str, Any]) -> None:
        try:
            assert self._process.stdin  # noqa: S101 - opened above
            self._process.stdin.write(wire.line(message))
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise self._gone() from error

    def _read(self) -> None:
        assert self._process.stdout  # noqa: S101 - opened above
        try:
            with self._process.stdout as lines:
                for text in lines:
                    self._replies.put(json.loads(text))
        except ValueError:
            log.warning("the child died in the middle of a message")
        finally:
            self._replies.put(None)

    def _outcome(self, n: int, cancelled: Cancelled | None, watch: Watch) -> Any:  # noqa: ANN401
        stop_by = math.inf if cancelled else time.monotonic() + PATIENCE_SECONDS
        while True:
            if cancelled and stop_by == math.inf and cancelled():
                stop_by = time.monotonic() + STUBBORN_SECONDS
                self._send({"cancel": n})
            if time.monotonic() > stop_by:
                self._process.kill()
            try:
                reply = self._replies.get(timeout=LOOK_SECONDS if cancelled else 1.0)
            except queue.Empty:
                continue
            if reply is None:
                raise self._gone()
            if "error" in reply:
                raise wire.error_of(reply["error"])
            if "outcome" in reply:
                return reply["outcome"]
            _pass_on(reply, watch)

    def _gone(self) -> ChildGone:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return ChildGone("it hung up")
        return ChildGone(signal.Signals(-code).name if code < 0 else f"exit code {code}")


def _pass_on(reply: Mapping[str, Any], watch: Watch) -> None:
    """Tell who watches what the child tells."""
    if "evidence" in reply:
        watch.on_evidence(wire.CITATIONS.validate_python(reply["evidence"]))
    elif "sentence" in reply:
        watch.on_sentence(
            wire.SENTENCE.validate_python(reply["sentence"]), wire.CITATIONS.validate_python(reply["cited"])
        )
    elif "stage" in reply:
        watch.on_stage(reply["stage"])
