"""When and on what something was measured, and what else the machine did meanwhile."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("llama-cpp-python", "chromadb", "bm25s", "numpy", "discord.py")


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What stood around a measurement.

    Attributes:
        machine: processor, system and libraries, in words; only what was measured on the same one is compared.
        load: the machine's load average over one minute, before and after.
        others: cores that other work took meanwhile, on average; None where the system does not say.
    """

    date: str
    machine: str
    load: tuple[float, float]
    others: float | None


class Meanwhile:
    """Watches what the machine does from now on."""

    def __init__(self) -> None:
        self._load = load_average()
        self._started = time.perf_counter()
        self._others = _others_seconds()

    def ended(self) -> Circumstances:
        """What stood around what was done since. A child of this process is other work until it has ended."""
        others, now = None, _others_seconds()
        if now is not None and self._others is not None:
            others = max(0.0, now - self._others) / (time.perf_counter() - self._started)
        load = (self._load, load_average())
        return Circumstances(date=time.strftime("%Y-%m-%d"), machine=this_machine(), load=load, others=others)


def _others_seconds() -> float | None:
    """Processor time that the machine has spent on others than this process and the children that have ended."""
    stat = Path("/proc/stat")
    if not stat.is_file():
        return None
    user, nice, system, _idle, _waiting, *interrupts = map(int, stat.read_text(encoding="utf-8").split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def load_average() -> float:
    """Of the machine, over one minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def machine() -> dict[str, str]:
    """The machine and the libraries."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


def this_machine() -> str:
    """The same in one line."""
    return "; ".join(machine().values())


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
