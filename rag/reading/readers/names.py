"""People's names: telling them from other words, splitting lists of them, and meeting misspellings half-way.

Pure functions on strings. Knows nothing of files or shows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

_NAME_WORD = r"(?:[A-ZÀ-ÖØ-Þ][\w’'.-]*)"
_PARTICLE = r"(?:de|da|di|del|van|von|der|den|la|le|bin|al|el|ben|dos|du|ter)"
_NAME = re.compile(rf"{_NAME_WORD}(?: (?:{_PARTICLE} )*{_NAME_WORD}){{0,3}}")
_FULL = rf"{_NAME_WORD}(?: (?:{_PARTICLE} )*{_NAME_WORD}){{1,2}}"
_LEADING = re.compile(rf"\W*((?:{_FULL})(?:, (?:{_FULL}))*(?:,? (?:and|&) (?:{_FULL}))?),? (?=[a-z])")
_SPLIT = re.compile(r"\s*(?:,\s*(?:and\b|&)?|;|/|\+|&|\band\b|\bwith\b|\bund\b|\bet\b|\by\b)\s*")
_SAYS = re.compile(
    r"\b([A-Z][a-zà-ÿ]+(?:[A-Z][a-z]+)?) (?:says|said|thinks|thought|notes|noted|asks|asked|expects|suggests|argues"
    r"|argued|explains|explained|mentions|mentioned|believes|claims|points out|recalls|describes|talks"
    r"|talked|continues)\b"
)
_NOT_A_NAME_TEXT = """
    a an the this that these those it its he she they we you i his her their our your my who what when where why how
    and or but if so then there here some many most all no not yes one two three people everyone someone nobody
    podcast podcasts episode episodes notes note summary transcript thoughts points insights key ideas takeaways lessons
    questions part chapter section intro introduction conclusion overview key main general speaker speakers host hosts
    guest guests interview talk discussion conversation recap review highlights quotes quote facts concepts challenges
    observations ai ml google openai research paper evidence author narrator unknown untitled draft todo my new
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december focus thinking reading listening learning working building making
"""
_NOT_A_NAME = frozenset(_NOT_A_NAME_TEXT.split())


def is_name(text: str) -> bool:
    """Whether `text` reads like one person's name: one to four capitalised words."""
    words = text.split()
    if not words or not _NAME.fullmatch(text) or text.endswith(":"):
        return False
    return not any(word.casefold() in _NOT_A_NAME or word.endswith(("’s", "'s")) for word in words)


def is_full_name(text: str) -> bool:
    """A name of two words or more."""
    return " " in text and is_name(text)


def split(text: str) -> tuple[str, ...]:
    """The names of a list such as `A, B and C`; empty where a part of it is no name."""
    parts = tuple(part for part in _SPLIT.split(text.strip(" .;,")) if part)
    return parts if parts and all(map(is_name, parts)) else ()


def listed(text: str) -> tuple[str, ...]:
    """The entries of a list that is known to hold names, however they are written."""
    cleaned = (re.sub(r"\s*[(\[].*?[)\]]", "", part).strip(" *_.\"'@") for part in _SPLIT.split(text))
    return tuple(part for part in cleaned if part)


def leading(sentence: str) -> tuple[str, ...]:
    """The full names a sentence has as its subject: `Ann Lee and Bo Day discuss ...`."""
    match = _LEADING.match(sentence)
    return tuple(name for name in split(match[1]) if " " in name) if match else ()


def speaking(text: str, *, least: int = 2) -> tuple[str, ...]:
    """Names that `text` makes say or think something at least `least` times, most often first."""
    counts = Counter(name for name in _SAYS.findall(text) if name.casefold() not in _NOT_A_NAME)
    return tuple(name for name, count in counts.most_common() if count >= least)


def from_slug(slug: str, text: str) -> tuple[str, ...]:
    """Names of a link's last part (`ann-lee-bo-day`), if `text` speaks of each of them by a name."""
    bare = re.sub(r"-?(?:episode|ep|part)?-?\d+$", "", slug.strip("/"))
    names: list[str] = []
    for group in bare.split("-and-"):
        words = [word for word in group.split("-") if word]
        if not words or len(words) % 2 or len(words) > 8 or not all(word.isalpha() for word in words):
            return ()
        names += [f"{a.capitalize()} {b.capitalize()}" for a, b in zip(words[::2], words[1::2], strict=True)]
    return tuple(names) if all(_spoken_of(name, text) for name in names) else ()


def same(one: str, other: str) -> bool:
    """Whether two names may be one person's: equal words up to a typing error, or one is part of the other."""
    a, b = one.casefold().split(), other.casefold().split()
    if len(a) > 1 and len(b) > 1:
        return _alike(a[0], b[0]) and _alike(a[-1], b[-1])
    return bool(a and b) and any(_alike(x, y) for x in a for y in b)


def all_met(names: Iterable[str], others: Collection[str]) -> bool:
    """Whether each of `names` is the same person as one of `others`."""
    return all(any(same(name, other) for other in others) for name in names)


def joined(names: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    known = list(names)
    return " and ".join(filter(None, (", ".join(known[:-1]), known[-1]))) if known else ""


def _spoken_of(name: str, text: str) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", text) for word in name.split())


def _alike(a: str, b: str) -> bool:
    if a == b:
        return True
    return min(len(a), len(b)) >= 4 and SequenceMatcher(None, a, b).ratio() >= 0.84
