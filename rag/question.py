"""What a question asks for, and what it leans on. Pure functions on its words; knows nothing of the notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from rag.types import Earlier, Turn
from rag.words import Word, content_words, stem, words

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
_WHO = re.compile(r"\bwh(?:o|om|ose)\b", re.IGNORECASE)
_ABOUT_EPISODE = re.compile(
    r"\b(?:which|what|whose) (?:podcast|show|episode|date|link|guest)s?\b|\b(?:link|url|website)\b"
    r"|\bwhen (?:was|were|did|is)\b.*\b(?:publish|air|release|record|come|came|out)|\bguests?\b|\bepisodes\b"
    r"|\bwhen (?:was|is) (?:the|that|this) (?:\w+ )?(?:episode|podcast|interview|conversation|talk)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\s*(?:(?:and|but|so|or|also|what about|how about|any (?:others?|more)|who else|what else)\b|why\W*$)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:he|she|they|them|him|it|its|his|hers?|their|theirs|that|those|these|this|there|ones?|same|former|latter)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:he|she|him|his|hers?|they|them|their)\b", re.IGNORECASE)
_ASKING = frozenset(
    map(
        stem,
        re.findall(
            r"\w+",
            "talk talking discuss discussed discussing say said saying speak mention mentioned happen happens happened"
            " cover covered going around near topic subject episode podcast show interview conversation minute",
        ),
    )
)
MOST_LETTERS = 2_000  # of a question that are searched for; some scripts have no spaces
MOST_WORDS = 200  # of a question that are searched for; a long one says less with each word
CONTINUES_WORDS = 6  # a question with more content words than this stands on its own, however it opens
PRONOUN_WORDS = 4  # the same for one whose pronoun comes before anything it could stand for, or that has no name
BARE_WORDS = 2  # the same for one with a pronoun anywhere and a name
ABOUT_WORDS = 4  # so many words say what a question without names is about


def can_answer(question: str, text: str) -> bool:
    """Whether a text holds the kind of thing that is asked for; True if the question asks for no such kind.

    A question that begins "how many" can only be answered by a number, one that begins "which year" by a year.
    """
    holds = next((holds for asks, holds in _KINDS if asks.search(question)), None)
    return holds is None or bool(holds.search(text))


def holds_asked(question: str, text: str) -> bool:
    """Whether a sentence shows what is asked for: a person for a "who", the kind of thing `can_answer` knows of else.

    False if the question asks for no such kind, so that it prefers nothing.
    """
    if _WHO.search(question):
        mentioned = {word.stem for word in words(question)}
        return any(_capital_inside(word) and word.stem not in mentioned for word in content_words(text))
    return any(asks.search(question) and holds.search(text) for asks, holds in _KINDS)


def asks_about_episode(question: str) -> bool:
    """Whether an episode's own name, date or link may be the answer."""
    return bool(_ABOUT_EPISODE.search(question))


def is_asking(word: Word) -> bool:
    """Whether a word only asks what is said, and nothing of what it is about."""
    return word.stem in _ASKING


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


def resolve(
    question: str,
    history: Sequence[Earlier],
    *,
    names: AbstractSet[str] = frozenset(),
    people: Callable[[str], Sequence[str]] = lambda _episode: (),
) -> str:
    """What to search for: the question, led by what it leans on if it cannot be understood alone.

    `history`: earlier questions of the conversation, oldest first. `names`: stems of the shows', episodes' and guests'
    names, which people often type in lower case. `people`: an episode's guests by its id.
    """
    if not history or not leans(question, names):
        return question
    known = {word.stem for word in content_words(question)}
    lead = _lead(question, [_turn(earlier) for earlier in history], names, people)
    carried = [word for word in lead if not {each.stem for each in words(word)} <= known]
    return f"{' '.join(carried)}: {question}" if carried else question


def _lead(
    question: str, turns: Sequence[Turn], names: AbstractSet[str], people: Callable[[str], Sequence[str]]
) -> Sequence[str]:
    """What the latest earlier question names; for a "he" or "she" where it names nobody, who was on the episode cited.

    Only where it names nothing does an older question count, and only where none names anything what it was about.
    """
    last = turns[-1]
    named = _named(last, names)
    guests = [person for episode in last.episodes[:1] for person in people(episode)]
    if _PERSON.search(question) and guests and not {stem(word) for word in named} & names:
        return [*guests, *named]
    if named:
        return named
    older = next(filter(None, (_named(turn, names) for turn in reversed(turns[:-1]))), [])
    return older or [word.written for word in content_words(last.question)][:ABOUT_WORDS]


def _turn(earlier: Earlier) -> Turn:
    return Turn(question=earlier) if isinstance(earlier, str) else earlier


def _named(turn: Turn, names: AbstractSet[str]) -> list[str]:
    """The names in an earlier question, or else those it was led by in its turn."""
    own = [_whole(turn.question, word) for word in content_words(turn.question) if _is_name(word, names)]
    led = turn.searched.removesuffix(turn.question) if turn.searched.endswith(turn.question) else ""
    return list(dict.fromkeys(own or (_whole(led, word) for word in content_words(led))))


def _whole(text: str, word: Word) -> str:
    """The word with what is joined to it: "GPT-4" of "4", "H20" of "20"."""
    start = re.search(r"[\w-]*$", text[: word.start])
    end = re.match(r"\w*(?:-\w+)*", text[word.end :])
    return (start[0] if start else "") + word.written + (end[0] if end else "")


def _is_name(word: Word, names: AbstractSet[str]) -> bool:
    return _capital_inside(word) or _has_digit(word) or word.stem in names


def leans(question: str, names: AbstractSet[str] = frozenset()) -> bool:
    """Whether a question opens like a continuation, or has a pronoun that nothing in it explains."""
    content = content_words(question)
    if _CONTINUES.search(question):
        return len(content) <= CONTINUES_WORDS
    pronoun = _PRONOUN.search(question)
    if pronoun is None:
        return False
    if _PERSON.fullmatch(pronoun[0]) and any(_is_name(word, names) for word in content if word.end < pronoun.start()):
        return False  # whoever the question itself has named
    unexplained = not content or pronoun.start() < content[0].start
    nameless = not any(_is_name(word, names) for word in content)
    return len(content) <= (PRONOUN_WORDS if unexplained or nameless else BARE_WORDS)


def first_words(question: str) -> str:
    """The question, cut to what can be searched for at once."""
    pieces = question.split()
    if len(pieces) <= MOST_WORDS and len(question) <= MOST_LETTERS:
        return question
    return " ".join(pieces[:MOST_WORDS])[:MOST_LETTERS]


def is_wordless(question: str) -> bool:
    """Whether a question has no word at all (emoji or punctuation only)."""
    return not words(question)
