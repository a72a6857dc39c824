"""Lets a model that may write join the quotes of a point into one sentence, and shows it only once it is checked.

It orders and joins; what it adds fails the checks of every written sentence (rag/writing/checks/), and the point stays
a quote. Knows nothing of how quotes are chosen or shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.index import Index
from rag.protocols import Cancelled, Generator
from rag.types import Citation, Sentence
from rag.writing.checks.harm import instructs
from rag.writing.evidence import Evidence, cited
from rag.writing.prompt import Style
from rag.writing.write import Asked, Writer

SECONDS = 10.0  # for one point
LEAST = 2  # quotes; a single one is its own sentence
QUESTION = "What do the notes say about {topic}?"


class Joiner:
    """Joins the quotes of one index with one model."""

    def __init__(self, index: Index, generator: Generator, style: Style | None = None) -> None:
        self._index = index
        self._passages = {passage.id: passage for passage in index.passages}
        one = replace(style or Style(), sentences=1)
        self._writer = Writer(generator, idf=index.idf, style=one, seconds=SECONDS)

    def join(self, topic: str, quotes: Sequence[Citation], *, cancelled: Cancelled | None = None) -> Sentence | None:
        """One checked sentence of a model's own that cites the quotes by their numbers; None where it wrote none.

        Raises Interrupted if the user gave up.
        """
        evidence = [self._evidence(quote) for quote in quotes if not instructs(quote.display)]
        if len(evidence) < LEAST:
            return None
        written = self._writer.write(Asked(question=QUESTION.format(topic=topic), cancelled=cancelled), evidence)
        own = next((sentence for sentence in written.sentences if not sentence.verbatim), None)
        return _renumbered(own, written.citations, {quote.passage_id: quote.n for quote in quotes}.get)

    def _evidence(self, citation: Citation) -> Evidence:
        passage = self._passages[citation.passage_id]
        return Evidence(citation=citation, cited=cited(citation, passage, self._index.episode_of(passage)))


def _renumbered(
    sentence: Sentence | None, citations: Sequence[Citation], number_of: Callable[[str], int | None]
) -> Sentence | None:
    """The sentence with the numbers that its citations have among the quotes."""
    if sentence is None:
        return None
    passages = {citation.n: citation.passage_id for citation in citations}
    numbers = [number_of(passages[n]) for n in sentence.citations]
    return Sentence(text=sentence.text, citations=tuple(sorted(filter(None, numbers))), verbatim=False)
