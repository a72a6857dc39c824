"""Ways to summarise a topic, side by side: what each shows of what must be mentioned, and of which episodes.

Beside Footnote's own: the passages a search returns, the most central ones (LexRank, Erkan and Radev 2004), and a model
that writes from the passages unchecked. Knows nothing of how the table is printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from rag.index import Index
from rag.lab.statistics import Numbers
from rag.map_types import TopicSummary
from rag.protocols import Embedder, Generator, Message
from rag.sentences import sentence_spans
from rag.topics.summary import Summarizer
from rag.topics.themes import makes_a_point
from rag.types import Episode, FloatArray, NotCovered, Passage
from rag.words import content_words, words

CENTRAL_OF = 60  # passages nearest to a topic, of which LexRank takes the most central
DAMPING = 0.85
LEAST_COSINE = 0.1  # below which two passages recommend each other no more, as in the paper
SAYS_IT = 0.6  # share of the words of a quote that a written sentence must hold, so that it says so
TOKENS = 300
ASKED = "Summarise in at most eight sentences what these notes say about: {topic}\n\n{notes}"


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A passage by a stretch of it: the file and words on one line of it."""

    file: str
    quote: str


@dataclass(frozen=True, kw_only=True)
class Gold:
    """What a summary of a topic must mention, each point by the quotes that say it, and its episodes by their names.

    Without a point the notes hold nothing of the topic, and the right summary is a refusal.
    """

    topic: str
    points: tuple[tuple[Quoted, ...], ...]
    episodes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one way shows of a topic.

    Attributes:
        texts: what a reader reads, one a point or further quote.
        passages: what is cited; empty of a text that cites nothing.
        episodes: those that are named as speaking of it.
        misquoted: how many texts stand in none of the passages.
    """

    texts: tuple[str, ...]
    passages: tuple[Passage, ...]
    episodes: tuple[Episode, ...]
    misquoted: int = 0


Way = Callable[[str], Shown | None]
"""What is shown of a topic; None where it is refused."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """The figures of one covered topic.

    Attributes:
        points: share of what must be mentioned that is.
        found: share of the right episodes that are named.
        right: share of the named episodes that are right.
        alike: largest cosine of two texts.
        texts: how many a reader reads.
        misquoted: how many of them are not in the notes.
    """

    points: float
    found: float
    right: float
    alike: float
    texts: int
    misquoted: int


def load_gold(path: Path) -> list[Gold]:
    """One topic a line: `topic`, `must_mention` [{point, quotes [{file, quote}]}], `episodes`."""
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return [
        Gold(
            topic=line["topic"],
            points=tuple(
                tuple(Quoted(file=q["file"], quote=q["quote"]) for q in m["quotes"]) for m in line["must_mention"]
            ),
            episodes=tuple(line["episodes"]),
        )
        for line in lines
    ]


def footnotes(index: Index, summarizer: Summarizer, *, leads_only: bool = False) -> Way:
    """Footnote's own summaries; `leads_only`: of each point the first quote alone."""
    by_id = {passage.id: passage for passage in index.passages}

    def summary(topic: str) -> Shown | None:
        result = summarizer.summarize(topic)
        if isinstance(result, NotCovered):
            return None
        kept = {n for p in result.points for n in p.citations} if leads_only else {c.n for c in result.citations}
        citations = [citation for citation in result.citations if citation.n in kept]
        return Shown(
            texts=tuple(citation.display for citation in citations),
            passages=tuple(by_id[citation.passage_id] for citation in citations),
            episodes=result.episodes,
            misquoted=sum(c.quote not in by_id[c.passage_id].raw for c in citations) + _unquoted(result),
        )

    return summary


def _unquoted(summary: TopicSummary) -> int:
    """How many texts of the points are not what their citation shows."""
    display = {citation.n: citation.display for citation in summary.citations}
    said = [(p.text, p.citations[0]) for p in summary.points if p.verbatim]
    said += [(quote.text, quote.citations[0]) for point in summary.points for quote in point.more]
    return sum(text != display[n] for text, n in said)


def nearest(index: Index, embedder: Embedder, count: int) -> Way:
    """The best passages of a search, as most bots summarise. It refuses nothing."""
    return lambda topic: _of(index, _found(index, embedder, topic, count))


def central(index: Index, embedder: Embedder, count: int) -> Way:
    """The most central passages of those that a search finds. It refuses nothing."""

    def summary(topic: str) -> Shown:
        passages = [p for p in _found(index, embedder, topic, CENTRAL_OF) if makes_a_point(p.text)]
        scores = lexrank(embedder.embed([passage.text for passage in passages]))
        return _of(index, [passages[i] for i in np.argsort(-scores, kind="stable")[:count]])

    return summary


def written(index: Index, embedder: Embedder, model: Generator, count: int) -> Way:
    """What a model writes from the best passages, whatever that is. It cites nothing and refuses nothing."""

    def summary(topic: str) -> Shown:
        passages = _found(index, embedder, topic, count)
        notes = "\n".join(f"- {passage.text}" for passage in passages)
        asked = [Message(role="user", text=ASKED.format(topic=topic, notes=notes))]
        text = "".join(model.generate(asked, max_tokens=TOKENS))
        sentences = tuple(text[a:b] for a, b in sentence_spans(text))
        held = " ".join(notes.split())
        return Shown(
            texts=sentences,
            passages=(),
            episodes=_of(index, passages).episodes,
            misquoted=sum(" ".join(sentence.split()) not in held for sentence in sentences),
        )

    return summary


def _found(index: Index, embedder: Embedder, topic: str, count: int) -> list[Passage]:
    vector = embedder.embed([topic], questions=True)[0]
    return [hit.passage for hit in index.search(vector, [word.stem for word in content_words(topic)], count)]


def _of(index: Index, passages: Sequence[Passage]) -> Shown:
    episodes = {passage.episode_id: index.episode_of(passage) for passage in passages}
    return Shown(
        texts=tuple(passage.text for passage in passages), passages=tuple(passages), episodes=tuple(episodes.values())
    )


def lexrank(vectors: FloatArray) -> FloatArray:
    """How central each text is among them: the stationary distribution of a walk from one to its like, shape (n,).

    `vectors` has shape (n, dimension), of unit length.
    """
    cosines = vectors @ vectors.T
    cosines[cosines < LEAST_COSINE] = 0.0
    walk = cosines / cosines.sum(axis=1, keepdims=True)
    rank = np.full(len(vectors), 1 / max(len(vectors), 1))
    for _ in range(100):
        rank = (1 - DAMPING) / len(vectors) + DAMPING * (rank @ walk)
    return np.asarray(rank, dtype=np.float32)


def score(shown: Shown | None, gold: Gold, embedder: Embedder) -> Score:
    """Figures of one covered topic; all 0 if it was refused."""
    if shown is None or not shown.texts:
        return Score(points=0.0, found=0.0, right=0.0, alike=0.0, texts=0, misquoted=0)
    named = [[_is_named(episode, name) for episode in shown.episodes] for name in gold.episodes]
    vectors = embedder.embed(shown.texts)
    return Score(
        points=float(np.mean([mentions(shown, point) for point in gold.points])),
        found=float(np.mean([any(row) for row in named])),
        right=float(np.any(named, axis=0).mean()),
        alike=max((float(a @ b) for a, b in combinations(vectors, 2)), default=0.0),
        texts=len(shown.texts),
        misquoted=shown.misquoted,
    )


def mentions(shown: Shown, point: Iterable[Quoted]) -> bool:
    """Whether a point is mentioned: a passage that holds one of its quotes is cited.

    A text that cites nothing mentions it with a sentence that holds most of the words of a quote.
    """
    if shown.passages:
        return any(_holds(passage, quoted) for quoted in point for passage in shown.passages)
    said = [{word.stem for word in words(text)} for text in shown.texts]
    asked = [{word.stem for word in content_words(quoted.quote)} for quoted in point]
    return any(len(wanted & stems) >= SAYS_IT * len(wanted) for wanted in asked for stems in said)


def _holds(passage: Passage, quoted: Quoted) -> bool:
    raw = re.sub(r"(?m)^\*  ", "", passage.raw)
    return passage.note_file == quoted.file and " ".join(quoted.quote.split()) in " ".join(raw.split())


def _is_named(episode: Episode, name: str) -> bool:
    """Whether every word of the episode's title stands in a name given by hand."""
    return {word.stem for word in words(episode.title)} <= {word.stem for word in words(name)}


def column(scores: Sequence[Score], figure: str) -> Numbers:
    """One figure of every topic, shape (topics,)."""
    return np.asarray([getattr(score, figure) for score in scores], dtype=np.float64)
