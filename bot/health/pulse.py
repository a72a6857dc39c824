"""Tells whoever watches over the bot that it is well: systemd by its socket, a container's health check by a file.

A beat is only sent from the event loop, and only while the worker is well: a bot that hangs falls silent, and is
restarted. The file is named after the data folder, so that several bots of one account each have their own. Knows
nothing of Discord.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

EVERY = 30.0  # seconds between beats where systemd does not say
SILENT = 100.0  # seconds without a beat after which the bot counts as hung


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """Where beats go, and how often.

    Attributes:
        address: of systemd's socket; "" where it did not start the bot.
        file: whose time of change is the last beat; None where no folder is meant for such files.
        every: seconds between two beats.
    """

    address: str = ""
    file: Path | None = None
    every: float = EVERY

    def tell(self, *lines: str) -> None:
        """Send lines of systemd's protocol, such as "READY=1"; nothing where nobody listens."""
        if not self.address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.connect(self.address.replace("@", "\0", 1) if self.address.startswith("@") else self.address)
            sender.sendall("\n".join(lines).encode())

    def beat(self) -> None:
        """Say that the bot is well."""
        self.tell("WATCHDOG=1")
        if self.file:
            with suppress(OSError):
                os.close(os.open(self.file, os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600))
                os.utime(self.file)

    def stop(self) -> None:
        """Say that the bot ends on purpose."""
        self.tell("STOPPING=1")
        if self.file:
            with suppress(OSError):
                self.file.unlink()


def pulse_of(environment: Mapping[str, str], pid: int, data: Path) -> Pulse:
    """Where the beats of this process, whose bot keeps its data in `data`, go, as its environment says."""
    mine = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
    every = EVERY
    with suppress(ValueError):
        every = int(environment.get("WATCHDOG_USEC", "") if mine else "") / 2e6
    return Pulse(address=environment.get("NOTIFY_SOCKET", ""), file=alive_file(environment, data), every=every)


def alive_file(environment: Mapping[str, str], data: Path) -> Path | None:
    """The file that beats touch, in the folder of its owner that is kept in memory; None without such a folder."""
    name = f"footnote-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]}.alive"
    folder = environment.get("RUNTIME_DIRECTORY", "").split(":")[0] or environment.get("XDG_RUNTIME_DIR", "")
    return Path(folder) / name if folder and Path(folder).is_dir() else None


def last_beat(environment: Mapping[str, str], data: Path) -> Path | None:
    """Where the bot with this data may have left its last beat: one that systemd runs has a folder within the other."""
    file = alive_file(environment, data)
    within = file and file.with_name("footnote") / file.name
    return within if within and within.exists() else file


def silence(file: Path) -> float | None:
    """Seconds since the last beat; None where there was none, or the bot was stopped."""
    try:
        return max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return None


@asynccontextmanager
async def beating(pulse: Pulse, well: Callable[[], bool]) -> AsyncIterator[None]:
    """Inside the block beats are sent while `well` says yes; nothing runs where nobody is told."""
    if not pulse.address and not pulse.file:
        yield
        return
    task = asyncio.create_task(_keep_beating(pulse, well), name="footnote-pulse")
    try:
        yield
    finally:
        task.cancel()
        pulse.stop()


async def _keep_beating(pulse: Pulse, well: Callable[[], bool]) -> None:
    while True:
        if well():
            pulse.beat()
        await asyncio.sleep(pulse.every)
