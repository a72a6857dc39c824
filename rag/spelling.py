"""Words that a question misspells: what is surely meant, and what may be. Pure functions on words.

Knows nothing of where names and words come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag.words import Word, content_words

LEAST_LETTERS = 5  # shorter words are near to too many others
LEAST_STRANGE = 2  # words that occur nowhere make a question one typed in haste
MOST_MEANT = 0.75  # share of them that must be near a word of the notes; else they speak of something else
LONG, LONG_SLIPS = 8, 2  # letters from which on a word may be misspelt twice
SUGGESTIONS = 3


def correct(
    text: str,
    *,
    known: Callable[[str], bool],
    names: Mapping[str, str],
    vocabulary: Callable[[], Mapping[str, int]] = dict,
) -> str:
    """`text` with each word that is not `known` (by its stem) replaced by what it surely means.

    That is a name one slip away, or two from a long word; for a word that is not itself written as a name, one that
    begins alike, since it may as well be an ordinary word ("hinges", not "Ines"). Where most of the words occur
    nowhere, the whole was typed in haste, and it may be the most frequent word of the notes that is one slip away: a
    letter too many, missing, wrong or swapped with the next. A single word that occurs nowhere is more likely what the
    notes do not have ("hiking", not "hiring").

    `names`: case-folded -> as written. `vocabulary`: case-folded word -> how often it occurs, asked for when needed.
    """
    strange = [word for word in content_words(text) if len(word.written) >= LEAST_LETTERS and not known(word.stem)]
    meant = [_name(word, names, as_name=_has_capital(word, text)) for word in strange]
    if len(strange) >= LEAST_STRANGE and 2 * len(strange) >= len(content_words(text)):
        slips = [
            name or _word(word.written.casefold(), vocabulary()) for word, name in zip(strange, meant, strict=True)
        ]
        if sum(map(bool, slips)) >= MOST_MEANT * len(slips):
            meant = slips
    return _replaced(text, [(word, instead) for word, instead in zip(strange, meant, strict=True) if instead])


def _replaced(text: str, changes: Iterable[tuple[Word, str]]) -> str:
    pieces, end = [], 0
    for word, instead in changes:
        pieces += [text[end : word.start], instead]
        end = word.end
    return "".join([*pieces, text[end:]])


def suggest(absent: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Names that words which occur nowhere may be misspellings of, at most three: one slip away, two in a long word."""
    found: dict[str, float] = {}
    for word in (word.casefold() for word in absent if len(word) >= LEAST_LETTERS):
        alike = [name for name in names if name[0] == word[0]]
        for name, away in _near(word, alike, limit=SUGGESTIONS):
            found[names[name]] = min(away, found.get(names[name], away))
    return tuple(sorted(found, key=lambda name: found[name])[:SUGGESTIONS])


def _name(word: Word, names: Mapping[str, str], *, as_name: bool) -> str:
    """The name that a word is a slip away from, or ""."""
    written = word.written.casefold()
    alike = [name for name in names if as_name or name[0] == written[0]]
    return next((names[name] for name, _ in _near(written, alike, limit=1)), "")


def _has_capital(word: Word, text: str) -> bool:
    """Whether a word is written as a name, which the first word of a text and one in capitals throughout are not."""
    return word.start > 0 and word.written[0].isupper() and text != text.upper()


def _near(word: str, others: Iterable[str], *, limit: int) -> list[tuple[str, float]]:
    """The nearest of the `others` and how many slips away they are: one at most, two from a long word."""
    slips = LONG_SLIPS if len(word) >= LONG else 1
    found = process.extract(word, list(others), scorer=OSA.distance, score_cutoff=slips, limit=limit)
    return [(other, away) for other, away, _ in found]


def _word(word: str, vocabulary: Mapping[str, int]) -> str:
    """The most frequent word that begins like `word` and is one slip away, or ""."""
    candidates = [other for other in vocabulary if other[0] == word[0] and abs(len(other) - len(word)) <= 1]
    near = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=1, limit=None)
    return max((other for other, _, _ in near), key=lambda other: vocabulary[other], default="")
