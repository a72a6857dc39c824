"""Everything that those who run the bot can do from Discord, put together.

Knows nothing of commands, nor of how any of it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import discord

from bot.discord.owner import Owner
from bot.discord.owner_lists import OwnerLists
from bot.discord.owner_notes import OwnerNotes
from bot.discord.owner_pages import feedback_pages
from bot.discord.owner_settings import OwnerSettings
from bot.discord.permission import Asker, Caller
from bot.discord.rules import Rulebook
from bot.state import feedback
from bot.state.memory import Memory
from rag.certainty import Answers


class Desk:
    """What is set, the notes, and the lists with pages.

    `answers`: how readily to answer unless that is set from Discord. `changed`: told that other notes are set.
    """

    def __init__(
        self, owner: Owner, rulebook: Rulebook, memory: Memory, *, answers: Answers, changed: Callable[[], None]
    ) -> None:
        self._memory = memory
        self.settings = OwnerSettings(owner=owner, rulebook=rulebook, answers=answers, changed=changed)
        self.notes = OwnerNotes(owner=owner, rulebook=rulebook)
        self.lists = OwnerLists({"feedback": self._feedback, "notes": self.notes.pages})

    async def _feedback(self, _asker: Asker, caller: Caller) -> Sequence[discord.Embed]:
        return feedback_pages(await self._memory.run(partial(feedback.listed, guild=caller.guild)))
