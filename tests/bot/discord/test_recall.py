from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.discord.recall import Recall
from bot.state.memory import Memory
from bot.state.store import open_store, state_path
from tests.bot.state.builders import ANN, THREAD, by


@pytest.fixture
async def recall(tmp_path: Path) -> AsyncIterator[Recall]:
    memory = Memory(lambda: open_store(state_path(tmp_path)))
    yield Recall(memory=memory, days=30)
    await memory.close()


async def test_who_was_not_answered_because_something_broke_is_not_told_of_a_stop(recall: Recall) -> None:
    """The question counted as under way for good, and the next bot said that the one before had been stopped."""
    with pytest.raises(LookupError):
        async with recall.under_way(THREAD):
            raise LookupError
    assert await recall.unanswered() == ()


async def test_who_was_being_answered_when_the_bot_was_ended_is_told(recall: Recall) -> None:
    with pytest.raises(asyncio.CancelledError):
        async with recall.under_way(by(ANN)):
            raise asyncio.CancelledError
    assert [place.user for place in await recall.unanswered()] == [ANN]
