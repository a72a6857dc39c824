from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.worker import Call, DeadlinePassed, Place, QueueFull, Restarting, Worker
from rag.errors import IndexMissing, Interrupted
from rag.protocols import Assistant, awaited_until
from rag.types import Answer, NotCovered
from tests.bot.samples import ANSWER
from tests.bot.timed_assistant import TimedAssistant, opening


def ask(text: str) -> Call[Answer | NotCovered]:
    return lambda assistant, cancelled: assistant.ask(text, cancelled=cancelled)


@asynccontextmanager
async def working(
    assistant: Assistant | Callable[[], Assistant], *, queue_size: int = 5, deadline_seconds: float = 30.0
) -> AsyncIterator[Worker]:
    opened = asyncio.Event()
    factory = assistant if callable(assistant) else opening(assistant, opened)
    worker = Worker(factory, queue_size=queue_size, deadline_seconds=deadline_seconds)
    worker.start()
    if not callable(assistant):
        await opened.wait()
    try:
        yield worker
    finally:
        await worker.close()


async def largest_gap(seconds: float) -> float:
    """How long the event loop was held up at worst, while it should tick every 5 ms."""
    worst, before = 0.0, time.monotonic()
    end = before + seconds
    while before < end:
        await asyncio.sleep(0.005)
        worst, before = max(worst, time.monotonic() - before), time.monotonic()
    return worst


async def test_one_thread_opens_calls_and_closes_and_never_makes_two_calls_at_once() -> None:
    assistant = TimedAssistant(seconds=0.02)
    async with working(assistant) as worker:
        jobs = [worker.submit("ask", ask(str(n))) for n in range(5)]
        assert [await job.done for job in jobs] == [ANSWER] * 5
    assert assistant.calls == [("ask", str(n)) for n in range(5)]
    assert assistant.threads == {"footnote-assistant"}
    assert not assistant.overlapped
    assert assistant.closed


async def test_the_event_loop_stays_free_while_opening_and_while_the_assistant_blocks() -> None:
    def slow_to_open() -> Assistant:
        time.sleep(0.3)
        return TimedAssistant(seconds=0.3, deaf=True)

    async with working(slow_to_open) as worker:
        job = worker.submit("ask", ask("x"))
        assert await largest_gap(0.7) < 0.1
        assert await job.done == ANSWER


async def test_place_counts_the_running_job_and_adds_up_what_jobs_like_these_take() -> None:
    async with working(TimedAssistant(seconds=5)) as worker:
        first, second, third = (worker.submit("ask", ask("x")) for _ in range(3))
        await asyncio.sleep(0.02)
        places = [worker.place(job) for job in (first, second, third)]
        assert [place.position for place in places] == [1, 2, 3]
        assert places[2].seconds == pytest.approx(12, abs=0.5)
        second.cancel()
        await asyncio.sleep(0)
        assert worker.place(third).position == 2
        first.cancel()
        third.cancel()


async def test_estimates_learn_from_what_jobs_took() -> None:
    async with working(TimedAssistant(seconds=0.01)) as worker:
        before = worker.place(worker.submit("ask", ask("x"))).seconds
        for _ in range(8):
            await worker.submit("ask", ask("x")).done
        assert worker.place(worker.submit("ask", ask("x"))).seconds < before / 4


async def test_a_job_says_that_the_assistant_is_still_loading() -> None:
    def slow_to_open() -> Assistant:
        time.sleep(0.2)
        return TimedAssistant()

    async with working(slow_to_open) as worker:
        job = worker.submit("ask", ask("x"))
        assert worker.place(job) == Place(position=1, seconds=4.0, loading=True)
        await job.done
        assert not worker.place(worker.submit("ask", ask("x"))).loading


async def test_a_full_queue_refuses_and_takes_jobs_again_when_one_has_left() -> None:
    async with working(TimedAssistant(seconds=5), queue_size=2) as worker:
        running = worker.submit("ask", ask("x"))
        await asyncio.sleep(0.02)
        waiting = [worker.submit("ask", ask("x")) for _ in range(2)]
        with pytest.raises(QueueFull):
            worker.submit("ask", ask("x"))
        waiting[0].cancel()
        await asyncio.sleep(0)
        waiting.append(worker.submit("ask", ask("x")))
        for job in (running, *waiting):
            job.cancel()


async def test_cancelling_a_running_job_stops_the_call_and_lets_the_next_one_in() -> None:
    assistant = TimedAssistant(seconds=5)
    async with working(assistant) as worker:
        running, following = worker.submit("ask", ask("x")), worker.submit("episodes", lambda a, c: "next")
        await asyncio.sleep(0.05)
        running.cancel()
        assert await asyncio.wait_for(following.done, 1) == "next"
        assert assistant.cancelled_calls == 1


async def test_a_waiting_job_that_is_cancelled_is_never_asked() -> None:
    assistant = TimedAssistant(seconds=0.05)
    async with working(assistant) as worker:
        first, second = worker.submit("ask", ask("first")), worker.submit("ask", ask("second"))
        await asyncio.sleep(0.01)
        second.cancel()
        await first.done
        await worker.submit("ask", ask("third")).done
    assert assistant.calls == [("ask", "first"), ("ask", "third")]


@pytest.mark.parametrize("deaf", [False, True])
async def test_the_deadline_ends_running_and_waiting_jobs_even_if_the_call_does_not_listen(deaf: bool) -> None:
    assistant = TimedAssistant(seconds=0.6, deaf=deaf)
    async with working(assistant, deadline_seconds=0.2) as worker:
        jobs = [worker.submit("ask", ask(str(n))) for n in range(2)]
        started = time.monotonic()
        for job in jobs:
            with pytest.raises(DeadlinePassed):
                await job.done
        assert time.monotonic() - started < 0.4
    assert assistant.calls == [("ask", "0")]
    assert not assistant.overlapped


async def test_an_error_reaches_its_own_job_only() -> None:
    assistant = TimedAssistant(error=ValueError("broken"))
    async with working(assistant) as worker:
        with pytest.raises(ValueError, match="broken"):
            await worker.submit("ask", ask("x")).done
        assistant.error = None
        assert await worker.submit("ask", ask("x")).done == ANSWER


async def test_a_panic_that_is_no_exception_does_not_end_the_thread() -> None:
    """Panics of libraries written in Rust derive from BaseException; one would leave everybody waiting for good."""

    class Panic(BaseException):
        pass

    def panic(assistant: Assistant, cancelled: object) -> Any:
        raise Panic

    async with working(TimedAssistant()) as worker:
        with pytest.raises(RuntimeError, match="Panic"):
            await worker.submit("ask", panic).done
        assert await worker.submit("ask", ask("x")).done == ANSWER


async def test_opening_is_tried_again_at_the_next_job() -> None:
    attempts: list[int] = []

    def factory() -> Assistant:
        attempts.append(1)
        if len(attempts) <= 2:
            raise IndexMissing("No index in .data.")
        return TimedAssistant()

    async with working(factory) as worker:
        with pytest.raises(IndexMissing):
            await worker.submit("ask", ask("x")).done
        assert await worker.submit("ask", ask("x")).done == ANSWER
        assert len(attempts) == 3


async def test_closing_ends_every_job_at_once_and_stops_the_running_call() -> None:
    assistant = TimedAssistant(seconds=30)
    async with working(assistant) as worker:
        jobs = [worker.submit("ask", ask("x")) for _ in range(3)]
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await worker.close()
        assert time.monotonic() - started < 1
        for job in jobs:
            with pytest.raises(Restarting):
                await job.done
        with pytest.raises(Restarting):
            worker.submit("ask", ask("x"))
    assert assistant.cancelled_calls == 1
    assert assistant.closed


async def test_closing_leaves_behind_a_call_that_does_not_stop() -> None:
    async with working(TimedAssistant(seconds=2, deaf=True)) as worker:
        job = worker.submit("ask", ask("x"))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await worker.close(grace=0.3)
        assert time.monotonic() - started < 0.6
        with pytest.raises(Interrupted):
            await job.done


async def test_a_patient_job_lets_others_go_first_and_has_neither_limit_nor_deadline() -> None:
    assistant = TimedAssistant(seconds=0.15)
    async with working(assistant, queue_size=1, deadline_seconds=0.4) as worker:
        running = worker.submit("ask", ask("running"))
        await asyncio.sleep(0.02)
        patient = [worker.submit("ask", ask(f"patient {n}"), patient=True) for n in range(3)]
        waiting = worker.submit("ask", ask("waiting"))
        assert worker.place(waiting).position == 2
        with pytest.raises(QueueFull):
            worker.submit("ask", ask("one too many"))
        await asyncio.gather(running.done, waiting.done, *(job.done for job in patient))
    assert [text for _, text in assistant.calls] == ["running", "waiting", "patient 0", "patient 1", "patient 2"]


async def test_a_call_can_tell_until_when_it_is_waited_for() -> None:
    """What could stop in time and show what it has did not know when that was."""
    async with working(TimedAssistant(), deadline_seconds=20) as worker:
        before = time.monotonic()
        job = worker.submit("ask", lambda _assistant, cancelled: awaited_until(cancelled))
        patient = worker.submit("ask", lambda _assistant, cancelled: awaited_until(cancelled), patient=True)
        assert await job.done == pytest.approx(before + 20, abs=1)
        assert await patient.done == float("inf")
