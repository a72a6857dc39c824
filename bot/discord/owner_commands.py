"""`/footnote …`: the commands of those who run the bot. All are shown to whoever uses them alone.

Discord hides them from people who do not manage the server; who uses one all the same is turned away here. Knows
nothing of how they are carried out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import discord
from discord import app_commands

from bot.discord.commands import PRIVATE, Answering, Commands, reply_to
from bot.discord.digests import Digests
from bot.discord.owner import Form, Owner
from bot.discord.owner_desk import Desk
from bot.discord.owner_settings import offered_zones
from bot.discord.permission import Caller, asker_in, caller_of
from bot.discord.reply import CommandReply
from bot.state.rules import Change, Verbosity, Where
from rag.certainty import Answers
from rag.phrase import Phrase

NOT_YOURS = Phrase(
    "🔒 This is for my owner and for those who manage this server. You can ask me anything with /ask; /help says more."
)
Doing: TypeAlias = Callable[[CommandReply, Caller], Awaitable[None]]
CarryOut: TypeAlias = Callable[[discord.Interaction[Any], Doing, str], Awaitable[None]]
Choices: TypeAlias = list[app_commands.Choice[str]]

MOST_A_DAY = 10_000
LONGEST = 100  # characters that Discord takes of a choice
_ALONE = {PRIVATE: True}
_SETTINGS: Mapping[str, str] = {
    "answers": "How readily I answer here (owner only)",
    "answering": "Where I answer: here, not here, only here, everywhere",
    "channel": "Which channel that is about; without it, answering is about this one, the rest about the server",
    "role": "Who may ask me on this server; @everyone for everybody",
    "daily": "How many questions one person may ask a day; 0 for any number",
    "notes": "From which notes I answer (owner only): a collection, all, none, or off for as if never set",
    "length": "How much of an answer I show at first",
    "quiet": "When I answer nobody openly and tell nobody anything, such as 22:00-07:00; off for never",
    "timezone": "By which clock that is, everywhere (owner only)",
}


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
    desk: Desk
    digests: Digests


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
    _add_opinions(group, client, carry_out)
    _add_settings(group, client, carry_out)
    _add_notes(group, client, carry_out)
    _add_digest(group, client, carry_out)

    @group.command(description="Copy all that I remember into a file on my machine (owner only).", extras=_ALONE)
    async def backup(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.backup, "backup")


def _add_digest(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    @group.command(description="Have me post each week in this channel what the newest notes add.", extras=_ALONE)
    @app_commands.describe(weekly="Whether I do; without it, I say where I do")
    async def digest(interaction: discord.Interaction[Any], weekly: bool | None = None) -> None:
        await carry_out(interaction, lambda reply, caller: client.digests.set(reply, caller, weekly=weekly), "digest")


def _add_reports(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    @group.command(description="See how I am: notes, index, queue, models, memory.", extras=_ALONE)
    async def status(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.status, "status")

    @group.command(description="See which models I use, and what each of them may do.", extras=_ALONE)
    async def models(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.models, "models")

    @group.command(description="See who has asked how much today.", extras=_ALONE)
    async def budget(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.budget, "budget")

    @group.command(description="Read the notes again now, and say what has changed.", extras=_ALONE)
    async def reindex(interaction: discord.Interaction[Any]) -> None:
        await carry_out(interaction, client.owner.reindex, "reindex")


def _add_opinions(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    @group.command(description="See what people asked and the notes do not cover.", extras=_ALONE)
    @app_commands.describe(file="Attach the whole list, too")
    async def gaps(interaction: discord.Interaction[Any], file: Form | None = None) -> None:
        await carry_out(interaction, lambda reply, caller: client.owner.gaps(reply, caller, form=file), "gaps")

    @group.command(description="See votes on answers, and citations reported as wrong.", extras=_ALONE)
    async def feedback(interaction: discord.Interaction[Any]) -> None:
        show = client.desk.lists.show
        await carry_out(interaction, lambda reply, caller: show(reply, caller, name="feedback"), "feedback")


def _add_settings(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    async def offered(interaction: discord.Interaction[Any], typed: str) -> Choices:
        return _choices(await client.desk.settings.offered(caller_of(interaction), typed))

    @group.command(description="See and change what I may do; kept across restarts.", extras=_ALONE)
    @app_commands.describe(**_SETTINGS)
    @app_commands.autocomplete(notes=offered, timezone=_zones)
    async def settings(
        interaction: discord.Interaction[Any],
        answers: Answers | None = None,
        answering: Where | None = None,
        channel: app_commands.Transform[int, Channel] | None = None,
        role: discord.Role | None = None,
        daily: app_commands.Range[int, 0, MOST_A_DAY] | None = None,
        notes: str | None = None,
        length: Verbosity | None = None,
        quiet: str | None = None,
        timezone: str | None = None,
    ) -> None:
        wanted = Change(
            answers=answers,
            where=answering,
            channel=channel or 0,
            here=interaction.channel_id or 0,
            role=None if role is None else 0 if role.id == interaction.guild_id else role.id,
            daily=daily,
            notes=notes,
            verbosity=length,
            quiet=quiet,
            timezone=timezone,
        )
        change = client.desk.settings.settings
        await carry_out(interaction, lambda reply, caller: change(reply, caller, wanted=wanted), "settings")


def _add_notes(group: app_commands.Group, client: Owned, carry_out: CarryOut) -> None:
    under = app_commands.Group(name="notes", description="The notes that I answer from here.", parent=group)

    async def offered(interaction: discord.Interaction[Any], typed: str) -> Choices:
        return _choices(await client.desk.notes.offered(asker_in(interaction), caller_of(interaction), typed))

    @under.command(description="Add a file to the notes that I answer from here.", extras=_ALONE)
    @app_commands.describe(file="The note", replace="Put it instead of one of the same name")
    async def add(interaction: discord.Interaction[Any], file: discord.Attachment, replace: bool = False) -> None:
        await carry_out(
            interaction,
            lambda reply, caller: client.desk.notes.add(reply, caller, file=file, replace=replace),
            "adding",
        )

    @under.command(description="Take a file out of the notes that I answer from here.", extras=_ALONE)
    @app_commands.describe(name="Which file")
    @app_commands.autocomplete(name=offered)
    async def remove(interaction: discord.Interaction[Any], name: str) -> None:
        await carry_out(
            interaction, lambda reply, caller: client.desk.notes.remove(reply, caller, name=name), "removing"
        )

    @under.command(name="list", description="List the files that I answer from here.", extras=_ALONE)
    async def list_(interaction: discord.Interaction[Any]) -> None:
        show = client.desk.lists.show
        await carry_out(interaction, lambda reply, caller: show(reply, caller, name="notes"), "listing")


async def _zones(_interaction: discord.Interaction[Any], typed: str) -> Choices:
    return _choices(offered_zones(typed))


def _choices(names: Sequence[str]) -> Choices:
    return [app_commands.Choice(name=name, value=name) for name in names if len(name) <= LONGEST]
