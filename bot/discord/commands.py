"""The slash commands: what they are called, that each is acknowledged at once, and when they are registered.

Knows nothing of how a question is answered; that is the client's part.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import discord
from discord import app_commands

from bot.discord.browse import Browse
from bot.discord.buttons import LONGEST_WANTED
from bot.discord.direct import UNDELIVERABLE
from bot.discord.pages import Sort
from bot.discord.permission import asker_in
from bot.discord.reply import CommandReply, Reply, apologise
from bot.discord.speech import CommandNames, speak_with
from bot.discord.suggest import Kind as Kinds
from bot.discord.suggest import Offer
from bot.discord.urgent import Urgent
from bot.state.conversations import Kind
from rag.types import Filter, FilterKind

log = logging.getLogger(__name__)

REMEMBERED = "discord-commands.sha256"
PRIVATE = "private"  # an option of a command, or in its extras: only whoever uses it sees the reply

_ACKNOWLEDGED = 40060  # it was delivered twice, or another bot with this token is at it


class Answering(Protocol):
    """What the commands need of the client."""

    browse: Browse

    async def answer(self, reply: Reply, kind: Kind, text: str, filters: Sequence[Filter] = ()) -> None: ...

    async def attend(self, reply: Reply, doing: Coroutine[Any, Any, None], *, what: str) -> None: ...

    async def forget_person(self, reply: Reply) -> None: ...

    def is_owner(self, user: int) -> bool: ...


class Commands(app_commands.CommandTree[Any]):
    """The tree of commands. Every one is deferred before any is carried out: Discord waits three seconds."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client)
        self._acknowledging = Urgent()

    async def interaction_check(self, interaction: discord.Interaction[Any]) -> bool:
        speak_with(interaction)
        if interaction.type is discord.InteractionType.autocomplete:
            return True
        try:
            private = is_private(interaction)
            await self._acknowledging.first(interaction.response.defer(thinking=True, ephemeral=private))
        except UNDELIVERABLE as error:
            if getattr(error, "code", None) == _ACKNOWLEDGED:
                return False
            log.warning("interaction %s could not be acknowledged: %s", interaction.id, type(error).__name__)
        return True  # even if it came too late: what comes of it then goes another way

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await apologise(reply_to(interaction), cause)


def is_private(interaction: discord.Interaction[Any]) -> bool:
    """Whether only whoever uses the command sees the reply: because they want it so, or always."""
    command = interaction.command
    always = bool(command and command.extras.get(PRIVATE))
    return always or getattr(interaction.namespace, PRIVATE, False) is True


def reply_to(interaction: discord.Interaction[Any]) -> CommandReply:
    """Where the reply to a command goes."""
    return CommandReply(interaction, hidden=is_private(interaction))


def add_commands(tree: Commands, client: Answering) -> None:
    """Give `tree` the commands, answered by `client`."""
    _add_asking(tree, client)
    _add_browsing(tree, client)
    _add_about(tree, client)


def _add_asking(tree: Commands, client: Answering) -> None:
    async def offered(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        kind = next(str(option["name"]) for option in _options(interaction) if option.get("focused"))
        return choices(await client.browse.offered(asker_in(interaction), cast("Kinds", kind), typed))

    @tree.command(description="Ask your podcast notes a question; the answer quotes and cites them.")
    @app_commands.describe(
        question="What you want to know",
        episode="Search this episode only",
        show="Search this show only",
        guest="Search episodes with this guest only",
        since="Search episodes from this date on, such as 2024 or 2024-05-31",
        until="Search episodes up to this date, such as 2024 or 2024-05-31",
        private="Show the answer to me alone",
    )
    @app_commands.rename(since="from", until="to")
    @app_commands.autocomplete(episode=offered, show=offered, guest=offered)
    async def ask(
        interaction: discord.Interaction[Any],
        question: str,
        episode: str = "",
        show: str = "",
        guest: str = "",
        since: str = "",
        until: str = "",
        private: bool = False,
    ) -> None:
        asked = {"episode": episode, "show": show, "guest": guest, "since": since, "until": until}
        filters = [Filter(kind=cast("FilterKind", k), label=v, hard=True) for k, v in asked.items() if v.strip()]
        await client.answer(reply_to(interaction), "ask", question, filters)

    @tree.command(description="See what all episodes in your notes say about a topic.")
    @app_commands.describe(topic="A word or a few, such as: sleep")
    @app_commands.autocomplete(topic=offered)
    async def topic(interaction: discord.Interaction[Any], topic: str) -> None:
        await client.answer(reply_to(interaction), "topic", topic)

    @tree.context_menu(name="Ask my notes about this")
    async def ask_about(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        await client.answer(reply_to(interaction), "ask", message.content)


def _add_browsing(tree: Commands, client: Answering) -> None:
    async def offered(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return choices(await client.browse.offered(asker_in(interaction), "episode", typed))

    @tree.command(description="List the episodes in your notes.")
    @app_commands.describe(words="Only episodes with these words in their name, guests or date", sort="In which order")
    @app_commands.rename(words="filter")
    async def episodes(
        interaction: discord.Interaction[Any],
        words: app_commands.Range[str, 0, LONGEST_WANTED] = "",
        sort: Sort = "show",
    ) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.browse.episodes(reply, wanted=words, sort=sort), what="episodes")

    @tree.command(description="See one episode: its notes, its minutes and its links.")
    @app_commands.describe(name="Which episode")
    @app_commands.autocomplete(name=offered)
    async def episode(interaction: discord.Interaction[Any], name: str) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.browse.episode(reply, name), what="episode")

    @tree.command(description="Get a passage from your notes, word for word.")
    @app_commands.describe(topic="What it is about; any passage without it")
    async def quote(interaction: discord.Interaction[Any], topic: str = "") -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.browse.quote(reply, topic), what="quote")


def _add_about(tree: Commands, client: Answering) -> None:
    @tree.command(description="See what I know and what I store.", extras={PRIVATE: True})
    async def about(interaction: discord.Interaction[Any]) -> None:
        reply, to_owner = reply_to(interaction), client.is_owner(interaction.user.id)
        await client.attend(reply, client.browse.about(reply, to_owner=to_owner), what="about")

    @tree.command(description="See what I can do.", extras={PRIVATE: True})
    async def help(interaction: discord.Interaction[Any]) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.browse.help(reply), what="help")

    @tree.command(
        name="forget-me", description="Erase everything that I have stored about you.", extras={PRIVATE: True}
    )
    async def forget_me(interaction: discord.Interaction[Any]) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.forget_person(reply), what="erasing")


def _options(interaction: discord.Interaction[Any]) -> Sequence[Mapping[str, Any]]:
    data = cast("Mapping[str, Any]", interaction.data or {})
    return data.get("options") or ()


def choices(offers: Sequence[Offer]) -> list[app_commands.Choice[str]]:
    """What is offered, as Discord is told of it."""
    return [app_commands.Choice(name=offer.shown, value=offer.value) for offer in offers]


async def register(tree: Commands, *, application_id: int, guild_id: int | None, data: Path) -> None:
    """Send the commands to Discord if they differ from those last sent, as remembered in the folder `data`.

    Discord allows few registrations a day. With `guild_id` they are registered in that server only. A refusal is
    logged and leaves the commands as they were; mentions work without them.
    """
    guild = discord.Object(guild_id) if guild_id else None
    if guild:
        tree.copy_global_to(guild=guild)
    names = CommandNames()
    await tree.set_translator(names)
    payload = [await command.get_translated_payload(tree, names) for command in tree.get_commands(guild=guild)]
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
