"""Extractors that are run apart: a process of their own with a limit on time and memory, so that one hostile file
costs only itself.

The process is started for the first file that needs it, serves those after it, and is ended by one that takes too
long; the next file gets a new one. It is talked to in JSON, a line each way. Knows no format.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from rag.errors import NoteError
from rag.reading.extract.base import Extracted

LIMIT_SECONDS = 120.0
LIMIT_BYTES = 2 * 1024**3
_REMEDY = "Split it, or save its text as .txt."


class Apart:
    """The process, started when it is first needed. Any thread may call; one file is read at a time."""

    def __init__(self, *, seconds: float = LIMIT_SECONDS, memory: int = LIMIT_BYTES) -> None:
        self._seconds, self._memory = seconds, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._late = False
        atexit.register(self.close)

    def extract(self, name: str, data: bytes) -> Extracted:
        """What the extractor `name` makes of `data`. Raises NoteError where it does not end well, or in time."""
        with self._lock:
            answer = self._answer(name, data)
        if answer is None:
            reason = (
                f"The file takes longer than {self._seconds:.0f} seconds to read; it was left out."
                if self._late
                else "The file ends the program that reads it, or needs more memory than it may have; it was left out."
            )
            raise NoteError(reason, remedy=_REMEDY)
        if "error" in answer:
            raise NoteError(answer["error"], remedy=answer["remedy"])
        return Extracted(
            text=answer["text"],
            line_map=tuple((first, last) for first, last in answer["line_map"]),
            counted=answer["counted"],
            troubles=tuple((place, reason) for place, reason in answer["troubles"]),
        )

    def close(self) -> None:
        """End the process. A later file starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    pipe.close() if pipe else None
            self._process = None

    def _answer(self, name: str, data: bytes) -> dict[str, Any] | None:
        """The answer, or None where the process died of the file or was ended for being late."""
        process = self._process = self._running() or self._started()
        self._late = False
        if process.stdin is None or process.stdout is None:
            return None
        clock = threading.Timer(self._seconds, self._end, [process])
        clock.daemon = True
        clock.start()
        answer: dict[str, Any] | None = None
        try:
            process.stdin.write(f"{name} {len(data)}\n".encode() + data)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            return None
        finally:
            clock.cancel()
            if answer is None or self._late:
                self.close()
        return answer

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "rag.reading.extract", str(self._memory)]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere)  # noqa: S603
        if process.stdout is not None:
            process.stdout.readline()  # it is ready: its start, slow on a busy machine, is not the file's fault
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        process.kill()
