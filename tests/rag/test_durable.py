"""A file is replaced as a whole or not at all, and nothing half-written stays beside it."""

from __future__ import annotations

import errno
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag import durable
from tests.disks import little_space


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "current"
    durable.write(target, "one")
    durable.write(target, b"two\n")
    assert target.read_bytes() == b"two\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_those_may_read_it_who_are_meant_to(tmp_path: Path) -> None:
    durable.write(tmp_path / ".env", "secret", mode=0o600)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_without_space_the_one_before_stays_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "current"
    durable.write(target, "one")
    with little_space(1000), pytest.raises(OSError, match="File too large") as caught:
        durable.write(target, "x" * 100_000)
    assert durable.is_full(caught.value)
    assert target.read_text() == "one"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_power_cut_left_goes_away_once_nobody_can_be_writing_it(tmp_path: Path) -> None:
    """They all had one name: of two writers, one put what the other had half written in the place of the file."""
    target = tmp_path / "cur[r]ent"
    left, written, others = (
        tmp_path / name
        for name in (
            ".cur[r]ent.0a1b2c3d.unfinished",
            ".cur[r]ent.00000000.unfinished",
            ".cur[r]ent.b.0a1b2c3d.unfinished",
        )
    )
    for path in (left, written, others):
        path.write_text("half of i")
    for path in (left, others):
        os.utime(path, (time.time() - 2 * durable.LEFT_SECONDS,) * 2)
    durable.write(target, "one")
    assert target.read_text() == "one"
    assert set(tmp_path.iterdir()) == {target, written, others}
    durable.sweep(target, at_once=True)
    assert set(tmp_path.iterdir()) == {target, others}


def test_of_many_writers_at_once_none_disturbs_another(tmp_path: Path) -> None:
    """One took away the file that another was writing, and half of its own got the name."""
    target, size = tmp_path / "current", 200_000

    def write(n: int) -> None:
        durable.write(target, str(n) * size)

    with ThreadPoolExecutor(4) as pool:
        for n, _ in enumerate(pool.map(write, list(range(8)) * 10)):
            assert len(target.read_text()) == size, n
    assert list(tmp_path.iterdir()) == [target]


def test_in_a_folder_that_is_not_there_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        durable.write(tmp_path / "no" / "current", "one")
    assert not durable.is_full(caught.value)
    assert durable.is_full(OSError(errno.ENOSPC, "No space left on device"))
