"""The number of threads: what is measured, and how it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.models.threads import (
    BUDGET_SECONDS,
    THREADS_FILE,
    candidates,
    default_threads,
    measure_threads,
    store_threads,
    stored_threads,
)


class Clock:
    """Time passes as the work says."""

    def __init__(self, seconds: dict[int, list[float]]) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.worked: list[int] = []

    def __call__(self) -> float:
        return self.now

    def work(self, threads: int) -> None:
        rounds = self.seconds[threads]
        self.now += rounds[min(self.worked.count(threads), len(rounds) - 1)]
        self.worked.append(threads)


def test_there_is_at_least_one_thread() -> None:
    assert default_threads() >= 1
    assert candidates()[0] == default_threads()
    assert len(set(candidates())) == len(candidates())


def speeds(usual: list[float], other: list[float]) -> dict[int, list[float]]:
    return {threads: usual if threads == default_threads() else other for threads in candidates()}


several = pytest.mark.skipif(len(candidates()) < 2, reason="one core: there is nothing to choose")


@several
def test_what_is_clearly_faster_wins() -> None:
    clock = Clock(speeds([0.1], [0.05]))
    assert measure_threads(clock.work, clock=clock) != default_threads()


@several
def test_what_is_hardly_faster_does_not() -> None:
    clock = Clock(speeds([0.1], [0.09]))
    assert measure_threads(clock.work, clock=clock) == default_threads()


@several
def test_a_moment_of_other_work_does_not_decide() -> None:
    clock = Clock(speeds([0.4, 0.4, 0.05], [0.1]))
    assert measure_threads(clock.work, clock=clock) == default_threads()


def test_it_ends_in_time_on_a_slow_machine() -> None:
    clock = Clock(speeds([4.0], [4.0]))
    assert measure_threads(clock.work, clock=clock) == default_threads()
    assert clock.now <= BUDGET_SECONDS + 4


def test_it_is_kept_for_this_machine_and_others_stay(tmp_path: Path) -> None:
    assert stored_threads(tmp_path) is None
    (tmp_path / THREADS_FILE).write_text('{"another machine": 31}')
    assert stored_threads(tmp_path) is None
    store_threads(tmp_path, 3)
    assert stored_threads(tmp_path) == 3
    assert "another machine" in (tmp_path / THREADS_FILE).read_text()


@pytest.mark.parametrize("content", ["", "[]", "{", "null", "\x00", '"3"'])
def test_a_damaged_file_is_measured_again(tmp_path: Path, content: str) -> None:
    (tmp_path / THREADS_FILE).write_text(content)
    assert stored_threads(tmp_path) is None
    store_threads(tmp_path, 2)
    assert stored_threads(tmp_path) == 2


@pytest.mark.parametrize("value", [0, -1, 10_000, "many", None])
def test_a_senseless_number_is_not_used(tmp_path: Path, value: object) -> None:
    store_threads(tmp_path, value)  # type: ignore[arg-type]  # as if somebody had edited it
    assert stored_threads(tmp_path) is None


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    store_threads(tmp_path / "missing", 2)
    assert stored_threads(tmp_path / "missing") is None
