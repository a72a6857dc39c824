"""The map of the notes: which topics they have, a topic over time, two things side by side, what is new.

Composes the steps that do this over one index. Asks no language model. Knows nothing of faces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rag.index import Index
from rag.map_types import Comparison, Digest, Subject, Timeline
from rag.protocols import Cancelled, Embedder
from rag.topics.compare import Comparing
from rag.topics.digest import digest
from rag.topics.mentions import Mentions
from rag.topics.subject_store import as_subject, found_in
from rag.topics.subjects import Found
from rag.topics.timeline import timeline
from rag.types import NotCovered


class Surveyor:
    """Surveys one index. `added`: gives, by file, the days on which notes came or changed, ISO 8601."""

    def __init__(
        self, index: Index, embedder: Embedder, *, added: Callable[[], Mapping[str, str]] = dict[str, str]
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._added = added
        self._mentions = Mentions(index, embedder)
        self._known: Sequence[Found] | None = None

    def subjects(self, *, cancelled: Cancelled | None = None) -> tuple[Subject, ...]:
        """The topics that the notes have, those with the most passages first. Raises Interrupted."""
        return tuple(as_subject(self._index, each) for each in self._found(cancelled))

    def timeline(self, topic: str) -> Timeline | NotCovered:
        """When the episodes speak of a topic. Raises QuestionError where no word in it says anything."""
        return timeline(self._index, self._mentions.relevant(topic))

    def compare(self, one: str, other: str) -> Comparison | NotCovered:
        """Two topics, guests or episodes side by side. Raises QuestionError."""
        comparing = Comparing(
            index=self._index,
            embedder=self._embedder,
            relevant=self._mentions.relevant,
            subjects=self._found,
        )
        return comparing.compare(one, other)

    def digest(self, since: str, *, cancelled: Cancelled | None = None) -> Digest:
        """What the notes since a day, ISO 8601, add. Raises Interrupted."""
        return digest(self._index, since, added=self._added(), cancelled=cancelled)

    def _found(self, cancelled: Cancelled | None = None) -> Sequence[Found]:
        if self._known is None:
            self._known = found_in(self._index, self._embedder, cancelled=cancelled)
        return self._known
