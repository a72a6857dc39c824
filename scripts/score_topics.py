"""Score topic summaries: `python -m scripts.score_topics TOPICS.jsonl [--data .data] [--model]`.

TOPICS.jsonl: one topic a line with `topic`, `must_mention` [{point, quotes [{file, quote}]}] (empty where the
notes hold nothing) and `episodes`. Prints what each topic comes to, and a table of the ways to summarise with 95%
bootstrap intervals over the topics. `--model` adds what the chosen small model writes; it takes minutes.

points      share of must-mention points of which a cited passage holds a quote; of a text that cites nothing, those
            of which a sentence holds most words of a quote
found       share of the right episodes that are listed
right       share of the listed episodes that are right
alike       largest cosine between two texts that are shown
texts       how many texts are shown
misquoted   how many of them do not stand in the notes
refused     of the topics that the notes do not hold
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.index import Index, open_index
from rag.lab.statistics import share
from rag.lab.topics import Gold, Score, Way, central, column, footnotes, load_gold, nearest, score, written
from rag.models.catalog import load_catalog, model_path
from rag.models.llama import LlamaEmbedder, LlamaGenerator
from rag.topics.summary import POINTS, Summarizer
from rag.types import NotCovered

FIGURES = ("points", "found", "right", "alike", "texts", "misquoted")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", type=Path)
    parser.add_argument("--data", type=Path, default=Path(".data"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--model", action="store_true", help="also let the starter model write")
    options = parser.parse_args()
    golds = load_gold(options.topics)
    embedder = LlamaEmbedder(_starter(options.models, "embed"))
    index = open_index(options.data, embedder=embedder.fingerprint)
    summarizer = Summarizer(index, embedder)
    own = _each(golds, footnotes(index, summarizer), embedder)
    texts = round(float(column(own, "texts").mean()))
    rows = {"Footnote": own, "Footnote, first quotes": _each(golds, _leads(index, summarizer), embedder)}
    for count in (POINTS, texts):
        rows[f"best {count} passages"] = _each(golds, nearest(index, embedder, count), embedder)
        rows[f"LexRank, {count}"] = _each(golds, central(index, embedder, count), embedder)
    if options.model:
        model = LlamaGenerator(_starter(options.models, "rank/write"))
        rows[f"model from best {POINTS}"] = _each(golds, written(index, embedder, model, POINTS), embedder)
        model.close()
    _print_topics(golds, own)
    _print_ways(rows)
    _print_refusals(golds, Summarizer(index, embedder))
    index.close()
    embedder.close()


def _starter(models: Path, role: str) -> Path:
    return model_path(models, next(entry for entry in load_catalog() if entry.role == role and entry.starter))


def _leads(index: Index, summarizer: Summarizer) -> Way:
    return footnotes(index, summarizer, leads_only=True)


def _each(golds: Sequence[Gold], way: Way, embedder: LlamaEmbedder) -> list[Score]:
    return [score(way(gold.topic), gold, embedder) for gold in golds if gold.points]


def _print_topics(golds: Sequence[Gold], scores: Sequence[Score]) -> None:
    _out(f"{'':50} " + " ".join(f"{name:>9}" for name in FIGURES))
    for gold, each in zip([gold for gold in golds if gold.points], scores, strict=True):
        _out(f"{gold.topic[:49]:50} " + " ".join(f"{getattr(each, name):9.2f}" for name in FIGURES))


def _print_ways(rows: dict[str, list[Score]]) -> None:
    _out(f"\n{'':28} " + " ".join(f"{name:>17}" for name in FIGURES))
    for way, scores in rows.items():
        _out(f"{way:28} " + " ".join(_interval(column(scores, name)) for name in FIGURES))


def _interval(values: np.typing.NDArray[np.float64]) -> str:
    found = share(values)
    return f"{found['value']:5.2f} [{found['low']:.2f}-{found['high']:.2f}]".rjust(17)


def _print_refusals(golds: Sequence[Gold], summarizer: Summarizer) -> None:
    refused, seconds = [], []
    for gold in golds:
        started = time.perf_counter()
        result = summarizer.summarize(gold.topic)
        seconds.append(time.perf_counter() - started)
        if not gold.points:
            refused.append(isinstance(result, NotCovered))
    _out(f"\nrefused {sum(refused)} of {len(refused)}; median {np.median(seconds):.2f} s, longest {max(seconds):.2f} s")


def _out(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
