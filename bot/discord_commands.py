"""The slash commands: what they are called, that each is acknowledged at once, and when they are registered.

Knows nothing of how a question is answered; that is the client's part.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, Protocol

import discord
from discord import app_commands

from bot.discord_reply import UNDELIVERABLE, CommandReply, Reply, apologise

log = logging.getLogger(__name__)

REMEMBERED = "discord-commands.sha256"


class Answering(Protocol):
    """What the commands need of the client."""

    async def answer(self, reply: Reply, kind: str, text: str = "") -> None: ...


class Commands(app_commands.CommandTree[Any]):
    """The tree of commands. Every one is deferred before it is even looked up: Discord waits three seconds."""

    async def interaction_check(self, interaction: discord.Interaction[Any]) -> bool:
        try:
            await interaction.response.defer(thinking=True)
        except UNDELIVERABLE as error:
            log.warning("interaction %s could not be acknowledged: %s", interaction.id, type(error).__name__)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await apologise(CommandReply(interaction), cause)


def add_commands(tree: Commands, client: Answering) -> None:
    """Give `tree` the three commands, answered by `client`."""

    @tree.command(description="Ask your podcast notes a question; the answer quotes and cites them.")
    @app_commands.describe(question="What you want to know")
    async def ask(interaction: discord.Interaction[Any], question: str) -> None:
        await client.answer(CommandReply(interaction), "ask", question)

    @tree.command(description="See what all episodes in your notes say about a topic.")
    @app_commands.describe(topic="A word or a few, such as: sleep")
    async def topic(interaction: discord.Interaction[Any], topic: str) -> None:
        await client.answer(CommandReply(interaction), "topic", topic)

    @tree.command(description="List the episodes in your notes.")
    async def episodes(interaction: discord.Interaction[Any]) -> None:
        await client.answer(CommandReply(interaction), "episodes")


async def register(tree: Commands, *, application_id: int, guild_id: int | None, data: Path) -> None:
    """Send the commands to Discord if they differ from those last sent, as remembered in the folder `data`.

    Discord allows few registrations a day. With `guild_id` they are registered in that server only. A refusal is
    logged and leaves the commands as they were; mentions work without them.
    """
    guild = discord.Object(guild_id) if guild_id else None
    if guild:
        tree.copy_global_to(guild=guild)
    payload = [command.to_dict(tree) for command in tree.get_commands(guild=guild)]
    described = json.dumps([application_id, guild_id, payload], sort_keys=True)
    fingerprint = hashlib.sha256(described.encode()).hexdigest()
    if _recall(data) == fingerprint:
        return
    try:
        await tree.sync(guild=guild)
    except (discord.HTTPException, discord.RateLimited, app_commands.CommandSyncFailure) as error:
        log.error("Discord did not take the commands (is the bot allowed to have any there?): %s", error)
    else:
        _remember(data, fingerprint)


def _recall(data: Path) -> str:
    try:
        return (data / REMEMBERED).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _remember(data: Path, fingerprint: str) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        (data / REMEMBERED).write_text(f"{fingerprint}\n", encoding="ascii")
    except OSError as error:
        log.warning("the commands will be registered again at the next start: %s", error)
