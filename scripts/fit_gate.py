"""Fit the gate's model: `python -m scripts.fit_gate EPISODES.jsonl`, which writes rag/data/gate.json.

EPISODES.jsonl: one invented episode a line, with `episode`, `bullets`, `qa` [{q, b}] (questions that bullet b,
or each of a list b, answers) and `near` [{q}] (questions that come near and that nothing answers).

Three kinds of example, all through the pipeline's own search: each answerable question with its bullets in
the notes (1); the same without them (0, weight 3/4); the near questions (0, weight 1/4). The first two have
the same wording, so wording cannot help. The third is there because taking a bullet away leaves no bullet
standing out, while a question that the notes just miss has one: without it the lead of the best passage
would count for too much. Questions whose bullets are not among the first ten are left out.

Only the fifth of the episodes that the embedder was not trained on is used (models/training/): on the others
its cosines look better than they are.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.answer import evidence_of, find
from rag.gate import Evidence
from rag.index import Index
from rag.indexing import write_build
from rag.lab.logistic import fit
from rag.models.catalog import load_catalog, model_path
from rag.models.llama import LlamaEmbedder
from rag.types import Episode, FloatArray, Library, Note, Passage

Matrix = npt.NDArray[np.float64]
NEAR_SHARE = 0.25
REGULARISATION = 1.0
FOUND_WITHIN = 10
TARGET = Path(__file__).resolve().parents[1] / "rag" / "data" / "gate.json"


def is_held_out(episode: str) -> bool:
    """Whether the embedder was not trained on an episode of this title; as models/training/ decides it."""
    return int.from_bytes(hashlib.sha256(episode.encode()).digest()[:4], "big") % 5 == 0


def library(episodes: list[dict[str, Any]]) -> Library:
    """The invented episodes as a library: one note and one episode each, one passage a bullet."""
    passages = [
        _passage(f"{i:04}", position, bullet)
        for i, e in enumerate(episodes)
        for position, bullet in enumerate(e["bullets"])
    ]
    return Library(
        notes=tuple(
            Note(file=f"{i:04}", sha256="", kind="notes", author=None, reader="invented") for i in range(len(episodes))
        ),
        episodes=tuple(Episode(id=f"{i:04}", show=None, title=e["episode"]) for i, e in enumerate(episodes)),
        passages=tuple(passages),
    )


def _passage(episode: str, position: int, text: str) -> Passage:
    return Passage(
        id=f"{episode}/{position}",
        episode_id=episode,
        note_file=episode,
        line_start=position + 1,
        line_end=position + 1,
        char_start=0,
        char_end=len(text),
        raw=text,
        text=text,
        text_to_raw=tuple(range(len(text))),
        position=position,
    )


def examples(index: Index, embedder: LlamaEmbedder, episodes: list[dict[str, Any]]) -> tuple[Matrix, Matrix, Matrix]:
    """Evidence of the three kinds: with the bullets, without them, near; one row a question."""
    starts = np.concatenate([[0], np.cumsum([len(e["bullets"]) for e in episodes])])
    asked = [
        (qa["q"], frozenset(int(starts[i]) + b for b in (qa["b"] if isinstance(qa["b"], list) else [qa["b"]])))
        for i, e in enumerate(episodes)
        for qa in e["qa"]
    ]
    near = [n["q"] for e in episodes for n in e["near"]]
    vectors = embedder.embed([question for question, _ in asked] + near)
    present, absent = [], []
    for (question, gold), vector in zip(asked, vectors, strict=False):
        evidence, rows = _evidence(index, question, vector)
        if gold & set(rows[:FOUND_WITHIN]):
            present.append(evidence.vector())
            absent.append(_evidence(index, question, vector, gold)[0].vector())
    missed = [_evidence(index, q, v)[0].vector() for q, v in zip(near, vectors[len(asked) :], strict=True)]
    return np.array(present, float), np.array(absent, float), np.array(missed, float)


def _evidence(
    index: Index,
    question: str,
    vector: FloatArray,
    without: frozenset[int] = frozenset(),
) -> tuple[Evidence, list[int]]:
    hits = find(index, question, vector, without=without)
    rows = {passage.id: row for row, passage in enumerate(index.passages)} if not without else {}
    return evidence_of(index, question, hits), [rows.get(hit.passage.id, -1) for hit in hits]


def main() -> None:
    """Build an index of the invented episodes, gather the evidence, fit, write."""
    known = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    episodes = [episode for episode in known if is_held_out(episode["episode"])]
    entry = next(e for e in load_catalog() if e.role == "embed" and e.starter)
    embedder = LlamaEmbedder(model_path(Path("models"), entry))
    with tempfile.TemporaryDirectory() as folder:
        write_build(Path(folder), library(episodes), {}, embedder)
        index = Index(Path(folder), embedder=embedder.fingerprint)
        present, absent, missed = examples(index, embedder, episodes)
        index.close()
    pairs = np.vstack([present, absent])
    mean, scale = pairs.mean(0), pairs.std(0)
    x = (np.vstack([pairs, missed]) - mean) / scale
    y = np.r_[np.ones(len(present)), np.zeros(len(absent) + len(missed))]
    near_weight = NEAR_SHARE * len(present) / len(missed)
    weight = np.r_[np.ones(len(present)), np.full(len(absent), 1 - NEAR_SHARE), np.full(len(missed), near_weight)]
    weights, bias = fit(x, y, weight, penalty=REGULARISATION)
    fields = list(Evidence.__dataclass_fields__)
    document = {
        "about": "Logistic regression over the gate's evidence; scripts/fit_gate.py fits it.",
        "fields": fields,
        "examples": {"with": len(present), "without": len(absent), "near": len(missed)},
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": weights.round(4).tolist(),
        "bias": round(bias, 4),
    }
    TARGET.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{dict(zip(fields, weights.round(3).tolist(), strict=True))}\n")


if __name__ == "__main__":
    main()
