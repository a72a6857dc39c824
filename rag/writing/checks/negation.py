"""A sentence denies what its evidence denies, and nothing else."""

from __future__ import annotations

import re

from rag.words import is_stopword, terms, words
from rag.writing.checks.claim import Claim
from rag.writing.checks.denials import CLAUSE, IMPLIED, NO, denials, denied, frame

RUN = 3  # words behind a "not" by which its place is known
SHARED_LEAST = 2  # words of a clause that a denial of it must share with the sentence, where it says them otherwise
SAME = 0.6  # of the words of the shorter of two statements, from which on they are about the same
NEAR_MOST = 0.7  # a clause is about the same if it holds so much of what the clause that holds most does
_NOT = re.compile(r"\bnot\b|n['’]t\b", re.IGNORECASE)
_SHORT = re.compile(r"\b(is|are|was|were|has|have|had|do|does|did|ca|wo|could|should|would|must|need)n['’]?t\b")
_LONG = {"ca": "can", "wo": "will", "sha": "shall"}
_PREFIXES = ("un", "in", "im", "ir", "dis", "non", "under", "over", "anti", "mis")


def turned_negation(claim: Claim) -> str:
    """What the sentence denies and its evidence does not, or the other way round; "" where they agree."""
    return (
        _framed(claim)
        or _turned_in_place(claim)
        or _added(claim)
        or _lost(claim)
        or _prefixed(claim)
        or _passed_over(claim)
    )


def _passed_over(claim: Claim) -> str:
    """A "not" that stands among the words of the sentence in what it cites, where it denies nothing at all."""
    piece = max(claim.carrying, key=lambda piece: len(claim.terms & set(terms(piece))), default="")
    clauses = (clause for clause in CLAUSE.split(piece) if len(claim.terms & set(terms(clause))) >= SHARED_LEAST)
    over = next((clause.strip() for clause in clauses if denials(clause) % 2), "")
    return f"it leaves out the “not” of “{over}”" if over and not NO.search(claim.text) else ""


def _framed(claim: Claim) -> str:
    """A whole statement under words that deny it, "he doubts that", in one of the two only."""
    mine = frame(claim.text)
    pieces = [piece for cited in claim.cited for piece in cited.sentences]
    shared = [len(claim.terms & set(terms(piece))) for piece in pieces]
    for piece, count in zip(pieces, shared, strict=True):
        theirs = frame(piece)
        told = set(terms(theirs or piece))
        same = len(claim.terms & told) >= SAME * min(len(claim.terms), len(told)) > 0
        framed = (same and theirs) or (mine and count == max(shared))
        if framed and (denials(claim.text) - denials(piece)) % 2:
            return "only one of it and what it cites says so under words that deny it"
    return ""


def _turned_in_place(claim: Claim) -> str:
    """The same words in a row with a "not" among them in one of the two only."""
    mine, theirs = _spoken(claim.text), _spoken(claim.evidence)
    here, there = _arounddenials(mine), _arounddenials(theirs)
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


def _arounddenials(spoken: list[str]) -> set[str]:
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
    clauses = [(frozenset(terms(clause)), clause) for clause in CLAUSE.split(claim.evidence) if clause]
    if [] in denied(claim.text) and _NOT.search(claim.text) and not NO.search(claim.evidence):
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
    return bool(NO.search(clause[:place]) or IMPLIED.search(clause)) or _undone(heads, clause)


def _nearest(claim: Claim, clauses: list[tuple[frozenset[str], str]]) -> list[str]:
    """The one clause that holds most of the sentence's words, with those that hold nearly as many if they deny."""
    shared = [len(said & claim.terms) for said, _ in clauses]
    least = max(SHARED_LEAST, NEAR_MOST * max(shared, default=0))
    near = [clause for (_, clause), count in zip(clauses, shared, strict=True) if count >= least]
    return [clause for clause in near if NO.search(clause) or IMPLIED.search(clause)][:1] or near[:1] or [""]


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
    clauses = (clause for clause in CLAUSE.split(text) if head in terms(clause))
    return any(NO.search(clause) or IMPLIED.search(clause) for clause in clauses)


def _prefixed(claim: Claim) -> str:
    """ "Likely" for "unlikely", or the other way round."""
    if denied(claim.text):
        return ""
    said = {word.written.casefold() for word in words(claim.said)}
    for word in (word.written.casefold() for word in words(claim.text)):
        others = [p + word for p in _PREFIXES if p + word in said] if len(word) > 3 else []
        bases = [word[len(p) :] for p in _PREFIXES if word.startswith(p) and len(word) - len(p) > 3]
        turned = [*others, *(base for base in bases if base in said)]
        if word not in said and turned and not NO.search(claim.evidence):
            return f"it says “{word}”, what it cites “{turned[0]}”"
    return ""


def _affirmed(text: str) -> frozenset[str]:
    """Stems of the words of a text that no "not" of it denies."""
    denials = [stem for heads in denied(text) for stem in heads]
    counts: dict[str, int] = {}
    for word in words(text):
        counts[word.stem] = counts.get(word.stem, 0) + 1
    return frozenset(stem for stem, count in counts.items() if count > denials.count(stem))
