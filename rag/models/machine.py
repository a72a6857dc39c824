"""What this machine has: cores, memory, GPU, disk.

Counts what this process may use: a container's limits count, not what the machine has beyond them. Knows nothing of
models. What cannot be told is None.
"""

from __future__ import annotations

import math
import os
import platform
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.models.memory import available_memory

CGROUP = Path("/sys/fs/cgroup")
DRM = Path("/sys/class/drm")
_NVIDIA = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
_SAMPLE_BYTES = 1 << 27  # far more than any cache holds


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A graphics card; `memory` in bytes. `shared`: it computes in the machine's own memory."""

    name: str
    memory: int
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a model may use.

    Attributes:
        cores: that this process may run on.
        memory: bytes in all, or the container's limit if that is less.
        free_memory: bytes not in use now.
        disk: bytes free where the models lie.
        bandwidth: bytes of memory that one core reads a second; what decoding is bound by.
        gpus: the largest first.
    """

    cores: int
    memory: int | None
    free_memory: int | None
    disk: int
    bandwidth: float
    gpus: tuple[Gpu, ...] = ()


def look(folder: Path) -> Machine:
    """This machine, with the disk that holds `folder`; takes about a tenth of a second."""
    memory = memory_of()
    return Machine(
        cores=cores_of(),
        memory=memory,
        free_memory=available_memory(),
        disk=shutil.disk_usage(_existing(folder)).free,
        bandwidth=_bandwidth(),
        gpus=gpus_of(memory),
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(here for here in (folder.resolve(), *folder.resolve().parents) if here.exists())


def cores_of(cgroup: Path = CGROUP) -> int:
    """Cores that this process may use; a container's share of them is rounded up."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = (cgroup / "cpu.max").read_text().split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))  # "max" is no number: no limit
    return cores


def memory_of(cgroup: Path = CGROUP) -> int | None:
    """Bytes in all, or the container's limit where that is less."""
    limits = (_number(cgroup / name) for name in ("memory.max", "memory/memory.limit_in_bytes"))
    return min((size for size in (_installed(), *limits) if size is not None), default=None)


def _installed() -> int | None:
    """Physical memory; None where the system does not say, as on Windows."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _number(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def gpus_of(memory: int | None, *, drm: Path = DRM) -> tuple[Gpu, ...]:
    """Graphics cards that models could use: NVIDIA's by its own tool, AMD's by the kernel, and a Mac's."""
    found = [*_nvidia(), *_amd(drm)]
    if platform.system() == "Darwin" and platform.machine() == "arm64" and memory:
        found.append(Gpu(name="Apple GPU", memory=memory * 2 // 3, shared=True))  # what Metal lets one process have
    return tuple(sorted(found, key=lambda gpu: gpu.memory, reverse=True))


def _nvidia() -> list[Gpu]:
    if not shutil.which(_NVIDIA[0]):
        return []
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(_NVIDIA, capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603
        return [parse_nvidia(line) for line in said.splitlines() if line.strip()]
    return []


def parse_nvidia(line: str) -> Gpu:
    """A line `name, MiB` of nvidia-smi. Raises ValueError if it is none."""
    name, _, mebibytes = line.rpartition(",")
    return Gpu(name=name.strip(), memory=int(mebibytes) << 20)


def _amd(drm: Path) -> list[Gpu]:
    cards = sorted(drm.glob("card*/device/mem_info_vram_total"))
    sizes = ((card, _number(card)) for card in cards)
    return [Gpu(name=f"AMD {card.parts[-3]}", memory=size) for card, size in sizes if size]


def _bandwidth() -> float:
    """Bytes a second at which one core reads memory: the best of three runs over more than the caches hold."""
    numbers = np.ones(_SAMPLE_BYTES // 8)
    best = math.inf
    for _ in range(3):
        started = time.perf_counter()
        numbers.sum()
        best = min(best, time.perf_counter() - started)
    return _SAMPLE_BYTES / best
