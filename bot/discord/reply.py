"""Where an answer goes in Discord: into a command's deferred reply, or below the message that mentioned the bot.

Both are shown to repeatedly (place in line, then the answer) and each time replace what they showed before.
Knows nothing of questions or answers.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import discord

from bot import failures
from bot.discord.direct import UNDELIVERABLE, tell
from bot.discord.permission import Asker, asker_of
from bot.discord.text import safe
from bot.state.conversations import Place

if TYPE_CHECKING:
    from discord.types.message import MessageReference as ReferencePayload

log = logging.getLogger(__name__)

LONGEST_SENTENCE = 1900  # a message holds 2,000

_UNKNOWN_WEBHOOK = 10015
_INVALID_WEBHOOK_TOKEN = 50027


class Telling(Protocol):
    """Somewhere in Discord where a sentence can be said."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    async def tell(self, sentence: str) -> None:
        """Say it, instead of anything that is shown there.

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
    try:
        await reply.tell(f"⚠️ {safe(failures.sentence(error), LONGEST_SENTENCE)}")
    except UNDELIVERABLE as failure:
        log.warning("%s could not be told: %s", reply.name, type(failure).__name__)


class CommandReply:
    """The deferred reply of a command; once its token has run out (15 minutes), a message in the channel.

    `hidden`: only the asker sees it; a direct message in the end.
    """

    def __init__(self, interaction: discord.Interaction[Any], *, hidden: bool = False) -> None:
        self._interaction = interaction
        self._hidden = hidden

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
            hidden=self._hidden,
        )

    @property
    def asker(self) -> Asker:
        return asker_of(self._interaction.user, self._interaction.guild_id, self._interaction.channel)

    async def tell(self, sentence: str) -> None:
        await self.show(content=sentence)

    async def show(
        self, *, content: str | None = None, embed: discord.Embed | None = None, view: discord.ui.View | None = None
    ) -> int:
        if self._interaction.is_expired():
            return await self._post(content, embed, view)
        try:
            shown = await self._interaction.edit_original_response(content=content, embed=embed, view=view)
        except discord.HTTPException as error:
            if error.code not in (_UNKNOWN_WEBHOOK, _INVALID_WEBHOOK_TOKEN):
                raise
            return await self._post(content, embed, view)
        return shown.id

    async def give(self, embed: discord.Embed, *, files: Sequence[discord.File] = ()) -> None:
        """Show an embed with files, in time for the token. Raises as `tell`."""
        await self._interaction.edit_original_response(content=None, embeds=[embed], attachments=files, view=None)

    async def _post(self, content: str | None, embed: discord.Embed | None, view: discord.ui.View | None) -> int:
        if self._hidden:
            await tell(self._interaction.client, self._interaction.user.id, embed=embed, content=content)
            return 0
        channel = self._interaction.client.get_partial_messageable(self._interaction.channel_id or 0)
        named = " ".join(filter(None, (f"For {self._interaction.user.mention}:", content)))
        posted: discord.Message = await channel.send(named, embeds=[embed] if embed else [], **_with(view))
        return posted.id


class MentionReply:
    """A reply to a message, posted once and edited from then on."""

    def __init__(self, message: discord.Message) -> None:
        self._message = message
        self._posted: discord.Message | None = None

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
            replied_to=self._message.reference.message_id if self._message.reference else None,
        )

    @property
    def asker(self) -> Asker:
        guild = self._message.guild
        return asker_of(self._message.author, guild.id if guild else None, self._message.channel)

    async def tell(self, sentence: str) -> None:
        await self.show(content=sentence)

    async def show(
        self, *, content: str | None = None, embed: discord.Embed | None = None, view: discord.ui.View | None = None
    ) -> int:
        embeds = [embed] if embed else []
        if self._posted:
            await self._posted.edit(content=content, embeds=embeds, view=view)
        else:
            reference = _Reference.from_message(self._message, fail_if_not_exists=False)
            self._posted = await self._message.channel.send(content, embeds=embeds, reference=reference, **_with(view))
        return self._posted.id


class PressReply:
    """The answer to a press of a button or a form that was sent; only whoever did that sees it."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction

    @property
    def name(self) -> str:
        return f"interaction {self._interaction.id}"

    async def acknowledge(self) -> None:
        """Say that it takes longer than the three seconds that Discord waits."""
        await self._interaction.response.defer(ephemeral=True, thinking=True)

    async def tell(self, sentence: str) -> None:
        if self._interaction.response.is_done():
            await self._interaction.edit_original_response(content=sentence)
        else:
            await self._interaction.response.send_message(sentence, ephemeral=True)

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


def _with(view: discord.ui.View | None) -> dict[str, Any]:
    """What `send` is given: it knows no "no view"."""
    return {"view": view} if view else {}


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
