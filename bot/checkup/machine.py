"""Is this machine fit for Footnote: Python, the program's own parts, processor, memory, disk, clock."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from bot.checkup import Check, Examine
from bot.settings import Settings
from rag.models.catalog import load_catalog
from rag.models.machine import memory_of
from rag.models.memory import available_memory
from rag.phrase import Phrase, listed

PYTHONS = SpecifierSet(">=3.11,<3.14")
BESIDE_MODELS = 400_000_000  # bytes that Python, the index and Chroma take
SPARE_DISK = 500_000_000
OLDEST_NOW = 1_735_689_600  # 2025: a clock before that was never set
COMPILERS = ("c++", "g++", "clang++")
QUICKER = {
    "flags": {"avx2": "avx2", "fma": "fma", "f16c": "f16c"},
    "Features": {"asimddp": "dotprod", "asimdhp": "fp16_va"},
}
"""Line of /proc/cpuinfo (x86, then arm64) -> what a processor takes several times as long without, and llama.cpp's name
for it."""

_LOAD = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"
PYTHON, PACKAGES, LLAMA = Phrase("python"), Phrase("packages"), Phrase("llama.cpp")
MEMORY, DISK, CLOCK = Phrase("memory"), Phrase("disk"), Phrase("clock")
FILE_MODES = Phrase("file modes")
NEEDS_COMPILER = Phrase(
    "{build}; that needs a C++ compiler (Debian: apt install build-essential; macOS: xcode-select --install)"
)

_REBUILD = "pip install --force-reinstall --no-deps --no-cache-dir --no-binary llama-cpp-python llama-cpp-python"


def checks(settings: Settings) -> list[tuple[str, Examine]]:
    """What can be said of the machine without a network."""
    return [
        (PYTHON, python),
        (PACKAGES, packages),
        (LLAMA, llama),
        (MEMORY, partial(memory, settings)),
        (DISK, partial(disk, settings)),
        (CLOCK, clock),
    ]


def python(running: str = ".".join(map(str, sys.version_info[:3]))) -> Check:
    """Whether Footnote runs on this Python."""
    if running in PYTHONS:
        return Check(name=PYTHON, outcome="ok", what=f"Python {running}.")
    return Check(
        name=PYTHON,
        outcome="bad",
        what=Phrase("Footnote needs Python {wanted}, and this is {running}.").format(
            wanted=str(PYTHONS), running=running
        ),
        remedy=Phrase("Install one of them, and Footnote anew with it."),
    )


def packages(wanted: Sequence[str] | None = None) -> Check:
    """Whether what is installed is what this version of Footnote asks for."""
    try:
        own, needed = version("footnote"), requires("footnote") if wanted is None else wanted
    except PackageNotFoundError:
        loose = Phrase("Footnote runs from a folder and is not installed.")
        return Check(name=PACKAGES, outcome="look", what=loose)
    wrong = list(_drifted(needed or ()))
    if not wrong:
        whole = Phrase("Footnote {version}, with every package it asks for.")
        return Check(name=PACKAGES, outcome="ok", what=whole.format(version=own))
    asks = Phrase("Footnote {version} asks for {packages}.")
    return Check(
        name=PACKAGES,
        outcome="bad",
        what=asks.format(version=own, packages=listed(Phrase("{one}; {other}"), wrong)),
        remedy=Phrase("Install Footnote again, the way it was installed."),
    )


def _drifted(needed: Sequence[str]) -> Iterator[str]:
    for requirement in map(Requirement, needed):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield Phrase("{package}, which is not there").format(package=requirement.name)
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            other = Phrase("{package} and finds {found}")
            yield other.format(package=f"{requirement.name}{requirement.specifier}", found=found)


def llama(load: Sequence[str] = (sys.executable, "-c", _LOAD), cpuinfo: Path = Path("/proc/cpuinfo")) -> Check:
    """Whether llama.cpp loads here; in a process of its own, since one built for another processor ends it."""
    done = subprocess.run(load, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    if done.returncode == 0:
        return _built_for(done.stdout, *_processor(cpuinfo))
    if done.returncode == -getattr(signal, "SIGILL", 4):
        what = Phrase("llama.cpp was built for another processor than this one.")
        remedy = Phrase("Build it here: {command}").format(command=_REBUILD)
    else:
        reason = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        what = Phrase("llama.cpp does not load: {why}.").format(why=reason)
        remedy = Phrase("Build it again: {command}").format(command=_REBUILD)
    if not any(map(shutil.which, COMPILERS)) and sys.platform != "win32":
        remedy = NEEDS_COMPILER.format(build=remedy)
    return Check(name=LLAMA, outcome="bad", what=what, remedy=remedy)


def _built_for(said: str, wanted: Mapping[str, str], flags: frozenset[str]) -> Check:
    built = {
        name.split()[-1].lower()
        for part in said.split("|")
        for name, _, on in [part.rpartition("=")]
        if "1" in on and name.strip()
    }
    unused = sorted(flag for flag, built_as in wanted.items() if flag in flags and built_as not in built)
    name = f"llama-cpp-python {version('llama-cpp-python')}"
    if unused:
        slow = Phrase("{name} loads, but was built without {flags}, which this processor has.")
        remedy = Phrase("It would be quicker built here: {command}").format(command=_REBUILD)
        return Check(name=LLAMA, outcome="look", what=slow.format(name=name, flags=", ".join(unused)), remedy=remedy)
    if lacking := sorted(set(wanted) - flags):
        old = Phrase("{name} loads; this processor lacks {flags}, so answers take longer.")
        return Check(name=LLAMA, outcome="look", what=old.format(name=name, flags=", ".join(lacking)))
    fits = Phrase("{name} loads, built for this kind of processor.")
    return Check(name=LLAMA, outcome="ok", what=fits.format(name=name))


def _processor(cpuinfo: Path) -> tuple[Mapping[str, str], frozenset[str]]:
    """What it should have, as in `QUICKER`, and what it has; nothing where the system does not tell, or of others."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}, frozenset()
    known = ((QUICKER[words[0]], frozenset(words)) for words in map(str.split, lines) if words and words[0] in QUICKER)
    return next(known, ({}, frozenset()))


def memory(settings: Settings, free: int | None = None, total: int | None = None) -> Check:
    """Whether the models fit into what is free; `free` and `total` in bytes, as the machine says by default."""
    free, total = free or available_memory(), total or memory_of()
    need = BESIDE_MODELS + 1_000_000 * sum(
        entry.memory for entry in load_catalog() if entry.starter or entry.name in (settings.model, settings.embedder)
    )
    if free is None:
        unknown = Phrase("About {need} GB are needed; the system does not say more.")
        return Check(name=MEMORY, outcome="ok", what=unknown.format(need=_gb(need)))
    said = Phrase("{free} GB of memory are free, about {need} GB are needed.").format(free=_gb(free), need=_gb(need))
    if free >= need:
        return Check(name=MEMORY, outcome="ok", what=said)
    remedy = Phrase("Close other programs, or choose a smaller FOOTNOTE_MODEL.")
    return Check(name=MEMORY, outcome="look" if (total or free) >= need else "bad", what=said, remedy=remedy)


def disk(settings: Settings, spare: int = SPARE_DISK) -> Check:
    """Whether the folders for data and models have room, in bytes."""
    folders = {"data": settings.data, "models": settings.models}
    free = {name: shutil.disk_usage(_existing(folder)).free for name, folder in folders.items()}
    roomy = Phrase("{data} GB are free for data, {models} GB for models.")
    what = roomy.format(data=_gb(free["data"]), models=_gb(free["models"]))
    if min(free.values()) >= spare:
        return Check(name=DISK, outcome="ok", what=what)
    room = Phrase("Make room: {size} GB should stay free, since a new index is built beside the old one.")
    remedy = room.format(size=_gb(spare))
    return Check(name=DISK, outcome="look" if min(free.values()) > spare // 10 else "bad", what=what, remedy=remedy)


def _existing(folder: Path) -> Path:
    resolved = folder.resolve()
    return next(here for here in (resolved, *resolved.parents) if here.exists())


def clock(now: float | None = None) -> Check:
    """Whether the clock was ever set; how exact it is only Discord can tell."""
    told = time.time() if now is None else now
    if told >= OLDEST_NOW:
        today = time.strftime("%Y-%m-%d", time.gmtime(told))
        return Check(name=CLOCK, outcome="ok", what=Phrase("The clock says {day}.").format(day=today))
    remedy = Phrase("Set it, or let the network do it: timedatectl set-ntp true")
    return Check(name=CLOCK, outcome="bad", what=Phrase("The clock was never set."), remedy=remedy)


def _gb(size: int) -> float:
    return round(size / 1e9, 1)


def owner_only(paths: Mapping[str, Path]) -> Check:
    """Whether what holds secrets, and what people asked, is for its owner's eyes alone."""
    if os.name == "nt":
        kept = Phrase("Windows keeps what lies in your own folders to yourself.")
        return Check(name=FILE_MODES, outcome="ok", what=kept)
    wide = [f"{path} ({path.stat().st_mode & 0o777:o})" for path in paths.values() if path.exists() and _is_wide(path)]
    if not wide:
        nobody = Phrase("Nobody else on this machine may read token or memory.")
        return Check(name=FILE_MODES, outcome="ok", what=nobody)
    return Check(
        name=FILE_MODES,
        outcome="look",
        what=Phrase("Others on this machine may read {paths}.").format(paths=", ".join(wide)),
        remedy=f"chmod go-rwx {' '.join(str(path) for path in paths.values() if path.exists())}",
    )


def _is_wide(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)
