"""The words of a text, as search and the gate count them. Knows nothing of passages or indexes."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

_WORD = re.compile(r"\d+(?:[.,:/]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")

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
        if _UNSPACED.search(written):
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
