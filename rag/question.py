"""What a question asks for, and what it leans on. Pure functions on its words; knows nothing of the notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rag.words import Word, content_words, words

_NUMBER = (
    r"(?:\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion"
    r"|trillion|tens|dozens|hundreds|thousands|millions|billions|half|third|quarter|double|twice|once|first|second)\b)"
)
_MONTH = r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
_LENGTH = r"met(?:er|re)|feet|\bfoot\b|\bkm\b|mile|inch|page|words"
_SPAN = r"(?:second|sec|minute|min|hour|hr|day|night|week|month|year|decade|centur|generation)"

# What a question asks for, and what a passage must hold to be able to say it; the first that fits counts.
_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(holds, re.IGNORECASE))
    for asks, holds in (
        (r"\b(?:which|what) (?:minute|timestamp)\b|\bhow far in(?:to)?\b", r"\d"),
        (r"\bhow (?:long (?!ago)|old)", rf"{_SPAN}|\d:\d\d|{_LENGTH}|forever|always|overnight"),
        (r"\bhow often\b", rf"{_NUMBER}|{_SPAN}|always|never|dai|\b(?:times?|every)\b"),
        (r"\b(?:which|what) year\b", r"\b(?:1\d|20)\d\d\b|\b\d0s\b|centur"),
        (
            r"\bwhen (?:was|were|did|is|are|will|do|does)\b|\b(?:which|what) (?:date|month|weekday)\b"
            r"|\bwhat (?:day|time) (?:of|is|was|did|does|do)\b",
            rf"\d|{_MONTH}|{_SPAN}|\b(?:before|after|while|until|once|when|if)\b",
        ),
        (
            r"\bhow (?:many|much|large|big|tall|far|fast|deep|heavy|high|hot|cold)\b"
            r"|\bhow (?:\w+ )?(?:expensive|cheap\w*)\b"
            r"|\bwhat (?:share|percentage|percent|score|price|number|fraction|proportion|temperature)\b",
            _NUMBER,
        ),
    )
)
_ABOUT_EPISODE = re.compile(
    r"\b(?:which|what|whose) (?:podcast|show|episode|date|link|guest)s?\b|\b(?:link|url|website)\b"
    r"|\bwhen (?:was|were|did|is)\b.*\b(?:publish|air|release|record|come|came|out)|\bguests?\b|\bepisodes\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\s*(?:(?:and|but|so|or|also|what about|how about|any (?:other|more)|who else|what else)\b|why\W*$)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:he|she|they|them|him|it|its|his|hers?|their|theirs|that|those|these|this|there|ones?|same|former|latter)\b",
    re.IGNORECASE,
)
CONTINUES_WORDS = 6  # a question with more content words than this stands on its own, however it opens
PRONOUN_WORDS = 4  # the same for one whose pronoun comes before anything it could stand for
BARE_WORDS = 2  # the same for one with a pronoun anywhere


def can_answer(question: str, text: str) -> bool:
    """Whether a text holds the kind of thing that is asked for; True if the question asks for no such kind.

    A question that begins "how many" can only be answered by a number, one that begins "which year" by a year.
    """
    holds = next((holds for asks, holds in _KINDS if asks.search(question)), None)
    return holds is None or bool(holds.search(text))


def asks_about_episode(question: str) -> bool:
    """Whether an episode's own name, date or link may be the answer."""
    return bool(_ABOUT_EPISODE.search(question))


def exact_words(question: str) -> list[Word]:
    """The question's proper names and numbers: words with a capital that no sentence start explains, or a digit.

    A question in capitals throughout has no names as far as one can see.
    """
    shouted = question.upper() == question
    content = content_words(question)
    return [word for word in content if _has_digit(word) or (_capital_inside(word) and not shouted)]


def _has_digit(word: Word) -> bool:
    return any(c.isdigit() for c in word.written)


def _capital_inside(word: Word) -> bool:
    return word.start > 0 and word.written[0].isupper()


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
    return _capital_inside(word) or _has_digit(word) or word.stem in names


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
