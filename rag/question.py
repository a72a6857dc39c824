"""What a question asks for, and what it leans on. Pure functions on its words; knows nothing of the notes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.words import content_words, words

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|old|big|large|tall|far|fast|often|deep|heavy|high|hot|cold)\b"
    r"|\bhow (?:\w+ )?(?:expensive|cheap\w*)\b"
    r"|\bwhat (?:share|percentage|percent|score|price|number|fraction|proportion|temperature|time)\b"
    r"|\b(?:which|what) (?:year|date|month|day|minute|timestamp)\b|\bwhen\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion"
    r"|trillion|half|third|quarter|double|twice|first|second)\b",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"^\s*(?:and|but|so|or|what about|how about|why\b\W*$|any (?:other|more)|who else|what else)\b"
    r"|\b(?:he|she|they|them|him|it|its|his|hers?|their|theirs|that|those|these|this|there|one|ones|same|former|latter)\b",
    re.IGNORECASE,
)
SHORT_WORDS = 3  # content words; a question with no more of them may need the one before it


def asks_for_number(question: str) -> bool:
    """Whether only a passage with a number, a date or an amount in it can answer."""
    return bool(_ASKS_NUMBER.search(question))


def holds_number(text: str) -> bool:
    """Whether a text holds a number, in digits or in words."""
    return bool(_NUMBER.search(text))


def resolve(question: str, history: Sequence[str]) -> str:
    """What to search for: the question, after the one it leans on if it cannot be understood alone.

    `history`: earlier questions of the conversation, oldest first. A question leans if it opens like a
    continuation or uses a pronoun, and names little itself.
    """
    if not history or not _LEANS.search(question) or len(content_words(question)) > SHORT_WORDS + 2:
        return question
    known = {word.stem for word in content_words(question)}
    before = resolve(history[-1], history[:-1])
    carried = [word for word in content_words(before) if word.stem not in known]
    if not carried:
        return question
    return f"{' '.join(word.written for word in carried)}: {question}"


def is_wordless(question: str) -> bool:
    """Whether a question has no word at all (emoji or punctuation only)."""
    return not words(question)
