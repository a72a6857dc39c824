"""Figures of written answers, and the hand-labelled sample that is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.citations import cite
from rag.drafts import Draft, Writing
from rag.lab.questions import Gold, Question
from rag.lab.written import figures, keyfact_recall, load_labels, unsupported
from rag.types import Answer, NotCovered, Sentence, Trace
from tests.builders import BEES, RYE, episode, passage

SAMPLE = Path(__file__).parents[3] / "docs" / "written-sample.jsonl"
QUESTION = Question(
    id="q",
    question="how long does a bee dance",
    answerable=True,
    kind="fact",
    gold=(Gold(file="bees.txt", quote=BEES),),
    keyfacts=("ten seconds", "clover"),
)


def answer(*sentences: Sentence, quotes: tuple[str, ...] = (BEES,)) -> Answer:
    citations = tuple(
        cite(n, passage(quote), (0, len(passage(quote).text)), episode()) for n, quote in enumerate(quotes, start=1)
    )
    return Answer(question=QUESTION.question, lead_in="", sentences=sentences, citations=citations, p_answerable=1.0)


SAID = Sentence(text="A bee dances for ten seconds.", citations=(1,), verbatim=False)
REFUSAL = NotCovered(question="", reason="", closest=(), absent_words=(), p_answerable=0.0)


def test_key_facts_are_looked_for_in_what_is_said_not_in_what_is_cited() -> None:
    assert keyfact_recall(QUESTION, answer(SAID)) == 0.5
    assert keyfact_recall(replace(QUESTION, keyfacts=()), answer(SAID)) is None


def test_figures_of_answers_and_refusals() -> None:
    drafts = (
        Draft(text="x", tags=(1,), fate="written"),
        Draft(text="y", tags=(1,), fate="dropped", check="names", reason="no y"),
    )
    trace = Trace(hits=(), cosine=0.5, needed=0.1, writing=Writing(model="m", passages=1, drafts=drafts))
    both = replace(answer(SAID, Sentence(text=RYE, citations=(2,)), quotes=(BEES, RYE)), trace=trace)
    found = figures([(QUESTION, both), (QUESTION, answer(SAID, quotes=(RYE,))), (QUESTION, REFUSAL)])
    assert (found["answered"], found["refused"]) == (2, 1)
    assert found["citation_precision"]["value"] == pytest.approx(1 / 3)
    assert found["citation_recall"]["value"] == 0.5
    assert (found["written"], found["quotes"]) == (2, 1)
    assert found["fates"] == {"dropped": 1, "failed names": 1, "written": 1}


def test_the_sample_is_read_and_says_why_a_sentence_is_unsupported() -> None:
    labels = load_labels(SAMPLE)
    for level in ("choose", "write"):
        shown = [label for label in labels if label.level == level]
        assert unsupported(shown)["n"] == len({(label.question, label.sentence) for label in shown}) == 60
        assert {label.verbatim for label in shown} == {True, False}
    assert all(label.supported is not bool(label.why) for label in labels)
