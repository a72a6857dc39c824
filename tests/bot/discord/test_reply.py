from __future__ import annotations

import aiohttp
import discord
import pytest

from bot.discord.reply import apologise
from tests.integration.hurried import hurry, run_hurried


class Unreachable:
    """Somewhere nothing can be said, for this reason."""

    name = "message 1"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def tell(self, sentence: str) -> None:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [discord.RateLimited(99.0), aiohttp.ClientConnectionError(), TimeoutError(), ConnectionResetError(), KeyError("x")],
)
def test_what_cannot_be_delivered_breaks_nothing(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Too long a rate limit is no HTTPException, and went on as if the program were broken."""

    async def scenario() -> None:
        with hurry(1000):
            await apologise(Unreachable(error), ValueError())

    run_hurried(scenario())
    assert f"message 1 could not be told: {type(error).__name__}" in caplog.text
