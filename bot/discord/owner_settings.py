"""What those who run the bot set from Discord, and that the indexes are there for the notes that are set.

Knows nothing of commands, and nothing of how anything looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import discord

from bot import failures
from bot.discord.hours import hours, zone, zones
from bot.discord.owner import NOT_POSSIBLE, Owner
from bot.discord.owner_pages import Set, settings_page
from bot.discord.permission import Caller
from bot.discord.reply import CommandReply
from bot.discord.rules import Rulebook
from bot.language import _
from bot.state.errors import StateError
from bot.state.rules import ALL, NOTHING, UNSET, Change
from rag.certainty import Answers
from rag.errors import QuestionError
from rag.phrase import Phrase

OWNERS_ALONE = Phrase(
    "🔒 How readily I answer, from which notes, and by which clock is my owner's to set. Nothing was set."
)
IN_A_SERVER = Phrase("⚠️ Channels and roles are set in the server that they are in. Nothing was set.")
NO_HOURS = Phrase("Quiet hours look like 22:00-07:00, or off.")
NO_ZONE = Phrase("There is no such time zone.")
MADE = Phrase("The folder is new and empty: put notes into it with /footnote notes add.")
INDEXING = Phrase("I am reading those notes now; nobody is answered from them until that is done.")
OFF = "off"
WORDS = {"all": ALL, "none": NOTHING, OFF: UNSET}
log = logging.getLogger(__name__)

MOST = 25  # that Discord offers


@dataclass(frozen=True, kw_only=True)
class OwnerSettings:
    """Changes settings. `answers`: how readily to answer unless that is set from Discord; `changed`: told of it."""

    owner: Owner
    rulebook: Rulebook
    answers: Answers
    changed: Callable[[], None]

    async def settings(self, reply: CommandReply, caller: Caller, *, wanted: Change) -> None:
        """Change what is wanted, and show what is set then. Raises QuestionError, StateError: nothing is set."""
        if not caller.owner and any(each is not None for each in (wanted.answers, wanted.notes, wanted.timezone)):
            await reply.tell(OWNERS_ALONE)
            return
        if caller.guild is None and (wanted.where or wanted.role is not None or wanted.channel):
            await reply.tell(IN_A_SERVER)
            return
        if wanted.notes is not None and self.owner.notes is None:
            await reply.tell(NOT_POSSIBLE)
            return
        plain = _plain(wanted)
        made, new = await self._change(caller.guild, plain)
        said = _(MADE) if made else _(INDEXING) if new else ""
        page = await self._page(caller.guild)
        await reply.show(embed=page, content=said or None)
        if new and (told := await self.owner.read_again(reply, caller)):
            await reply.show(embed=page, content=told)

    async def _page(self, guild: int | None) -> discord.Embed:
        rules, common = await self.rulebook.rules(guild), self.rulebook.common
        answers = rules.answers or common.answers or self.answers
        return settings_page(Set(rules=rules, common=common, answers=answers, direct=guild is None))

    async def _change(self, guild: int | None, wanted: Change) -> tuple[bool, bool]:
        """Set what is wanted: whether a folder was made for it, and whether something is still to be indexed.

        Whatever can fail on the disk is done before. Raises UploadRefused, StateError: nothing is set.
        """
        if wanted.notes is None:
            await self.rulebook.change(guild, wanted)
            return False, False
        made, new = await self._prepare(wanted.notes)
        try:
            await self.rulebook.change(guild, wanted)
        except StateError:
            await self.keep()  # as it was
            raise
        return made, await self.keep() or new

    async def _prepare(self, name: str) -> tuple[bool, bool]:
        """Have the folders of what is to be set, which says the same as `_change`. Raises UploadRefused."""
        notes = self.owner.notes
        if notes is None or name == UNSET:
            return False, False
        named = {name} - {ALL, NOTHING}
        made = [await self.owner.thread.run(partial(notes.make, each)) for each in named]
        collections = self.rulebook.common.collections | named
        return any(made), await self.owner.thread.run(partial(notes.keep, collections, apart=True))

    async def keep(self) -> bool:
        """See to it that what is set is indexed, and nothing else; whether something is not yet."""
        notes = self.owner.notes
        self.changed()
        if notes is None:
            return False
        common = self.rulebook.common
        return await self.owner.thread.run(lambda: notes.keep(common.collections, apart=common.apart))

    async def keep_at_start(self) -> None:
        """The same when the bot is started: its memory may have been put back from a copy."""
        try:
            if await self.keep() and (reread := self.owner.reread):
                await self.owner.thread.run(lambda: reread(None))
        except Exception as error:  # nobody asked for it, and it is tried again at the next change
            failures.report(error, where="collections", log=log)

    async def offered(self, caller: Caller | None, typed: str) -> Sequence[str]:
        """The notes that may be meant; nothing for anybody but the owner."""
        notes = self.owner.notes
        if caller is None or not caller.owner or notes is None:
            return ()
        found = [*WORDS, *await self.owner.thread.run(notes.collections)]
        return [name for name in found if typed.casefold() in name.casefold()][:MOST]


def offered_zones(typed: str) -> Sequence[str]:
    """The time zones that may be meant."""
    wanted = typed.casefold().replace(" ", "_")
    return [name for name in zones() if wanted in name.casefold()][:MOST]


def _plain(wanted: Change) -> Change:
    """The change as it is stored. Raises QuestionError."""
    notes = wanted.notes if wanted.notes is None else WORDS.get(wanted.notes.casefold(), wanted.notes)
    quiet = wanted.quiet
    if quiet is not None:
        quiet = UNSET if quiet.strip().casefold() == OFF else hours(quiet)
        if quiet is None:
            raise QuestionError(NO_HOURS, remedy=Phrase("Nothing was set."))
    if wanted.timezone and zone(wanted.timezone) is None:
        raise QuestionError(NO_ZONE, remedy=Phrase("Choose one of those that are offered, such as Europe/Berlin."))
    return replace(wanted, notes=notes, quiet=quiet)
