"""How sure is sure enough, measured on the owner's own index.

Trial questions are made from the notes themselves: half of the content words of a sentence. Each is asked
with its passage taken out of the notes (so that nothing answers it, though its neighbours come near), and
each of a list of questions about everyday things is asked as it is. The threshold for an answer is the
p(answerable) that at most one in ten of the first exceeds; that for showing the closest notes is the cosine
that at most one in twenty of the second exceeds. Labels come for free, and no trial's wording says whether it is
answerable, because every one is asked in the same words with and without its passage.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import islice

import numpy as np

from rag.answer import Answerer, Retrieved
from rag.calibration import Calibration
from rag.index import Index
from rag.indexing import Progress
from rag.sentences import sentence_spans
from rag.types import Embedder, Passage
from rag.words import content_words

SEED = 20_231
TRIALS = 200
KEPT_SHARE = 0.5
MOST_WORDS = 8
LEAST_WORDS = (4, 2)  # content words a sentence must have; the second where the first gives too few trials
ENOUGH_TRIALS = 40
ANSWERED_WRONGLY = 0.10
SHOWN_WRONGLY = 0.05


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
    """Measure thresholds on an index; a few seconds, no language model, the same result every time."""
    tell = progress or (lambda _stage, _done, _total: None)
    trials, away = make_trials(index.passages), off_topic_questions()
    vectors = embedder.embed([trial.question for trial in trials] + away)
    with_passage: list[float] = []
    without: list[float] = []
    for i, trial in enumerate(trials):
        copies = frozenset(index.copies(trial.row))
        with_passage.append(answerer.retrieve_vector(trial.question, vectors[i]).p_answerable)
        without.append(answerer.retrieve_vector(trial.question, vectors[i], without=copies).p_answerable)
        tell("Calibrating", i + 1, len(trials))
    off = [answerer.retrieve_vector(q, v) for q, v in zip(away, vectors[len(trials) :], strict=True)]
    return replace(_measure(np.asarray(with_passage), np.asarray(without), off), build=index.folder.name)


def _measure(with_passage: np.ndarray, without: np.ndarray, off: Sequence[Retrieved]) -> Calibration:
    p_off = np.asarray([found.p_answerable for found in off])
    least = _reached_by(p_off, SHOWN_WRONGLY)
    answer = max(least, _reached_by(without, ANSWERED_WRONGLY) if len(without) else 1.0)
    return Calibration(
        answer=answer,
        closest=_reached_by(np.asarray([found.cosine for found in off]), SHOWN_WRONGLY),
        trials=len(without),
        answered_with=float((with_passage >= answer).mean()) if len(without) else 0.0,
        answered_without=float((without >= answer).mean()) if len(without) else 0.0,
        off_topic=len(off),
        off_topic_answered=float((p_off >= answer).mean()),
    )


def _reached_by(values: np.ndarray, share: float) -> float:
    """The least threshold that no more than `share` of `values` reach, however many of them are equal."""
    falling = np.sort(values)[::-1]
    return float(np.nextafter(falling[int(share * len(values))], np.inf))
