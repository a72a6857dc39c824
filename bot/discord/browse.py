"""The commands that look something up: episodes, one episode, a quote, what the bot is and can do.

No language model is asked. Knows nothing of how what is found looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.discord.buttons import LONGEST_WANTED, Listing, list_buttons
from bot.discord.catalogue import Catalogue
from bot.discord.pages import NO_QUOTE, Sort, about_page, episode_page, help_page, list_page, quote_page
from bot.discord.permission import Asker
from bot.discord.progress import Line, who_of
from bot.discord.reply import PressReply, Reply
from bot.discord.rules import NotAllowed, Rulebook
from bot.discord.suggest import Kind, Offer
from bot.language import _
from bot.state.memory import Memory
from bot.wording import IN_THE_LOG
from rag.choices import choose
from rag.protocols import Assistant, Cancelled
from rag.types import Citation, Episode, Filter, Overview


@dataclass(frozen=True, kw_only=True)
class Browse:
    """Looks things up. `days`: how long questions are kept."""

    line: Line
    rulebook: Rulebook
    catalogue: Catalogue
    memory: Memory
    days: int

    async def episodes(self, reply: Reply, *, wanted: str, sort: Sort) -> None:
        """The first page of the list."""
        now = Listing(0, sort, " ".join(wanted.split())[:LONGEST_WANTED])
        first = list_page((await self._permitted(reply.asker)).episodes, wanted=now.wanted, sort=sort)
        await reply.show(embed=first.embed, view=list_buttons(now, first.pages))

    async def turn(self, reply: PressReply, asked: Listing) -> None:
        """Another page of the list, in the same message; the last where there are fewer now."""
        await reply.stay()
        episodes = (await self._permitted(reply.asker)).episodes
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

        scope = await self.rulebook.permitted(reply.asker)
        episode, outline = await self.line.see_through(reply, "browse", scope.call(look))
        await reply.show(embed=episode_page(episode, outline))

    async def quote(self, reply: Reply, topic: str) -> None:
        """A passage about a topic, or any."""
        words = topic.strip()
        scope = await self.rulebook.permitted(reply.asker)
        look = scope.call(lambda assistant, _: assistant.browse().quote(words))
        found = await self.line.see_through(reply, "browse", look)
        if found:
            await reply.show(embed=quote_page(found))
        else:
            await reply.tell(f"🚫 {_(NO_QUOTE)}")

    async def about(self, reply: Reply, *, to_owner: bool) -> None:
        """What the bot knows and stores; only its owner is told what exactly keeps it from remembering."""
        trouble = self.memory.trouble
        told = trouble if to_owner or not trouble else IN_THE_LOG
        asker = reply.asker
        overview = await self.catalogue.overview(await self.rulebook.scope(asker), who_of(asker))
        await reply.show(embed=about_page(overview, days=self.days, trouble=told))

    async def offered(self, asker: Asker, kind: Kind, typed: str) -> Sequence[Offer]:
        """What may be meant by what somebody has typed so far."""
        try:
            return self.catalogue.offered(await self.rulebook.permitted(asker), kind, typed)
        except NotAllowed:
            return ()

    async def _permitted(self, asker: Asker) -> Overview:
        """What there is, for those who may ask. Raises NotAllowed."""
        return await self.catalogue.overview(await self.rulebook.permitted(asker), who_of(asker))

    async def help(self, reply: Reply) -> None:
        """What people can do."""
        await reply.show(embed=help_page())
