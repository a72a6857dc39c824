"""Teaches the starter model to say which of a few passages answers a question, or that none does: a LoRA adapter.

The prompt is the product's own (`rag/writing/prompt.py`, the model's chat template). What has to be written is a few of the
passage's words and its number, "spruce from north slopes [2]", or NOT COVERED; only that part is learnt.

The training is form-free: every question is asked twice, over passages one of which answers it and over neighbours of
those, so nothing about a question alone can tell whether to refuse. Questions that nothing answers are never used.

A run continues from its last checkpoint when started again with the same arguments. README.md has the commands.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import llama_cpp
import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from bert import train
from finetune_embedder import answering, is_held_out, read_episodes
from llama import Llama, Tree, Weights, write_adapter
from train_judge import auroc

from rag.models.llama.chat import Chat
from rag.models.llama.context import Context, Model
from rag.writing.prompt import Source, Style, messages
from rag.sentences import sentence_spans
from rag.words import content_words

REFUSAL = "NOT COVERED"
FEWEST, MOST = 2, 4  # passages in a prompt
ASKED = 6  # questions over the same passages
WRITTEN = 12  # words of a passage that are written at most, where none are marked as the answer
LONGEST = 300  # characters of a passage; a longer one is not used
RANK, SCALE = 16, 2.0
CLIP = 1.0
CONTEXT = 1024  # tokens of a prompt and what is written
MAX_TOKENS = 48
_PIECE = re.compile(r"[^,.;:()→—–]+(?:[,.;:](?=\w)[^,.;:()→—–]+)*")
_TAG = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, kw_only=True)
class Question:
    """`right`: the passages that answer it; `answer`: in which words."""

    text: str
    right: frozenset[int]
    answer: str


@dataclass(frozen=True, kw_only=True)
class Text:
    """Neighbouring passages, and questions about them."""

    passages: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A prompt, and what is to be written. `right`: the number of the passage that answers, 0 if none does."""

    question: str
    passages: tuple[str, ...]
    right: int
    answer: str


# -- the data ----------------------------------------------------------------------------------------------------


def episode_text(episode: dict) -> Text:
    """The bullets of an invented episode with their questions."""
    bullets = episode["bullets"]
    asked = [(qa["q"], answering(qa)) for qa in episode["qa"]]
    return Text(
        passages=tuple(bullets),
        questions=tuple(Question(text=q, right=frozenset(b), answer=few_words(bullets[b[0]], q)) for q, b in asked),
    )


def few_words(passage: str, question: str) -> str:
    """The part of a passage that has most of the question's words, or its beginning; some words long."""
    asked = {word.stem for word in content_words(question)}
    pieces = [piece.strip() for piece in _PIECE.findall(passage) if piece.strip()]
    shared = [len(asked & {word.stem for word in content_words(piece)}) for piece in pieces]
    best = max(range(len(pieces)), key=lambda n: shared[n], default=0)
    start = passage.index(pieces[best]) if pieces else 0
    words = passage[start:].split()
    return " ".join(words[: max(len(pieces[best].split()), WRITTEN // 2)][:WRITTEN]).rstrip(" ,;:.→—–(")


def read_squad(paths: Iterable[Path]) -> Iterator[Text]:
    """The sentences of each paragraph of SQuAD 2.0 with the questions that one of them answers; gzipped JSON."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            articles = json.load(file)["data"]
        for paragraph in (p for article in articles for p in article["paragraphs"]):
            text, spans = paragraph["context"], sentence_spans(paragraph["context"])
            questions = [
                Question(text=qa["question"], right=right, answer=qa["answers"][0]["text"])
                for qa in paragraph["qas"]
                if not qa["is_impossible"] and (right := sentence_of(qa["answers"], spans))
            ]
            if len(spans) > FEWEST and all(end - start <= LONGEST for start, end in spans):
                yield Text(passages=tuple(text[a:b] for a, b in spans), questions=tuple(questions))


def sentence_of(answers: Sequence[dict], spans: Sequence[tuple[int, int]]) -> frozenset[int]:
    """The sentences in which one of the answers stands."""
    found = {n for a in answers for n, (start, end) in enumerate(spans) if start <= a["answer_start"] < end}
    return frozenset(found)


def both_sides(text: Text, rng: random.Random) -> list[Task]:
    """The same questions over two sets of passages; each is answered in one of them, at a random place."""
    size = rng.randint(FEWEST, MOST)
    answered = list(dict.fromkeys(n for q in rng.sample(text.questions, len(text.questions)) for n in sorted(q.right)))
    others = [n for n in range(len(text.passages)) if n not in answered]
    rng.shuffle(others)
    drawn = [*answered, *others][: 2 * size]
    first, second = drawn[0::2], drawn[1::2]
    if len(second) < FEWEST:
        return []
    asked = [q for q in text.questions if bool(q.right & set(first)) != bool(q.right & set(second))]
    asked = rng.sample(asked, min(ASKED, len(asked)))
    sides = [rng.sample(side, len(side)) for side in (first, second)]
    return [task(text, q, side) for side in sides for q in asked]


def task(text: Text, question: Question, side: Sequence[int]) -> Task:
    """A question over some of the passages."""
    right = next((place for place, n in enumerate(side, start=1) if n in question.right), 0)
    return Task(
        question=question.text,
        passages=tuple(text.passages[n] for n in side),
        right=right,
        answer=f"{question.answer} [{right}]" if right else REFUSAL,
    )


class Batches:
    """The tasks of a step, always the same for the same seed: those of an episode and those of a paragraph."""

    def __init__(self, episodes: Sequence[Text], paragraphs: Sequence[Text], args: argparse.Namespace) -> None:
        self._episodes, self._paragraphs = episodes, paragraphs
        self._seed, self._share = args.seed, args.squad_share

    def __call__(self, step: int) -> list[list[Task]]:
        rng = random.Random(self._seed * 1_000_003 + step)
        return [self._one(rng), self._one(rng)]

    def _one(self, rng: random.Random) -> list[Task]:
        while True:
            kind = self._paragraphs if rng.random() < self._share else self._episodes
            if tasks := both_sides(rng.choice(kind), rng):
                return tasks


# -- the model ---------------------------------------------------------------------------------------------------


class Starter:
    """The model's own tokens for a task."""

    def __init__(self, path: Path) -> None:
        self.model = Model(path)
        self._chat = Chat(self.model)
        self._end = llama_cpp.llama_vocab_eos(self.model.vocab)

    def prompt(self, task: Task) -> list[int]:
        sources = [Source(text=passage) for passage in task.passages]
        return self._chat.tokens(messages(task.question, sources, style=Style(), one=True))

    def written(self, answer: str) -> list[int]:
        return [*self.model.tokenize(answer, add_special=False), self._end]

    def text(self, tokens: Iterable[int]) -> str:
        return b"".join(map(self.model.piece, tokens)).decode("utf-8", "replace")


def log_likelihoods(
    starter: Starter, llama: Llama, adapter: Weights, tasks: Sequence[Task], answers: Sequence[str]
) -> Tensor:
    """log P(answer) of each task, shape (tasks,)."""
    tree, places = Tree(), []
    for one, answer in zip(tasks, answers, strict=True):
        prompt = starter.prompt(one)
        rows = tree.add([*prompt, *starter.written(answer)])
        places.append(rows[len(prompt) - 1 :])
    with torch.autocast("cpu", torch.bfloat16, enabled=llama.weights["token_embd"].dtype is torch.bfloat16):
        states = llama.states(tree, adapter, SCALE)
        steps = [pair for rows in places for pair in pairwise(rows)]
        said = llama.log_probabilities(states[torch.tensor([before for before, _ in steps])])
    words = torch.tensor([tree.tokens[after] for _, after in steps])
    of_token = said.gather(1, words[:, None])[:, 0]
    return torch.stack([part.sum() for part in of_token.split([len(rows) - 1 for rows in places])])


def loss_of(starter: Starter, llama: Llama, adapter: Weights, batch: Sequence[Sequence[Task]]) -> Tensor:
    """-log P of what is to be written, the mean over the tasks."""
    return -torch.cat([log_likelihoods(starter, llama, adapter, t, [x.answer for x in t]) for t in batch]).mean()


# -- judging -----------------------------------------------------------------------------------------------------


class Writer:
    """Writes with llama.cpp, the likeliest word each time."""

    def __init__(self, starter: Starter, adapter: Path | None) -> None:
        self._starter, self._read = starter, []
        self._context = Context(starter.model, threads=1, n_ctx=CONTEXT, n_batch=CONTEXT, n_outputs=1)
        if adapter:
            self._use(llama_cpp.llama_adapter_lora_init(starter.model.handle, str(adapter).encode()))

    def _use(self, adapter: object) -> None:
        if not adapter:
            raise ValueError("llama.cpp does not load the adapter.")
        held, scales = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter), (llama_cpp.ctypes.c_float * 1)(1.0)
        if llama_cpp.llama_set_adapters_lora(self._context.handle, held, 1, scales):
            raise ValueError("llama.cpp does not use the adapter.")

    def __call__(self, prompt: Sequence[int]) -> str:
        """What is written after `prompt`."""
        common = next((n for n, (a, b) in enumerate(zip(self._read, prompt, strict=False)) if a != b), len(prompt) - 1)
        common = min(common, len(self._read), len(prompt) - 1)
        llama_cpp.llama_memory_seq_rm(self._context.memory, 0, common, -1)
        self._context.append(prompt[common:])
        self._read, said = list(prompt), []
        while len(said) < MAX_TOKENS:
            logits = llama_cpp.llama_get_logits_ith(self._context.handle, -1)
            token = int(np.ctypeslib.as_array(logits, shape=(self._starter.model.n_vocab,)).argmax())
            if llama_cpp.llama_vocab_is_eog(self._starter.model.vocab, token):
                break
            said.append(token)
            self._context.append([token])
        return self._starter.text(said)


class Trial:
    """Held-out episodes: each question over passages with and without the one that answers."""

    def __init__(self, episodes: Sequence[Text], starter: Starter, llama: Llama, seed: int) -> None:
        rng = random.Random(seed)
        self._rows = [tasks for text in episodes if (tasks := both_sides(text, rng))]
        self._starter, self._llama = starter, llama

    @torch.no_grad()
    def likelihoods(self, adapter: Weights) -> dict[str, float]:
        """AUROC of log P(refusal), and how often it is higher for a question without its passage than with it."""
        rows = self._rows
        refused = [log_likelihoods(self._starter, self._llama, adapter, t, [REFUSAL] * len(t)).numpy() for t in rows]
        right = [np.array([task.right > 0 for task in tasks]) for tasks in rows]
        above = [float(b > a) for t, p in zip(rows, refused, strict=True) for a, b in sides(t, p)]
        scores, answered = np.concatenate(refused), np.concatenate(right)
        return {
            "prompts": len(scores),
            "refusal AUROC": auroc(scores[~answered], scores[answered]),
            "refusal higher without": float(np.mean(above)),
        }

    def writes(self, adapter: Path | None) -> tuple[dict[str, float], list[dict]]:
        """What is written: shares of the prompts that a passage answers, and of those that none does."""
        writer = Writer(self._starter, adapter)
        tasks = [task for tasks in self._rows for task in tasks]
        said = [{"right": t.right, "asked": t.question, "said": writer(self._starter.prompt(t))} for t in tasks]
        for one in said:
            one["tags"] = sorted({int(tag) for tag in _TAG.findall(one["said"])})
            one["refused"] = REFUSAL in one["said"] and not one["tags"]
        answered, others = [x for x in said if x["right"]], [x for x in said if not x["right"]]
        share = {
            "answerable": len(answered),
            "right citation": float(np.mean([x["tags"] == [x["right"]] for x in answered])),
            "right of the cited": float(np.mean([x["tags"] == [x["right"]] for x in answered if x["tags"]] or [0])),
            "answerable refused": float(np.mean([x["refused"] for x in answered])),
            "unanswerable refused": float(np.mean([x["refused"] for x in others])),
        }
        return share, said


def sides(tasks: Sequence[Task], scores: np.ndarray) -> Iterator[tuple[float, float]]:
    """(score with the passage that answers, score without) of each question."""
    of: dict[str, dict[bool, float]] = {}
    for one, score in zip(tasks, scores, strict=True):
        of.setdefault(one.question, {})[one.right > 0] = score
    return ((both[True], both[False]) for both in of.values())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the adapter.")
    parser.add_argument("--model", type=Path, required=True, help="the starter's GGUF file")
    parser.add_argument("--episodes", type=Path, required=True)
    parser.add_argument("--squad", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--squad-share", type=float, default=0.4)
    parser.add_argument("--trial", type=int, default=12, help="held-out episodes that are asked about")
    parser.add_argument("--untaught", action="store_true", help="only say how the starter does as it is")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def report(out: Path, trial: Trial, adapter: Weights, file: Path | None) -> None:
    """Print the figures, and leave them and what was written in `out`."""
    shares, said = trial.writes(file)
    figures = {**trial.likelihoods(adapter), **shares}
    print(json.dumps(figures), flush=True)
    out.write_text(json.dumps({"figures": figures, "said": said}, indent=1, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    starter, llama = Starter(args.model), Llama.read(args.model)
    episodes = read_episodes(args.episodes)
    kept = [episode_text(e) for e in episodes if is_held_out(e["episode"], 5)]
    trial = Trial(kept[: args.trial], starter, llama, args.seed)
    if args.untaught:
        report(args.out / "untaught.json", trial, {}, None)
        return
    others = [episode_text(e) for e in episodes if not is_held_out(e["episode"], 5)]
    batches = Batches(others, list(read_squad(args.squad)), args)
    file = args.out / "adapter.gguf"
    taught: Weights = {}
    for _, taught in train(
        lambda adapter, step: loss_of(starter, llama, adapter, batches(step)),
        llama.new_adapter(RANK, args.seed),
        out=args.out,
        steps=args.steps,
        rate=args.rate,
        every=args.every,
        seed=args.seed,
        clip=CLIP,
    ):
        write_adapter(file, taught, SCALE)
    report(args.out / "report.json", trial, taught, file)


if __name__ == "__main__":
    main()
