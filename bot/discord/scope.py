"""Which notes somebody is answered from, and how readily: what stands between everybody and the assistant.

Every call to the assistant goes through a scope. Knows nothing of how scopes are set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from bot.line.worker import Call
from rag.certainty import Answers
from rag.protocols import Assistant, Cancelled

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an answer may come from.

    Attributes:
        collection: the notes; None: all of them.
        answers: how readily to answer; None: as the settings of the program have it.
    """

    collection: str | None = None
    answers: Answers | None = None

    def call(self, call: Call[T]) -> Call[T]:
        """The same call, made to an assistant that knows nothing else."""

        def kept(assistant: Assistant, cancelled: Cancelled) -> T:
            return call(assistant.of(self.collection, answers=self.answers), cancelled)

        return kept


EVERYTHING = Scope()
