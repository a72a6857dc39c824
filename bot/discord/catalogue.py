"""What the notes are called and how much there is, at hand on the event loop: for lists and for suggestions.

It is read whenever the notes change, behind everybody who waits for an answer. Knows nothing of how it is shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.discord.progress import Line
from bot.discord.suggest import Kind, Offer, Suggestions
from rag.protocols import Assistant, Cancelled
from rag.types import Overview

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Known:
    overview: Overview
    suggestions: Suggestions


class Catalogue:
    """The notes as they were when they last changed."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: _Known | None = None
        self._reading: asyncio.Task[None] | None = None

    def refresh(self) -> None:
        """Read it anew; where that fails nothing is known any longer. On the event loop."""
        self.stop()
        self._reading = asyncio.create_task(self._read(), name="footnote-catalogue")

    def stop(self) -> None:
        """Read no further."""
        if self._reading:
            self._reading.cancel()

    async def overview(self) -> Overview:
        """What there is. Raises what the assistant raises, while it cannot be asked."""
        if self._known is None:
            self._known = await self._line.quietly("browse", _look)
        return self._known.overview

    def offered(self, kind: Kind, typed: str) -> Sequence[Offer]:
        """What may be meant by what was typed so far; nothing while the notes are still being opened."""
        return self._known.suggestions.offered(kind, typed) if self._known else ()

    async def _read(self) -> None:
        try:
            self._known = await self._line.worker.submit("browse", _look, patient=True).done
        except Exception as error:  # whoever asks for the list hears what is the matter
            self._known = None
            log.info("there is nothing to suggest: %s", type(error).__name__)


def _look(assistant: Assistant, _cancelled: Cancelled) -> _Known:
    overview = assistant.browse().overview()
    return _Known(overview=overview, suggestions=Suggestions(overview.episodes))
