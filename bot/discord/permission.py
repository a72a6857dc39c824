"""Who may do what: who owns the bot, and who manages the server in which a command was used.

Decided from what Discord says about the application and about the interaction, never from what it hides. Knows nothing
of what is permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.state.conversations import Place
from rag.phrase import Phrase

NEEDED: Mapping[str, str] = {  # by the bot in a channel; as Discord calls them
    "view_channel": Phrase("View Channel"),
    "send_messages": Phrase("Send Messages"),
    "send_messages_in_threads": Phrase("Send Messages in Threads"),
    "embed_links": Phrase("Embed Links"),
    "read_message_history": Phrase("Read Message History"),  # Discord does not let a bot reply to a message without it
}

_RUNS_IT = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody who may run the bot.

    Attributes:
        owner: owns the bot; others manage the server alone.
        guild: the server that it is about; None: everything, which only the owner sees.
    """

    owner: bool
    guild: int | None


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks, and where.

    Attributes:
        guild: the server; None in a direct message.
        channels: the channel and, of a thread, the one that it is in.
        has_role: whether they have the role with an id.
        private: only they see what is shown.
    """

    user: int
    guild: int | None
    channels: tuple[int, ...]
    has_role: Callable[[int], bool] = lambda _role: False
    private: bool = False


def asker_of(user: discord.User | discord.Member, guild: int | None, channel: object, *, hidden: bool = False) -> Asker:
    """Somebody as they ask in a channel; `hidden`: only they see what is shown there."""
    ids = (getattr(channel, "id", None), parent_of(channel))

    def has_role(role: int) -> bool:
        return isinstance(user, discord.Member) and user.get_role(role) is not None

    channels = tuple(filter(None, ids))
    return Asker(user=user.id, guild=guild, channels=channels, has_role=has_role, private=hidden or guild is None)


def asker_at(place: Place, user: int) -> Asker:
    """Somebody as they would ask where something was asked, as far as the notes go that are meant for there."""
    channels = tuple(filter(None, (place.channel, place.parent)))
    return Asker(user=user, guild=place.guild, channels=channels, private=True)


def asker_in(interaction: discord.Interaction[Any]) -> Asker:
    """Whoever uses a command or presses a button, to be shown something that only they see."""
    return asker_of(interaction.user, interaction.guild_id, interaction.channel, hidden=True)


def parent_of(channel: object) -> int | None:
    """The channel that a thread is in."""
    return channel.parent_id if isinstance(channel, discord.Thread) else None


def lacking(granted: discord.Permissions | None, *, thread: bool) -> Sequence[str]:
    """What the bot needs in a channel, or in a thread, and is not granted; nothing where that is not known.

    Who may not see a channel may not write there, and who may not write may not embed: that is not named as well.
    """
    if granted is None:
        return ()
    write = "send_messages_in_threads" if thread else "send_messages"
    first = next((name for name in ("view_channel", write) if not getattr(granted, name)), "embed_links")
    needed = ("view_channel",) if first == "view_channel" else (first, "read_message_history")
    return [NEEDED[name] for name in needed if not getattr(granted, name)]


def granted_in(channel: object) -> discord.Permissions | None:
    """What the bot may do in a channel of a server; None where that is not known."""
    if not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return None
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return None
    bot: discord.Member | None = channel.guild.me  # as the library has it, never None
    return channel.permissions_for(bot) if bot else None


def owns(application: discord.AppInfo | None, user: int) -> bool:
    """Whether somebody owns the bot, or has joined the team that does as more than a reader."""
    if application is None:
        return False
    team = application.team
    if team is None:
        return user == application.owner.id
    accepted = discord.TeamMembershipState.accepted
    members = {each.id for each in team.members if each.membership_state is accepted and each.role in _RUNS_IT}
    return user == team.owner_id or user in members


def caller_of(interaction: discord.Interaction[Any]) -> Caller | None:
    """Who used a command for those who run the bot; None where they do not."""
    guild, user = interaction.guild_id, interaction.user.id
    if owns(interaction.client.application, user):
        return Caller(owner=True, guild=guild)
    granted = interaction.permissions
    manages = guild is not None and (granted.manage_guild or granted.administrator)
    return Caller(owner=False, guild=guild) if manages else None
