"""What the bot keeps, looked at from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.state.store import read_store, state_path
from tests.integration.discord_objects import Conversation
from tests.integration.discord_standin import Standin


def rows(data: Path, sql: str) -> list[dict[str, Any]]:
    with read_store(state_path(data)) as store:
        return store.rows(sql)


async def asked(standin: Standin, question: str = "x", **more: Any) -> Conversation:
    return await standin.answered(await standin.command("ask", question=question, **more))


async def eventually(condition: Callable[[], object]) -> None:
    """Wait for what nobody sees from outside."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (it looks into a file)
            await asyncio.sleep(0.01)
