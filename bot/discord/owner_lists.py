"""Lists for those who run the bot, a page at a time: notes, and what people thought of answers.

The buttons say all there is to know, and anybody can send their custom_ids: who may see a list is found out at every
press. Knows nothing of what is in a list.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import discord

from bot.discord.permission import Asker, Caller, caller_of
from bot.discord.reply import CommandReply, PressReply
from bot.language import _

Pages: TypeAlias = Callable[[Asker, Caller], Awaitable[Sequence[discord.Embed]]]

_CUSTOM_ID = re.compile(r"footnote:own:([a-z]{1,10}):(\d{1,4})", re.ASCII)


class OwnerLists:
    """The lists by their names."""

    def __init__(self, lists: Mapping[str, Pages]) -> None:
        self._lists = lists

    async def show(self, reply: CommandReply, caller: Caller, *, name: str) -> None:
        """The first page of a list."""
        pages = await self._lists[name](reply.asker, caller)
        await reply.show(embed=pages[0], view=_buttons(name, 0, len(pages)))

    async def turn(self, interaction: discord.Interaction[Any], custom_id: str) -> bool | None:
        """Show the page that a button asks for; False where it is not for who pressed it, None where it is no such."""
        asked = _CUSTOM_ID.fullmatch(custom_id)
        if asked is None or asked[1] not in self._lists:
            return None
        caller, reply = caller_of(interaction), PressReply(interaction)
        if caller is None:
            return False
        pages = await self._lists[asked[1]](reply.asker, caller)
        page = min(int(asked[2]), len(pages) - 1)
        await reply.change(pages[page], _buttons(asked[1], page, len(pages)))
        return True


def _buttons(name: str, page: int, pages: int) -> discord.ui.View | None:
    """The buttons below a page; None where there is one. On the event loop."""
    if pages < 2:
        return None
    view = discord.ui.View(timeout=None)
    for label, emoji, to in ((_("Back"), "◀️", page - 1), (_("Next"), "▶️", page + 1)):
        custom_id = f"footnote:own:{name}:{to % 10_000}"
        view.add_item(discord.ui.Button(label=label, emoji=emoji, custom_id=custom_id, disabled=not 0 <= to < pages))
    view.stop()  # presses come as events
    return view
