"""Runs things and says what they cost, where needed in a process of their own."""

from __future__ import annotations

import multiprocessing
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024

# Linux charges a process with the memory of the one it was forked from, so that one has to be small.
_LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def seconds(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    function(*args, **kwargs)
    return time.perf_counter() - started


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command: wall time in seconds and the most memory it held at once, in MiB."""

    seconds: float
    peak_mib: float


def run(arguments: Sequence[str]) -> Run:
    """Run Python with these arguments. Raises CalledProcessError if it fails."""
    launched = subprocess.run(  # noqa: S603  # our own modules
        [sys.executable, "-c", _LAUNCHER, sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    time_taken, peak = launched.stdout.split()
    return Run(seconds=float(time_taken), peak_mib=int(peak) * _MAXRSS_UNIT / 2**20)


def in_process(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `function` returns, called in a fresh process."""
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def resident_mib() -> float:
    """Memory this process holds now, in MiB, mapped pages of files included; its peak where the system says no more."""
    return _status_mib("VmRSS") or peak_mib()


def own_mib() -> float:
    """Memory this process holds now, in MiB, without mapped pages of files; 0 where the system does not say."""
    return _status_mib("RssAnon")


def peak_mib() -> float:
    """The most memory this process has held at once, in MiB."""
    return _status_mib("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / 2**20


def _status_mib(field: str) -> float:
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:")), 0.0)


def disk_mib(folder: Path) -> float:
    """What the files below a folder take on the disk, in MiB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
