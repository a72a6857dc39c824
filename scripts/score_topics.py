"""Score topic summaries: `python -m scripts.score_topics TOPICS.jsonl [--data .data]`.

TOPICS.jsonl: one topic a line with `topic`, `must_mention` [{point, quotes [{file, quote}]}] (empty where the
notes hold nothing) and `episodes`. Prints one row a topic and the means, with the plain eight best passages
beside them.

points      share of must-mention points of which a cited passage holds a quote
found       share of the right episodes that are listed
right       share of the listed episodes that are right
alike       largest cosine between two points
refused     of the topics that the notes do not hold
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from rag.catalog import load_catalog, model_path
from rag.index import Index, open_index
from rag.llama import LlamaEmbedder
from rag.topics import POINTS, Summarizer
from rag.types import Episode, NotCovered, Passage
from rag.words import content_words, words


@dataclass(frozen=True, kw_only=True)
class Score:
    """The figures of one topic, or their means; see the module's docstring."""

    points: float
    found: float
    right: float
    alike: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown of a topic: every cited passage, the quotes that stand as points, the episodes."""

    passages: Sequence[Passage]
    texts: Sequence[str]
    episodes: Sequence[Episode]


def summarized(summarizer: Summarizer, index: Index, topic: str) -> Shown | None:
    """The summary of a topic; None if it was refused."""
    result = summarizer.summarize(topic)
    if isinstance(result, NotCovered):
        return None
    by_id = {passage.id: passage for passage in index.passages}
    return Shown(
        passages=[by_id[citation.passage_id] for citation in result.citations],
        texts=[point.text for point in result.points],
        episodes=result.episodes,
    )


def plain(index: Index, embedder: LlamaEmbedder, topic: str) -> Shown:
    """The baseline: the eight best passages as search returns them. It refuses nothing."""
    hits = index.search(embedder.embed([topic])[0], [word.stem for word in content_words(topic)], POINTS)
    passages = [hit.passage for hit in hits]
    episodes = {passage.episode_id: index.episode_of(passage) for passage in passages}
    return Shown(passages=passages, texts=[passage.text for passage in passages], episodes=list(episodes.values()))


def score(shown: Shown | None, gold: dict[str, Any], embedder: LlamaEmbedder) -> Score:
    """Figures of one covered topic; all 0 if it was refused."""
    if shown is None:
        return Score(points=0.0, found=0.0, right=0.0, alike=0.0)
    held = [any(_holds(p, quote) for quote in m["quotes"] for p in shown.passages) for m in gold["must_mention"]]
    named = [[_is_named(episode, name) for episode in shown.episodes] for name in gold["episodes"]]
    vectors = embedder.embed(shown.texts)
    return Score(
        points=float(np.mean(held)),
        found=float(np.mean([any(row) for row in named])),
        right=float(np.any(named, axis=0).mean()),
        alike=max((float(a @ b) for a, b in combinations(vectors, 2)), default=0.0),
    )


def _holds(passage: Passage, quote: dict[str, str]) -> bool:
    raw = re.sub(r"(?m)^\*  ", "", passage.raw)
    return passage.note_file == quote["file"] and " ".join(quote["quote"].split()) in " ".join(raw.split())


def _is_named(episode: Episode, name: str) -> bool:
    """Whether every word of the episode's title stands in a name given by hand."""
    return {word.stem for word in words(episode.title)} <= {word.stem for word in words(name)}


def mean(scores: Sequence[Score]) -> Score:
    """The mean of each figure."""
    return Score(**{field: float(np.mean([getattr(s, field) for s in scores])) for field in Score.__dataclass_fields__})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", type=Path)
    parser.add_argument("--data", type=Path, default=Path(".data"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    options = parser.parse_args()
    golds = [json.loads(line) for line in options.topics.read_text(encoding="utf-8").splitlines()]
    entry = next(e for e in load_catalog() if e.role == "embed" and e.starter)
    embedder = LlamaEmbedder(model_path(options.models, entry))
    index = open_index(options.data, embedder=embedder.fingerprint)
    summarizer = Summarizer(index, embedder)
    ours, theirs, refused, seconds = [], [], [], []
    out = sys.stdout.write
    fields = list(Score.__dataclass_fields__)
    out(f"{'':50} {'summary':^31}   {'eight best passages':^31}\n{'':50} {_row(fields)}   {_row(fields)}\n")
    for gold in golds:
        started = time.perf_counter()
        shown = summarized(summarizer, index, gold["topic"])
        seconds.append(time.perf_counter() - started)
        if not gold["must_mention"]:
            refused.append(shown is None)
            out(f"{gold['topic'][:49]:50} {'refused' if shown is None else 'NOT refused'}\n")
            continue
        ours.append(score(shown, gold, embedder))
        theirs.append(score(plain(index, embedder, gold["topic"]), gold, embedder))
        out(f"{gold['topic'][:49]:50} {_row(astuple(ours[-1]))}   {_row(astuple(theirs[-1]))}\n")
    out(f"{'mean of ' + str(len(ours)):50} {_row(astuple(mean(ours)))}   {_row(astuple(mean(theirs)))}\n")
    out(f"refused {sum(refused)} of {len(refused)}; median {np.median(seconds):.2f} s, longest {max(seconds):.2f} s\n")
    index.close()
    embedder.close()


def _row(values: Sequence[float | str]) -> str:
    return " ".join(f"{value:>7}" if isinstance(value, str) else f"{value:7.2f}" for value in values)


if __name__ == "__main__":
    main()
