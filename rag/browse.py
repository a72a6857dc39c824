"""What can be looked up in the notes without a question: passages with what stands around them, minutes, quotes.

Asks no language model. Knows nothing of how an answer is decided.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from rag.index import Index
from rag.protocols import Embedder
from rag.retrieve import find
from rag.types import Citation, Overview, Passage
from rag.words import content_words

MORE = 4  # passages of an episode beside those that an answer quotes
OUTLINED = 12
CHOSEN_AMONG = 5  # passages about a topic, one of which is quoted
QUOTABLE = range(60, 500)  # characters of a passage that stands for itself
TRIES = 200
SAME_QUESTION = 0.72  # cosine from which two questions ask about the same: of 160 measured no two others came so near


class Browser:
    """Looks things up in one index. `models`: what each is for, and what it is called."""

    def __init__(self, index: Index, embedder: Embedder, *, models: Sequence[tuple[str, str]] = ()) -> None:
        self._index = index
        self._embedder = embedder
        self._models = tuple(models)

    def overview(self) -> Overview:
        """What there is to ask about."""
        index = self._index
        return Overview(
            episodes=tuple(sorted(index.episodes.values(), key=lambda e: (e.show or "", e.date or "", e.title))),
            notes=len(index.notes),
            passages=len(index.passages),
            models=self._models,
        )

    def around(self, passages: Sequence[str]) -> tuple[Citation, ...]:
        """The passages with these ids, whole, with what stands around them; those that are gone are left out."""
        return self._cited(self._by_id[each] for each in passages if each in self._by_id)

    def more(self, question: str, *, episode: str, without: Sequence[str]) -> tuple[Citation, ...]:
        """What comes nearest to a question in the episode with this id, the passages in `without` left out."""
        rows = {n for n, p in enumerate(self._index.passages) if p.episode_id == episode and p.id not in without}
        found = self._near(question, rows) if rows else ()
        return self._cited([passage for passage in found if not self._index.is_heading(passage)][:MORE])

    def outline(self, episode: str) -> tuple[Citation, ...]:
        """Passages that show what is said when in the episode with this id; only such as have a minute."""
        timed: dict[int, Passage] = {}
        for passage in self._index.passages:
            own = passage.seconds is not None and not passage.seconds_around
            if own and passage.episode_id == episode and self._says_something(passage):
                timed.setdefault(passage.seconds or 0, passage)
        listed = [timed[second] for second in sorted(timed)]
        places = sorted({round(i * (len(listed) - 1) / (OUTLINED - 1)) for i in range(OUTLINED)}) if listed else ()
        return self._cited(listed[place] for place in places)

    def quote(self, topic: str) -> Citation | None:
        """A passage about a topic, any where the topic is empty; None where the notes have none."""
        found = self._about(topic) if topic else self._any()
        return self._cited([found])[0] if found else None

    def alike(self, questions: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """The positions of the questions in groups that ask about the same; first in each is whom the rest resemble.

        In the order given: each goes to the first of the group that it is most like, or founds one of its own.
        """
        groups: list[list[int]] = []
        vectors = self._embedder.embed(list(questions), questions=True)
        for place, vector in enumerate(vectors):
            cosines = vectors[[group[0] for group in groups]] @ vector
            if groups and cosines.max() >= SAME_QUESTION:
                groups[int(cosines.argmax())].append(place)
            else:
                groups.append([place])
        return tuple(map(tuple, groups))

    def _about(self, topic: str) -> Passage | None:
        """One of the nearest that have a word of the topic."""
        stems = {word.stem for word in content_words(topic)}
        near = [p for p in self._near(topic, None) if self._says_something(p) and stems & self._index.terms_of(p)]
        return random.choice(near[:CHOSEN_AMONG]) if near else None  # noqa: S311  (nobody is to be kept from guessing)

    def _any(self) -> Passage | None:
        """Any passage, one that stands for itself if that is soon found."""
        known = self._index.passages
        tried = [random.choice(known) for _ in range(TRIES)] if known else []  # noqa: S311
        quotable = (p for p in tried if len(p.text) in QUOTABLE and self._says_something(p))
        return next(quotable, tried[0] if tried else None)

    def _says_something(self, passage: Passage) -> bool:
        return not self._index.is_heading(passage) and not self._index.is_aside(passage)

    def _near(self, question: str, rows: set[int] | None) -> list[Passage]:
        vector = self._embedder.embed([question], questions=True)[0]
        return [hit.passage for hit in find(self._index, question, vector, within=rows)]

    def _cited(self, passages: Iterable[Passage]) -> tuple[Citation, ...]:
        return tuple(self._index.cited(n, passage) for n, passage in enumerate(passages, start=1))

    @cached_property
    def _by_id(self) -> Mapping[str, Passage]:
        return {passage.id: passage for passage in self._index.passages}
