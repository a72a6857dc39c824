"""A sentence denies what its evidence denies, and nothing else."""

from __future__ import annotations

import re

from rag.checks.claim import Claim
from rag.words import is_stopword, stem, terms, words

RUN = 3  # words behind a "not" by which its place is known
HEADS = 2  # content words behind a "not" that it denies
REACH = 6  # words within which they stand
NEAR_MOST = 0.7  # a clause is about the same if it holds so much of what the clause that holds most does
_NO = re.compile(
    r"\b(?:not|no(?!\.? ?\d)|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|dont|doesnt"
    r"|didnt|isnt|wasnt"
    r"|arent|werent|cant|wont|couldnt|shouldnt|wouldnt|hasnt|havent|\w+n['’]t"
    r"|(?<!no )(?<!not )(?<!n['’]t )(?<!never )(?<!without )(?<!without a )doubt(?:s|ed|ful)?)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\bnot\b|n['’]t\b", re.IGNORECASE)
_NO_MORE = re.compile(r"\bnot (?:only|just|merely|simply)\b|\bno (?:one|longer|doubt|matter|wonder)\b", re.IGNORECASE)
_IMPLIED = re.compile(
    r"\b(?:fail\w*|refus\w*|den(?:y|ied|ies)|lack\w*|reject\w*|avoid\w*|unlike|impossible|instead|rather than"
    r"|prevent\w*|except|unable|absen\w+|miss(?:es|ed|ing)|rare(?:ly)?|seldom|against|false|declin\w+|oppos\w+)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?()\n—–]|\b(?:but|because|while|although|though|and)\b", re.IGNORECASE)
_SHORT = re.compile(r"\b(is|are|was|were|has|have|had|do|does|did|ca|wo|could|should|would|must|need)n['’]?t\b")
_LONG = {"ca": "can", "wo": "will", "sha": "shall"}
_FRAMING = ("think", "believe", "suppose", "expect", "mean", "say", "guess", "claim", "true", "sure", "certain")
_FRAMES = frozenset(map(stem, (*_FRAMING, "convinced", "clear", "case", "personally", "actually")))
"""Stems of what stands between a "not" and what it denies: "I don't think that it will come" says it will not."""
_PREFIXES = ("un", "in", "im", "ir", "dis", "non", "under", "over", "anti", "mis")


def turned_negation(claim: Claim) -> str:
    """What the sentence denies and its evidence does not, or the other way round; "" where they agree."""
    return _turned_in_place(claim) or _added(claim) or _lost(claim) or _prefixed(claim)


def _turned_in_place(claim: Claim) -> str:
    """The same words in a row with a "not" among them in one of the two only."""
    mine, theirs = _spoken(claim.text), _spoken(claim.evidence)
    here, there = _around_denials(mine), _around_denials(theirs)
    for run in here - there:
        if run in f" {' '.join(theirs)} ":
            return f"it denies “{run.strip()}”, which what it cites does not"
    for run in there - here:
        if run in f" {' '.join(mine)} " and run not in f" {' '.join(theirs)} ":
            return f"what it cites denies “{run.strip()}”"
    return ""


def _spoken(text: str) -> list[str]:
    """The words of a text in small letters, "don't" as two."""
    return re.findall(r"[\w'-]+", _SHORT.sub(lambda m: _LONG.get(m[1].casefold(), m[1]) + " not", text.casefold()))


def _around_denials(spoken: list[str]) -> set[str]:
    """For each "not" the word before it and those behind it up to the first that tells something, in a row."""
    runs = set()
    for place, word in enumerate(spoken):
        if word in ("not", "never") and 0 < place < len(spoken) - 1:
            behind = spoken[place + 1 : place + 1 + RUN]
            last = next((i for i, each in enumerate(behind) if not is_stopword(each)), len(behind) - 1)
            runs.add(f" {' '.join([spoken[place - 1], *behind[: last + 1]])} ")
    return runs


def _added(claim: Claim) -> str:
    told = {heads[0] for heads in denied(claim.evidence) if heads}
    clauses = [(frozenset(terms(clause)), clause) for clause in _CLAUSE.split(claim.evidence) if clause]
    if [] in denied(claim.text) and _NOT.search(claim.text) and not _NO.search(claim.evidence):
        return "it denies something, which what it cites does not"
    for heads in filter(None, denied(claim.text)):
        if heads[0] in told:
            continue
        about = [clause for said, clause in clauses if heads[0] in said] or _nearest(claim, clauses)
        if not all(_denies(clause, heads) for clause in about):
            return f"it denies “{' '.join(heads)}”, which what it cites does not"
    return ""


def _denies(clause: str, heads: list[str]) -> bool:
    """Whether a clause says no before it comes to the word that a sentence denies, or says it in another way."""
    place = next((word.start for word in words(clause) if word.stem == heads[0]), len(clause))
    return bool(_NO.search(clause[:place]) or _IMPLIED.search(clause)) or _undone(heads, clause)


def _nearest(claim: Claim, clauses: list[tuple[frozenset[str], str]]) -> list[str]:
    """The one clause that holds most of the sentence's words, with those that hold nearly as many if they deny."""
    shared = [len(said & claim.terms) for said, _ in clauses]
    near = [clause for (_, clause), count in zip(clauses, shared, strict=True) if count >= NEAR_MOST * max(shared)]
    return [clause for clause in near if _NO.search(clause) or _IMPLIED.search(clause)][:1] or near[:1]


def _undone(heads: list[str], clause: str) -> bool:
    """Whether a clause says "unlikely" of what the sentence says is not likely."""
    said = {word.stem for word in words(clause)}
    return any(prefix + head in said for head in heads for prefix in _PREFIXES)


def _lost(claim: Claim) -> str:
    mine, theirs = _affirmed(claim.text), _affirmed(claim.evidence)
    for piece in claim.carrying:
        for heads in denied(piece):
            turned = bool(heads) and mine.issuperset(heads) and not theirs.issuperset(heads)
            if turned and not _denies_otherwise(heads[0], claim.text):
                return f"what it cites denies “{' '.join(heads)}”"
    return ""


def _denies_otherwise(head: str, text: str) -> bool:
    """Whether the clause in which a word stands denies it in another way."""
    clauses = (clause for clause in _CLAUSE.split(text) if head in terms(clause))
    return any(_NO.search(clause) or _IMPLIED.search(clause) for clause in clauses)


def _prefixed(claim: Claim) -> str:
    """ "Likely" for "unlikely", or the other way round."""
    if denied(claim.text):
        return ""
    said = {word.written.casefold() for word in words(claim.said)}
    for word in (word.written.casefold() for word in words(claim.text)):
        others = [p + word for p in _PREFIXES if p + word in said] if len(word) > 3 else []
        bases = [word[len(p) :] for p in _PREFIXES if word.startswith(p) and len(word) - len(p) > 3]
        turned = [*others, *(base for base in bases if base in said)]
        if word not in said and turned and not _NO.search(claim.evidence):
            return f"it says “{word}”, what it cites “{turned[0]}”"
    return ""


def denied(text: str) -> list[list[str]]:
    """For each "not" of a text the stems of the words that it denies, the nearest first."""
    skipped = [match.span() for match in _NO_MORE.finditer(text)]
    found = []
    for match in _NO.finditer(text):
        if any(start <= match.start() < end for start, end in skipped):
            continue
        clause = _CLAUSE.split(text[match.end() :], maxsplit=1)[0]
        near = words(clause)[:REACH]
        heads = [word.stem for word in near if not is_stopword(word.written)]
        found.append([head for head in heads if head not in _FRAMES][:HEADS] or heads[:HEADS])
    return found


def _affirmed(text: str) -> frozenset[str]:
    """Stems of the words of a text that no "not" of it denies."""
    denials = [stem for heads in denied(text) for stem in heads]
    counts: dict[str, int] = {}
    for word in words(text):
        counts[word.stem] = counts.get(word.stem, 0) + 1
    return frozenset(stem for stem, count in counts.items() if count > denials.count(stem))
