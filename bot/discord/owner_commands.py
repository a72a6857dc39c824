"""`/footnote …`: the commands of those who run the bot. All are shown to whoever uses them alone.

Discord hides them from people who do not manage the server; who uses one all the same is turned away here. Knows
nothing of how they are carried out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

import discord
from discord import app_commands

from bot.discord.commands import PRIVATE, Answering, Commands, reply_to
from bot.discord.owner import Form, Owner
from bot.discord.permission import Caller, caller_of
from bot.discord.reply import CommandReply
from bot.state.rules import Change, Where
from rag.certainty import Answers

NOT_YOURS = (
    "🔒 This is for my owner and for those who manage this server. You can ask me anything with /ask; /help says more."
)
Doing: TypeAlias = Callable[[CommandReply, Caller], Awaitable[None]]
CarryOut: TypeAlias = Callable[[discord.Interaction[Any], Doing, str], Awaitable[None]]

MOST_A_DAY = 10_000
_ALONE = {PRIVATE: True}


class Channel(app_commands.Transformer):
    """The id of a channel or thread in which people can ask."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        threads = [kinds.news_thread, kinds.public_thread, kinds.private_thread]
        return [kinds.text, kinds.voice, kinds.news, *threads, kinds.stage_voice, kinds.forum]

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> int:  # noqa: ANN401
        return int(value.id)


class Owned(Answering, Protocol):
    """What these commands need of the client."""

    owner: Owner


def add_owner_commands(tree: Commands, client: Owned) -> None:
    """Give `tree` the commands, carried out by `client`."""
    group = app_commands.Group(
        name="footnote",
        description="For my owner and those who manage the server.",
        default_permissions=discord.Permissions(manage_guild=True),
    )
    tree.add_command(group)

    async def carry_out(interaction: discord.Interaction[Any], doing: Doing, what: str) -> None:
        reply, caller = reply_to(interaction), caller_of(interaction)

        async def checked() -> None:
            await (doing(reply, caller) if caller else reply.tell(NOT_YOURS))

        await client.attend(reply, checked(), what=what)

    _add_reports(group, client, carry_out)
    _add_settings(group, client, carry_out)

    @group.command(description="Copy all that I remember into a file on my machine (owner only).", extras=_ALONE)
    async def backup(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.backup, "backup")


def _add_reports(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    @group.command(description="See how I am: notes, index, queue, models, memory.", extras=_ALONE)
    async def status(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.status, "status")

    @group.command(description="Read the notes again now, and say what has changed.", extras=_ALONE)
    async def reindex(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.reindex, "reindex")

    @group.command(description="See what people asked and the notes do not cover.", extras=_ALONE)
    @app_commands.describe(file="Attach the whole list, too")
    async def gaps(interaction: discord.Interaction[Any], file: Form | None = None) -> None:
        await carry_out(interaction, lambda reply, caller: client.owner.gaps(reply, caller, form=file), "gaps")

    @group.command(description="See votes on answers, and citations reported as wrong.", extras=_ALONE)
    async def feedback(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.feedback, "feedback")


def _add_settings(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    @group.command(description="See and change what I may do; kept across restarts.", extras=_ALONE)
    @app_commands.describe(
        answers="How readily I answer, everywhere (owner only)",
        answering="Where I answer: here, not here, only here, everywhere",
        channel="Which channel that is about; without it, this one",
        role="Who may ask me on this server; @everyone for everybody",
        daily="How many questions one person may ask a day; 0 for any number",
    )
    async def settings(
        interaction: discord.Interaction[Any],
        answers: Answers | None = None,
        answering: Where | None = None,
        channel: app_commands.Transform[int, Channel] | None = None,
        role: discord.Role | None = None,
        daily: app_commands.Range[int, 0, MOST_A_DAY] | None = None,
    ) -> None:
        wanted = Change(
            answers=answers,
            where=answering,
            channel=channel or interaction.channel_id or 0,
            role=None if role is None else 0 if role.id == interaction.guild_id else role.id,
            daily=daily,
        )
        await carry_out(
            interaction, lambda reply, caller: client.owner.settings(reply, caller, wanted=wanted), "settings"
        )
