"""Turns away what cannot be a question, before any model is loaded. Knows nothing of answers."""

from __future__ import annotations

from rag.errors import QuestionError
from rag.phrase import Phrase

LONGEST = 20_000  # characters; the search reads the first words of a long question and says so
WHAT = {"question": Phrase("The question"), "topic": Phrase("The topic")}
EMPTY = Phrase("{what} is empty.")
TOO_LONG = Phrase("{what} has {n} characters; at most {most} are read.")
NO_WORDS = Phrase("{what} has no words in it.")


def check_question(text: str, *, what: str = "question") -> str:
    """`text` without surrounding white space.

    Raises:
        QuestionError: it is empty, longer than `LONGEST` characters, or has neither letter nor digit.
    """
    stripped, named = text.strip(), WHAT[what]
    if not stripped:
        raise QuestionError(EMPTY.format(what=named), remedy=Phrase("Type a few words to look for."))
    if len(stripped) > LONGEST:
        raise QuestionError(TOO_LONG.format(what=named, n=len(stripped), most=LONGEST), remedy=Phrase("Shorten it."))
    if not any(character.isalnum() for character in stripped):
        raise QuestionError(NO_WORDS.format(what=named), remedy=Phrase("Write it in letters or numbers."))
    return stripped
