"""What an answer that is on its way has come to: told on the thread that answers, read on the event loop.

Several may follow one answer. Knows nothing of how it is shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rag.protocols import Stage, Watch
from rag.types import Citation, Sentence


class Told:
    """What has been told so far. Make it on the event loop.

    Attributes:
        evidence: what comes nearest, or what a model writes from.
        since: when there was first something to show, by `time.monotonic()`; None while there is nothing.
        stage: what is being done; None while nobody says.
        version: another number whenever there is more.
    """

    def __init__(self) -> None:
        self.evidence: tuple[Citation, ...] = ()
        self.since: float | None = None
        self.stage: Stage | None = None
        self.version = 0
        self._sentences: list[Sentence] = []
        self._followers: set[asyncio.Event] = set()
        self._loop = asyncio.get_running_loop()

    @property
    def watch(self) -> Watch:
        """What the assistant is given."""
        return Watch(on_evidence=self._on_evidence, on_sentence=self._on_sentence, on_stage=self._on_stage)

    @property
    def sentences(self) -> Sequence[Sentence]:
        """What has been checked and will be shown."""
        return tuple(self._sentences)

    @contextmanager
    def followed(self, news: asyncio.Event) -> Iterator[None]:
        """Inside the block `news` is set whenever there is more."""
        self._followers.add(news)
        try:
            yield
        finally:
            self._followers.discard(news)

    def _on_evidence(self, citations: Sequence[Citation]) -> None:
        self.evidence = tuple(citations)
        self._tell()

    def _on_sentence(self, sentence: Sentence, _cited: Sequence[Citation]) -> None:
        self._sentences.append(sentence)
        self._tell()

    def _on_stage(self, stage: Stage) -> None:
        self.stage = stage
        self._wake()

    def _tell(self) -> None:
        self.version += 1
        self.since = self.since or time.monotonic()
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            self._loop.call_soon_threadsafe(self._spread)

    def _spread(self) -> None:
        for news in self._followers:
            news.set()
