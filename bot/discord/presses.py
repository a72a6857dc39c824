"""What happens when somebody presses a button below an answer, or sends the form behind it.

Anybody can send any custom_id: what it asks for is done only if the database knows its token, it belongs to that
message and that person, and offers that. Everybody hears a sentence, which only they see.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast

import discord

from bot.discord.brevity import shortened
from bot.discord.browse import Browse
from bot.discord.buttons import (
    CITATION,
    REASON,
    buttons,
    filled_in,
    language_of,
    listing,
    pressed,
    reason_form,
    report_form,
)
from bot.discord.direct import UNDELIVERABLE, tell_owner
from bot.discord.owner_lists import OwnerLists
from bot.discord.pages import context_pages, more_page
from bot.discord.permission import asker_at, asker_in
from bot.discord.progress import Line, who_of
from bot.discord.recall import PURGE_SECONDS
from bot.discord.render import forgotten, render, wrong_citation
from bot.discord.reply import PressReply, TextFile, apologise
from bot.discord.results import Result, Results, cited
from bot.discord.rules import Rulebook
from bot.discord.scope import Scope
from bot.discord.speech import speak_with
from bot.discord.topics import Topics, topic_listing
from bot.language import speaking, spoken
from bot.state import conversations, feedback, subscriptions, views
from bot.state.conversations import Kept
from bot.state.database import Database
from bot.state.memory import Memory
from bot.state.views import View
from bot.terminal.render_text import plain
from bot.terminal.render_text import render as as_text
from bot.wording import clean
from rag.errors import FootnoteError
from rag.map_types import TopicSummary
from rag.phrase import Phrase

UNKNOWN = Phrase("This button no longer works: what it was about has been forgotten. Ask again, and you get new ones.")
NOT_YOURS = Phrase("This answer belongs to somebody else, and so do its buttons. Ask me yourself with /ask.")
NOT_OFFERED = Phrase("This button does not exist. Nothing was done.")
THANKS = Phrase("Thank you. Your vote is counted.")
COUNTED = Phrase("You voted so before; it counts once.")
CHANGED = Phrase("I have changed your vote.")
EXPLAINED = Phrase("Thank you for saying why.")
FILE = "answer.txt"
NOT_CANCELLED = Phrase("Nothing is being done there any more.")
NO_CONTEXT = Phrase("The passages are no longer in the notes.")
REPORTED = Phrase("Thank you. My owner has your report, and looks into it.")
REPORTED_BEFORE = Phrase("You have reported this citation already.")
KEPT = Phrase("Thank you. My owner cannot be reached right now; I have kept your report.")
WAITING = Phrase(
    "When a note covers this I send you one direct message, without a sound. I stop waiting after {days} days; "
    "/forget-me ends it at once."
).format(days=subscriptions.LASTS_DAYS)
TOO_MANY = Phrase("You wait for {most} questions already. /forget-me ends all of them.").format(most=subscriptions.MOST)

Act: TypeAlias = Callable[["Presses", discord.Interaction[Any], View], Awaitable[None]]


class PressRefused(FootnoteError):
    """What was pressed is not done; the message is for whoever pressed it."""


class Presses:
    """Acts on presses and forms. Make it where the owner's language is spoken: that of what the owner is told."""

    def __init__(
        self,
        memory: Memory,
        rulebook: Rulebook,
        line: Line,
        results: Results,
        browse: Browse,
        lists: OwnerLists,
        topics: Topics,
    ) -> None:
        self._memory = memory
        self._rulebook = rulebook
        self._line = line
        self._results = results
        self._browse = browse
        self._lists = lists
        self._topics = topics
        self._owners = spoken()

    async def take(self, interaction: discord.Interaction[Any]) -> None:
        """Act on a press or on a form that was sent. Never raises."""
        speak_with(interaction)
        reply = PressReply(interaction)
        try:
            if not await self._without_a_view(interaction):
                view, act = await self._permitted(interaction)
                await act(self, interaction, view)
        except PressRefused as refusal:
            with suppress(*UNDELIVERABLE):
                await reply.tell(refusal.message)
        except Exception as error:
            await apologise(reply, error)

    async def _without_a_view(self, interaction: discord.Interaction[Any]) -> bool:
        """Act on a button that the database knows nothing of; False where it is none. Raises PressRefused."""
        if interaction.type is not discord.InteractionType.component:
            return False
        reply, asked = PressReply(interaction), pressed(_custom_id(interaction))
        language, custom_id = language_of(_custom_id(interaction))
        if page := listing(custom_id):
            with speaking(language):
                await self._browse.turn(reply, page)
            return True
        if topics := topic_listing(custom_id):
            with speaking(language):
                await self._topics.turn(reply, topics)
            return True
        if (turned := await self._lists.turn(interaction, _custom_id(interaction))) is not None:
            if not turned:
                raise PressRefused(NOT_YOURS)
            return True
        if asked is None or asked.action != "cancel":
            return False
        cancelled = self._line.cancel(asked.token, interaction.user.id)
        if not cancelled:
            raise PressRefused(NOT_CANCELLED if cancelled is None else NOT_YOURS)
        await reply.stay()
        return True

    async def _permitted(self, interaction: discord.Interaction[Any]) -> tuple[View, Act]:
        """What to do, and with which view. Raises PressRefused, StateError."""
        asked = pressed(_custom_id(interaction))
        table = _SENT if interaction.type is discord.InteractionType.modal_submit else _PRESSED
        if asked is None or asked.action not in table:
            raise PressRefused(NOT_OFFERED)
        message = interaction.message.id if interaction.message else None
        view = await self._memory.run(partial(_find, token=asked.token, message=message))
        if view is None:
            raise PressRefused(UNKNOWN)
        if view.owner != interaction.user.id and (view.private or asked.action == "forget"):
            raise PressRefused(NOT_YOURS)
        if asked.action not in view.actions:
            raise PressRefused(NOT_OFFERED)
        return view, table[asked.action]

    async def _turn(self, interaction: discord.Interaction[Any], view: View) -> None:
        reply, asked, build = PressReply(interaction), pressed(_custom_id(interaction)), self._results.build
        result = self._results.known(view.turn)
        if result is None:
            await reply.stay()
            result = await self._result(interaction, view)
        asker = reply.asker
        rules = await self._rulebook.rules(asker.guild)
        result = shortened(result, rules.verbosity_in(*asker.channels))
        with speaking(view.language or spoken()):
            pages = render(result)
            page = min(asked.page if asked else 0, len(pages) - 1)
            await reply.change(pages[page], buttons(view.token, view.actions, page=page, pages=len(pages)))
        recite = partial(conversations.recite, turn=view.turn, citations=cited(result), build=build)
        await self._memory.attempt(recite, None)

    async def _context(self, interaction: discord.Interaction[Any], view: View) -> None:
        reply = PressReply(interaction)
        await reply.acknowledge()
        found = [citation for citation in cited(self._results.known(view.turn)) if citation.whole]
        if not found:
            kept = await self._citing(view)
            numbers = {each.passage_id: each.n for each in kept.asked.cited}
            scope = await self._scope(interaction, kept)
            look = scope.call(lambda assistant, _: assistant.browse().around(list(numbers)))
            key = ("around", tuple(numbers), scope)
            around = await self._line.quietly("browse", look, who=who_of(reply.asker), key=key)
            found = [replace(citation, n=numbers[citation.passage_id]) for citation in around]
        await (reply.give(embeds=context_pages(found)) if found else reply.tell(NO_CONTEXT))

    async def _more(self, interaction: discord.Interaction[Any], view: View) -> None:
        reply = PressReply(interaction)
        await reply.acknowledge()
        kept = await self._citing(view)
        asked, scope = kept.asked, await self._scope(interaction, kept)
        episode = asked.cited[0].episode_id
        known = [each.passage_id for each in asked.cited]
        words = asked.searched or asked.question
        look = scope.call(lambda assistant, _: assistant.browse().more(words, episode=episode, without=known))
        key = ("more", words, episode, tuple(known), scope)
        found = await self._line.quietly("browse", look, who=who_of(reply.asker), key=key)
        await reply.give(embeds=[more_page(asked.question, found)])

    async def _file(self, interaction: discord.Interaction[Any], view: View) -> None:
        reply = PressReply(interaction)
        await reply.acknowledge()
        result = await self._result(interaction, view)
        asked = result.topic if isinstance(result, TopicSummary) else result.question
        text = f"{clean(asked)}\n\n{plain(as_text(result))}\n"
        await reply.give(files=[TextFile(FILE, text)])

    async def _result(self, interaction: discord.Interaction[Any], view: View) -> Result:
        """Raises PressRefused once it is forgotten."""
        kept = await self._kept(view)
        scope = await self._scope(interaction, kept)
        return await self._results.of(kept, view, scope, who_of(asker_in(interaction)))

    async def _scope(self, interaction: discord.Interaction[Any], kept: Kept) -> Scope:
        """The notes that are meant for where it was asked, for those who may ask. Raises NotAllowed."""
        await self._rulebook.permitted(asker_in(interaction))
        return await self._rulebook.scope(asker_at(kept.asked.place, interaction.user.id))

    async def _up(self, interaction: discord.Interaction[Any], view: View) -> None:
        before = await self._vote(interaction, view, 1)
        await PressReply(interaction).tell(THANKS if before is None else COUNTED if before == 1 else CHANGED)

    async def _down(self, interaction: discord.Interaction[Any], view: View) -> None:
        await self._vote(interaction, view, -1)
        await interaction.response.send_modal(reason_form(view.token))

    async def _vote(
        self, interaction: discord.Interaction[Any], view: View, vote: feedback.Vote
    ) -> feedback.Vote | None:
        count = partial(feedback.vote, turn=view.turn, user=interaction.user.id, vote=vote, now=time.time())
        return await self._memory.run(count)

    async def _explain(self, interaction: discord.Interaction[Any], view: View) -> None:
        if reason := filled_in(interaction).get(REASON):
            explain = partial(feedback.explain, turn=view.turn, user=interaction.user.id, reason=reason)
            await self._memory.run(explain)
        await PressReply(interaction).tell(EXPLAINED if reason else THANKS)

    async def _ask_which(self, interaction: discord.Interaction[Any], view: View) -> None:
        kept = await self._citing(view)
        await interaction.response.send_modal(report_form(view.token, kept.asked.cited))

    async def _report(self, interaction: discord.Interaction[Any], view: View) -> None:
        reply = PressReply(interaction)
        await reply.acknowledge()
        kept, fields = await self._kept(view), filled_in(interaction)
        cited = next((each for each in kept.asked.cited if str(each.n) == fields.get(CITATION)), None)
        if cited is None:
            raise PressRefused(NOT_OFFERED)
        user, reason = interaction.user.id, fields.get(REASON, "")
        note = partial(feedback.report, turn=view.turn, user=user, citation=cited.n, reason=reason, now=time.time())
        if not await self._memory.run(note):
            raise PressRefused(REPORTED_BEFORE)
        shown, url = _as_shown(interaction.message)
        with speaking(self._owners):
            embed = wrong_citation(kept, cited, reason=reason, user=user, shown=shown, url=url)
        await reply.tell(REPORTED if await tell_owner(interaction.client, embed) else KEPT)

    async def _notify(self, interaction: discord.Interaction[Any], view: View) -> None:
        kept = await self._kept(view)
        wait = partial(subscriptions.subscribe, kept=kept, user=interaction.user.id, now=time.time())
        await PressReply(interaction).tell(WAITING if await self._memory.run(wait) else TOO_MANY)

    async def _forget(self, interaction: discord.Interaction[Any], view: View) -> None:
        reply = PressReply(interaction)
        await reply.acknowledge()
        self._results.clear()
        forget = partial(conversations.forget, turn=view.turn)
        await reply.tell(forgotten(await self._memory.run(forget, purge=True, patience=PURGE_SECONDS)))

    async def _kept(self, view: View) -> Kept:
        """Raises PressRefused once it is forgotten."""
        kept = await self._memory.run(partial(conversations.find, turn=view.turn))
        if kept is None:
            raise PressRefused(UNKNOWN)
        return kept

    async def _citing(self, view: View) -> Kept:
        """Raises PressRefused once it is forgotten, or was shown again without a citation."""
        kept = await self._kept(view)
        if not kept.asked.cited:
            raise PressRefused(NO_CONTEXT)
        return kept


_PRESSED: Mapping[str, Act] = {
    "back": Presses._turn,
    "next": Presses._turn,
    "context": Presses._context,
    "more": Presses._more,
    "file": Presses._file,
    "up": Presses._up,
    "down": Presses._down,
    "report": Presses._ask_which,
    "notify": Presses._notify,
    "forget": Presses._forget,
}
_SENT: Mapping[str, Act] = {"down": Presses._explain, "report": Presses._report}


def _custom_id(interaction: discord.Interaction[Any]) -> str:
    return str(cast("Mapping[str, Any]", interaction.data or {}).get("custom_id"))


def _as_shown(message: discord.Message | None) -> tuple[str, str]:
    """The text of an answer as it was posted, and where."""
    if message is None:
        return "", ""
    return (message.embeds[0].description or "" if message.embeds else ""), message.jump_url


def _find(db: Database, token: str, message: int | None) -> View | None:
    """The view with this token, unless it stands below another message than the one pressed."""
    view = views.find(db, token, time.time())
    kept = conversations.find(db, view.turn) if view else None
    elsewhere = kept is not None and message is not None and kept.message not in (None, message)
    return None if elsewhere else view
