"""What is suggested while somebody types is read again after whatever kept it from being read."""

from __future__ import annotations

import asyncio

from bot.discord.catalogue import Catalogue
from bot.discord.progress import Line
from bot.discord.scope import EVERYTHING
from bot.line.worker import Worker
from rag.errors import FootnoteError
from tests.bot.timed_assistant import TimedAssistant


async def test_suggestions_come_back_after_a_crash() -> None:
    """They stayed empty until the notes changed again."""
    assistant = TimedAssistant(error=FootnoteError("It has crashed."))
    worker = Worker(lambda: assistant, queue_size=4, deadline_seconds=5)
    catalogue = Catalogue(Line(worker=worker), pause=0.01)
    worker.start()
    catalogue.refresh()
    await asyncio.sleep(0.1)
    assert catalogue.offered(EVERYTHING, "episode", "") == ()
    assistant.error = None
    async with asyncio.timeout(5):
        while not catalogue.offered(EVERYTHING, "topic", ""):  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)
    catalogue.stop()
    await worker.close()
