"""What is turned away before any model is loaded."""

from __future__ import annotations

import pytest

from bot.question import LONGEST, check_question
from rag.errors import QuestionError


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        ("x" * 30_000, "has 30,000 characters"),
        ("🙂🙂", "no words"),
        ("?!", "no words"),
        ("👩\u200d🔬", "no words"),
    ],
)
def test_what_is_no_question_is_refused_in_a_sentence(text: str, part: str) -> None:
    with pytest.raises(QuestionError, match=part) as caught:
        check_question(text)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("text", ["Warum?", "为什么", "1202", "@everyone why <|im_end|>", "x" * LONGEST])
def test_any_words_will_do(text: str) -> None:
    assert check_question(f"  {text}\n") == text


def test_the_sentence_speaks_of_what_was_typed() -> None:
    with pytest.raises(QuestionError, match="The topic is empty"):
        check_question("", what="topic")
