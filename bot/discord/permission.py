"""Who may do what: who owns the bot, and who manages the server in which a command was used.

Decided from what Discord says about the application and about the interaction, never from what it hides. Knows nothing
of what is permitted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord

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
    """

    user: int
    guild: int | None
    channels: tuple[int, ...]
    has_role: Callable[[int], bool]


def asker_of(user: discord.User | discord.Member, guild: int | None, channel: object) -> Asker:
    """Somebody as they ask in a channel."""
    ids = (getattr(channel, "id", None), channel.parent_id if isinstance(channel, discord.Thread) else None)

    def has_role(role: int) -> bool:
        return isinstance(user, discord.Member) and user.get_role(role) is not None

    return Asker(user=user.id, guild=guild, channels=tuple(filter(None, ids)), has_role=has_role)


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
