"""Every name of a sentence stands in what it cites, or in what that stands under."""

from __future__ import annotations

import re

from rag.words import Word, is_stopword, words
from rag.writing.checks.claim import Claim

_CODE = re.compile(r"\b(?=\w*[-.]?\w*\d)(?=[\w.-]*[^\W\d_])\w+(?:[-.]\w+)*")
_NUMBER_LIKE = re.compile(r"[\d.,-]+(?:-?[a-z]{1,10}|%)?(?:-[a-z]+)*", re.IGNORECASE)
_ORDINARY = re.compile(r"(?:ing|ed|ly|ion|ions|ment|ness|ity|ers|s)$", re.IGNORECASE)
_MONTHS_AND_DAYS = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)$",
    re.IGNORECASE,
)
_SAME = (
    frozenset({"us", "usa", "u.s", "unit", "state", "america", "american"}),
    frozenset({"uk", "u.k", "unit", "kingdom", "britain", "british"}),
    frozenset({"ai", "artifici", "intellig"}),
)
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_VERB = re.compile(
    r"\s+(?:is|are|was|has|had|may|might|must|should|will|would|can|could|did|does|said|says|won|left|went|became|got|made|took|gave|told|found|wrote|ran|led|met|saw|came|began|held|lost"
    r"|\w+(?:ed|s))\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]+”|\"[^\"]+\"|\([^()]+\)?")
LEAST_SHARED = 4  # letters by which "America" and "American" are one name


def unknown_name(claim: Claim) -> str:
    """The first name that nothing cited has; "" without one."""
    squeezed = re.sub(r"[\s._-]", "", claim.said.casefold())
    for code in _CODE.findall(claim.text):
        if not _NUMBER_LIKE.fullmatch(code) and re.sub(r"[._-]", "", code.casefold()) not in squeezed:
            return f"“{code}” is not named in what it cites"
    known = claim.known | {d.group().rstrip(".").casefold() for d in _DOTTED.finditer(claim.said)}
    initials = _initials(claim.said)
    for quoted in _QUOTED.findall(claim.text):
        if _flat(quoted) not in _flat(claim.evidence):
            return f"{quoted} does not stand in what it cites"
    written = {word.written.casefold() for word in words(claim.said)}
    for name in names(claim.text):
        if not _is_known(name, known, initials) or _is_one_of(name.written, written):
            return f"“{name.written}” is not named in what it cites"
    return ""


def _flat(text: str) -> str:
    """The letters and digits of a text, small: quotation marks and spaces are written in many ways."""
    return "".join(c for c in text.casefold() if c.isalnum())


def names(text: str) -> list[Word]:
    """The words of a sentence that are written as names; its first word is where it can hardly be anything else."""
    found = words(text)
    return [word for place, word in enumerate(found) if _is_name(text, found, place)]


def _is_name(text: str, found: list[Word], place: int) -> bool:
    word = found[place]
    written = word.written
    if not written[0].isupper() or is_stopword(written) or _MONTHS_AND_DAYS.match(written):
        return False
    if word.start > 0 and text[: word.start].rstrip(" \"'“‘(*_")[-1:] not in (".", "!", "?", ":", ""):
        return True
    if any(c.isupper() for c in written[1:]):
        return True
    behind = found[place + 1] if place + 1 < len(found) else None
    if behind and behind.written[0].isupper() and text[word.end : behind.start] in (" ", "-"):
        return not is_stopword(behind.written)
    return (not _ORDINARY.search(written) and bool(_VERB.match(text, word.end))) or text[
        word.end : word.end + 2
    ] == "’s"


def _is_known(name: Word, known: frozenset[str] | set[str], initials: str) -> bool:
    if name.stem in known or any(_alike(name.stem, other) for other in known):
        return True
    if any(name.stem in same and known & same for same in _SAME):
        return True
    short = name.written.rstrip("s")
    return short.isupper() and len(short) >= 3 and short.casefold() in initials


def _is_one_of(name: str, written: set[str]) -> bool:
    """Whether a name is given to several, and only one of them is known: "the Humphreys" for Dan Humphrey."""
    one = name.removesuffix("s")
    return one != name and not one.isupper() and name.casefold() not in written and one.casefold() in written


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= LEAST_SHARED and longer.startswith(shorter) and len(longer) - len(shorter) <= 3


def _initials(text: str) -> str:
    """The first letters of all words in a row: what an abbreviation is made of."""
    return "".join(word.written[0].casefold() for word in words(text))
