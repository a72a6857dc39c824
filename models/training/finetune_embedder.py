"""Fine-tunes the starter embedder on questions and the passages that answer them, and says whether it helped.

InfoNCE with in-batch negatives and one hard negative a question (van den Oord et al. 2018; Karpukhin et al.
2020, "Dense Passage Retrieval"). What was learnt is mixed back into the published weights (Wortsman et al. 2022,
"Model soups"), and checkpoint and share are chosen on episodes that were not trained on, scored as the product
scores. Questions that nothing answers are never used. Knows nothing of GGUF: `rag/models/embedder_gguf.py` converts.

A run continues from its last checkpoint when it is started again with the same arguments; README.md has the
requirements and the commands.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from bert import Weights, states, train
from safetensors.torch import load_file, save_file
from tokenizers import BertWordPieceTokenizer
from torch import Tensor
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2]))

from rag.fusion import LEXICAL_WEIGHT
from rag.lexical import LexicalIndex
from rag.words import content_words, terms

MAX_TOKENS = 96
LIKE_LENGTH = 16  # texts computed together, so that little is padding
TEMPERATURE = 0.05
DROPOUT = 0.1
EPISODES_PER_BATCH, QUESTIONS_PER_EPISODE = 8, 4
BATCH = EPISODES_PER_BATCH * QUESTIONS_PER_EPISODE
JUDGE_HELD_OUT = 200
FORGETTING = 0.01  # how much MRR on the other held-out questions may fall
SHARES = (0.25, 0.5, 0.75, 1.0)

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A question with one passage that answers it and one that does not.

    Attributes:
        key, negative_key: what tells passages apart; `gold` holds the keys of all that answer the question.
        group: episode or article.
    """

    question: str
    positive: str
    negative: str
    key: str
    negative_key: str
    gold: frozenset[str]
    group: str


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Questions over one pool of passages. `gold`: rows that answer each; `context`: the same rows, in context."""

    questions: list[str]
    gold: list[set[int]]
    own: list[str]
    context: list[str]


# -- the encoder -------------------------------------------------------------------------------------------------


class Encoder:
    """The tokenizer of a BERT and its forward pass over plain dicts of weights, mean-pooled to unit vectors."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding()

    def __call__(self, weights: Weights, texts: Sequence[str], *, dropout: float = 0.0) -> Tensor:
        """Vectors of `texts`, shape (texts, width), computed in bfloat16 in groups of like length."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = [[texts[i] for i in order[n : n + LIKE_LENGTH]] for n in range(0, len(order), LIKE_LENGTH)]
        with torch.autocast("cpu", torch.bfloat16):
            vectors = torch.cat([self._group(weights, part, dropout) for part in parts])
        return vectors[torch.tensor(order).argsort()]

    def _group(self, weights: Weights, texts: list[str], dropout: float) -> Tensor:
        encoded = self.tokenizer.encode_batch(texts)
        ids = torch.tensor([e.ids for e in encoded])
        mask = torch.tensor([e.attention_mask for e in encoded], dtype=torch.bool)
        token_states = states(weights, ids, mask, dropout).float()
        kept = mask.unsqueeze(-1).float()
        return F.normalize((token_states * kept).sum(1) / kept.sum(1), dim=-1)

    @torch.no_grad()
    def embed(self, weights: Weights, texts: Sequence[str]) -> Array:
        """Vectors of `texts` as an array."""
        return self(weights, texts).numpy()


# -- the data ----------------------------------------------------------------------------------------------------


def is_held_out(name: str, one_in: int) -> bool:
    """Whether an episode or article is kept for choosing; depends on its name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % one_in == 0


def read_episodes(path: Path) -> list[dict]:
    """Invented episodes: {episode, bullets, qa: [{q, b}]}."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def answering(qa: dict) -> list[int]:
    """The bullets that answer a question."""
    return qa["b"] if isinstance(qa["b"], list) else [qa["b"]]


def episode_examples(episode: dict, rng: random.Random) -> list[Example]:
    """Some questions of one episode, passages all bare or all in context, negatives from the same episode."""
    title, bullets = episode["episode"], episode["bullets"]
    shown = [f"{title}. {b}" for b in bullets] if rng.random() < 0.5 else bullets
    drawn = rng.sample(episode["qa"], min(QUESTIONS_PER_EPISODE, len(episode["qa"])))
    examples = []
    for qa in drawn:
        gold = answering(qa)
        right = rng.choice(gold)
        wrong = rng.choice([i for i in range(len(bullets)) if i not in gold])
        keys = [f"{title}#{i}" for i in range(len(bullets))]
        examples.append(
            Example(
                question=qa["q"], positive=shown[right], negative=shown[wrong], key=keys[right],
                negative_key=keys[wrong], gold=frozenset(keys[i] for i in gold), group=title,
            )
        )  # fmt: skip
    return examples


def read_judged(paths: Iterable[Path]) -> dict[str, list[dict]]:
    """Judged pairs by question: {question, passage, label, group}; questions without an answer are left out."""
    found: dict[str, list[dict]] = {}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for pair in map(json.loads, file):
                found.setdefault(pair["question"], []).append(pair)
    return {q: pairs for q, pairs in found.items() if {p["label"] for p in pairs} == {0, 1}}


def judged_example(pairs: list[dict], rng: random.Random) -> Example:
    """One right and one wrong passage of a judged question."""
    right = [p["passage"] for p in pairs if p["label"] == 1]
    positive, negative = rng.choice(right), rng.choice([p["passage"] for p in pairs if p["label"] == 0])
    return Example(
        question=pairs[0]["question"], positive=positive, negative=negative, key=positive, negative_key=negative,
        gold=frozenset(right), group=pairs[0]["group"],
    )  # fmt: skip


def make_batch(
    step: int, *, seed: int, judged_share: float, episodes: list[dict], judged: list[list[dict]]
) -> list[Example]:
    """The batch of a step: always the same for the same seed."""
    rng = random.Random(seed * 1_000_003 + step)
    if rng.random() >= judged_share:
        return [x for e in rng.sample(episodes, EPISODES_PER_BATCH) for x in episode_examples(e, rng)]
    by_group: dict[str, Example] = {}
    while len(by_group) < BATCH:  # one question an article: others of it may be answered by the same passage
        example = judged_example(rng.choice(judged), rng)
        by_group.setdefault(example.group, example)
    return list(by_group.values())


# -- training ----------------------------------------------------------------------------------------------------


def loss_of(encoder: Encoder, weights: Weights, batch: Sequence[Example]) -> Tensor:
    """InfoNCE of a batch; another passage that answers a question too does not count as wrong for it."""
    questions = encoder(weights, [x.question for x in batch], dropout=DROPOUT)
    passages = encoder(weights, [x.positive for x in batch] + [x.negative for x in batch], dropout=DROPOUT)
    keys = [x.key for x in batch] + [x.negative_key for x in batch]
    also_right = [[k in x.gold and j != i for j, k in enumerate(keys)] for i, x in enumerate(batch)]
    scores = (questions @ passages.T / TEMPERATURE).masked_fill(torch.tensor(also_right), -math.inf)
    return F.cross_entropy(scores, torch.arange(len(batch)))


# -- choosing ----------------------------------------------------------------------------------------------------


def held_out_episodes(episodes: Sequence[dict]) -> HeldOut:
    """The bullets of the episodes as one pool, as a notes folder would hold them."""
    held = HeldOut(questions=[], gold=[], own=[], context=[])
    for episode in episodes:
        first = len(held.own)
        held.own.extend(episode["bullets"])
        held.context.extend(f"{episode['episode']}. {b}" for b in episode["bullets"])
        for qa in episode["qa"]:
            held.questions.append(qa["q"])
            held.gold.append({first + b for b in answering(qa)})
    return held


def held_out_judged(questions: Sequence[list[dict]]) -> HeldOut:
    """All passages of the judged questions as one pool."""
    rows = {text: n for n, text in enumerate(dict.fromkeys(p["passage"] for pairs in questions for p in pairs))}
    return HeldOut(
        questions=[pairs[0]["question"] for pairs in questions],
        gold=[{rows[p["passage"]] for p in pairs if p["label"] == 1} for pairs in questions],
        own=list(rows),
        context=list(rows),
    )


class Scorer:
    """Hit rates of weights on held-out questions, by the product's score: mean cosine plus its share of BM25."""

    def __init__(self, held: HeldOut) -> None:
        self.held = held
        index = LexicalIndex.build([terms(text) for text in held.context])
        self.lexical = lexical_shares(index, held.questions)

    def __call__(self, encoder: Encoder, weights: Weights) -> dict[str, float]:
        """{hit@1, hit@5, hit@20, mrr}."""
        questions = encoder.embed(weights, self.held.questions)
        own = questions @ encoder.embed(weights, self.held.own).T
        same = self.held.own == self.held.context
        context = own if same else questions @ encoder.embed(weights, self.held.context).T
        ranks = best_ranks((own + context) / 2 + LEXICAL_WEIGHT * self.lexical, self.held.gold)
        hits = {f"hit@{k}": float((ranks < k).mean()) for k in (1, 5, 20)}
        return {**hits, "mrr": float((1 / (1 + ranks)).mean())}


def lexical_shares(index: LexicalIndex, questions: Sequence[str]) -> Array:
    """BM25 of every row as a share of what it could be, shape (questions, rows); as the product counts it."""
    asked = [[word.stem for word in content_words(question)] for question in questions]
    return np.stack([index.scores(stems) / max(index.ceiling(stems), 1e-6) for stems in asked])


def best_ranks(scores: Array, gold: Sequence[set[int]]) -> npt.NDArray[np.int64]:
    """The place, from 0, of the first right row of each question."""
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.asarray([next(n for n, row in enumerate(rows) if row in g) for rows, g in zip(order, gold, strict=True)])


def mixed(start: Weights, tuned: Weights, share: float) -> Weights:
    """Weights between the published ones (share 0) and the tuned ones (share 1)."""
    return {name: torch.lerp(start[name], tuned[name], share) for name in start}


def choose(results: Sequence[dict], original: dict) -> dict:
    """The best on the held-out episodes among those that forgot next to nothing of the rest."""
    floor = original["judged"]["mrr"] - FORGETTING
    kept = [r for r in results if r["judged"]["mrr"] >= floor]
    return max(kept or [original], key=lambda r: r["episodes"]["mrr"])


# -- the command -------------------------------------------------------------------------------------------------


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fine-tune the starter embedder.")
    parser.add_argument("--weights", type=Path, required=True, help="folder with model.safetensors and vocab.txt")
    parser.add_argument("--episodes", type=Path, required=True, help="invented episodes with questions (JSON lines)")
    parser.add_argument("--judged", type=Path, nargs="*", default=[], help="judged pairs (gzipped JSON lines)")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, report and result")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--rate", type=float, default=2e-5)
    parser.add_argument("--judged-share", type=float, default=0.5, help="share of batches from judged pairs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(args.weights)
    start = {n: t for n, t in load_file(args.weights / "model.safetensors").items() if t.is_floating_point()}
    episodes = read_episodes(args.episodes)
    judged = list(read_judged(args.judged).values())
    learnt_from = [e for e in episodes if not is_held_out(e["episode"], 5)]
    kept_judged = [p for p in judged if is_held_out(p[0]["group"], 20)]
    judged_from = [p for p in judged if not is_held_out(p[0]["group"], 20)]
    scorers = {
        "episodes": Scorer(held_out_episodes([e for e in episodes if is_held_out(e["episode"], 5)])),
        "judged": Scorer(held_out_judged(kept_judged[:JUDGE_HELD_OUT])),
    }

    def result(step: int, share: float, weights: Weights) -> dict:
        scores = {name: scorer(encoder, weights) for name, scorer in scorers.items()}
        print(json.dumps({"step": step, "share": share, **scores}), flush=True)
        return {"step": step, "share": share, **scores}

    def batch_of(step: int) -> list[Example]:
        return make_batch(
            step,
            seed=args.seed,
            judged_share=args.judged_share if judged else 0,
            episodes=learnt_from,
            judged=judged_from,
        )

    original = result(0, 0.0, start)
    results = []
    for step, tuned in train(
        lambda weights, step: loss_of(encoder, weights, batch_of(step)),
        start,
        out=args.out,
        steps=args.steps,
        rate=args.rate,
        every=args.every,
        seed=args.seed,
    ):
        shares = SHARES if step >= args.steps else (1.0,)
        results.extend(result(step, share, mixed(start, tuned, share)) for share in shares)
    best = choose(results, original)
    report = {"original": original, "results": results, "chosen": best}
    (args.out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("chosen", json.dumps(best))
    if best["step"]:
        save(args.out, best, load_file(args.weights / "model.safetensors"))


def save(out: Path, chosen: dict, published: Weights) -> None:
    """Write the chosen mixture as `model.safetensors`, tensor for tensor like the published file."""
    learnt = torch.load(out / f"step{chosen['step']:05d}.pt", weights_only=True)["learnt"]
    known = {name: published[name] for name in learnt}
    save_file({**published, **mixed(known, learnt, chosen["share"])}, out / "model.safetensors")


if __name__ == "__main__":
    main()
