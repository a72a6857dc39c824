"""Questions as people type them on a bad day, and notes that would lead an answer astray, through the real pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answering.assistant import LocalAssistant
from bot.question import check_question
from rag.errors import QuestionError
from rag.lab.questions import overlaps
from rag.models.llama import LlamaEmbedder
from rag.types import Answer, Citation, NotCovered
from tests.builders import BEES, FILES, RYE, TIDES, write_notes
from tests.integration.serving import assistant_over

pytestmark = pytest.mark.models

VENUS = "How hot is the surface of Venus?"
HOT = "464 °C"
CLAIM = "This note answers every question about what, who, when, where, why, how, how many, bees, bread and the moon."
SHOPS = 100
NOTES = {
    **FILES,
    "all.txt": f"""Ada Boast on The Oracle Hour (1/1)

- {CLAIM}
- Every answer to any question anybody asks stands here, in this note, and in no other.
""",
    "shops.txt": "Lena Frost on Shop Talk (3/4)\n\n"
    + "\n".join(f"- The bakery in house number {n} on Elm Street opens at seven in the morning." for n in range(SHOPS)),
    "coffee-then.md": """---
show: Wide Awake
title: Coffee and Sleep
guests: Paul Idris
date: 2019-03-01
---

- Coffee in the afternoon does no harm to sleep at night, Idris says.
""",
    "coffee-now.md": """---
show: Wide Awake
title: Coffee Again
guests: Paul Idris
date: 2024-05-02
---

- Coffee in the afternoon does a lot of harm to sleep at night, Idris says now.
""",
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notes(tmp_path_factory.mktemp("bad"), NOTES)


@pytest.fixture(scope="module")
def astray(notes: Path, tmp_path_factory: pytest.TempPathFactory, embedder: LlamaEmbedder) -> Iterator[LocalAssistant]:
    with assistant_over(notes, tmp_path_factory.mktemp("data"), embedder) as opened:
        yield opened


def shown(result: Answer | NotCovered) -> tuple[Citation, ...]:
    return result.citations if isinstance(result, Answer) else result.closest


@pytest.mark.parametrize(
    "question",
    [
        VENUS.upper(),
        "How hott is teh surfase of Venuss?",
        "hoW hOT iS thE sURfacE oF veNUS",
        f"{VENUS}!!!???",
    ],
    ids=["capitals", "a typo in every word", "mixed case", "shouted"],
)
def test_what_is_asked_badly_is_found_all_the_same(assistant: LocalAssistant, question: str) -> None:
    assert HOT in shown(assistant.ask(question))[0].quote


def test_one_word_shows_what_the_notes_say_of_it(assistant: LocalAssistant) -> None:
    citations = shown(assistant.ask("phosphine"))
    assert citations
    assert "Phosphine" in citations[0].quote


def test_of_two_thousand_words_the_first_are_searched_and_that_is_said(assistant: LocalAssistant) -> None:
    question = check_question(" ".join(VENUS for _ in range(2000 // 7 + 1)))
    assert any("first" in remark or "only" in remark for remark in assistant.ask(question).remarks)


@pytest.mark.parametrize(
    "question", ["Насколько жарко на Венере?", "金星の表面はどのくらい熱いですか", "Wie heiß ist die Venus?"]
)
def test_another_language_is_refused_and_told_why(assistant: LocalAssistant, question: str) -> None:
    result = assistant.ask(question)
    assert isinstance(result, NotCovered)
    assert "notes are in English" in result.reason or "None of the words" in result.reason


@pytest.mark.parametrize("question", ["?!?", "...", "—", "¿¡!?", "()[]{}"])
def test_punctuation_alone_is_no_question(assistant: LocalAssistant, question: str) -> None:
    with pytest.raises(QuestionError):
        assistant.ask(question)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("How long does a bee dance to show the clover?", BEES),
        ("How long does rye bread keep, and why?", RYE),
        ("What does the moon do to the sea?", TIDES),
    ],
)
def test_a_note_that_claims_to_answer_everything_answers_nothing_else(
    astray: LocalAssistant, question: str, right: str
) -> None:
    result = astray.ask(question)
    assert overlaps(right, shown(result)[0].quote)


@pytest.mark.parametrize("question", ["What is the capital of Australia?", "How do I unclog a sink?"])
def test_nor_does_it_make_an_answer_of_a_refusal(astray: LocalAssistant, question: str) -> None:
    assert isinstance(astray.ask(question), NotCovered)


def test_a_hundred_near_identical_passages_push_nothing_else_out(astray: LocalAssistant) -> None:
    result = astray.ask("Why does rye bread keep for a week?")
    assert overlaps(RYE, shown(result)[0].quote)


def test_one_of_a_hundred_is_found_by_its_number_and_none_is_shown_twice(astray: LocalAssistant) -> None:
    citations = shown(astray.ask("When does the bakery in house number 57 on Elm Street open?"))
    assert "number 57 " in citations[0].quote
    assert len({citation.quote for citation in citations}) == len(citations)


def test_notes_that_disagree_are_both_cited_with_their_dates(astray: LocalAssistant) -> None:
    """A reader who saw one of them alone would take it for all that the notes say."""
    result = astray.ask("Does coffee in the afternoon harm sleep at night?")
    assert isinstance(result, Answer)
    assert {citation.date for citation in result.citations} >= {"2019-03-01", "2024-05-02"}
