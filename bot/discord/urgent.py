"""Has what is urgent done before what can wait a little: Discord waits three seconds for an acknowledgement, once.

Knows nothing of what is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

LONGEST_SECONDS = 0.5


class Urgent:
    """What is urgent and under way, and who has done their part and lets the others go first."""

    def __init__(self) -> None:
        self._under_way = 0
        self._turns: list[asyncio.Future[None]] = []

    async def first(self, doing: Awaitable[object]) -> None:
        """Do something urgent, and wait until nothing urgent is under way, half a second at most.

        Who began first goes on first. Raises what `doing` raises.
        """
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._turns.append(turn)
        self._under_way += 1
        try:
            await doing
        finally:
            self._under_way -= 1
            loop.call_soon(self._go_on)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SECONDS):
                await turn

    def _go_on(self) -> None:
        if self._under_way:
            return
        for turn in self._turns:
            if not turn.done():
                turn.set_result(None)
        self._turns.clear()
