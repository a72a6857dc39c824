"""Gets a question answered for as little as it takes: as it was answered before, with somebody who asks the same, anew.

Knows nothing of how a result is shown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from bot.discord.progress import Line, Shown
from bot.discord.scope import Scope
from bot.line.answer_cache import AnswerCache, Question, Result, in_words_of
from bot.line.worker import Call
from rag.errors import FootnoteError
from rag.protocols import NOBODY, Assistant, Cancelled


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Answers from a cache, and what is not there by the assistant behind a line."""

    line: Line
    cache: AnswerCache

    async def result(self, shown: Shown, question: Question, scope: Scope) -> Result:
        """What comes of a question in its asker's words, who is shown how it goes. Raises as `Line.follow`."""
        result = self.cache.sure(question) or await self._unless_changed(shown, question, scope)
        if result is None:
            era = self.cache.era
            call = scope.call(_call(shown, question))
            result = await self.line.follow(shown, question.kind, call, key=question)
            self.cache.keep(question, result, era=era)
        return in_words_of(result, shown.asked)

    async def refresh(self) -> None:
        """Have the topics ready again that are asked often, while nobody else waits; what fails is left to who asks."""
        for question in self.cache.often("topic"):
            era, scope = self.cache.era, question.scope
            with suppress(FootnoteError):
                call = scope.call(partial(_topic, question.words)) if isinstance(scope, Scope) else None
                if call:
                    job = self.line.worker.submit(question.kind, call, key=question, patient=True)
                    self.cache.renew(question, await job.done, era=era)

    async def _unless_changed(self, shown: Shown, question: Question, scope: Scope) -> Result | None:
        """The answer from before the notes may have changed, if what it rests on is the same."""
        before, era = self.cache.unsure(question), self.cache.era
        if before is None:
            return None
        asked, history, filters = shown.asked, question.history, question.filters
        look = scope.call(lambda assistant, _: assistant.basis(asked, history=history, filters=filters))
        now = await self.line.follow(replace(shown, told=None), "check", look, key=("check", question))
        return self.cache.confirm(question, before, era=era) if now == before.basis else None


def _topic(words: str, assistant: Assistant, cancelled: Cancelled) -> Result:
    return assistant.topic(words, cancelled=cancelled)


def _call(shown: Shown, question: Question) -> Call[Result]:
    """What to ask the assistant."""
    words, history, filters = shown.asked, question.history, question.filters
    watch = shown.told.watch if shown.told else NOBODY
    if question.kind == "topic":
        return lambda assistant, cancelled: assistant.topic(words, watch=watch, cancelled=cancelled)
    return lambda assistant, cancelled: assistant.ask(
        words, watch=watch, history=history, filters=filters, cancelled=cancelled
    )
