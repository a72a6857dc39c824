"""The bot, connected to the local Discord: in the test's own process, or as a program of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.commands.discord import point_library_at, quieten_library
from bot.discord.bot import FootnoteClient
from bot.line.worker import Worker
from bot.settings import DiscordSettings, Settings
from bot.state.memory import REST_SECONDS, Memory
from bot.state.store import Store, open_store, state_path
from rag.protocols import Assistant
from tests.bot.timed_assistant import opening
from tests.integration.discord_gateway import TOKEN
from tests.integration.discord_standin import Standin

ROOT = Path(__file__).parents[2]


def configured(standin: Standin, data: Path, **more: Any) -> Settings:
    reach = {"token": TOKEN, "api_base": standin.api_base, "gateway": standin.gateway}
    return Settings(data=data, discord=DiscordSettings(**{**reach, **more}))


def nobody_is_pinged(message: dict[str, Any]) -> None:
    assert message["allowed_mentions"]["parse"] == []
    assert not message["allowed_mentions"].get("replied_user")


@asynccontextmanager
async def connected(
    standin: Standin,
    assistant: Assistant | Callable[[], Assistant],
    data: Path,
    *,
    open_memory: Callable[[], Store] | None = None,
    rest: float = REST_SECONDS,
    seconds: float = 5.0,
    **more: Any,
) -> AsyncIterator[FootnoteClient]:
    """The bot, connected while the block runs; afterwards nothing it sent may break Discord's rules."""
    settings = configured(standin, data, **more)
    point_library_at(settings)
    quieten_library()
    opened = asyncio.Event()
    factory = assistant if callable(assistant) else opening(assistant, opened)
    reach = settings.discord
    worker = Worker(
        factory,
        queue_size=reach.queue_size,
        deadline_seconds=reach.deadline_seconds,
        per_person=reach.queue_per_person,
        per_server=reach.queue_per_server,
    )
    memory = Memory(open_memory or (lambda: open_store(state_path(data))), rest=rest)
    client = FootnoteClient(settings, worker, memory, announce=lambda line: None)
    before = standin.identified
    connection = asyncio.create_task(client.start(TOKEN))
    try:
        await standin.until(lambda: standin.identified > before or connection.done(), seconds=seconds)
        if not callable(assistant):
            await opened.wait()
        yield client
    finally:
        await client.stop()
        await connection
        await _end_what_the_library_leaves_behind()
    assert standin.violations == [], standin.violations
    for request in standin.requests:
        if request.path.endswith(("/messages", "@original")) and request.method in ("POST", "PATCH"):
            nobody_is_pinged(request.body)
        if request.path.endswith("/callback") and request.body["type"] == 4:
            nobody_is_pinged(request.body["data"])


async def _end_what_the_library_leaves_behind() -> None:
    """Two seconds after it has connected it reports that it is ready, and trips over the client if that is closed."""
    left = [task for task in asyncio.all_tasks() if "_delay_ready" in repr(task.get_coro())]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def start_program(
    settings: Settings, cwd: Path, *arguments: str, token: str = TOKEN, before: Sequence[str] = ()
) -> asyncio.subprocess.Process:
    discord = settings.discord
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "FOOTNOTE_DATA": str(settings.data),
        "FOOTNOTE_DISCORD__TOKEN": token,
        "FOOTNOTE_DISCORD__API_BASE": discord.api_base,
        "FOOTNOTE_DISCORD__GATEWAY": discord.gateway,
    }
    program = (*before, sys.executable, "-m", "tests.integration.run_fake_bot", *arguments)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*program, cwd=cwd, env=environment, stdout=pipe, stderr=pipe)


async def ended(process: asyncio.subprocess.Process, *, seconds: float = 15) -> tuple[int, str]:
    """Exit code and what was written to stderr."""
    async with asyncio.timeout(seconds):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()
