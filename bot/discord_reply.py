"""Where an answer goes in Discord: into a command's deferred reply, or below the message that mentioned the bot.

Both are shown to repeatedly (place in line, then the answer) and each time replace what they showed before.
Knows nothing of questions or answers.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol, cast

import aiohttp
import discord

from bot import failures
from bot.discord_text import safe

if TYPE_CHECKING:
    from discord.types.message import MessageReference as ReferencePayload

log = logging.getLogger(__name__)

UNDELIVERABLE = (discord.HTTPException, aiohttp.ClientError, OSError, asyncio.TimeoutError)

LONGEST_SENTENCE = 1900  # a message holds 2,000

_UNKNOWN_WEBHOOK = 10015
_INVALID_WEBHOOK_TOKEN = 50027


class Reply(Protocol):
    """One place in Discord that shows one thing at a time."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    async def show(self, *, content: str | None = None, embed: discord.Embed | None = None) -> None:
        """Replace what is shown.

        Raises:
            discord.HTTPException, aiohttp.ClientError, OSError, asyncio.TimeoutError: it could not be delivered.
        """
        ...


async def apologise(reply: Reply, error: BaseException) -> None:
    """Tell the user what went wrong, and the owner more about it. Never raises what keeps it from being delivered."""
    failures.report(error, where=reply.name, log=log)
    try:
        await reply.show(content=f"⚠️ {safe(failures.sentence(error), LONGEST_SENTENCE)}")
    except UNDELIVERABLE as failure:
        log.warning("%s could not be told: %s", reply.name, type(failure).__name__)


class CommandReply:
    """The deferred reply of a slash command; once its token has run out (15 minutes), a message in the channel."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction

    @property
    def name(self) -> str:
        return f"interaction {self._interaction.id}"

    async def show(self, *, content: str | None = None, embed: discord.Embed | None = None) -> None:
        if self._interaction.is_expired():
            return await self._post(content, embed)
        try:
            await self._interaction.edit_original_response(content=content, embed=embed)
        except discord.HTTPException as error:
            if error.code not in (_UNKNOWN_WEBHOOK, _INVALID_WEBHOOK_TOKEN):
                raise
            await self._post(content, embed)

    async def _post(self, content: str | None, embed: discord.Embed | None) -> None:
        if self._interaction.channel_id is None:
            return
        channel = self._interaction.client.get_partial_messageable(self._interaction.channel_id)
        asker = f"For {self._interaction.user.mention}:"
        await channel.send(" ".join(filter(None, (asker, content))), embeds=[embed] if embed else [])


class MentionReply:
    """A reply to a message, posted once and edited from then on."""

    def __init__(self, message: discord.Message) -> None:
        self._message = message
        self._posted: discord.Message | None = None

    @property
    def name(self) -> str:
        return f"message {self._message.id}"

    async def show(self, *, content: str | None = None, embed: discord.Embed | None = None) -> None:
        embeds = [embed] if embed else []
        if self._posted:
            await self._posted.edit(content=content, embeds=embeds)
        else:
            reference = _Reference.from_message(self._message, fail_if_not_exists=False)
            self._posted = await self._message.channel.send(content, embeds=embeds, reference=reference)


class _Reference(discord.MessageReference):
    """A reference whose ids are strings, as Discord's API describes them; the library would send numbers."""

    def to_message_reference_dict(self) -> ReferencePayload:
        numbers = super().to_message_reference_dict().items()
        strings = {key: str(value) if key.endswith("_id") else value for key, value in numbers}
        return cast("ReferencePayload", strings)
