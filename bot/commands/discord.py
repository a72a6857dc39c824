"""Runs the Discord bot until it is told to stop, and says in plain words why it cannot.

Discord out of reach at the start ends the program, so that whoever started it learns of it; once connected, a
lost connection is taken up again, however long that takes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import discord
import typer
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import failures
from bot.discord.bot import FootnoteClient
from bot.failures import whole
from bot.health.pulse import Pulse, beating, pulse_of
from bot.health.reach import PORTAL
from bot.language import _
from bot.line.worker import Worker
from bot.notes_folder import NotesFolder
from bot.settings import Settings
from bot.state.backup import back_up
from bot.state.errors import StateUnwritable
from bot.state.memory import Memory
from bot.state.store import open_store, state_path
from bot.wording import clean
from rag.collection import data_of, indexed
from rag.errors import FootnoteError
from rag.phrase import Phrase
from rag.protocols import Assistant

if TYPE_CHECKING:
    from bot.watch import Keeper, Kept

log = logging.getLogger(__name__)

BACKUPS = "backups"

Update = Callable[[Settings], Iterable[None]]

HOW_TO_START = Phrase(
    "The bot has no token yet. Let yourself be asked for what is needed: footnote init\n"
    "Or by hand:\n"
    "  1. Create a bot at {portal} (Bot > Reset Token) and copy its token.\n"
    "  2. Put it into the file .env, as the line FOOTNOTE_DISCORD__TOKEN=...\n"
    "  3. Invite the bot to your server, and run this command again."
).format(portal=PORTAL)
NOT_ACCEPTED = Phrase(
    "Discord does not accept the bot's token. Reset it at {portal} (Bot > Reset Token), then run: footnote init"
).format(portal=PORTAL)
INTENTS_REFUSED = Phrase(
    "Discord refuses the intents the bot asks for (4014). With FOOTNOTE_DISCORD__THREAD_FOLLOW_UPS it needs Message "
    "Content: switch it on at {portal} (Bot), or the setting off. Without it the bot asks for no privileged intent; "
    "check there that the application is not restricted."
).format(portal=PORTAL)
OUT_OF_REACH = Phrase(
    "Discord is out of reach ({why}). Check the network, and https://discordstatus.com, and start again."
)
CLOSED = Phrase("Discord closed the connection for good (code {code}). Start again; if it stays so, reset the token.")
STOPPED = Phrase("The bot stopped: unexpected {kind}; the log says more.")

_AUTHENTICATION_FAILED = 4004


def run_bot(
    settings: Settings,
    assistant_factory: Callable[[], Assistant],
    *,
    update: Update | None = None,
) -> int:
    """Serve Discord until SIGINT or SIGTERM; returns the exit code, 0 where it was told to stop.

    Args:
        settings: needs `discord.token`.
        assistant_factory: opens the assistant; called on the worker's thread once the token is accepted.
        update: indexes what has changed in the notes, in steps; None: nobody looks whether they have.
    """
    token = settings.discord.token.get_secret_value()
    if not token:
        typer.echo(_(HOW_TO_START), err=True)
        return 1
    point_library_at(settings)
    quieten_library()
    try:
        asyncio.run(_serve(settings, assistant_factory, token, update))
    except KeyboardInterrupt:  # where the event loop knows no signals
        return 0
    except Exception as error:
        typer.echo(_(_why(error)), err=True)
        return 1
    return 0


async def _serve(
    settings: Settings,
    assistant_factory: Callable[[], Assistant],
    token: str,
    update: Update | None,
) -> None:
    """Raises whatever ended the connection, unless it was a signal."""
    worker = Worker(
        assistant_factory,
        queue_size=settings.discord.queue_size,
        per_person=settings.discord.queue_per_person,
        per_server=settings.discord.queue_per_server,
        deadline_seconds=settings.discord.deadline_seconds,
    )
    memory = Memory(lambda: open_store(state_path(settings.data)))
    pulse = pulse_of(os.environ, os.getpid(), settings.data)
    client = FootnoteClient(settings, worker, memory, announce=partial(_announce, pulse))
    told_to_stop = asyncio.create_task(_signal())
    connection = asyncio.create_task(client.start(token))
    try:
        with _kept_up(settings, client, update) if update else nullcontext() as keeper:
            client.owner.reread = keeper.now if keeper else None
            client.owner.back_up = partial(backed_up, settings.data)
            client.owner.notes = NotesFolder(settings)
            async with beating(pulse, lambda: worker.well), _observed(settings, worker, client):
                await asyncio.wait({connection, told_to_stop}, return_when=asyncio.FIRST_COMPLETED)
        if connection.done():
            connection.result()
    finally:
        await client.stop()
        connection.cancel()


def _observed(settings: Settings, worker: Worker, client: FootnoteClient) -> AbstractAsyncContextManager[None]:
    """Inside the block the bot's figures and its health are served, if the settings name a port."""
    if settings.metrics_port is None:
        return nullcontext()
    from bot.health.metrics import Metrics, age_seconds, children_bytes
    from bot.health.observed import observed

    metrics = Metrics()
    worker.observe = metrics.finished
    metrics.watch("footnote_waiting", "Calls in line", lambda: worker.waiting)
    asked = "Questions that were asked of the assistant"
    metrics.watch("footnote_cache_asked", asked, lambda: client.cache.counts.asked)
    metrics.watch("footnote_cache_kept", "Questions answered from what was kept", lambda: client.cache.counts.kept)
    metrics.watch(
        "footnote_index_age_seconds",
        "Since the notes were indexed last",
        lambda: age_seconds(settings.data / "current", time.time()),
    )
    metrics.watch("footnote_models_resident_bytes", "Of the child processes", lambda: children_bytes(os.getpid()))
    return observed(settings.metrics_port, metrics, lambda: {"discord": client.is_ready(), "assistant": worker.well})


def _announce(pulse: Pulse, line: str) -> None:
    """The bot is there: for whoever reads its output, and whoever started it and waits."""
    typer.echo(line)
    pulse.tell("READY=1", f"STATUS={clean(line)}")


def _kept_up(settings: Settings, client: FootnoteClient, update: Update) -> AbstractContextManager[Keeper]:
    """Inside the block, the client's assistant serves the notes as they are."""
    from bot.answering.vectors import tidy
    from bot.watch import kept_up

    loop = asyncio.get_running_loop()

    return kept_up(
        settings.notes,
        settings.data,
        refresh=lambda: update(settings),
        beside=lambda: beside(settings),
        tidy=lambda: tidy(settings),
        reload=lambda: asyncio.run_coroutine_threadsafe(client.reload(served(settings.data)), loop).result(),
        tell=lambda sentence: typer.echo(clean(sentence), err=True),
    )


def beside(settings: Settings) -> list[Kept]:
    """The index of each collection, with what brings it up to date."""
    from bot.commands.index import update
    from bot.watch import Kept

    names = indexed(settings.data)
    return [
        Kept(data=data_of(settings.data, name), refresh=partial(update, settings, name), collection=name)
        for name in names
    ]


def served(data: Path) -> str:
    """The name of the build that serves, another one once its thresholds are its own; "" where there is none.

    Also another one whenever a collection has another build. Not on the event loop.
    """
    others = [f"{name}/{_served(data_of(data, name))}" for name in indexed(data)]
    of_others = f", collections {zlib.crc32('/'.join(others).encode()):08x}" if others else ""
    return f"{_served(data)}{of_others}"


def _served(data: Path) -> str:
    from rag.build import current_build
    from rag.calibration import DUE_FROM, is_calibrated

    try:
        name = current_build(data).name
        return name if is_calibrated(data, changed_below=DUE_FROM) else f"{name}, thresholds not its own"
    except FootnoteError:
        return ""


def backed_up(data: Path) -> Path:
    """Copy what the bot remembers into a new file in the data folder; returns which. Raises StateError."""
    to = data / BACKUPS / time.strftime("state-%Y%m%dT%H%M%S.sqlite3")
    try:
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in to.parent.glob(".*.unfinished*"):  # by a bot that was killed
            left.unlink()
    except OSError as error:
        raise StateUnwritable(f"{to.parent} cannot be made ({error.strerror}).") from error
    back_up(state_path(data), to)
    return to.resolve()


async def _signal() -> None:
    """Returns at the first SIGINT or SIGTERM."""
    received = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, received.set)
    await received.wait()


def point_library_at(settings: Settings) -> None:
    """Make the library talk to the servers in the settings."""
    Route.BASE = settings.discord.api_base.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord.gateway)


def quieten_library() -> None:
    """At DEBUG the library logs whole events, questions included; while reconnecting, tracebacks.

    It also warns of missing voice support, which nobody here needs.
    """
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    library = logging.getLogger("discord")
    library.setLevel(max(logging.INFO, library.getEffectiveLevel()))
    logging.getLogger("discord.client").addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info and record.exc_info[0]:
        record.msg, record.args = f"{record.getMessage()} ({record.exc_info[0].__name__})", ()
        record.exc_info = None
    return True


def _why(error: Exception) -> str:
    """The sentence for the owner when the connection could not be made or kept."""
    if isinstance(error, FootnoteError):
        return whole(error)
    if isinstance(error, discord.LoginFailure):
        return NOT_ACCEPTED
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return INTENTS_REFUSED
    if isinstance(error, discord.ConnectionClosed):
        return NOT_ACCEPTED if error.code == _AUTHENTICATION_FAILED else CLOSED.format(code=str(error.code))
    if isinstance(error, discord.HTTPException):
        return OUT_OF_REACH.format(why=Phrase("it answers with status {status}").format(status=error.status))
    if isinstance(error, (aiohttp.ClientError, OSError, asyncio.TimeoutError)):
        return OUT_OF_REACH.format(why=type(error).__name__)
    failures.report(error, where="discord", log=log)
    return STOPPED.format(kind=type(error).__name__)
