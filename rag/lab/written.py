"""Figures of written answers: what they say of the key facts, how well they cite, and how much of them is unsupported.

Over answers as they are shown, written or in the notes' own words, so that both can be put side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rag.lab.questions import Question, cites_gold
from rag.lab.statistics import share
from rag.types import Answer, NotCovered

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Label:
    """A sentence of an answer as it was shown, and as somebody read it.

    Attributes:
        question: id of the question it was shown for.
        sentence: its words; of a quote, which is not ours to keep, the first twelve digits of their sha256.
        supported: whether the spans it cites say it.
        why: what is wrong with it; "" where nothing is.
        source: the set that the question is of.
        verbatim: it is a quote; otherwise a model wrote it, and every check passed it.
        level: what the model was let do, see `rag.writing.aptitude`.
    """

    question: str
    sentence: str
    supported: bool
    why: str = ""
    source: str = "podcast-notes"
    verbatim: bool = False
    level: Literal["choose", "write"] = "write"


def load_labels(path: Path) -> list[Label]:
    """A hand-labelled sample, one sentence a line."""
    return [Label(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def unsupported(labels: Sequence[Label]) -> Json:
    """Share of the sentences that their spans do not say, with its interval."""
    return share(np.asarray([not label.supported for label in labels], dtype=bool))


def figures(asked: Sequence[tuple[Question, Answer | NotCovered]]) -> Json:
    """Key facts, citations, length and refusals of some answers.

    Key fact recall is over what the sentences say, not over what they cite; precision over all citations, recall over
    the answered questions that have a gold passage: whether one is cited at all.
    """
    answers = [(question, result) for question, result in asked if isinstance(result, Answer)]
    gold = [(q, a) for q, a in answers if q.gold]
    facts = [recall for q, a in answers if (recall := keyfact_recall(q, a)) is not None]
    return {
        "answered": len(answers),
        "refused": len(asked) - len(answers),
        "keyfacts": float(np.mean(facts)) if facts else None,
        "citation_precision": share(
            np.asarray([cites_gold(c, q.gold) for q, a in gold for c in a.citations], dtype=bool)
        ),
        "citation_recall": share(
            np.asarray([any(cites_gold(c, q.gold) for c in a.citations) for q, a in gold], dtype=bool)
        ),
        "words": float(np.mean([_words(a) for _, a in answers])) if answers else None,
        "written": sum(not s.verbatim for _, a in answers for s in a.sentences),
        "quotes": sum(s.verbatim for _, a in answers for s in a.sentences),
        "fates": _fates([a for _, a in answers]),
    }


def keyfact_recall(question: Question, answer: Answer) -> float | None:
    """Share of a question's key facts that the sentences of its answer hold; None where it has none."""
    if not question.keyfacts:
        return None
    said = " ".join(sentence.text for sentence in answer.sentences).casefold()
    return sum(fact.casefold() in said for fact in question.keyfacts) / len(question.keyfacts)


def _words(answer: Answer) -> int:
    return sum(len(sentence.text.split()) for sentence in answer.sentences)


def _fates(answers: Sequence[Answer]) -> Mapping[str, int]:
    """What became of the sentences that a model wrote, which checks they failed, and how often it was stopped."""
    counts: dict[str, int] = {}
    for answer in answers:
        writing = answer.trace.writing if answer.trace else None
        if writing and writing.stopped:
            counts["stopped"] = counts.get("stopped", 0) + 1
        for draft in writing.drafts if writing else ():
            counts[draft.fate] = counts.get(draft.fate, 0) + 1
            if draft.check:
                counts[f"failed {draft.check}"] = counts.get(f"failed {draft.check}", 0) + 1
    return dict(sorted(counts.items()))
