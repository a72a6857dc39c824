"""Notes that are added, taken away and listed from Discord, by those who may.

The owner may everywhere. Who manages a server may where a collection is set for it, and only in that. Knows nothing
of how files are checked or stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import discord

from bot.discord.direct import UNDELIVERABLE
from bot.discord.owner import Owner
from bot.discord.owner_pages import notes_pages
from bot.discord.permission import Asker, Caller
from bot.discord.reply import CommandReply
from bot.discord.rules import Rulebook
from bot.discord.text import safe
from bot.language import _
from bot.uploads import KEPT_DAYS, LARGEST, NoteFile, Notes, UploadRefused
from rag.phrase import Phrase

MOST = 25  # that Discord offers
ADDED = Phrase("📥 Added {name}{where}. I am reading it now.")
REMOVED = Phrase("🗑️ {name} is no longer among the notes{where}.{kept} I am reading the rest again.")
KEPT = Phrase(" It is kept for {days} days as `{path}` on the machine that I run on.")
TOO_LARGE = Phrase("The file has more than {most} MB.")
SPLIT = Phrase("Split it up.")
NOT_HANDED = Phrase("Discord did not hand me the file.")
ONCE_MORE = Phrase("Please send it once more.")
ALL_NOTES = Phrase("Here I answer from all notes, and only my owner changes those.")
NOT_HERE = Phrase("I was started in a way in which I cannot do that.")


@dataclass(frozen=True, kw_only=True)
class OwnerNotes:
    """Changes the notes."""

    owner: Owner
    rulebook: Rulebook

    async def add(self, reply: CommandReply, caller: Caller, *, file: discord.Attachment, replace: bool) -> None:
        """Put a file that was sent into the notes that are meant for here, and read them again."""
        notes, collection = self._notes(), await self._collection(reply.asker, caller)
        if file.size > LARGEST:
            raise UploadRefused(TOO_LARGE.format(most=LARGEST // 2**20), remedy=SPLIT)
        try:
            data = await file.read()
        except UNDELIVERABLE as error:
            raise UploadRefused(NOT_HANDED, remedy=ONCE_MORE) from error
        await self.owner.thread.run(partial(notes.add, collection, file.filename, data, replace=replace))
        said = ADDED.format(name=safe(file.filename, 150), where=_where(collection))
        await self._read(reply, caller, said)

    async def remove(self, reply: CommandReply, caller: Caller, *, name: str) -> None:
        """Take a file out of the notes that are meant for here, and read them again."""
        notes, collection = self._notes(), await self._collection(reply.asker, caller)
        path = await self.owner.thread.run(partial(notes.remove, collection, name))
        kept = KEPT.format(days=KEPT_DAYS, path=path.replace("`", "'")) if caller.owner else ""
        said = REMOVED.format(name=safe(name, 150), where=_where(collection), kept=kept)
        await self._read(reply, caller, said)

    async def _read(self, reply: CommandReply, caller: Caller, said: str) -> None:
        """Say something, read the notes again, and say behind it what has changed."""
        await reply.tell(said)
        if told := await self.owner.read_again(reply, caller):
            await reply.tell(f"{_(said)}\n{told}")

    async def pages(self, asker: Asker, caller: Caller) -> Sequence[discord.Embed]:
        """The files of the notes that are meant for here."""
        collection = await self._collection(asker, caller)
        return notes_pages(await self._listed(collection), collection=collection)

    async def offered(self, asker: Asker, caller: Caller | None, typed: str) -> Sequence[str]:
        """The files that may be meant; nothing for those who may not."""
        if caller is None:
            return ()
        try:
            found = await self._listed(await self._collection(asker, caller))
        except (UploadRefused, OSError):
            return ()
        return [each.name for each in found if typed.casefold() in each.name.casefold()][:MOST]

    async def _listed(self, collection: str | None) -> Sequence[NoteFile]:
        return await self.owner.thread.run(partial(self._notes().listed, collection))

    async def _collection(self, asker: Asker, caller: Caller) -> str | None:
        """Which notes are meant for here; None: all of them. Raises UploadRefused, NotAllowed."""
        collection = (await self.rulebook.scope(asker)).collection
        if collection is None and not caller.owner:
            raise UploadRefused(ALL_NOTES)
        return collection

    def _notes(self) -> Notes:
        notes = self.owner.notes
        if notes is None:
            raise UploadRefused(NOT_HERE)
        return notes


def _where(collection: str | None) -> str:
    return f" ({safe(collection, 80)})" if collection else ""
