from __future__ import annotations

import asyncio

import pytest

from bot.discord import urgent
from bot.discord.urgent import Urgent


async def test_what_is_urgent_comes_first_and_who_began_first_goes_on_first() -> None:
    first, happened = Urgent(), list[str]()

    async def acknowledge(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        happened.append(f"{name} acknowledged")

    async def serve(name: str, seconds: float) -> None:
        await first.first(acknowledge(name, seconds))
        happened.append(f"{name} served")

    await asyncio.gather(serve("ann", 0.06), serve("ben", 0.02), serve("cem", 0.04))
    assert happened[:3] == ["ben acknowledged", "cem acknowledged", "ann acknowledged"]
    assert happened[3:] == ["ann served", "ben served", "cem served"]


async def test_nobody_waits_long_for_others() -> None:
    first, loop = Urgent(), asyncio.get_running_loop()
    slow = asyncio.create_task(first.first(asyncio.sleep(5)))
    await asyncio.sleep(0)
    started = loop.time()
    await first.first(asyncio.sleep(0))
    assert urgent.LONGEST_SECONDS <= loop.time() - started < urgent.LONGEST_SECONDS + 1
    slow.cancel()


async def test_what_fails_keeps_nobody_waiting() -> None:
    first = Urgent()

    async def fail() -> None:
        raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        await first.first(fail())
    async with asyncio.timeout(0.2):
        await first.first(asyncio.sleep(0))
