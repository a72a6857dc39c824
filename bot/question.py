"""Turns away what cannot be a question, before any model is loaded. Knows nothing of answers."""

from __future__ import annotations

from rag.errors import QuestionError

LONGEST = 20_000  # characters; the search reads the first words of a long question and says so


def check_question(text: str, *, what: str = "question") -> str:
    """`text` without surrounding white space.

    Raises:
        QuestionError: it is empty, longer than `LONGEST` characters, or has neither letter nor digit.
    """
    stripped = text.strip()
    if not stripped:
        raise QuestionError(f"The {what} is empty.", remedy="Type a few words to look for.")
    if len(stripped) > LONGEST:
        raise QuestionError(
            f"The {what} has {len(stripped):,} characters; at most {LONGEST:,} are read.",
            remedy="Shorten it.",
        )
    if not any(character.isalnum() for character in stripped):
        raise QuestionError(f"The {what} has no words in it.", remedy="Write it in letters or numbers.")
    return stripped
