"""Answers that a model writes: what of them is shown, what is told meanwhile, and what is left when it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from rag.answer import WRITTEN, Answerer
from rag.errors import Interrupted
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.indexing import write_build
from rag.protocols import Message, Watch
from rag.types import LEAD_IN, Answer, Citation, Earlier, NotCovered, Sentence, Turn
from rag.writing.prompt import SENTENCES, Length, Style
from tests.builders import BEES, RYE, TIDES, library
from tests.fakes import FakeEmbedder
from tests.scripted import ScriptedGenerator

QUEEN = "The queen bee lays two thousand eggs on a June day."
MORE = "The queen bee lays 3,000 eggs on a June day in a good year."
QUESTION = "how many eggs does the queen bee lay on a June day"
OPEN = Thresholds(answer=0.0, closest=-1.0)
SHUT = Thresholds(answer=2.0, closest=2.0)
FIELDS = len(fields(Evidence))
GATE = GateModel(mean=(0,) * FIELDS, scale=(1,) * FIELDS, weights=(1,) * FIELDS, bias=-2.0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("build")
    write_build(folder, library((BEES, TIDES, RYE, QUEEN)), {}, FakeEmbedder())
    opened = Index(folder, embedder=FakeEmbedder().fingerprint)
    yield opened
    opened.close()


def answerer(index: Index, generator: ScriptedGenerator | None, thresholds: Thresholds = OPEN) -> Answerer:
    return Answerer(index, FakeEmbedder(), None, gate=GATE, thresholds=thresholds, writer=generator)


def place_of(prompt: Sequence[Message], text: str) -> int:
    """The number of a passage in a prompt."""
    lines = prompt[1].text.splitlines()
    return next(int(line[1]) for line in lines if text in line)


def saying(sentence: str) -> ScriptedGenerator:
    return ScriptedGenerator(scripts=(lambda prompt: iter([f"{sentence} [{place_of(prompt, QUEEN)}]"]),))


def test_a_checked_sentence_is_shown_and_cites_its_note(index: Index) -> None:
    result = answerer(index, saying("On a June day the queen bee lays 2,000 eggs.")).ask(QUESTION)
    assert isinstance(result, Answer)
    assert [(s.text, s.citations, s.verbatim) for s in result.sentences] == [
        ("On a June day the queen bee lays 2,000 eggs.", (1,), False)
    ]
    assert ([c.quote for c in result.citations], result.lead_in) == ([QUEEN], WRITTEN)


def test_where_nothing_passes_the_answer_is_the_one_without_a_model(index: Index) -> None:
    plain = answerer(index, None).ask(QUESTION)
    result = answerer(index, saying("The queen bee lays 9,999 eggs on a June day.")).ask(QUESTION)
    assert isinstance(plain, Answer)
    assert isinstance(result, Answer)
    assert (result.sentences, result.citations, result.lead_in) == (plain.sentences, plain.citations, LEAD_IN)
    assert result.trace is not None
    assert result.trace.writing is not None
    assert result.trace.writing.drafts[0].check == "numbers"


def test_a_refusal_costs_no_generation(index: Index) -> None:
    generator = saying("The queen bee lays 2,000 eggs.")
    assert isinstance(answerer(index, generator, SHUT).ask(QUESTION), NotCovered)
    assert generator.calls == []


def test_what_the_question_takes_for_granted_and_the_notes_deny_is_not_left_to_a_model(index: Index) -> None:
    generator = saying("The queen bee lays 2,000 eggs.")
    asked = "why does a bee dance for 90 seconds to show where the clover is"
    result = answerer(index, generator).ask(asked)
    assert isinstance(result, Answer)
    assert bool(generator.calls) is (result.lead_in == LEAD_IN)


def test_evidence_is_told_before_the_model_writes_and_sentences_as_they_will_be_shown(index: Index) -> None:
    told: list[str] = []

    def on_evidence(citations: Sequence[Citation]) -> None:
        told.append(f"evidence {len(citations)}")

    def on_sentence(sentence: Sentence, cited: Sequence[Citation]) -> None:
        told.append(f"{sentence.text} {[c.n for c in cited]}")

    def script(prompt: Sequence[Message]) -> Iterator[str]:
        assert [each.split()[0] for each in told] == ["evidence", "evidence"]  # what is near, and what it writes from
        yield f"The queen bee lays 2,000 eggs [{place_of(prompt, QUEEN)}]."

    watch = Watch(on_evidence=on_evidence, on_sentence=on_sentence)
    result = answerer(index, ScriptedGenerator(scripts=(script,))).ask(QUESTION, watch=watch)
    assert told[2:] == ["The queen bee lays 2,000 eggs. [1]"]
    assert {"until evidence", "until first sentence", "write"} <= set(result.timings_ms)


def test_earlier_questions_are_told_and_no_earlier_answer(index: Index) -> None:
    generator = saying("The queen bee lays 2,000 eggs.")
    history: list[Earlier] = ["what is a bee", Turn(question="and rye", searched="bread and rye")]
    answerer(index, generator).ask(QUESTION, history=history)
    assert "- what is a bee\n- and rye" in generator.calls[0][1].text


QUEENS = (
    "The queen bee lays two thousand eggs on a June day, says the keeper of Vienna.",
    "Nobody counts how many eggs a queen bee may lay on a June day with rain.",
    "On a June day in the north the queen bee is too cold to lay eggs at all.",
    "A queen bee that is young does lay her eggs on a June day near the hive door.",
    "Whoever buys a queen bee in May sees her lay eggs on the first warm June day.",
)


@pytest.mark.parametrize(("length", "most"), SENTENCES.items())
def test_the_length_that_the_owner_chose_is_that_of_quotes_too(tmp_path: Path, length: Length, most: int) -> None:
    write_build(tmp_path, library((*QUEENS, RYE)), {}, FakeEmbedder())
    opened = Index(tmp_path, embedder=FakeEmbedder().fingerprint)
    style = Style(sentences=SENTENCES[length])
    result = Answerer(opened, FakeEmbedder(), None, gate=GATE, thresholds=OPEN, style=style).ask(QUESTION)
    opened.close()
    assert isinstance(result, Answer)
    assert (len(result.sentences), len(result.citations)) == (most, most)


def test_an_answer_in_another_style_has_another_basis(index: Index) -> None:
    bases: list[str] = []
    for style in (Style(), Style(sentences=1), Style(tone="formal"), Style(trims=True)):
        made = Answerer(index, FakeEmbedder(), None, gate=GATE, thresholds=OPEN, style=style)
        bases.append(made.basis(QUESTION))
    assert len(set(bases)) == 4


def test_giving_up_while_a_model_writes_ends_the_answer(index: Index) -> None:
    generator = saying("The queen bee lays 2,000 eggs.")
    with pytest.raises(Interrupted):
        answerer(index, generator).ask(QUESTION, cancelled=lambda: bool(generator.calls))


def test_notes_that_disagree_are_both_quoted(tmp_path: Path) -> None:
    write_build(tmp_path, library((QUEEN.replace("two thousand", "2,000"), MORE, RYE)), {}, FakeEmbedder())
    index = Index(tmp_path, embedder=FakeEmbedder().fingerprint)
    try:
        result = answerer(index, None).ask(QUESTION)
    finally:
        index.close()
    assert any("2,000" in remark and "3,000" in remark for remark in result.remarks)
