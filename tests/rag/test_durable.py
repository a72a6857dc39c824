"""A file is replaced as a whole or not at all, and nothing half-written stays beside it."""

from __future__ import annotations

import errno
import os
import stat
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


def test_what_a_power_cut_left_is_written_over_and_not_added_to(tmp_path: Path) -> None:
    (tmp_path / ".current.unfinished").write_text("x" * 1000)
    durable.write(tmp_path / "current", "one")
    assert (tmp_path / "current").read_text() == "one"
    assert len(list(tmp_path.iterdir())) == 1


def test_in_a_folder_that_is_not_there_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        durable.write(tmp_path / "no" / "current", "one")
    assert not durable.is_full(caught.value)
    assert durable.is_full(OSError(errno.ENOSPC, "No space left on device"))
