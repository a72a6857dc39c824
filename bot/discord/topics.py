"""The commands over the map of the notes: /topics, /timeline, /compare and /digest.

No language model is asked. Pictures are drawn where the assistant is asked, never on the event loop. Knows nothing of
how what is found looks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import discord
from discord import app_commands

from bot.discord.buttons import LONGEST_WANTED, page_buttons
from bot.discord.commands import Answering, Commands, choices, reply_to
from bot.discord.permission import asker_in
from bot.discord.progress import Line, who_of
from bot.discord.render import render
from bot.discord.reply import CommandReply, PressReply, Reply
from bot.discord.rules import Rulebook
from bot.discord.suggest import Kind
from bot.discord.topic_pages import PICTURE, comparison_page, described, digest_page, timeline_page, topics_page
from bot.files.timeline_chart import Chart, chart
from bot.question import check_question
from bot.since import since_day
from rag.map_types import Subject
from rag.protocols import Assistant, Cancelled
from rag.types import NotCovered

_LISTING = re.compile(r"footnote:topics:(\d{1,4}):(.{0,36})", re.DOTALL)


class TopicListing(NamedTuple):
    """What the buttons below a list of topics say."""

    page: int
    wanted: str


class Picture(discord.File):
    """A PNG whose id is a string, as Discord's API describes it; the library would send a number."""

    def __init__(self, png: bytes, *, description: str) -> None:
        super().__init__(io.BytesIO(png), filename=PICTURE, description=description)

    def to_dict(self, index: int) -> dict[str, Any]:
        return {**super().to_dict(index), "id": str(index)}


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Looks at the map of the notes for somebody."""

    line: Line
    rulebook: Rulebook

    async def topics(self, reply: Reply, wanted: str) -> None:
        """The first page of the topics that there are."""
        now = TopicListing(0, " ".join(wanted.split())[:LONGEST_WANTED])
        page = topics_page(await self._subjects(reply), wanted=now.wanted)
        await reply.show(embed=page.embed, view=page_buttons("topics:{page}", now.wanted, 0, page.pages))

    async def turn(self, reply: PressReply, asked: TopicListing) -> None:
        """Another page of them, in the same message; the last where there are fewer now."""
        await reply.stay()
        scope = await self.rulebook.permitted(reply.asker)
        subjects = await self.line.quietly(
            "browse", scope.call(_subjects), who=who_of(reply.asker), key=("subjects", scope)
        )
        page = topics_page(subjects, page=asked.page, wanted=asked.wanted)
        await reply.change(page.embed, page_buttons("topics:{page}", asked.wanted, page.number, page.pages))

    async def timeline(self, reply: CommandReply, topic: str) -> None:
        """A topic over time, as a picture. Raises QuestionError."""
        words = check_question(topic, what="topic")

        def look(assistant: Assistant, _cancelled: Cancelled) -> NotCovered | tuple[Chart, bytes]:
            from bot.files.timeline_png import MOST, draw  # loads what draws only once a picture is wanted

            found = assistant.survey().timeline(words)
            if isinstance(found, NotCovered):
                return found
            drawn = chart(found, most=MOST)
            return drawn, draw(drawn, dark=True)

        scope = await self.rulebook.permitted(reply.asker)
        result = await self.line.see_through(reply, "browse", scope.call(look))
        if isinstance(result, NotCovered):
            await reply.show(embed=render(result)[0])
            return
        drawn, png = result
        await reply.give(timeline_page(drawn), files=[Picture(png, description=described(drawn))])

    async def compare(self, reply: Reply, one: str, other: str) -> None:
        """Two things side by side. Raises QuestionError."""
        left, right = (check_question(each, what="topic") for each in (one, other))
        scope = await self.rulebook.permitted(reply.asker)
        look = scope.call(lambda assistant, _: assistant.survey().compare(left, right))
        result = await self.line.see_through(reply, "browse", look)
        page = render(result)[0] if isinstance(result, NotCovered) else comparison_page(result)
        await reply.show(embed=page)

    async def digest(self, reply: Reply, since: str) -> None:
        """What is new since a day. Raises QuestionError."""
        day = since_day(since, today=datetime.now().astimezone().date())
        scope = await self.rulebook.permitted(reply.asker)
        look = scope.call(lambda assistant, cancelled: assistant.survey().digest(day, cancelled=cancelled))
        await reply.show(embed=digest_page(await self.line.see_through(reply, "browse", look)))

    async def _subjects(self, reply: Reply) -> Sequence[Subject]:
        scope = await self.rulebook.permitted(reply.asker)
        return await self.line.see_through(reply, "browse", scope.call(_subjects))


def _subjects(assistant: Assistant, cancelled: Cancelled) -> Sequence[Subject]:
    return assistant.survey().subjects(cancelled=cancelled)


def topic_listing(custom_id: str) -> TopicListing | None:
    """Which page of the topics a custom_id asks for; None if it asks for none."""
    match = _LISTING.fullmatch(custom_id)
    return TopicListing(int(match[1]), match[2]) if match else None


class Mapping(Answering, Protocol):
    """What these commands need of the client."""

    topics: Topics


def add_topic_commands(tree: Commands, client: Mapping) -> None:
    """Give `tree` the commands over the map of the notes."""

    def offering(kind: Kind) -> Any:  # noqa: ANN401  # the library has no name for it
        async def offered(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
            return choices(await client.browse.offered(asker_in(interaction), kind, typed))

        return offered

    @tree.command(description="List the topics that the notes really have.")
    @app_commands.describe(words="Only topics with these words")
    @app_commands.rename(words="filter")
    async def topics(
        interaction: discord.Interaction[Any], words: app_commands.Range[str, 0, LONGEST_WANTED] = ""
    ) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.topics.topics(reply, words), what="topics")

    @tree.command(description="See when a topic comes up, by date and minute, as a picture.")
    @app_commands.describe(topic="A word or a few, such as: sleep")
    @app_commands.autocomplete(topic=offering("topic"))
    async def timeline(interaction: discord.Interaction[Any], topic: str) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.topics.timeline(reply, topic), what="timeline")

    @tree.command(description="Put two topics, guests or episodes side by side.")
    @app_commands.describe(one="A topic, a guest or an episode", other="Another one")
    @app_commands.autocomplete(one=offering("thing"), other=offering("thing"))
    async def compare(interaction: discord.Interaction[Any], one: str, other: str) -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.topics.compare(reply, one, other), what="compare")

    @tree.command(description="See what the newest notes add.")
    @app_commands.describe(since="A day or how long ago, such as 2024-05-31, 7d or 2 weeks")
    async def digest(interaction: discord.Interaction[Any], since: str = "7d") -> None:
        reply = reply_to(interaction)
        await client.attend(reply, client.topics.digest(reply, since), what="digest")
