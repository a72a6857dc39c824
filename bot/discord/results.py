"""What came of the latest questions, so that its other pages can be shown; of an earlier one, by asking again.

Kept in the memory of the program alone: no answer's text is ever stored. Knows nothing of how a result is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from bot.discord.progress import Line
from bot.discord.scope import Scope
from bot.line.answer_cache import AnswerCache
from bot.line.answer_cache import Result as Result
from bot.line.worker import Call, Who
from bot.state.conversations import Kept
from bot.state.views import View
from rag.map_types import TopicSummary
from rag.types import Citation, Filter, FilterKind, NotCovered

MOST = 100


class Results:
    """The results of the latest turns. `cache`: where the answers themselves are kept.

    Attributes:
        build: of the index that is served.
    """

    def __init__(self, line: Line, cache: AnswerCache) -> None:
        self._line = line
        self._cache = cache
        self._latest: dict[int, Result] = {}
        self.build = ""

    def keep(self, turn: int, result: Result, *, build: str) -> None:
        """Keep a result while it is one of the latest; `build`: what was served when it was asked for."""
        if build != self.build:
            return  # the notes have changed meanwhile
        self._latest[turn] = result if isinstance(result, TopicSummary) else replace(result, trace=None)
        while len(self._latest) > MOST:
            del self._latest[next(iter(self._latest))]

    def known(self, turn: int) -> Result | None:
        """The result of a turn; None where it is none of the latest."""
        return self._latest.get(turn)

    async def of(self, kept: Kept, view: View, scope: Scope, who: Who) -> Result:
        """The result of a turn, from the notes as they are now where it is none of the latest."""
        if known := self.known(kept.id):
            return known
        build = self.build
        again = scope.call(_again(kept, view))
        result = await self._line.quietly(kept.asked.kind, again, who=who, key=("again", kept.id, scope, build))
        if not isinstance(result, TopicSummary):
            result = replace(result, question=kept.asked.question)
        self.keep(kept.id, result, build=build)
        return result

    def clear(self) -> None:
        """Keep nothing, nor in the cache: somebody has had something forgotten."""
        self._latest.clear()
        self._cache.clear()

    def notes_changed(self, build: str) -> None:
        """This build of the index is served from now on."""
        self.build = build
        self._latest.clear()
        self._cache.notes_changed()


def cited(result: Result | None) -> Sequence[Citation]:
    """What a result quotes."""
    if result is None:
        return ()
    return result.closest if isinstance(result, NotCovered) else result.citations


def _again(kept: Kept, view: View) -> Call[Result]:
    asked = kept.asked
    if asked.kind == "topic":
        return lambda assistant, cancelled: assistant.topic(asked.question, cancelled=cancelled)
    filters = [Filter(kind=cast("FilterKind", kind), label=label, hard=True) for kind, label in view.filters]
    words = asked.searched or asked.question
    return lambda assistant, cancelled: assistant.ask(words, filters=filters, cancelled=cancelled)
