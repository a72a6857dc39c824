"""How sure is sure enough, measured on the owner's own index.

Trial questions are made from the notes themselves: half of the content words of a sentence. Each is asked
with its passage taken out of the notes (so that nothing answers it, though its neighbours come near), and
each of a list of questions about everyday things is asked as it is. The threshold for an answer is the
p(answerable) that only the share which the owner chose of the first reaches (rag/certainty.py); that for showing the
closest notes is the cosine that at most one in twenty of the second reaches. Labels come for free, and no trial's
wording says whether it is answerable, because every one is asked in the same words with and without its passage.

A threshold looks better on the trials it was chosen on than on others. So the trials are halved by a hash of
their words: one half chooses the thresholds of all choices, and only the other counts what they let through, which is
what is certified. The bound holds for questions drawn like the trials, from these notes; it says nothing of how people
ask. Where half would be too few to certify anything, all of them choose and nothing is certified.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.answer import Answerer
from rag.calibration import Calibration, Level
from rag.certainty import SHARES, least_trials
from rag.index import Index
from rag.indexing import Progress
from rag.protocols import Embedder
from rag.sentences import sentence_spans
from rag.types import Passage
from rag.words import content_words

Probabilities = npt.NDArray[np.float64]

SEED = 20_231
TRIALS = 400
KEPT_SHARE = 0.5
MOST_WORDS = 8
LEAST_WORDS = (4, 2)  # content words a sentence must have; the second where the first gives too few trials
ENOUGH_TRIALS = 40
SHOWN_WRONGLY = 0.05
ANSWER_NOTHING = float(np.nextafter(1.0, 2.0))  # no probability reaches it


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A question made from a passage, and the row of that passage."""

    question: str
    row: int


def make_trials(passages: Sequence[Passage], *, count: int = TRIALS, seed: int = SEED) -> list[Trial]:
    """Up to `count` trial questions from different passages; the same for the same passages and seed."""
    trials: list[Trial] = []
    for least in LEAST_WORDS:
        trials = _trials(passages, count, random.Random(seed), least)  # noqa: S311  # a sample, not a secret
        if len(trials) >= min(count, ENOUGH_TRIALS):
            break
    return trials


def _trials(passages: Sequence[Passage], count: int, chance: random.Random, least: int) -> list[Trial]:
    rows = list(range(len(passages)))
    chance.shuffle(rows)
    made = ((row, _question(passages[row].text, chance, least)) for row in rows)
    return list(islice((Trial(question=question, row=row) for row, question in made if question), count))


def _question(text: str, chance: random.Random, least: int) -> str:
    """Half of the content words of one sentence of `text`, in their order; "" if none has at least so many."""
    sentences = [content_words(text[a:b]) for a, b in sentence_spans(text)]
    long = [words for words in sentences if len(words) >= least]
    if not long:
        return ""
    words = chance.choice(long)
    kept = min(MOST_WORDS, max(2, round(len(words) * KEPT_SHARE)))
    return " ".join(words[i].written for i in sorted(chance.sample(range(len(words)), kept)))


def off_topic_questions() -> list[str]:
    """Everyday questions that podcast notes rarely answer (rag/data/off-topic.txt)."""
    text = (files("rag") / "data" / "off-topic.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def calibrate(index: Index, embedder: Embedder, answerer: Answerer, *, progress: Progress | None = None) -> Calibration:
    """Measure the thresholds of every choice on an index, and count on other trials what they let through.

    Takes seconds on ordinary notes, no language model, and gives the same result every time.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    trials, away = make_trials(index.passages), off_topic_questions()
    vectors = embedder.embed([trial.question for trial in trials] + away, questions=True)
    measured = np.zeros((2, len(trials)))  # p(answerable) with the passage in the notes, and without it
    for i, trial in enumerate(trials):
        copies = frozenset(index.copies(trial.row))
        measured[0, i] = answerer.retrieve_vector(trial.question, vectors[i]).p_answerable
        measured[1, i] = answerer.retrieve_vector(trial.question, vectors[i], without=copies).p_answerable
        tell("Calibrating", i + 1, len(trials))
    off = [answerer.retrieve_vector(q, v) for q, v in zip(away, vectors[len(trials) :], strict=True)]
    choosing, checking = halves([trial.question for trial in trials])
    p_off = np.asarray([found.p_answerable for found in off])
    return Calibration(
        levels={
            name: _level(measured[:, choosing], measured[:, checking], p_off, share) for name, share in SHARES.items()
        },
        closest=_reached_by(np.asarray([found.cosine for found in off]), SHOWN_WRONGLY),
        trials=len(trials),
        checked=len(checking),
        off_topic=len(off),
        build=index.folder.name,
    )


def halves(questions: Sequence[str]) -> tuple[list[int], list[int]]:
    """Numbers of the questions that choose the thresholds and of those that check them, by a hash of their words.

    None check where half of them could not even certify the most generous choice.
    """
    order = sorted(range(len(questions)), key=lambda i: hashlib.sha256(questions[i].encode()).digest())
    checking = len(order) // 2
    if checking < least_trials(max(SHARES.values())):
        checking = 0
    return order[checking:], order[:checking]


def _level(chosen_on: Probabilities, checked_on: Probabilities, off: Probabilities, share: float) -> Level:
    """The threshold that `share` of the trials without their passage reach, and what it does to others.

    `chosen_on`, `checked_on`: p(answerable) of trials with their passage and without, shape (2, trials); `off`: of the
    everyday questions, shape (questions,). Without a single trial nothing is answered.
    """
    least = _reached_by(off, SHOWN_WRONGLY)
    answer = max(least, _reached_by(chosen_on[1], share)) if chosen_on.size else ANSWER_NOTHING
    judged = checked_on if checked_on.size else chosen_on
    return Level(
        answer=answer,
        answered_with=float((judged[0] >= answer).mean()) if judged.size else 0.0,
        wrong=int((checked_on[1] >= answer).sum()),
        off_topic_answered=float((off >= answer).mean()),
    )


def _reached_by(values: npt.NDArray[np.floating[Any]], share: float) -> float:
    """The least threshold that no more than `share` of `values` reach, however many of them are equal."""
    falling = np.sort(values)[::-1]
    return float(np.nextafter(falling[int(share * len(values))], np.inf))
