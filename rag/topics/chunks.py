"""Runs of words that may name something, and how each word is used: what topics are made of.

A word's part of speech is told from the small words around it ("the X", "to X", "very X"), counted over all notes, so
no tagger is needed. Pure functions on one text; knows nothing of passages or of what becomes a topic.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from rag.words import Word, is_stopword, words

LONGEST_RUN = 6  # words; a longer run is a list or a table, not a name
CONNECTOR = "of"
SOMETIMES = 0.15  # share of a word's occurrences, from which a way of writing it is no slip

_LINK = re.compile(r"https?://\S+|\bwww\.\S+|\b[\w.+-]+@[\w-]+\.\w+|\S+\.(?:com|org|net|io|fm|dev|ai|co)\b\S*")
_JOINS = re.compile(r"[ \t]+|[-‐‑]|[’']s?[ \t]+")  # what may stand between two words of one name
_INFLECTED = re.compile(r"(?:n['’]t|['’](?:re|ll|ve|d|m))$")

# fmt: off
NOUN_BEFORE = frozenset((
    "a", "an", "the", "this", "these", "those", "my", "your", "his", "her", "its", "our", "their", "another", "of",
    "in", "on", "for", "with", "about", "from", "by", "into", "between", "without", "through", "across", "via", "per",
))
VERB_BEFORE = frozenset((
    "to", "i", "you", "we", "they", "he", "she", "who", "it", "can", "could", "will", "would", "should", "may", "might",
    "must", "cannot", "let", "don't", "doesn't", "didn't", "won't", "can't", "couldn't", "wouldn't", "shouldn't", "not",
    "i'll", "you'll", "we'll", "they'll", "let's", "i'd", "you'd", "we'd", "please", "gonna",
))
VERB_BEHIND = frozenset((
    "the", "a", "an", "this", "my", "your", "his", "her", "its", "our", "their", "it", "them", "him", "us", "me", "you",
    "how", "what", "whether",
))
QUALITY_BEFORE = frozenset((
    "very", "so", "too", "more", "most", "really", "quite", "pretty", "is", "are", "was", "were", "be", "been", "as",
    "less", "how",
))
NOUN_ENDS = ("tion", "sion", "ity", "ness", "ment", "ence", "ance", "ism", "ship", "logy", "graphy")
# fmt: on

Role = str
"""How a word is used: "n" as what is spoken of, "v" as what is done, "q" as a quality."""


@dataclass(frozen=True, kw_only=True)
class Chunks:
    """What one text holds.

    Attributes:
        runs: stretches of words of meaning as written, a connecting "of" and hyphens included.
        roles: (base form, role) of each word whose neighbours tell.
    """

    runs: tuple[str, ...] = ()
    roles: tuple[tuple[str, Role], ...] = ()


@dataclass(kw_only=True)
class Usage:
    """How often each word is used in which role."""

    counts: dict[str, Counter[Role]] = field(default_factory=dict)

    def add(self, roles: Iterable[tuple[str, Role]]) -> None:
        """Count these."""
        for word, role in roles:
            self.counts.setdefault(word, Counter())[role] += 1

    def share(self, word: str, role: Role) -> float:
        """How much of a word's use is in a role, 0 to 1; 0 for one whose use is never told."""
        counts = self.counts.get(word)
        return counts[role] / counts.total() if counts else 0.0

    def told(self, word: str) -> int:
        """How often a word's neighbours tell how it is used."""
        return self.counts[word].total() if word in self.counts else 0


def chunks(text: str) -> Chunks:
    """The runs and roles of a text."""
    plain = _LINK.sub(" . ", text)
    found = words(plain)
    joined = [_joined(plain, one, two) for one, two in pairwise(found)]
    runs: list[str] = []
    roles: list[tuple[str, Role]] = []
    start = 0
    while start < len(found):
        end = _run_end(found, joined, start)
        if end > start:
            if end - start <= LONGEST_RUN:
                runs.append(" ".join(plain[found[start].start : found[end - 1].end].split()))
            roles.extend(_roles(found, joined, start, end))
        start = max(end, start + 1)
    return Chunks(runs=tuple(runs), roles=tuple(roles))


def _joined(text: str, one: Word, two: Word) -> bool:
    return one.end <= two.start and bool(_JOINS.fullmatch(text[one.end : two.start]))


def _run_end(found: Sequence[Word], joined: Sequence[bool], start: int) -> int:
    """One behind the last word of the run that begins at `start`; `start` itself where none does."""
    end = start
    while end < len(found) and (end == start or joined[end - 1]):
        if _means(found[end]):
            end += 1
        elif _connects(found, joined, end) and end > start:
            end += 2
        else:
            break
    return end


def _means(word: Word) -> bool:
    return not is_stopword(word.written) and not _INFLECTED.search(word.written)


def _connects(found: Sequence[Word], joined: Sequence[bool], place: int) -> bool:
    """Whether an "of" between two words of meaning stands at `place`."""
    behind = place + 1
    is_connector = found[place].written.casefold() == CONNECTOR
    return is_connector and behind < len(found) and joined[place] and _means(found[behind])


def _roles(found: Sequence[Word], joined: Sequence[bool], start: int, end: int) -> Iterator[tuple[str, Role]]:
    """The role of the first word of a run, by the word before it, and of the last one, by the word behind it."""
    before = _small(found[start - 1]) if start and joined[start - 1] else ""
    behind = _small(found[end]) if end < len(found) and joined[end - 1] else ""
    last = base_form(found[end - 1].written)
    if behind in VERB_BEHIND:
        yield last, "v"
        if end - start == 1:
            return
    elif before in NOUN_BEFORE:
        yield last, "n"
    first = base_form(found[start].written)
    if before in VERB_BEFORE | QUALITY_BEFORE:
        is_noun = first.endswith(NOUN_ENDS)
        yield first, "n" if is_noun else "v" if before in VERB_BEFORE else "q"


@lru_cache(maxsize=100_000)
def base_form(word: str) -> str:
    """What the ways of writing one word have in common: no capitals, no plural, no possessive.

    Less than a stem: learning is not what learns.
    """
    plain = word.casefold().replace("’", "'").removesuffix("'s").removesuffix("s'")
    if len(plain) < 4 or not plain.endswith("s") or plain.endswith(("ss", "us", "is")):
        return plain
    if plain.endswith("ies") and len(plain) > 4:
        return plain[:-3] + "y"
    return plain[:-2] if plain.endswith(("ches", "shes", "sses", "xes")) else plain[:-1]


def _small(word: Word) -> str:
    return word.written.casefold().replace("’", "'")


def sub_runs(run: Sequence[str], *, longest: int) -> Iterator[tuple[int, int]]:
    """Half-open spans of every stretch of up to `longest` words of a run; none begins or ends with a connector."""
    for start in range(len(run)):
        for end in range(start + 1, min(start + longest, len(run)) + 1):
            if run[start] != CONNECTOR and run[end - 1] != CONNECTOR:
                yield start, end


def written_best(forms: Mapping[str, int]) -> str:
    """The commonest way of writing something, without capitals that only begin a sentence or stand in a heading."""
    alike: dict[str, Counter[str]] = {}
    for form, count in forms.items():
        alike.setdefault(form.casefold(), Counter())[form] += count
    best = min(alike.values(), key=lambda group: (-group.total(), min(group)))
    usual = [form for form, count in best.items() if count >= SOMETIMES * best.total()]
    return min(usual, key=lambda form: (sum(map(str.isupper, form)), form))
