"""What a question asks for, and what it leans on. Pure functions on its words; knows nothing of the notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rag.words import Word, content_words, words

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
_CONTINUES = re.compile(
    r"^\s*(?:and|but|so|or|also|what about|how about|why\b\W*$|any (?:other|more)|who else|what else)\b", re.IGNORECASE
)
_PRONOUN = re.compile(
    r"\b(?:he|she|they|them|him|it|its|his|hers?|their|theirs|that|those|these|this|there|ones?|same|former|latter)\b",
    re.IGNORECASE,
)
CONTINUES_WORDS = 6  # a question with more content words than this stands on its own, however it opens
PRONOUN_WORDS = 4  # the same for one whose pronoun comes before anything it could stand for
BARE_WORDS = 2  # the same for one with a pronoun anywhere


def asks_for_number(question: str) -> bool:
    """Whether only a passage with a number, a date or an amount in it can answer."""
    return bool(_ASKS_NUMBER.search(question))


def holds_number(text: str) -> bool:
    """Whether a text holds a number, in digits or in words."""
    return bool(_NUMBER.search(text))


def resolve(question: str, history: Sequence[str], *, names: AbstractSet[str] = frozenset()) -> str:
    """What to search for: the question, led by the names of an earlier one if it cannot be understood alone.

    `history`: earlier questions of the conversation, oldest first; the latest one with a name in it counts.
    `names`: stems of the shows', episodes' and guests' names, which people often type in lower case.
    """
    if not leans(question):
        return question
    known = {word.stem for word in content_words(question)}
    for earlier in reversed(history):
        named = [word for word in content_words(earlier) if _is_name(word, names)]
        carried = [word.written for word in named if word.stem not in known]
        if named:
            return f"{' '.join(carried)}: {question}" if carried else question
    return question


def _is_name(word: Word, names: AbstractSet[str]) -> bool:
    capital = word.written[0].isupper() and word.start > 0
    return capital or word.stem in names or any(c.isdigit() for c in word.written)


def leans(question: str) -> bool:
    """Whether a question opens like a continuation, or has a pronoun that nothing in it explains."""
    content = content_words(question)
    if _CONTINUES.search(question):
        return len(content) <= CONTINUES_WORDS
    pronoun = _PRONOUN.search(question)
    if pronoun is None:
        return False
    unexplained = not content or pronoun.start() < content[0].start
    return len(content) <= (PRONOUN_WORDS if unexplained else BARE_WORDS)


def is_wordless(question: str) -> bool:
    """Whether a question has no word at all (emoji or punctuation only)."""
    return not words(question)
