"""Does what a sentence says stand in what it cites? Its content words, and how much of them where some do not."""

from __future__ import annotations

import re

from rag.quantities import WORDED
from rag.words import Word, content_words, stem, terms, words
from rag.writing.checks.attribution import speakers
from rag.writing.checks.claim import Claim
from rag.writing.checks.denials import CLAUSE, NO

LEAST = 0.7  # of a sentence's words by idf, from which on a span is taken for what a sentence without a tag is from
LEAST_QUOTED = 0.5  # of them that stand in the quotes themselves, not only in the names and headings above them
SAYS_MORE = 2  # words that are not the question's
MISSING = 0  # content words that nothing cited holds; see docs/lab-notes.md for what one or two would let through
SAYING = frozenset(
    terms("think thinks believe believes state argue argues claim claims add adds point suggest suggests according "
          "recommend recommends consider speak speaks talk talks view opinion")
)  # fmt: skip
LIGHT = frozenset(
    terms("become becomes became enough therefore since thus hence roughly approximately about around let lets find "
          "found back go goes also well often usually generally simply together along several various kind type way "
          "long time include includes including involve involves mean means come comes take takes need needs require "
          "requires help helps show shows allow allows able cause causes lead leads start starts main overall")
)  # fmt: skip
"""Words that say little for themselves, and of which there are many for the same."""
SHARED_LETTERS = 5
_PRONOUN = re.compile(r"\s*(?:they|it|he|she|this|these|those|its|their|his|her)\b", re.IGNORECASE)
_NUMBER_WORDS = frozenset(map(stem, WORDED))


def uncovered(claim: Claim) -> str:
    """Why what is cited does not carry the sentence; "" where it does."""
    if not claim.terms:
        return "it says nothing"
    missing = [word.written for word in content_words(claim.text) if not (_counts(claim, word.stem) or _is_named(word))]
    if len(missing) > MISSING:
        return f"“{missing[0]}” is not in what it cites"
    if beside := _from_above(claim):
        return f"“{beside}” stands above what it cites, not in it"
    if not _stands_together(claim):
        return "it puts together what stands apart in what it cites"
    if _share(claim, frozenset(terms(claim.evidence))) < LEAST_QUOTED:
        return "what it says stands above what it cites, not in it"
    return "it hardly says more than the question" if claim.question and not _says_more(claim) else ""


def _from_above(claim: Claim) -> str:
    """A word of the names and headings behind those of the quotes: they tell what it is about, no more."""
    quoted = frozenset(word.stem for word in words(claim.evidence))
    by = " ".join(speakers(claim.text))
    own = [word for word in content_words(claim.text) if word.stem not in LIGHT | SAYING]
    said = next((word.start for word in own if _held(word.stem, quoted)), len(claim.text))
    beside = (w.written for w in own if w.start > said and not _held(w.stem, quoted) and w.written not in by)
    return next((word for word in beside if _held(stem(word), claim.known)), "")


def _stands_together(claim: Claim) -> bool:
    """Whether each clause is held by one sentence of what is cited: half of one and half of another say a third."""
    above = _stems(" ".join(cited.above for cited in claim.cited))
    pieces = [(_stems(piece), above) for cited in claim.cited for piece in cited.sentences]
    return all(any(_says(piece, clause, claim) for piece in pieces) for clause in _clauses(claim.text))


def _is_name_or_number(word: Word) -> bool:
    return word.written[0].isupper() or _is_number(word.stem)


def _clauses(text: str) -> list[str]:
    """The clauses of a sentence, those that begin with a pronoun together with what it stands for."""
    clauses: list[str] = []
    for clause in filter(str.strip, CLAUSE.split(text)):
        if clauses and _PRONOUN.match(clause):
            clauses[-1] += clause
        else:
            clauses.append(clause)
    return clauses


def _says(piece: tuple[frozenset[str], frozenset[str]], clause: str, claim: Claim) -> bool:
    """Whether a sentence of the evidence has all that a clause has from the evidence; names may stand above it."""
    said, above = piece
    told = (word for word in content_words(clause) if word.stem not in LIGHT and _held(word.stem, claim.known))
    return all(_held(w.stem, said | above if _is_name_or_number(w) else said) for w in told)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text))


def _is_named(word: Word) -> bool:
    """Whether another check sees to a word: it is a name, or it denies."""
    name = word.written[0].isupper() and (word.start > 0 or not word.written[1:].islower())
    return name or bool(NO.fullmatch(word.written))


def _says_more(claim: Claim) -> bool:
    """Whether a sentence has a name, a number or two other words that the question does not have."""
    asked = {word.stem for word in words(claim.question)}
    fresh = {word.stem: word.written for word in content_words(claim.text) if word.stem not in asked}
    return len(fresh) >= SAYS_MORE or any(not written.islower() for written in fresh.values())


def _counts(claim: Claim, term: str) -> bool:
    return term in SAYING or term in LIGHT or _is_number(term) or _held(term, claim.known)


def coverage(claim: Claim) -> float:
    """Share of the content words, by idf, that stand in the cited spans or above them, 0 to 1."""
    return _share(claim, claim.known)


def _share(claim: Claim, known: frozenset[str]) -> float:
    wanted = [term for term in claim.terms if term not in SAYING and not _is_number(term)]
    total = sum(map(claim.idf, wanted))
    return sum(claim.idf(term) for term in wanted if _held(term, known)) / total if total else 1.0


def _is_number(term: str) -> bool:
    """Numbers are written in many ways, and another check sees to every one of them."""
    return term in _NUMBER_WORDS or term[0].isdigit()


def _held(term: str, known: frozenset[str]) -> bool:
    """Whether a word stands there, in this form or another: "publisher" for "publish"."""
    if term in known:
        return True
    return len(term) >= SHARED_LETTERS and any(_related(term, other) for other in known)


def _related(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), shorter)
    return shared >= SHARED_LETTERS and shared >= 0.75 * shorter
