"""Trains a cross-encoder that says how well a passage answers a question: the judge.

Question and passage go through the encoder together, `[CLS] question [SEP] passage [SEP]`, all segment ids 0, as
llama.cpp's RANK pooling computes it: the first token's state, a dense layer with tanh, one number (Nogueira and
Cho 2019, "Passage Re-ranking with BERT").

The training is form-free: every question comes with as much weight on a passage that answers it as on
passages that do not, so nothing about a question alone can tell right from wrong. Questions that nothing
answers are never used, but for those made of an answerable one by exchanging a single name, year or word.

A run continues from its last checkpoint when started again with the same arguments. README.md has the commands.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import BertWordPieceTokenizer
from torch import Tensor
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from bert import Weights, linear, states, train
from finetune_embedder import best_ranks, held_out_episodes, is_held_out, lexical_shares, read_episodes, read_judged

from rag.fusion import LEXICAL_WEIGHT
from rag.lexical import LexicalIndex
from rag.words import content_words, terms

MAX_TOKENS = 160
LIKE_LENGTH = 16  # pairs computed together, so that little is padding
QUESTIONS, WRONG = 16, 3  # a step, and wrong passages to a question
DROPOUT = 0.1
CLIP = 1.0
LISTWISE = 0.5  # weight of the softmax over a question's passages beside the yes-or-no loss
IN_CONTEXT = 0.7  # share of the questions whose passages carry the title of their episode
POOL = 10  # passages that search brings to the judge
HEAD = {"dense": "pooler.dense", "out": "classifier"}


@dataclass(frozen=True, kw_only=True)
class Group:
    """(question, passage) pairs that are alike but for what decides: the first is right, the others are wrong."""

    pairs: tuple[tuple[str, str], ...]


class CrossEncoder:
    """Scores of (question, passage) pairs from plain dicts of weights."""

    def __init__(self, vocabulary: Path) -> None:
        self.tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
        self.tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
        self.tokenizer.enable_padding()

    def __call__(self, weights: Weights, pairs: Sequence[tuple[str, str]], *, dropout: float = 0.0) -> Tensor:
        """Logits, shape (pairs,)."""
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        parts = [[pairs[i] for i in order[n : n + LIKE_LENGTH]] for n in range(0, len(order), LIKE_LENGTH)]
        with torch.autocast("cpu", torch.bfloat16):
            logits = torch.cat([self._group(weights, part, dropout) for part in parts])
        return logits[torch.tensor(order).argsort()]

    def _group(self, weights: Weights, pairs: list[tuple[str, str]], dropout: float) -> Tensor:
        encoded = self.tokenizer.encode_batch(pairs)
        ids = torch.tensor([e.ids for e in encoded])
        mask = torch.tensor([e.attention_mask for e in encoded], dtype=torch.bool)
        first = states(weights, ids, mask, dropout)[:, 0]
        dense = torch.tanh(linear(weights, HEAD["dense"], first))
        return linear(weights, HEAD["out"], F.dropout(dense, dropout)).float().squeeze(-1)

    @torch.no_grad()
    def score(self, weights: Weights, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Logits as an array, shape (pairs,)."""
        return self(weights, pairs).numpy()


# -- the data ----------------------------------------------------------------------------------------------------


class EpisodeQuestions:
    """Questions of the invented episodes, each with the passages that search would put near it."""

    def __init__(self, episodes: Sequence[dict]) -> None:
        held = held_out_episodes(episodes)
        self.held = held
        index = LexicalIndex.build([terms(text) for text in held.context])
        self.lexical = np.stack([index.scores([w.stem for w in content_words(q)]) for q in held.questions])
        self.episode = [n for n, e in enumerate(episodes) for _ in e["bullets"]]
        self.asked = [n for n, e in enumerate(episodes) for _ in e["qa"]]

    def group(self, rng: random.Random) -> Group:
        n = rng.randrange(len(self.held.questions))
        gold = self.held.gold[n]
        own = [i for i, e in enumerate(self.episode) if e == self.asked[n] and i not in gold]
        near = [int(i) for i in np.argsort(-self.lexical[n])[:12] if int(i) not in gold]
        own_near = sorted(own, key=lambda i: -self.lexical[n][i])[:4]
        wrong = [rng.choice(own_near), rng.choice(own), rng.choice(near or own)]
        shown = self.held.context if rng.random() < IN_CONTEXT else self.held.own
        rows = (rng.choice(sorted(gold)), *wrong)
        return Group(pairs=tuple((self.held.questions[n], shown[i]) for i in rows))


def judged_group(pairs: Sequence[dict], rng: random.Random) -> Group:
    """One right and up to three wrong passages of a judged question."""
    right = rng.choice([p["passage"] for p in pairs if p["label"] == 1])
    wrong = [p["passage"] for p in pairs if p["label"] == 0]
    drawn = rng.sample(wrong, min(WRONG, len(wrong)))
    return Group(pairs=tuple((pairs[0]["question"], passage) for passage in (right, *drawn)))


def read_swapped(path: Path, answered: Sequence[dict]) -> list[Group]:
    """An answerable question and the same with one word exchanged, both with the passage that answers the first."""
    by_passage = {p["passage"]: p for p in answered if p["label"] == 1}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        exchanged = [pair for pair in map(json.loads, file) if pair["passage"] in by_passage]
    return [
        Group(pairs=((by_passage[x["passage"]]["question"], x["passage"]), (x["question"], x["passage"])))
        for x in exchanged
    ]


class Batches:
    """The batch of a step, always the same for the same seed: groups of one question each."""

    def __init__(
        self, episodes: EpisodeQuestions, judged: list[list[dict]], swapped: list[Group], args: argparse.Namespace
    ) -> None:
        self._episodes, self._judged, self._swapped = episodes, judged, swapped
        self._seed, self._judged_share = args.seed, args.judged_share
        self._swapped_share = args.swapped_share if swapped else 0

    def __call__(self, step: int) -> list[Group]:
        rng = random.Random(self._seed * 1_000_003 + step)
        return [self._one(rng) for _ in range(QUESTIONS)]

    def _one(self, rng: random.Random) -> Group:
        kind = rng.random()
        if kind < self._judged_share:
            return judged_group(rng.choice(self._judged), rng)
        if kind < self._judged_share + self._swapped_share:
            return rng.choice(self._swapped)
        return self._episodes.group(rng)


# -- training ----------------------------------------------------------------------------------------------------


def loss_of(encoder: CrossEncoder, weights: Weights, batch: Sequence[Group]) -> Tensor:
    """Yes-or-no loss, each group's right and wrong pairs weighing the same, plus a softmax over the group."""
    logits = encoder(weights, [pair for group in batch for pair in group.pairs], dropout=DROPOUT)
    losses = []
    for own in torch.split(logits, [len(group.pairs) for group in batch]):
        yes_or_no = F.softplus(-own[0]) / 2 + F.softplus(own[1:]).mean() / 2
        losses.append(yes_or_no + LISTWISE * (torch.logsumexp(own, 0) - own[0]))
    return torch.stack(losses).mean()


def initial(published: Weights, seed: int) -> Weights:
    """The encoder's weights with a fresh head."""
    width = published["embeddings.word_embeddings.weight"].shape[1]
    torch.manual_seed(seed)
    head = {
        f"{HEAD['dense']}.weight": torch.eye(width) + 0.02 * torch.randn(width, width),
        f"{HEAD['dense']}.bias": torch.zeros(width),
        f"{HEAD['out']}.weight": 0.02 * torch.randn(1, width),
        f"{HEAD['out']}.bias": torch.zeros(1),
    }
    return {**published, **head}


# -- judging -----------------------------------------------------------------------------------------------------


class Trial:
    """Held-out questions with the passages search brings, once with and once without those that answer."""

    def __init__(self, episodes: Sequence[dict], cosines: np.ndarray) -> None:
        held = held_out_episodes(episodes)
        index = LexicalIndex.build([terms(text) for text in held.context])
        scores = cosines + LEXICAL_WEIGHT * lexical_shares(index, held.questions)
        self.held, self.scores = held, scores
        self.pool = np.argsort(-scores, axis=1)[:, : POOL + 4]

    def __call__(self, encoder: CrossEncoder, weights: Weights) -> dict[str, float]:
        """hit@1 of search and of the judge over ten passages; AUROC of the judge's best by deletion."""
        held = self.held
        flat = [(q, held.context[i]) for q, rows in zip(held.questions, self.pool, strict=True) for i in rows]
        logits = encoder.score(weights, flat).reshape(self.pool.shape)
        judged = self.scores - 100
        for n, rows in enumerate(self.pool):
            judged[n, rows[:POOL]] += 200 + logits[n, :POOL]
        searched = best_ranks(self.scores, held.gold)
        ranks = best_ranks(judged, held.gold)
        inside = searched < POOL
        gone = [[int(i) in held.gold[n] for i in rows] for n, rows in enumerate(self.pool)]
        with_gold = logits[:, :POOL].max(axis=1)
        without = np.where(gone, -np.inf, logits).max(axis=1)
        return {
            "hit@1 searched": float((searched < 1).mean()),
            "hit@1 judged": float((ranks < 1).mean()),
            "deletion AUROC": auroc(with_gold[inside], without[inside]),
            "answered at 10%": float((with_gold[inside] > np.quantile(without[inside], 0.9)).mean()),
        }


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive scores above a negative."""
    return float((positive[:, None] > negative[None]).mean() + (positive[:, None] == negative[None]).mean() / 2)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the judge.")
    parser.add_argument("--weights", type=Path, required=True, help="encoder to start from (model.safetensors)")
    parser.add_argument("--vocabulary", type=Path, required=True, help="its vocab.txt")
    parser.add_argument("--episodes", type=Path, required=True)
    parser.add_argument("--judged", type=Path, nargs="+", required=True)
    parser.add_argument("--swapped", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--judged-share", type=float, default=0.45)
    parser.add_argument("--swapped-share", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def cosines_of(weights: Weights, vocabulary: Path, episodes: Sequence[dict]) -> np.ndarray:
    """Mean of own and in-context cosine, shape (questions, passages), by the encoder that training starts from."""
    from finetune_embedder import Encoder

    encoder, held = Encoder(vocabulary.parent), held_out_episodes(episodes)
    questions = encoder.embed(weights, held.questions)
    return (questions @ encoder.embed(weights, held.own).T + questions @ encoder.embed(weights, held.context).T) / 2


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    published = {n: t for n, t in load_file(args.weights).items() if t.is_floating_point()}
    published = {n: t for n, t in published.items() if not n.startswith("pooler.")}
    episodes = read_episodes(args.episodes)
    kept = [e for e in episodes if is_held_out(e["episode"], 5)]
    judged = read_judged(args.judged)
    kept_from = {q: pairs for q, pairs in judged.items() if not is_held_out(pairs[0]["group"], 20)}
    answered = [pair for pairs in kept_from.values() for pair in pairs]
    batches = Batches(
        EpisodeQuestions([e for e in episodes if not is_held_out(e["episode"], 5)]),
        list(kept_from.values()),
        read_swapped(args.swapped, answered) if args.swapped else [],
        args,
    )
    encoder = CrossEncoder(args.vocabulary)
    trial = Trial(kept, cosines_of(published, args.vocabulary, kept))
    for step, weights in train(
        lambda weights, step: loss_of(encoder, weights, batches(step)),
        initial(published, args.seed),
        out=args.out,
        steps=args.steps,
        rate=args.rate,
        every=args.every,
        seed=args.seed,
        clip=CLIP,
    ):
        figures = trial(encoder, weights)
        print(json.dumps({"step": step, **figures}), flush=True)
        save_file({n: t.contiguous() for n, t in weights.items()}, args.out / "model.safetensors")


if __name__ == "__main__":
    main()
