"""How something gets to whoever asked: where they asked, else in the channel, else in a direct message.

A way that Discord closes for good is left for the next one, which says why; where Discord is only out of order it is
tried again a little later. Knows nothing of questions or answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

import discord

from bot.discord.direct import UNDELIVERABLE
from bot.language import _, both
from rag.phrase import Phrase

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSES = (2.0, 8.0, 30.0)  # seconds before it is tried again

_TOKEN_RUN_OUT = (10015, 50027)  # or never acknowledged in time
_FORBIDDEN = (50001, 50013, 160002)
_CLOSED = {
    10003: Phrase("The channel that you asked in is gone"),
    10004: Phrase("The server that you asked in is gone"),
    10008: Phrase("My message in {where} was deleted"),
    50083: Phrase("The thread {where} is archived or locked"),
    160005: Phrase("The thread {where} is locked"),
}
_HERE = Phrase("{what}, so I answer you here.")
_LACKING = Phrase("I lack {which} in {where}, so I answer you here.")
_PERMISSION = Phrase("the permission {names}")
_ANY_OF = Phrase("one of the permissions View Channel, Send Messages, Embed Links and Read Message History")
_GRANT = Phrase("Those who manage the server can give it to me.")


class Way(Protocol):
    """Somewhere that shows one thing at a time."""

    async def show(self, content: str | None, embed: discord.Embed | None, view: discord.ui.View | None) -> int:
        """Replace what is shown; returns the id of the message. Raises any of UNDELIVERABLE."""
        ...


class Deferred:
    """The deferred reply of a command, as long as its token lasts (15 minutes)."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction

    async def show(self, content: str | None, embed: discord.Embed | None, view: discord.ui.View | None) -> int:
        shown = await self._interaction.edit_original_response(content=content, embed=embed, view=view)
        return shown.id


class Posted:
    """A message of its own, posted once and edited from then on.

    Args:
        open_channel: finds where to.
        nonce: its own; were it posted twice for want of an answer, Discord would keep one. At most 25 characters.
        lead: stands before everything that it says.
        reference: the message that it replies to.
    """

    def __init__(
        self,
        open_channel: Callable[[], Awaitable[discord.abc.Messageable]],
        *,
        nonce: str,
        lead: str = "",
        reference: discord.MessageReference | None = None,
    ) -> None:
        self._open_channel = open_channel
        self._nonce = nonce
        self._lead = lead
        self._reference = reference
        self._message: discord.Message | None = None

    async def show(self, content: str | None, embed: discord.Embed | None, view: discord.ui.View | None) -> int:
        text, embeds = " ".join(filter(None, (self._lead, content))) or None, [embed] if embed else []
        if self._message:
            await self._message.edit(content=text, embeds=embeds, view=view)
        else:
            channel, given = await self._open_channel(), {"view": view, "reference": self._reference}
            known = {name: value for name, value in given.items() if value}  # `send` knows no "none"
            self._message = await channel.send(text, embeds=embeds, nonce=self._nonce, **known)  # type: ignore[call-overload]
        return self._message.id


class Ways:
    """Shows on the first way that is open.

    Args:
        first: where it was asked.
        late: the way once the token of a command has run out; None where there is none.
        direct: to the asker alone, given why it is not where they asked.
        why: what keeps the bot from posting where it was asked, by Discord's error; "" where it is none of that.
    """

    def __init__(
        self, first: Way, *, late: Way | None, direct: Callable[[str], Way], why: Callable[[discord.HTTPException], str]
    ) -> None:
        self._way = first
        self._late = late
        self._direct: Callable[[str], Way] | None = direct
        self._why = why

    async def show(
        self, *, content: str | None = None, embed: discord.Embed | None = None, view: discord.ui.View | None = None
    ) -> int:
        """Replace what is shown; returns the id of the message. Raises any of UNDELIVERABLE where no way is open."""
        while True:
            try:
                return await self._way.show(content, embed, view)
            except discord.HTTPException as error:
                following = self._following(error)
                if following is None:
                    raise
                self._way = following

    def _following(self, error: discord.HTTPException) -> Way | None:
        if error.code in _TOKEN_RUN_OUT and self._late:
            following, self._late = self._late, None
            return following
        why = self._why(error)
        if not why or self._direct is None:
            return None
        log.warning("an answer goes to its asker alone (%d): %s", error.code, why)
        following, self._direct = self._direct(why), None
        return following


def why_not_there(error: discord.HTTPException, *, channel: int, lacking: Sequence[str]) -> str:
    """What keeps the bot from posting in a channel, in a sentence; "" where it is something else.

    Args:
        lacking: the permissions that it needs there and does not have, as far as that is known.
    """
    where = f"<#{channel}>"
    if error.code in _FORBIDDEN:
        which = _(_PERMISSION).format(names=both([_(name) for name in lacking])) if lacking else _(_ANY_OF)
        return f"{_(_LACKING).format(which=which, where=where)} {_(_GRANT)}"
    closed = _(_CLOSED[error.code]).format(where=where) if error.code in _CLOSED else ""
    return _(_HERE).format(what=closed) if closed else ""


async def insist(deliver: Callable[[], Awaitable[T]]) -> T:
    """Deliver something, three times again where Discord is out of order. Raises any of UNDELIVERABLE in the end."""
    for pause in PAUSES:
        try:
            return await deliver()
        except UNDELIVERABLE as error:
            if not _passes(error):
                raise
            log.warning("Discord did not take it (%s), which is tried again in %.0f s", type(error).__name__, pause)
        await asyncio.sleep(pause)
    return await deliver()


def _passes(error: Exception) -> bool:
    """Whether the same may work a little later: not where Discord understood and refused it."""
    return not isinstance(error, discord.HTTPException) or error.status == 429 or error.status >= 500
