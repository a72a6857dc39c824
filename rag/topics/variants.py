"""Other ways in which notes may write a topic: in one word or two, by its initials, with both words cut short.

Pure functions on words; what the notes hold is asked for through `Vocabulary`. Nothing is offered that the notes do
not write themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

from rag.words import Word, is_stopword, stem, words

LEAST_LETTERS = 6  # a shorter word that occurs nowhere is no two words written as one
LEAST_PART = 2  # letters of each of the two
PARTS = 40  # words looked at that begin alike
INITIALS = range(2, 7)  # letters of a name made of initials
CAPITALS = 2  # how many of them it is written with at least, or it is a word like any other


class Vocabulary(Protocol):
    """What the notes are written in."""

    def knows(self, stem: str) -> bool:
        """Whether a stem occurs in them."""
        ...

    def beginning(self, letters: str) -> Sequence[str]:
        """The stems that begin with these letters."""
        ...

    def texts(self, *stems: str) -> Iterable[str]:
        """The texts in which all of these stems occur."""
        ...


def spelt_out(topic: str, notes: Vocabulary) -> str:
    """The topic with each word that occurs nowhere replaced by the two words of the notes it is made of, if any.

    "mechinterp" is "mechanistic interpretability", "promptengineering" "prompt engineering".
    """
    changed = topic
    for word in words(topic):
        letters = word.written.casefold()
        if len(letters) >= LEAST_LETTERS and letters.isalpha() and not notes.knows(word.stem):
            changed = changed.replace(word.written, _parted(letters, notes) or word.written)
    return changed


def wordings(topic: str, notes: Vocabulary) -> list[str]:
    """Other names under which the notes speak of all of a topic: joined into one word, its initials, or what they mean.

    "deep seek" is also "deepseek", "chain of thought" also "CoT", and "CoT" "chain of thought".
    """
    found = words(topic)
    together = topic.replace(" ", "") if len(found) == 2 else ""  # "two" is what it says
    ways = [together] if together and notes.knows(stem(together)) else []
    ways += _initials_of(found, notes)
    if len(found) == 1 and _is_initials(found[0].written):
        ways += _meant_by(found[0], notes)
    return list(dict.fromkeys(ways))


def _parted(letters: str, notes: Vocabulary) -> str:
    """Two words that stand side by side in the notes, and that `letters` begins and ends with the beginnings of."""
    for cut in range(len(letters) - LEAST_PART, LEAST_PART - 1, -1):
        for one in _stems(letters[:cut], notes):
            for other in _stems(letters[cut:], notes):
                if side_by_side := _together(one, other, notes):
                    return side_by_side
    return ""


def _stems(letters: str, notes: Vocabulary) -> list[str]:
    """The stems of words that are written so, or begin so."""
    whole = stem(letters)
    return [*([whole] if notes.knows(whole) else []), *notes.beginning(letters)[:PARTS]]


def _together(one: str, other: str, notes: Vocabulary) -> str:
    """How two stems are written where they stand side by side; "" where they never do."""
    for text in notes.texts(one, other):
        for first, second in pairwise(words(text)):
            if (first.stem, second.stem) == (one, other) and text[first.end : second.start] == " ":
                return text[first.start : second.end]
    return ""


def _initials_of(found: Sequence[Word], notes: Vocabulary) -> list[str]:
    """The initials of a name of several words, as the notes write them with capitals."""
    named = [word for word in found if not is_stopword(word.written)]
    if len(named) < INITIALS.start:
        return []
    wanted = {_initials(found), _initials(named)}
    candidates = [letters for letters in wanted if len(letters) in INITIALS and notes.knows(stem(letters))]
    written = (word.written for letters in candidates for text in notes.texts(stem(letters)) for word in words(text))
    return sorted({name for name in written if name.casefold() in wanted and _is_initials(name)})[:1]


def _meant_by(name: Word, notes: Vocabulary) -> list[str]:
    """What initials stand for: words side by side that begin with them, in a passage that holds the initials too."""
    size = len(name.written)
    for text in notes.texts(name.stem):
        found = words(text)
        for start in range(len(found) - size + 1):
            run = found[start : start + size]
            if _initials(run) == name.written.casefold() and not is_stopword(run[-1].written):
                return [text[run[0].start : run[-1].end]]
    return []


def _initials(found: Sequence[Word]) -> str:
    return "".join(word.written[0] for word in found).casefold()


def _is_initials(written: str) -> bool:
    return len(written) in INITIALS and written.isalpha() and sum(map(str.isupper, written)) >= CAPITALS
