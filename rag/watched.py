"""Being told how an answer comes about while it does: the evidence first, then each sentence once it is checked.

The seam between what answers and the faces; knows nothing of either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from rag.protocols import Cancelled
from rag.types import Answer, Citation, Earlier, Filter, NotCovered, Sentence

OnEvidence = Callable[[Sequence[Citation]], None]
OnSentence = Callable[[Sentence, Sequence[Citation]], None]


def unseen(_citations: Sequence[Citation]) -> None:
    """Nobody wants to see the evidence."""


def unheard(_sentence: Sentence, _citations: Sequence[Citation]) -> None:
    """Nobody wants to be told a sentence."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who wants to be told; called on the thread that answers, so it must return at once.

    Attributes:
        on_evidence: the spans that a model gets to write from, before it writes.
        on_sentence: each sentence that will be shown, once it is checked, with the citations that carry it. Their
            numbers are those of the finished answer.
    """

    on_evidence: OnEvidence = unseen
    on_sentence: OnSentence = unheard


NOBODY = Watch()


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """A `Cancelled` that also tells until when somebody waits for the whole, by `time.monotonic()`."""

    cancelled: Cancelled
    until: float

    def __call__(self) -> bool:
        return self.cancelled()


def awaited_until(cancelled: Cancelled | None) -> float:
    """Until when somebody waits; for ever where nobody says."""
    return cancelled.until if isinstance(cancelled, GivenUp) else math.inf


@runtime_checkable
class Watched(Protocol):
    """An assistant that tells how an answer comes about."""

    def ask_watched(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch,
    ) -> Answer | NotCovered:
        """`Assistant.ask`, with `watch` told."""
        ...
