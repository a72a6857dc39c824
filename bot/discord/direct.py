"""Messages that nobody asked for at that moment: to the owner, and to somebody who waits. None makes a sound.

Knows nothing of what they say.
"""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import discord

log = logging.getLogger(__name__)

UNDELIVERABLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, asyncio.TimeoutError)


async def tell_owner(client: discord.Client, embed: discord.Embed) -> bool:
    """Send something to whoever owns the bot, or their team; False where that cannot be delivered."""
    application = client.application
    if application is None:
        return False
    owner = application.team.owner_id if application.team else application.owner.id
    return owner is not None and await tell(client, owner, embed=embed)


async def tell(
    client: discord.Client, user: int, *, embed: discord.Embed | None = None, content: str | None = None
) -> bool:
    """Send somebody a direct message that makes no sound; False where that cannot be delivered."""
    try:
        opened = await open_direct(client, user)
    except UNDELIVERABLE as error:
        log.info("somebody takes no direct messages: %s", type(error).__name__)
        return False
    return await tell_in_channel(client, opened.id, embed=embed, content=content)


async def open_direct(client: discord.Client, user: int) -> discord.PartialMessageable:
    """The channel of direct messages with somebody. Raises any of UNDELIVERABLE."""
    opened = await client.http.start_private_message(str(user))  # the library's create_dm would send a number
    return client.get_partial_messageable(int(opened["id"]))


async def tell_in_channel(
    client: discord.Client, channel: int, *, embed: discord.Embed | None = None, content: str | None = None
) -> bool:
    """Post something in a channel without a sound; False where that cannot be delivered."""
    try:
        embeds = [embed] if embed else []
        await client.get_partial_messageable(channel).send(content, embeds=embeds, silent=True)
    except UNDELIVERABLE as error:
        log.info("a message could not be posted: %s", type(error).__name__)
        return False
    return True
