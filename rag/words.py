"""The words of a text, as search and the gate count them. Knows nothing of passages or indexes."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

# Marks that Python does not count as letters but that are part of a word: accents, vowel signs, joiners.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u09d7\u0a01-\u0a03\u0a3c-\u0a51"
    "\u0a70\u0a71\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0b82\u0bbe-\u0bcd\u0bd7\u0c00-\u0c04\u0c3c-\u0c56"
    "\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d4d\u0d57\u0d81-\u0d83\u0dca-\u0ddf\u0f18-\u0f3f\u0f71-\u0f87"
    "\u135d-\u135f\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f\u200c\u200d"
)
# Scripts whose words are written without spaces between them, with their own marks: Thai, Lao, Myanmar, Khmer, the
# kana, Chinese characters; Hangul too, whose words carry their particles with them.
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u109d\u1780-\u17d3\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\uaa7f\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_LETTER = rf"(?:[^\W\d_{_UNSPACED}]|[{_MARKS}])"
_WORD = re.compile(
    rf"(?P<run>[{_UNSPACED}][{_UNSPACED}{_MARKS}]*)|\d+(?:[.,:/]\d+)*%?|{_LETTER}+(?:['’]{_LETTER}+)?|[^\W_{_UNSPACED}]+"
)

# Words that carry grammar rather than meaning, and the words questions about notes are framed in.
STOPWORDS = frozenset(
    """
    a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
    either else ever every few for from further get gets getting give given gives go goes going gonna got had
    has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how how's
    however i i'd i'll i'm i've if in into is isn't it it's its itself just kind kinda know let let's like lol
    make makes many may maybe me might more most much must my myself no nor not of off oh ok okay on once one
    only onto or other our ours out over own per please quite rather really said same say saying says shall she
    she's should shouldn't so some someone something sort still such than that that's the their theirs them
    themselves then there there's these they they'd they're they've thing things this those through till to too
    toward towards under until up upon us use used uses using very via want wants was wasn't way we we'd we're
    we've well were weren't what what's whats when when's where where's whether which while who who's whom whose
    why why's will with within without won't would wouldn't yeah yes yet yo you you'd you'll you're you've your
    yours yourself dont doesnt didnt isnt wasnt cant wont im ive thats hows whos tell explain describe mention
    mentions mentioned called named according discuss discussed notes note episode episodes podcast podcasts
    speaker author writer anyone anything
    """.split()  # noqa: SIM905  # two thousand quotation marks would hide the words
)


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word as written, with the form it is matched in and its place in the text."""

    written: str
    stem: str
    start: int
    end: int


_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = threading.Lock()


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The form in which a word is matched: case-folded, without accents, Porter2-stemmed.

    Words of a single letter and words with a digit in them are kept as they are.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("’", "'").removesuffix("'s")
    if len(plain) < 2 or not plain.isalpha():
        return plain.rstrip(".,:/")
    with _stemmer_lock:  # the stemmer keeps its state in itself
        return str(_stemmer.stemWord(plain))


def words(text: str) -> list[Word]:
    """Every word of `text` in order. Scripts written without spaces come as overlapping pairs of characters."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        written, start = match.group(), match.start()
        if match["run"]:
            found.extend(_pairs(written, start))
        else:
            found.append(Word(written=written, stem=stem(written), start=start, end=match.end()))
    return found


def _pairs(run: str, start: int) -> Iterable[Word]:
    for i in range(max(1, len(run) - 1)):
        pair = run[i : i + 2]
        yield Word(written=pair, stem=pair, start=start + i, end=start + i + len(pair))


def is_stopword(word: str) -> bool:
    """Whether a word says nothing of what a text is about."""
    folded = word.casefold().replace("’", "'")
    return folded in STOPWORDS or (len(folded) == 1 and folded.isascii() and folded.isalpha())


def terms(text: str) -> list[str]:
    """The stems of `text` that BM25 counts, in order, repeats kept."""
    return [word.stem for word in words(text) if not is_stopword(word.written)]


def content_words(text: str) -> list[Word]:
    """The words of a question that its answer should be about; first occurrence of each stem."""
    seen: dict[str, Word] = {}
    for word in words(text):
        if not is_stopword(word.written):
            seen.setdefault(word.stem, word)
    return list(seen.values())
