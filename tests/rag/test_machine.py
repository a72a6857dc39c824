"""What the machine has, told by files as Linux writes them; and this one, whatever it has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.models.machine import Gpu, cores_of, gpus_of, look, memory_of, parse_nvidia

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
GIB = 1 << 30


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return root


def test_this_machine(tmp_path: Path) -> None:
    machine = look(tmp_path / "not" / "there" / "yet")
    assert machine.cores == HERE or machine.cores < HERE
    assert machine.disk > 0
    assert machine.bandwidth > 1e8
    assert machine.memory is None or machine.memory > 1e8


@pytest.mark.parametrize(("quota", "cores"), [("50000 100000", 1), ("max 100000", HERE), ("9900000 100000", HERE)])
def test_a_containers_share_of_the_cores_counts(tmp_path: Path, quota: str, cores: int) -> None:
    assert cores_of(write(tmp_path, "cpu.max", quota)) == cores


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_containers_limit_counts_where_it_is_less_than_the_machine_has(tmp_path: Path, name: str) -> None:
    assert memory_of(write(tmp_path, name, f"{GIB // 4}\n")) == GIB // 4


@pytest.mark.parametrize("text", ["max", str(1 << 62), "nonsense"])
def test_no_limit_is_the_machines_own_memory(tmp_path: Path, text: str) -> None:
    assert memory_of(write(tmp_path, "memory.max", text)) == memory_of(tmp_path / "none")


def test_what_nvidias_tool_says() -> None:
    assert parse_nvidia("NVIDIA GeForce RTX 3060, 12288") == Gpu(name="NVIDIA GeForce RTX 3060", memory=12 * GIB)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_nvidia("No devices were found")


def test_amds_cards_are_found_by_the_kernel(tmp_path: Path) -> None:
    write(tmp_path, "card0/device/mem_info_vram_total", f"{8 * GIB}\n")
    write(tmp_path, "card1/device/mem_info_vram_total", "0\n")
    assert Gpu(name="AMD card0", memory=8 * GIB) in gpus_of(None, drm=tmp_path)
    assert not [gpu for gpu in gpus_of(None, drm=tmp_path) if gpu.name == "AMD card1"]
