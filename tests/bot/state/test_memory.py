"""The crossing to the database: it never holds up the event loop, and never an answer."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import pytest

from bot.state.database import Database, Keeper, Row
from bot.state.errors import StateBeingRead, StateCorrupt, StateError
from bot.state.memory import Memory

BROKEN = StateCorrupt("It is damaged.", remedy="Mend it.")


@dataclass
class FakeKeeper:
    """Records what is done with it and on which threads; fails and takes its time as told."""

    error: Exception | None = None
    seconds: float = 0.0
    done: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        self.threads.add(threading.current_thread().name)
        self.done.append(sql)
        time.sleep(self.seconds)
        if self.error:
            raise self.error
        return [{"it": sql}]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.done.append("begin")
        yield
        self.done.append("commit")

    def purge(self, delete: Callable[[Database], object]) -> object:
        self.done.append("purge")
        return delete(self)

    def close(self) -> None:
        self.done.append("close")


def use(db: Database) -> list[Row]:
    return db.rows("work")


@asynccontextmanager
async def remembering(keeper: FakeKeeper | Callable[[], Keeper], **more: float) -> AsyncIterator[Memory]:
    memory = Memory(keeper if callable(keeper) else lambda: keeper, **more)  # type: ignore[arg-type,return-value]
    yield memory
    await memory.close()


async def test_each_use_is_one_transaction_on_one_thread_of_its_own() -> None:
    keeper = FakeKeeper()
    async with remembering(keeper) as memory:
        assert await memory.run(use) == [{"it": "work"}]
        assert await memory.attempt(use, []) == [{"it": "work"}]
        await memory.run(use, purge=True)
    assert keeper.done == ["begin", "work", "commit"] * 2 + ["purge", "work", "close"]
    assert keeper.threads == {"footnote-memory"}


async def test_the_event_loop_stays_free_while_the_database_is_slow() -> None:
    async with remembering(FakeKeeper(seconds=0.3)) as memory:
        using = asyncio.create_task(memory.run(use))
        worst, before = 0.0, time.monotonic()
        while not using.done():
            await asyncio.sleep(0.005)
            worst, before = max(worst, time.monotonic() - before), time.monotonic()
    assert worst < 0.1


async def test_what_cannot_be_remembered_costs_no_answer_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    keeper = FakeKeeper(error=BROKEN)
    async with remembering(keeper, rest=0.0) as memory:
        assert memory.trouble == ""
        assert [await memory.attempt(use, []) for _ in range(3)] == [[], [], []]
        assert memory.trouble == "It is damaged. Mend it."
        keeper.error = None
        assert await memory.attempt(use, []) == [{"it": "work"}]
        assert memory.trouble == ""
    assert caplog.text.count("It is damaged. Mend it.") == 1


async def test_after_a_failure_the_database_is_left_alone_for_a_while() -> None:
    keeper = FakeKeeper(error=BROKEN)
    async with remembering(keeper, rest=60.0) as memory:
        for _ in range(3):
            with pytest.raises(StateCorrupt):
                await memory.run(use)
    assert keeper.done.count("work") == 1


async def test_somebody_who_reads_the_database_keeps_nobody_from_remembering() -> None:
    keeper = FakeKeeper(error=StateBeingRead("It is being read."))
    async with remembering(keeper, rest=60.0) as memory:
        with pytest.raises(StateBeingRead):
            await memory.run(use, purge=True)
        keeper.error = None
        assert await memory.run(use) == [{"it": "work"}]
        assert memory.trouble == ""


async def test_a_database_that_could_not_be_opened_is_tried_again() -> None:
    errors: list[Exception] = [BROKEN]

    def opening() -> FakeKeeper:
        if errors:
            raise errors.pop()
        return FakeKeeper()

    async with remembering(opening, rest=0.0) as memory:  # type: ignore[arg-type]
        assert await memory.attempt(use, []) == []
        assert await memory.attempt(use, []) == [{"it": "work"}]


async def test_in_a_burst_everybody_is_waited_for_as_long_as_something_gets_done() -> None:
    """Two hundred questions at once made calls wait for each other, and the bot took its memory for broken."""
    keeper = FakeKeeper(seconds=0.02)
    async with remembering(keeper, patience=0.15) as memory:
        found = await asyncio.gather(*(memory.run(use) for _ in range(25)))
        assert memory.trouble == ""
    assert len(found) == 25


async def test_nobody_waits_longer_than_patience_and_what_was_begun_is_finished() -> None:
    keeper = FakeKeeper(seconds=0.3)
    async with remembering(keeper, patience=0.05) as memory:
        started = time.monotonic()
        with pytest.raises(StateError, match="too long"):
            await memory.run(use)
        assert time.monotonic() - started < 0.2
    assert keeper.done[-2:] == ["commit", "close"]


async def test_a_mistake_of_ours_costs_no_answer_either(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    async with remembering(FakeKeeper(error=KeyError("zanzibar"))) as memory:
        assert await memory.attempt(use, []) == []
        assert memory.trouble == ""
    assert "unexpected KeyError" in caplog.text
    assert "zanzibar" not in caplog.text
