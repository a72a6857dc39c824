"""Shows a long command under way: one line that counts the time, the output in a log file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

LOGS = Path(".cache") / "log"
TAIL_LINES = 15
QUIET_SECONDS = 30  # between lines where there is no terminal to redraw
_NINJA = re.compile(r"\[(\d+)/(\d+)\]")


class StepFailed(Exception):
    """A sentence for the person at the keyboard."""


def say(text: str) -> None:
    """One line to the terminal, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(title: str, command: list[str], *, name: str, env: dict[str, str] | None = None) -> None:
    """Run `command` with its output in `.cache/log/<name>.log`, and show `title` with the time it takes.

    Raises:
        StepFailed: it ended with an error; the end of its output is shown.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        try:
            _watch(title, process, log)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode != 0:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        raise StepFailed("\n".join([*tail, "", f"{title} failed; the whole output is in {log}."]))


def _watch(title: str, process: subprocess.Popen[bytes], log: Path) -> None:
    started = time.monotonic()
    terminal = sys.stdout.isatty()
    due = started if terminal else started + QUIET_SECONDS
    say(f"{title} ...") if not terminal else None
    while process.poll() is None:
        if time.monotonic() >= due:
            _show(f"{title}: {_elapsed(started)}{_files(log)}", terminal)
            due += 1 if terminal else QUIET_SECONDS
        time.sleep(0.1)
    _show(f"{title}: {_elapsed(started)}", terminal)
    if terminal:
        say("")


def _show(text: str, terminal: bool) -> None:
    if terminal:
        sys.stdout.write(f"\r\x1b[K{text}")
        sys.stdout.flush()
    else:
        say(text)


def _elapsed(started: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - started), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def _files(log: Path) -> str:
    """How many files of a build are compiled, if the log says so."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        found = _NINJA.findall(file.read().decode("utf-8", errors="replace"))
    return f", file {found[-1][0]} of {found[-1][1]}" if found else ""
