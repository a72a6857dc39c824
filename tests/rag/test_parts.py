from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.filters import Names
from rag.parts import compared, left_out, split
from tests.builders import episode


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is MLA? Who runs TSMC?", ("What is MLA?", "Who runs TSMC?")),
        ("who won the cup and when did rye bread rise", ("who won the cup", "when did rye bread rise")),
        ("What is salt and how many bees dance?", ("What is salt", "how many bees dance?")),
        ("tell me about tides and about rye", ("tell me about tides", "tell me about rye")),
        ("What do they say about salt and bread?", None),
        ("What is this and how many bees dance?", None),
        ("What did he pay, and why?", None),
        ("How many bees are there, and how does that compare with wasps?", None),
        ("What did rye cost? Do the notes agree?", None),
        ("What is MLA? What is KV? What is TP? What is PP? What is DP?", None),
        ("Bread and butter", None),
        ("", None),
    ],
)
def test_only_questions_that_stand_alone_are_parts(question: str, parts: tuple[str, ...] | None) -> None:
    assert split(question) == (parts or (question,))


@given(st.text(alphabet="What is who and bread? ,", max_size=120))
def test_parts_are_pieces_of_the_question_in_order(question: str) -> None:
    at = 0
    for part in split(question):
        at = question.index(part, at) + len(part)


NAMES = Names(
    [episode(id=name, title=name, guests=(name,)) for name in ("Ines", "Mara", "Tom")]
    + [episode(id="both", title="Both", guests=("Ines", "Pia"))],
    (),
)


def test_names_of_different_episodes_are_compared() -> None:
    scopes = NAMES.scopes("What do Mara and Tom say about rye?")
    assert [scope.shown.label for scope in compared(scopes)] == ["Mara", "Tom"]
    assert compared(NAMES.scopes("What do Ines and Pia say?")) == ()
    assert compared(NAMES.scopes("What does Mara say?")) == ()


def test_a_question_without_some_of_its_words() -> None:
    question = "What do Mara and Tom say about rye?"
    tom = NAMES.scopes(question)[1]
    assert left_out(question, tom.words) == "What do Mara and say about rye?"
    assert left_out(question, ()) == question
