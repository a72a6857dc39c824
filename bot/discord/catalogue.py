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
from bot.worker import Who
from rag.errors import FootnoteError
from rag.protocols import Assistant, Cancelled
from rag.types import Overview

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Known:
    overview: Overview
    suggestions: Suggestions


class Catalogue:
    """The notes as they were when they last changed. `collections`: all that there are beside all notes, by now."""

    def __init__(self, line: Line, collections: Callable[[], Iterable[str]] = tuple) -> None:
        self._line = line
        self._collections = collections
        self._known: dict[str | None, _Known] = {}
        self._reading: asyncio.Task[None] | None = None

    def refresh(self) -> None:
        """Read it anew; where that fails nothing is known any longer. On the event loop."""
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
        before = dict(self._known)
        for collection in (None, *self._collections()):
            look = Scope(collection=collection).call(_look)
            try:
                self._known[collection] = await self._line.worker.submit("browse", look, patient=True).done
                await self._read_topics(collection)
            except Exception as error:  # whoever asks for the list hears what is the matter
                self._known.pop(collection, None)
                log.info("there is nothing to suggest: %s", type(error).__name__)
            before.pop(collection, None)
        for gone in before:
            self._known.pop(gone, None)

    async def _read_topics(self, collection: str | None) -> None:
        """Suggest topics, too: in a step of its own, since they may have to be found first."""
        look = Scope(collection=collection).call(_look_at_topics)
        try:
            self._known[collection] = await self._line.worker.submit("browse", look, patient=True).done
        except FootnoteError as error:
            log.info("there are no topics to suggest: %s", type(error).__name__)


def _look_at_topics(assistant: Assistant, cancelled: Cancelled) -> _Known:
    overview, topics = assistant.browse().overview(), assistant.survey().subjects(cancelled=cancelled)
    return _Known(overview=overview, suggestions=Suggestions(overview.episodes, [topic.name for topic in topics]))


def _look(assistant: Assistant, _cancelled: Cancelled) -> _Known:
    overview = assistant.browse().overview()
    return _Known(overview=overview, suggestions=Suggestions(overview.episodes))
