"""What the notes are called and how much there is, at hand on the event loop: for lists and for suggestions.

Of each collection by itself. It is read whenever the notes change, behind everybody who waits for an answer. Knows
nothing of how it is shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.discord.progress import Line
from bot.discord.scope import Scope
from bot.discord.suggest import Kind, Offer, Suggestions
from bot.line.worker import Restarting, Who
from rag.errors import IndexMissing
from rag.protocols import Assistant, Cancelled
from rag.types import Overview

log = logging.getLogger(__name__)

SECONDS_BEFORE_ANOTHER_TRY = 60.0  # the first time; then twice as long each time
LONGEST_PAUSE = 3_600.0


@dataclass(frozen=True, kw_only=True)
class _Known:
    overview: Overview
    suggestions: Suggestions


class Catalogue:
    """The notes as they were when they last changed.

    `collections`: all that there are beside all notes, by now. `pause`: seconds until what failed is tried again.
    """

    def __init__(
        self,
        line: Line,
        collections: Callable[[], Iterable[str]] = tuple,
        *,
        pause: float = SECONDS_BEFORE_ANOTHER_TRY,
    ) -> None:
        self._line = line
        self._pause = pause
        self._collections = collections
        self._known: dict[str | None, _Known] = {}
        self._reading: asyncio.Task[None] | None = None

    def refresh(self) -> None:
        """Read it anew; where that fails nothing is known until another try succeeds. On the event loop."""
        self.stop()
        self._reading = asyncio.create_task(self._read(), name="footnote-catalogue")

    def stop(self) -> None:
        """Read no further."""
        if self._reading:
            self._reading.cancel()

    async def overview(self, scope: Scope, who: Who) -> Overview:
        """What there is. Raises what the assistant raises, while it cannot be asked, and QueueFull."""
        name = scope.collection
        if name not in self._known:
            call = Scope(collection=name).call(_look)
            self._known[name] = await self._line.quietly("browse", call, who=who, key=("overview", name))
        return self._known[name].overview

    def offered(self, scope: Scope, kind: Kind, typed: str) -> Sequence[Offer]:
        """What may be meant by what was typed so far; nothing while the notes are still being opened."""
        known = self._known.get(scope.collection)
        return known.suggestions.offered(kind, typed) if known else ()

    async def _read(self) -> None:
        pause, failed = self._pause, await self._read_these((None, *self._collections()))
        for gone in self._known.keys() - {None, *self._collections()}:
            del self._known[gone]
        while failed:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            failed = await self._read_these(failed)

    async def _read_these(self, collections: Iterable[str | None]) -> Sequence[str | None]:
        """Read them; which are worth another try."""
        return [collection for collection in collections if not await self._read_one(collection)]

    async def _read_one(self, collection: str | None) -> bool:
        """Topics come in a step of their own, since they may have to be found first. False where a try may help."""
        known = False
        try:
            for look in (_look, _look_at_topics):
                call = Scope(collection=collection).call(look)
                self._known[collection] = await self._line.worker.submit("browse", call, patient=True).done
                known = True
        except Exception as error:  # whoever asks for the list hears what is the matter
            log.info("there is %s to suggest: %s", "no topic" if known else "nothing", type(error).__name__)
            if not known:
                self._known.pop(collection, None)
            return isinstance(error, (IndexMissing, Restarting))  # then there will be a change, or nobody who asks
        return True


def _look_at_topics(assistant: Assistant, cancelled: Cancelled) -> _Known:
    overview, topics = assistant.browse().overview(), assistant.survey().subjects(cancelled=cancelled)
    return _Known(overview=overview, suggestions=Suggestions(overview.episodes, [topic.name for topic in topics]))


def _look(assistant: Assistant, _cancelled: Cancelled) -> _Known:
    overview = assistant.browse().overview()
    return _Known(overview=overview, suggestions=Suggestions(overview.episodes))
