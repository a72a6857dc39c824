"""Works out how much memory Footnote takes with each language model of the catalogue; prints the table of a page.

    python -m scripts.memory

A model's own need is computed from its shape, as `footnote models recommend` does; the starter's from the head of its
file. What Footnote itself and an index take was measured, and stands below. Loads no model.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from rag.models.catalog import CONTEXT, ModelEntry, load_catalog, model_path
from rag.models.memory import EngineOptions, MemoryNeed, memory_need

PROGRAM = 330_000_000  # the bot's process and the models' with the starter embedder, without index and language model
PASSAGE = 9_200  # bytes of one passage with two vectors, mapped files included
PASSAGES = (1_000, 15_000, 100_000)
RANKING = 2_048  # tokens: all that a model has room for that never writes

HEAD = """\
| Machine | Language model | Weights | Keys and values | Scratch | Model | 1,000 passages | 15,000 | 100,000 |
|---|---|---:|---:|---:|---:|---:|---:|---:|"""


def need_of(entry: ModelEntry, models: Path) -> MemoryNeed | None:
    """What a language model takes by computation; None where nothing is known to compute it from."""
    if entry.shape is None:
        return memory_need(model_path(models, entry), EngineOptions(context_tokens=0), ranking_tokens=RANKING)
    return MemoryNeed(weights=entry.bytes, context=entry.shape.kept(CONTEXT), scratch=entry.shape.scratch(2))


def rows(models: Path) -> Iterator[str]:
    """A line of the table for each language model; the starter's only where its file is in `models`."""
    for entry in load_catalog():
        if entry.role != "rank/write" or entry.own_prompt or not (need := need_of(entry, models)):
            continue
        parts = (need.weights, need.context, need.scratch, need.total)
        wholes = (need.total + PROGRAM + PASSAGE * count for count in PASSAGES)
        yield f"| {entry.tier} | {entry.name} | {' | '.join(map(_mb, (*parts, *wholes)))} |"


def _mb(size: int) -> str:
    return f"{round(size / 1e7) * 10:,}"


def main() -> None:
    sys.stdout.write("\n".join([HEAD, *rows(Path("models")), ""]))


if __name__ == "__main__":
    main()
