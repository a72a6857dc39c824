"""Where an answer goes in Discord: into a command's deferred reply, or below the message that mentioned the bot.

Both are shown to repeatedly (place in line, then the answer) and each time replace what they showed before.
Knows nothing of questions or answers.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import aiohttp
import discord

from bot import failures
from bot.discord.direct import open_direct
from bot.discord.permission import Asker, asker_in, asker_of, granted_in, lacking, parent_of
from bot.discord.text import safe
from bot.discord.ways import Deferred, Posted, Ways, insist, why_not_there
from bot.language import _
from bot.state.conversations import Place
from rag.phrase import Phrase

if TYPE_CHECKING:
    from discord.types.message import MessageReference as ReferencePayload

log = logging.getLogger(__name__)

LONGEST_SENTENCE = 1900  # a message holds 2,000
UNDELIVERED = Phrase("Discord did not take my answer. Please ask again in a few minutes.")


class Telling(Protocol):
    """Somewhere in Discord where a sentence can be said."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    async def tell(self, sentence: str) -> None:
        """Say it in the language that is spoken, instead of anything that is shown there.

        Raises:
            any of UNDELIVERABLE: it could not be delivered.
        """
        ...


class Reply(Telling, Protocol):
    """One place in Discord that shows one thing at a time."""

    @property
    def asker(self) -> Asker:
        """Who asked, as far as what they may do goes."""
        ...

    @property
    def place(self) -> Place:
        """Where it was asked, and by whom."""
        ...

    async def show(
        self, *, content: str | None = None, embed: discord.Embed | None = None, view: discord.ui.View | None = None
    ) -> int:
        """Replace what is shown; returns the id of the message.

        Raises: as `tell`.
        """
        ...


async def apologise(reply: Telling, error: BaseException) -> None:
    """Tell the user what went wrong, and the owner more about it. Never raises what keeps it from being delivered."""
    failures.report(error, where=reply.name, log=log)
    of_discord = isinstance(error, (discord.DiscordException, aiohttp.ClientError))
    sentence = _(UNDELIVERED) if of_discord else failures.sentence(error)
    try:
        await insist(lambda: reply.tell(f"⚠️ {safe(sentence, LONGEST_SENTENCE)}"))
    except Exception as failure:  # whatever it is: there is nobody left to tell
        log.warning("%s could not be told: %s", reply.name, type(failure).__name__)


class CommandReply:
    """The deferred reply of a command; once its token has run out (15 minutes), a message in the channel.

    `hidden`: only the asker sees it; a direct message in the end.
    """

    def __init__(self, interaction: discord.Interaction[Any], *, hidden: bool = False) -> None:
        self._interaction = interaction
        self._hidden = hidden
        direct = partial(_direct, interaction.client, interaction.user.id, interaction.id)
        self._ways = Ways(
            Deferred(interaction), late=direct("") if hidden else self._in_channel(), direct=direct, why=self._why
        )

    @property
    def name(self) -> str:
        return f"interaction {self._interaction.id}"

    @property
    def place(self) -> Place:
        return Place(
            user=self._interaction.user.id,
            channel=self._interaction.channel_id or 0,
            guild=self._interaction.guild_id,
            thread=isinstance(self._interaction.channel, discord.Thread),
            parent=parent_of(self._interaction.channel),
            hidden=self._hidden,
        )

    @property
    def asker(self) -> Asker:
        where = (self._interaction.guild_id, self._interaction.channel)
        return asker_of(self._interaction.user, *where, hidden=self._hidden)

    async def tell(self, sentence: str) -> None:
        await self.show(content=_(sentence))

    async def show(
        self, *, content: str | None = None, embed: discord.Embed | None = None, view: discord.ui.View | None = None
    ) -> int:
        return await self._ways.show(content=content, embed=embed, view=view)

    async def give(self, embed: discord.Embed, *, files: Sequence[discord.File] = ()) -> None:
        """Show an embed with files, in time for the token. Raises as `tell`."""
        await self._interaction.edit_original_response(content=None, embeds=[embed], attachments=files, view=None)

    def _in_channel(self) -> Posted:
        async def channel() -> discord.PartialMessageable:
            client: discord.Client = self._interaction.client
            return client.get_partial_messageable(self._interaction.channel_id or 0)

        lead = _("For {person}:").format(person=self._interaction.user.mention)
        return Posted(channel, nonce=f"{self._interaction.id}-late", lead=lead)

    def _why(self, error: discord.HTTPException) -> str:
        missing = lacking(self._interaction.app_permissions, thread=self.place.thread)
        return why_not_there(error, channel=self.place.channel, lacking=missing)


class MentionReply:
    """A reply to a message, posted once and edited from then on."""

    def __init__(self, message: discord.Message, client: discord.Client) -> None:
        self._message = message
        reference = _Reference.from_message(message, fail_if_not_exists=False)
        self._ways = Ways(
            Posted(self._channel, nonce=str(message.id), reference=reference),
            late=None,
            direct=partial(_direct, client, message.author.id, message.id),
            why=self._why,
        )

    @property
    def name(self) -> str:
        return f"message {self._message.id}"

    @property
    def place(self) -> Place:
        return Place(
            user=self._message.author.id,
            channel=self._message.channel.id,
            guild=self._message.guild.id if self._message.guild else None,
            thread=isinstance(self._message.channel, discord.Thread),
            parent=parent_of(self._message.channel),
            replied_to=self._message.reference.message_id if self._message.reference else None,
        )

    @property
    def asker(self) -> Asker:
        guild = self._message.guild
        return asker_of(self._message.author, guild.id if guild else None, self._message.channel)

    async def tell(self, sentence: str) -> None:
        await self.show(content=_(sentence))

    async def show(
        self, *, content: str | None = None, embed: discord.Embed | None = None, view: discord.ui.View | None = None
    ) -> int:
        return await self._ways.show(content=content, embed=embed, view=view)

    async def _channel(self) -> discord.abc.Messageable:
        return self._message.channel

    def _why(self, error: discord.HTTPException) -> str:
        missing = lacking(granted_in(self._message.channel), thread=self.place.thread)
        return why_not_there(error, channel=self.place.channel, lacking=missing)


class PressReply:
    """The answer to a press of a button or a form that was sent; only whoever did that sees it."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction

    @property
    def name(self) -> str:
        return f"interaction {self._interaction.id}"

    @property
    def asker(self) -> Asker:
        """Who pressed, as far as what they may do goes."""
        return asker_in(self._interaction)

    async def acknowledge(self) -> None:
        """Say that it takes longer than the three seconds that Discord waits."""
        await self._interaction.response.defer(ephemeral=True, thinking=True)

    async def tell(self, sentence: str) -> None:
        if self._interaction.response.is_done():
            await self._interaction.edit_original_response(content=_(sentence))
        else:
            await self._interaction.response.send_message(_(sentence), ephemeral=True)

    async def give(
        self, *, embeds: Sequence[discord.Embed] = (), files: Sequence[discord.File] = (), content: str | None = None
    ) -> None:
        """Show more than a sentence, once it is acknowledged. Raises as `tell`."""
        await self._interaction.edit_original_response(content=content, embeds=embeds, attachments=files)

    async def change(self, embed: discord.Embed, view: discord.ui.View | None) -> None:
        """Replace what the message shows in which it was pressed. Raises as `tell`."""
        if self._interaction.response.is_done():
            await self._interaction.edit_original_response(embed=embed, view=view)
        else:
            await self._interaction.response.edit_message(embed=embed, view=view)

    async def stay(self) -> None:
        """Acknowledge it and leave the message, whose author may change it later, as it is."""
        await self._interaction.response.defer()


def _direct(client: discord.Client, user: int, asked: int, why: str) -> Posted:
    """A direct message to whoever asked something, led by why it is one."""
    return Posted(partial(open_direct, client, user), nonce=f"{asked}-dm", lead=why)


class TextFile(discord.File):
    """A file of plain text whose id is a string, as Discord's API describes it; the library would send a number."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(io.BytesIO(text.encode()), filename=name)

    def to_dict(self, index: int) -> dict[str, Any]:
        return {**super().to_dict(index), "id": str(index)}


class _Reference(discord.MessageReference):
    """A reference whose ids are strings, as Discord's API describes them; the library would send numbers."""

    def to_message_reference_dict(self) -> ReferencePayload:
        numbers = super().to_message_reference_dict().items()
        strings = {key: str(value) if key.endswith("_id") else value for key, value in numbers}
        return cast("ReferencePayload", strings)
