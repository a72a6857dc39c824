"""What the question alone gives away: a bag of words that never sees a note.

Written unanswerable questions sound different, so a figure on them says little until this one stands beside it.
By deletion the same words stand on both sides and it can do no better than chance.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rag.lab.logistic import fit
from rag.lab.statistics import Numbers

FOLDS = 5


def question_only(questions: Sequence[str], truth: npt.NDArray[np.bool_]) -> Numbers:
    """A score for each question by a model that saw neither it nor its like: five folds, L2 logistic regression.

    Equal questions are in the same fold. Shape (questions,); log odds of being answerable.
    """
    words = [frozenset(re.findall(r"\w+", question.casefold())) for question in questions]
    columns = {word: i for i, word in enumerate(sorted(frozenset().union(*words)))}
    x = np.zeros((len(words), len(columns)))
    for row, found in enumerate(words):
        x[row, [columns[word] for word in found]] = 1.0
    fold = _folds(questions, truth)
    scores = np.zeros(len(words))
    for held in range(FOLDS):
        out = fold == held
        if out.any() and len(set(truth[~out].tolist())) == 2:
            weights, bias = fit(x[~out], truth[~out].astype(np.float64))
            scores[out] = x[out] @ weights + bias
    return scores.round(9)  # equal questions score alike, wherever they stand


def _folds(questions: Sequence[str], truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The fold of each question, by its hash; every fold has its share of the answerable ones.

    Where a fold had too few of them, the others would be fitted to more, and score it upside down.
    """
    labels: dict[str, list[bool]] = defaultdict(list)
    for question, label in zip(questions, truth.tolist(), strict=True):
        labels[question].append(label)
    order = sorted(labels, key=lambda question: (sum(labels[question]) / len(labels[question]), _hash(question)))
    fold = {question: place % FOLDS for place, question in enumerate(order)}
    return np.asarray([fold[question] for question in questions])


def _hash(question: str) -> bytes:
    return hashlib.sha256(question.encode("utf-8", "surrogatepass")).digest()
