"""The commands that look something up: episodes, one episode, a quote, what the bot is and can do.

No language model is asked. Knows nothing of how what is found looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.discord.buttons import LONGEST_WANTED, Listing, list_buttons
from bot.discord.catalogue import Catalogue
from bot.discord.pages import NO_QUOTE, Sort, about_page, episode_page, help_page, list_page, quote_page
from bot.discord.progress import Line
from bot.discord.reply import PressReply, Reply
from bot.state.memory import Memory
from rag.choices import choose
from rag.protocols import Assistant, Cancelled
from rag.types import Citation, Episode, Filter


@dataclass(frozen=True, kw_only=True)
class Browse:
    """Looks things up. `days`: how long questions are kept."""

    line: Line
    catalogue: Catalogue
    memory: Memory
    days: int

    async def episodes(self, reply: Reply, *, wanted: str, sort: Sort) -> None:
        """The first page of the list."""
        now = Listing(0, sort, " ".join(wanted.split())[:LONGEST_WANTED])
        first = list_page((await self.catalogue.overview()).episodes, wanted=now.wanted, sort=sort)
        await reply.show(embed=first.embed, view=list_buttons(now, first.pages))

    async def turn(self, reply: PressReply, asked: Listing) -> None:
        """Another page of the list, in the same message; the last where there are fewer now."""
        await reply.stay()
        episodes = (await self.catalogue.overview()).episodes
        page = list_page(episodes, page=asked.page, wanted=asked.wanted, sort=asked.sort)
        await reply.change(page.embed, list_buttons(asked._replace(page=page.number), page.pages))

    async def episode(self, reply: Reply, name: str) -> None:
        """One episode, by its id or name. Raises QuestionError where there is none, or several."""

        def look(assistant: Assistant, _cancelled: Cancelled) -> tuple[Episode, Sequence[Citation]]:
            browse = assistant.browse()
            episodes = {episode.id: episode for episode in browse.overview().episodes}
            choice = choose([Filter(kind="episode", label=name, hard=True)], episodes.values())
            found = min(choice.episodes if choice else ())
            return episodes[found], browse.outline(found)

        episode, outline = await self.line.see_through(reply, "browse", look)
        await reply.show(embed=episode_page(episode, outline))

    async def quote(self, reply: Reply, topic: str) -> None:
        """A passage about a topic, or any."""
        words = topic.strip()
        found = await self.line.see_through(reply, "browse", lambda assistant, _: assistant.browse().quote(words))
        if found:
            await reply.show(embed=quote_page(found))
        else:
            await reply.tell(f"🚫 {NO_QUOTE}")

    async def about(self, reply: Reply, *, to_owner: bool) -> None:
        """What the bot knows and stores; only its owner is told what exactly keeps it from remembering."""
        trouble = self.memory.trouble
        told = trouble if to_owner or not trouble else "My owner finds out more in the log."
        await reply.show(embed=about_page(await self.catalogue.overview(), days=self.days, trouble=told))

    async def help(self, reply: Reply) -> None:
        """What people can do."""
        await reply.show(embed=help_page())
