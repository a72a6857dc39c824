"""The words that deny: "not", "hardly", "he doubts that". Pure functions on English text; knows nothing of claims."""

from __future__ import annotations

import re

from rag.words import Word, is_stopword, stem, words

HEADS = 2  # content words behind a "not" that it denies
REACH = 6  # words within which they stand
_WORDS = (
    r"not|no(?!\.? ?\d)|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|scarcely|rarely|seldom|dont"
    r"|doesnt|didnt|isnt|wasnt|arent|werent|cant|wont|couldnt|shouldnt|wouldnt|hasnt|havent|\w+n['’]t"
    r"|far from|anything but|s[ck]eptical|unconvinced|unlikely|untrue|unable|impossible (?:to|that)"
    r"|fail(?:s|ed|ing)? to|refus(?:e|es|ed|ing) to|declin(?:e|es|ed|ing) to|den(?:y|ies|ied|ying)"
    r"|disput(?:e|es|ed|ing)|disagree(?:s|d|ing)?|reject(?:s|ed|ing)?"
    r"|(?:myth|false|wrong|mistake) (?:that|to)|stop(?:s|ped)? short of|lack(?:s|ed|ing)?"
)
_DOUBT = r"doubt(?:s|ed|ing|ful)?"
_UNDOUBTED = "".join(f"(?<!{before} )" for before in ("no", "not", "n['’]t", "never", "without", "without a"))
NO = re.compile(rf"\b(?:{_WORDS}|{_UNDOUBTED}{_DOUBT})\b", re.IGNORECASE)
NO_MORE = re.compile(
    r"\bnot (?:only|just|merely|simply)\b|\bno (?:one|longer|doubt|matter|wonder|secret|surprise)\b", re.IGNORECASE
)
IMPLIED = re.compile(
    r"\b(?:fail\w*|refus\w*|den(?:y|ied|ies)|lack\w*|reject\w*|avoid\w*|unlike|unlikely|untrue|doubt\w*|impossible"
    r"|instead|rather than|prevent\w*|except|unable|absen\w+|miss(?:es|ed|ing)|rare(?:ly)?|seldom|against|false"
    r"|declin\w+|oppos\w+)\b",
    re.IGNORECASE,
)
"""What may stand for a "not" of somebody else's words."""
CLAUSE = re.compile(r"[,;:.!?()\n—–]|\b(?:but|because|while|although|though|and)\b", re.IGNORECASE)
_EACH = re.compile(rf"\b(?:{_WORDS}|{_DOUBT}|myth)\b", re.IGNORECASE)
_FRAME = re.compile(rf"{_EACH.pattern}(?:\s+[\w'’]+){{0,4}}?\s+that\b(?!['’])", re.IGNORECASE)
_FACTIVE = re.compile(
    r"\b(?:surpris\w+|secret|coincidence|kn[oe]w\w*|reali[sz]\w+|forg[eo]t\w*|so|such|than)\b", re.IGNORECASE
)
"""What comes after these is true whether or not they are denied: "it is no secret that", "nobody knew that"."""
_FRAMING = ("think", "believe", "suppose", "expect", "mean", "say", "guess", "claim", "true", "sure", "certain")
_FRAMES = frozenset(map(stem, (*_FRAMING, "convinced", "clear", "case", "personally", "actually")))
"""Stems of what stands between a "not" and what it denies: "I don't think that it will come" says it will not."""


def denials(text: str) -> int:
    """How many words of a text deny; two of them deny nothing."""
    return len(_EACH.findall(NO_MORE.sub("", text)))


def frame(text: str) -> str:
    """What stands under words that deny it, up to the end; "" where nothing does."""
    match = _FRAME.search(text)
    return text[match.end() :] if match and not _FACTIVE.search(match[0]) and denials(match[0]) % 2 else ""


def denied(text: str) -> list[list[str]]:
    """For each "not" of a text the stems of the words that it denies, the nearest first."""
    skipped = [match.span() for match in NO_MORE.finditer(text)]
    found = []
    for match in NO.finditer(text):
        if any(start <= match.start() < end for start, end in skipped):
            continue
        clause = CLAUSE.split(text[match.end() :], maxsplit=1)[0]
        near = words(clause)[:REACH]
        heads = [word.stem for word in near if not is_stopword(word.written)]
        found.append([head for head in heads if head not in _FRAMES][:HEADS] or heads[:HEADS])
    return found


def is_denied(text: str, word: Word) -> bool:
    """Whether a "not" stands a few words before a word of a text, in its clause."""
    before = CLAUSE.split(text[: word.start])[-1]
    near = words(before)[-REACH:]
    return bool(near) and bool(NO.search(before[near[0].start :]))
