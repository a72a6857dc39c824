"""What the client remembers of a conversation: before a question, after its answer, and until it is to be forgotten.

Nothing here fails because the memory cannot be used, but forgetting: who asks for that is told whether it was done.
Knows nothing of how anything is shown.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.discord.buttons import actions_for
from bot.language import spoken
from bot.state import conversations, erasure, pending, retention, views
from bot.state.conversations import Asked, Kind, Place
from bot.state.database import Database
from bot.state.memory import Memory
from bot.state.views import View
from rag.map_types import TopicSummary
from rag.types import Answer, Filter, NotCovered, Turn

PURGE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Recall:
    """A memory, and for how many days it keeps what it is told."""

    memory: Memory
    days: float

    async def history(self, place: Place) -> Sequence[Turn]:
        """The questions that one asked there may lean on, oldest first."""
        if not place.private and not place.thread and place.replied_to is None:
            return ()  # nothing goes on there
        return await self.memory.attempt(partial(conversations.history, place=place), ())

    @asynccontextmanager
    async def under_way(self, place: Place) -> AsyncIterator[None]:
        """Inside the block a question is being answered: were the bot killed, `unanswered` would tell the next one."""
        begin = partial(pending.begin, place=place, now=time.time())
        question = await self.memory.attempt(begin, None)
        try:
            yield
        except Exception:  # not where the bot itself is ended: then they are to be told
            await self._end(question)
            raise
        await self._end(question)

    async def _end(self, question: int | None) -> None:
        if question is not None:
            await self.memory.attempt(partial(pending.end, question=question), None)

    async def unanswered(self) -> Sequence[Place]:
        """Whom the bot before this one was answering when it ended; given once."""
        return await self.memory.attempt(partial(pending.take, now=time.time()), ())

    async def remember(
        self,
        place: Place,
        kind: Kind,
        result: Answer | NotCovered | TopicSummary,
        *,
        build: str,
        filters: Sequence[Filter] = (),
        pages: int = 1,
    ) -> View | None:
        """Keep a question with what came of it; the buttons to show with it, None where it could not be kept."""
        asked = Asked.of(place, result, kind=kind, build=build)
        actions = actions_for(result, kind=kind, cited=asked.cited, pages=pages, filtered=bool(filters))
        chosen = tuple((each.kind, each.label) for each in filters)
        keep = partial(self._keep, asked=asked, actions=actions, filters=chosen, language=spoken())
        return await self.memory.attempt(keep, None)

    async def posted(self, view: View, message: int) -> None:
        """What came of it is shown in this message."""
        await self.memory.attempt(partial(conversations.posted, turn=view.turn, message=message), None)

    async def is_in(self, place: Place) -> bool:
        """Whether this person has asked something in the conversation there."""
        return await self.memory.attempt(partial(conversations.latest, place=place), None) is not None

    async def forget(self, place: Place) -> int:
        """Forget what this person asked in the conversation there; how many questions. Raises StateError."""
        return await self.memory.run(partial(_forget_there, place=place), purge=True, patience=PURGE_SECONDS)

    async def erase(self, user: int) -> Mapping[str, int]:
        """Erase a person; how much of what. Raises StateError."""
        return await self.memory.run(partial(erasure.erase, user=user), purge=True, patience=PURGE_SECONDS)

    async def expire(self) -> bool:
        """Delete what has been kept long enough; False where that could not be done."""
        delete = partial(retention.expire, days=self.days, now=time.time())
        return await self.memory.attempt(delete, None, purge=True, patience=PURGE_SECONDS) is not None

    def _keep(
        self,
        db: Database,
        asked: Asked,
        actions: Sequence[str],
        filters: tuple[tuple[str, str], ...],
        language: str,
    ) -> View:
        now, place = time.time(), asked.place
        view = View(
            token=views.new_token(),
            turn=conversations.remember(db, asked, now),
            owner=place.user,
            private=place.private,
            actions=tuple(actions),
            filters=filters,
            language=language,
        )
        views.add(db, view, now, days=self.days)
        return view


def _forget_there(db: Database, place: Place) -> int:
    turn = conversations.latest(db, place)
    return 0 if turn is None else conversations.forget(db, turn)
