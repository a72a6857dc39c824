"""Is a sentence a quote with something left out? For models that choose better than they write.

Its words stand in one sentence of what it cites, in the same order and with nothing between them; left out is what may
be: what stands between commas or in brackets, a few words, what comes before and behind. Nothing that is left out
denies, doubts or restricts the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.words import Word, words
from rag.writing.checks.claim import Claim

LEFT_OUT = 4  # words in a row that may be left out anywhere
_ADDED = frozenset({"a", "an", "the", "and", "that"})  # small words that the sentence may have for itself
_BREAK = re.compile(r"[,;:()–—-]")
_BEGINS = re.compile(r"(?:^|[,;:()–—•*-]|\band|\bthat)\W*(?:the|an?)?\s*$", re.IGNORECASE)
_RESTRICTS = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|\w+n['’]t|few|if|unless|except|but"
    r"|although|though|instead|rather|until|only|when|might|may|could|would|should|perhaps|maybe|possibl[ey]|probabl[ey]"
    r"|likely|unlikely|seems?|appears?|doubt\w*|den(?:y|ies|ied)|s[ck]eptical|claim\w*|think\w*|thought|believ\w*|argu\w*"
    r"|guess\w*|suppos\w*|suspect\w*|expect\w*|wonder\w*|ask\w*|whether|fail\w*|refus\w*|far from|as if|hypothe\w*"
    r"|would-be|almost|nearly|less|least|fewer)\b|\?",
    re.IGNORECASE,
)


def rewritten(claim: Claim) -> str:
    """Why a sentence is more than a quote with something left out; "" where it is no more."""
    wanted = words(claim.text)
    pieces = (piece for cited in claim.cited for piece in cited.sentences)
    found = any(_is_trimmed(wanted, piece) for piece in pieces)
    return "" if found else "it is not what it cites with words left out"


def _is_trimmed(wanted: Sequence[Word], piece: str) -> bool:
    there = words(piece)
    starts = (place for place, word in enumerate(there) if wanted and word.stem == _first(wanted))
    return any(_fits(kept, there, piece) for start in starts if (kept := _kept(wanted, there, start)))


def _first(wanted: Sequence[Word]) -> str:
    return next((word.stem for word in wanted if word.stem not in _ADDED), wanted[0].stem)


def _kept(wanted: Sequence[Word], there: Sequence[Word], start: int) -> list[int]:
    """The places of the wanted words, each the next after the one before; none where one is missing."""
    places: list[int] = []
    at = start
    for word in wanted:
        place = next((i for i in range(at, len(there)) if there[i].stem == word.stem), None)
        beside = place is not None and bool(places) and place == at
        if word.stem in _ADDED and not beside:
            continue
        if place is None:
            return []
        places.append(place)
        at = place + 1
    return places


def _fits(kept: Sequence[int], there: Sequence[Word], piece: str) -> bool:
    """Whether only such words are left out as may be."""
    ends = [(0, there[kept[0]].start), (there[kept[-1]].end, len(piece))]
    gaps = [(there[one].end, there[other].start) for one, other in pairwise(kept) if other - one > 1]
    if not _BEGINS.search(piece[: there[kept[0]].start]):
        return False
    small = all(len(words(piece[a:b])) <= LEFT_OUT or _is_aside(piece[a:b]) for a, b in gaps)
    return small and not any(_RESTRICTS.search(piece[a:b]) for a, b in (*ends, *gaps))


def _is_aside(text: str) -> bool:
    """Whether what is left out stands between commas, or in brackets."""
    return bool(_BREAK.match(text.strip()) and _BREAK.search(text.strip()[-1:]))
