"""Who said it: a sentence that gives words to somebody gives them to whom its evidence does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.words import stem, terms, words
from rag.writing.checks.claim import Cited, Claim
from rag.writing.checks.names import names

_NAME = r"(?P<who>[A-Z][\w'’-]+(?: (?:[a-z]{2,3} )?[A-Z][\w'’-]+){0,3})"
_SAYS = (
    r"(?:say|think|argue|claim|believe|state|add|note|explain|suggest|recommend|mention|tell|predict|warn|admit|point"
    r"|describe|report|expect|speculate|conclude|observe|write|ask|joke|call)(?:s|es|ed)?|said|thought|told|wrote"
)
_BY = (
    re.compile(rf"\b{_NAME}(?:,[^,]*,)?\s+(?:also\s+|then\s+|even\s+|once\s+|later\s+)?(?:{_SAYS})\b"),
    re.compile(rf"\b(?:[Aa]ccording to|[Ii]n the words of|,?\s*(?:said|says))\s+{_NAME}"),
    re.compile(rf"\b{_NAME}['’]s?\s+(?:\w+\s+)?(?:view|opinion|guess|take|advice|claim|words|argument|prediction|tip)\b"),
    re.compile(rf"^{_NAME}:\s"),
)  # fmt: skip
_ASIDE = re.compile(r",\s*((?:an?|the|who|which|where|whose)\b[^,;:.()]*)", re.IGNORECASE)


def wrong_speaker(claim: Claim) -> str:
    """Who is said to have said it and did not, as far as the evidence tells; "" where nobody is."""
    for who in speakers(claim.text):
        if not any(_said_by(who, cited, claim) for cited in claim.cited):
            return f"what it cites does not have it from {who}"
    return ""


def said_of_another(claim: Claim) -> str:
    """Of whom what it cites says what an aside of the sentence says of somebody else; "" where it is the same.

    That is the name before its words: in "at Moss House, and at Hoy Tower, a manor" no house is a manor.
    """
    mine = {word.stem for word in words(claim.text)}
    for aside in _ASIDE.findall(claim.text):
        first = next(iter(terms(aside)), "")
        places = [(piece, word.start) for piece in claim.carrying for word in words(piece) if word.stem == first]
        befores = [[name for name in names(piece) if name.end <= start][-2:] for piece, start in places]
        if befores and all(before and not {name.stem for name in before} & mine for before in befores):
            return f"what it cites says so of “{befores[0][-1].written}”"
    return ""


def speakers(text: str) -> list[str]:
    """The names to which a sentence gives words."""
    found = (match["who"] for pattern in _BY for match in pattern.finditer(text))
    return list(dict.fromkeys(re.sub(r"['’]s$", "", who) for who in found))


def _said_by(who: str, cited: Cited, claim: Claim) -> bool:
    """Whether a span has it from somebody: it is their turn, it says so, or nobody else is on the episode."""
    turns = [(speaker, text) for speaker, text in cited.turns if speaker]
    if turns:
        return _same(who, _nearest_turn(turns, claim.text))
    told = speakers(cited.text)
    if told:
        return any(_same(who, other) for other in told)
    if not _stems(who) & claim.known:
        return True  # a name that stands nowhere is for another check to say
    return _stems(who) <= {word.stem for word in words(cited.text)} or _alone(who, cited)


def _nearest_turn(turns: Sequence[tuple[str, str]], text: str) -> str:
    """Who says most of a sentence, two words in a row at a time."""
    wanted = _pairs(text)
    return max(turns, key=lambda turn: (len(wanted & _pairs(turn[1])), len(set(terms(text)) & set(terms(turn[1])))))[0]


def _pairs(text: str) -> set[tuple[str, str]]:
    return set(pairwise(word.stem for word in words(text)))


def _alone(who: str, cited: Cited) -> bool:
    """Whether somebody is the only one who is known to speak on the episode."""
    if not cited.people:
        return bool(_stems(who) & {word.stem for word in words(cited.context)})
    return len(cited.people) == 1 and _same(who, cited.people[0])


def _same(one: str, other: str) -> bool:
    return bool(_stems(one) & _stems(other))


def _stems(name: str) -> frozenset[str]:
    return frozenset(stem(word.written) for word in words(name) if len(word.written) > 1)
