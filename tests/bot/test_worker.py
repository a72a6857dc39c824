from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.line.told import Told
from bot.line.worker import Call, DeadlinePassed, PersonWaits, Place, QueueFull, Restarting, ServerWaits, Who, Worker
from rag.errors import IndexMissing, Interrupted
from rag.protocols import Assistant, awaited_until
from rag.types import Answer, NotCovered
from tests.bot.samples import ANSWER, HEAT
from tests.bot.timed_assistant import TimedAssistant, opening


def ask(text: str) -> Call[Answer | NotCovered]:
    return lambda assistant, cancelled: assistant.ask(text, cancelled=cancelled)


@asynccontextmanager
async def working(
    assistant: Assistant | Callable[[], Assistant],
    *,
    queue_size: int = 5,
    deadline_seconds: float = 30.0,
    **limits: float,
) -> AsyncIterator[Worker]:
    opened = asyncio.Event()
    factory = assistant if callable(assistant) else opening(assistant, opened)
    worker = Worker(factory, queue_size=queue_size, deadline_seconds=deadline_seconds, **limits)
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


@dataclass(kw_only=True)
class Restarted(TimedAssistant):
    """One that runs elsewhere, is not running when the question is "late", and then takes half a second to start."""

    starting: bool = False
    starts: int = 1

    def ask(self, question: str, **more: Any) -> Answer | NotCovered:
        if question == "late":
            self.starting, self.starts = True, self.starts + 1
            time.sleep(0.5)
            self.starting = False
        return super().ask(question, **more)


async def test_a_job_says_that_the_assistant_is_being_started_anew() -> None:
    """After a crash, or when its memory had been let go, it was said to be looking through the notes."""
    async with working(Restarted(seconds=0.3)) as worker:
        job, behind = worker.submit("ask", ask("late")), worker.submit("ask", ask("x"))
        await asyncio.sleep(0.2)
        assert [worker.place(each).loading for each in (job, behind)] == [True, True]
        await asyncio.sleep(0.4)
        assert [worker.place(each).loading for each in (job, behind)] == [False, False]


async def test_estimates_learn_nothing_from_a_call_that_the_assistant_was_started_in() -> None:
    """Each such call made all that came after it seem to take as long as loading the models does."""
    async with working(Restarted()) as worker:
        before = worker.place(worker.submit("ask", ask("x"))).seconds
        await worker.submit("ask", ask("late")).done
        learnt = worker.place(worker.submit("ask", ask("x"))).seconds
        assert learnt == pytest.approx(0.7 * before, abs=0.05), "from the first, which took no time"


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


# Fairness


async def test_one_person_cannot_keep_another_waiting_for_all_of_their_questions() -> None:
    assistant = TimedAssistant(seconds=0.02)
    async with working(assistant, queue_size=20) as worker:
        jobs = [worker.submit("ask", ask(f"ann {n}"), who=Who(person="ann")) for n in range(4)]
        jobs.append(worker.submit("ask", ask("ben"), who=Who(person="ben")))
        jobs.append(worker.submit("ask", ask("cem"), who=Who(person="cem")))
        await asyncio.gather(*(job.done for job in jobs))
    assert [text for _, text in assistant.calls] == ["ann 0", "ben", "cem", "ann 1", "ann 2", "ann 3"]


async def test_the_place_that_is_told_is_that_of_ones_turn() -> None:
    assistant = TimedAssistant(seconds=5)
    async with working(assistant) as worker:
        first = worker.submit("ask", ask("ann 0"), who=Who(person="ann"))
        await asyncio.sleep(0.02)
        later = [worker.submit("ask", ask(f"ann {n}"), who=Who(person="ann")) for n in (1, 2)]
        assert [worker.place(job).position for job in later] == [2, 3]
        ben = worker.submit("ask", ask("ben"), who=Who(person="ben"))
        places = {name: worker.place(job) for name, job in zip("fabc", [first, *later, ben], strict=True)}
        assert [places[name].position for name in "fcab"] == [1, 2, 3, 4]
        assert places["c"].seconds == pytest.approx(8, abs=0.5)
        assert places["b"].seconds == pytest.approx(16, abs=0.5)
        for job in (first, *later, ben):
            job.cancel()


async def test_one_person_and_one_server_take_up_no_more_than_their_share() -> None:
    async with working(TimedAssistant(seconds=5), queue_size=20, per_person=2, per_server=3) as worker:
        ann, ben = Who(person="ann", server="home"), Who(person="ben", server="home")
        jobs = [worker.submit("ask", ask("x"), who=who) for who in (ann, ann, ben)]
        with pytest.raises(PersonWaits):
            worker.submit("ask", ask("x"), who=ann)
        with pytest.raises(ServerWaits):
            worker.submit("ask", ask("x"), who=ben)
        jobs.append(worker.submit("ask", ask("x"), who=Who(person="ben", server="elsewhere")))
        jobs[0].cancel()
        await asyncio.sleep(0)
        jobs.append(worker.submit("ask", ask("x"), who=ann))
        jobs += [worker.submit("browse", ask("x")) for _ in range(4)]  # of the bot itself
        for job in jobs:
            job.cancel()


# One answer for all who ask the same


async def test_who_asks_what_is_being_answered_waits_for_the_same_answer() -> None:
    assistant = TimedAssistant(seconds=0.1)
    async with working(assistant, queue_size=1) as worker:
        first = worker.submit("ask", ask("x"), who=Who(person="ann"), key="x")
        await asyncio.sleep(0.02)
        waiting = worker.submit("ask", ask("y"), who=Who(person="ann"), key="y")
        joined = [worker.submit("ask", ask("x"), who=Who(person=n), key="x") for n in range(3)]
        behind = worker.submit("ask", ask("y"), who=Who(person="ben"), key="y")
        assert [worker.place(job).position for job in (*joined, behind)] == [1, 1, 1, 2]
        assert worker.waiting == 1
        outcomes = await asyncio.gather(*(job.done for job in (first, waiting, *joined, behind)))
        assert outcomes == [ANSWER] * 6
        again = worker.submit("ask", ask("x"), key="x")
        assert await again.done == ANSWER
    assert [text for _, text in assistant.calls] == ["x", "y", "x"]


async def test_a_shared_call_comes_with_the_first_turn_of_any_who_wait_for_it() -> None:
    assistant = TimedAssistant(seconds=0.05)
    async with working(assistant) as worker:
        jobs = [worker.submit("ask", ask(f"ann {n}"), who=Who(person="ann"), key=n) for n in range(4)]
        jobs.append(worker.submit("ask", ask("ann 3"), who=Who(person="ben"), key=3))
        await asyncio.gather(*(job.done for job in jobs))
    assert [text for _, text in assistant.calls] == ["ann 0", "ann 3", "ann 1", "ann 2"]


async def test_a_shared_call_is_stopped_only_when_the_last_gives_up() -> None:
    assistant = TimedAssistant(seconds=5)
    async with working(assistant) as worker:
        first, second = (worker.submit("ask", ask("x"), who=Who(person=n), key="x") for n in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        assert assistant.cancelled_calls == 0
        assert not second.done.done()
        second.cancel()
        await asyncio.sleep(0)
        anew = worker.submit("ask", lambda _assistant, _cancelled: "anew", key="x")
        assert await asyncio.wait_for(anew.done, 1) == "anew"
        assert assistant.cancelled_calls == 1


async def test_each_of_those_who_share_a_call_has_a_deadline_of_their_own() -> None:
    assistant = TimedAssistant(seconds=0.5, deaf=True)
    async with working(assistant, deadline_seconds=0.4) as worker:
        first = worker.submit("ask", ask("x"), key="x")
        await asyncio.sleep(0.2)
        second = worker.submit("ask", ask("x"), key="x")
        with pytest.raises(DeadlinePassed):
            await first.done
        assert await second.done == ANSWER
    assert len(assistant.calls) == 1


async def test_an_error_reaches_everybody_who_shares_the_call() -> None:
    assistant = TimedAssistant(seconds=0.05, error=ValueError("broken"))
    async with working(assistant) as worker:
        jobs = [worker.submit("ask", ask("x"), key="x") for _ in range(2)]
        for job in jobs:
            with pytest.raises(ValueError, match="broken"):
                await job.done


async def test_who_joins_late_is_told_what_has_been_told_before() -> None:
    async with working(TimedAssistant(seconds=0.1)) as worker:
        told, news = Told(), asyncio.Event()
        first = worker.submit("ask", ask("x"), key="x", told=told)
        told.watch.on_evidence([HEAT])
        late = worker.submit("ask", ask("x"), key="x", told=Told())
        assert late.work.told is told
        assert late.work.told.evidence == (HEAT,)
        with told.followed(news):
            told.watch.on_sentence(ANSWER.sentences[0], [HEAT])
            await asyncio.wait_for(news.wait(), 1)
        await asyncio.gather(first.done, late.done)


async def test_a_call_that_does_not_come_back_after_its_time_is_not_well() -> None:
    async with working(TimedAssistant(seconds=0.5, deaf=True), deadline_seconds=0.1) as worker:
        worker.seconds_to_let_go = 0.1
        assert worker.well
        job = worker.submit("ask", ask("x"))
        await asyncio.sleep(0.05)
        assert worker.well
        with pytest.raises(DeadlinePassed):
            await job.done
        await asyncio.sleep(0.2)
        assert not worker.well
        await asyncio.sleep(0.5)
        assert worker.well
