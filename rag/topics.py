"""What all episodes say about a topic: cited points, grouped by sub-theme, and the episodes that cover it."""

from __future__ import annotations

from rag.gate import Thresholds
from rag.index import Index
from rag.types import Cancelled, Embedder, NotCovered, TopicSummary


class Summarizer:
    """Summarises topics over one index."""

    def __init__(self, index: Index, embedder: Embedder, *, thresholds: Thresholds) -> None:
        self._index = index
        self._embedder = embedder
        self._thresholds = thresholds

    def summarize(self, topic: str, *, cancelled: Cancelled | None = None) -> TopicSummary | NotCovered:
        """Up to eight cited points. Raises QuestionError, Interrupted."""
        raise NotImplementedError
