"""More is not less: a sentence that says the opposite of its evidence, word for word or by turning it round."""

from __future__ import annotations

import re

from rag.checks.claim import Claim
from rag.checks.negation import denied
from rag.comparisons import turned_round
from rag.words import Word, is_stopword, stem, words

_OPPOSITES = (
    ("more", "less fewer"),
    ("most", "least fewest"),
    ("higher", "lower"),
    ("highest", "lowest"),
    ("high", "low"),
    ("bigger larger greater", "smaller"),
    ("biggest largest greatest", "smallest"),
    ("big large", "small tiny"),
    ("faster quicker sooner", "slower later"),
    ("fastest quickest", "slowest"),
    ("fast quick", "slow"),
    ("better", "worse"),
    ("best", "worst"),
    ("good", "bad"),
    ("increase increased increasing rise rose risen rising grow grew grown growing gain gained",
     "decrease decreased decreasing reduce reduced reducing fall fell fallen falling decline declined drop dropped "
     "shrink shrank"),
    ("before", "after"),
    ("ahead", "behind"),
    ("above", "below"),
    ("older", "younger newer"),
    ("oldest", "youngest newest"),
    ("earlier", "later"),
    ("stronger", "weaker"),
    ("cheaper", "dearer expensive pricier"),
    ("cheap", "expensive"),
    ("always", "never"),
    ("easy easier easily", "hard harder difficult"),
    ("longer", "shorter"),
    ("longest", "shortest"),
    ("long", "short"),
    ("early", "late"),
    ("maximum", "minimum"),
    ("majority", "minority"),
    ("bullish", "bearish"),
    ("optimistic", "pessimistic"),
    ("positive", "negative"),
    ("win won wins", "lose lost loses"),
    ("overhyped overrated", "underhyped underrated"),
    ("warmer hotter", "colder cooler"),
    ("hot", "cold"),
    ("richer", "poorer"),
    ("deeper", "shallower"),
    ("closer nearer", "farther further"),
    ("heavier", "lighter"),
    ("wider", "narrower"),
    ("strong", "weak"),
    ("first", "last"),
    ("overestimate overestimates overestimated", "underestimate underestimates underestimated"),
)  # fmt: skip
_SIDES = {
    stem(word): (frozenset(map(stem, one.split())), frozenset(map(stem, other.split())))
    for pair in _OPPOSITES
    for one, other in (pair, pair[::-1])
    for word in one.split()
}


_THAN = re.compile(r"\b(?:(?:more|less|fewer|rather|better|worse)(?: \w+)?|[a-z]+er) than\b", re.IGNORECASE)
_QUANTIFIERS = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), re.compile(rf"\b(?:{words}|{forms})\b", re.IGNORECASE))
    for words, forms in (
        ("both", "two|each|as well as|along with|together|all|other"),
        (
            r"all|every|everyone|everybody|always|entirely",
            r"any|each|whole|entire|complete\w*|full\w*|total\w*|throughout|ever",
        ),
        ("only|solely|exclusively", "just|sole|but|alone|exclusive|single|one|no other|unique"),
    )
)
_COMPARES = re.compile(
    r"\b(?:than|more|less|fewer|[a-z]{2,}er|most|least|[a-z]{3,}est|compar\w+|vs|versus|over|under|above|below"
    r"|exceed\w*|only"
    r"|up to|ahead|behind|times|x|about|at least|at most|surpass\w*|beat\w*|outperform\w*|unlike|whereas"
    r"|while)\b|[<>≈]",
    re.IGNORECASE,
)


def turned_comparison(claim: Claim) -> str:
    """What the sentence says the other way round; "" where nothing is."""
    if turned := turned_round(claim.text, claim.evidence):
        return f"what it cites says {turned[0]}"
    said = words("\n".join(claim.carrying) or claim.evidence)
    unsaid = {head for heads in (*denied(claim.text), *denied(claim.evidence)) for head in heads[:1]}
    here = words(claim.text)
    stems = {word.stem for word in here}
    for place, word in enumerate(here):
        same, opposite = _SIDES.get(word.stem, (frozenset(), frozenset()))
        if not opposite or stems & opposite or unsaid & (same | opposite):
            continue
        if _contradicts(_around(here, place), said, same, opposite):
            told = next(other.written for other in said if other.stem in opposite)
            return f"it says “{word.written}”, what it cites “{told}”"
    return _made_up(claim) or _all_of_them(claim)


def _all_of_them(claim: Claim) -> str:
    """A "both", "all" or "only" that the evidence does not have in any form."""
    for quantifier, forms in _QUANTIFIERS:
        match = quantifier.search(claim.text)
        if match and not forms.search(claim.said):
            return f"“{match[0]}” is more than what it cites says"
    return ""


def _made_up(claim: Claim) -> str:
    """A "less than" where the evidence compares nothing."""
    match = _THAN.search(claim.text)
    if not match or _COMPARES.search(claim.evidence):
        return ""
    return f"“{match[0]}” compares what it cites does not compare"


def _contradicts(around: tuple[str, str], said: list[Word], same: frozenset[str], opposite: frozenset[str]) -> bool:
    """Whether the evidence has only the opposite, or only that beside the same words."""
    stems = {word.stem for word in said}
    if not stems & opposite:
        return False
    if not stems & same:
        return True
    nearest = {side: max(_beside(around, _around(said, i)) for i, w in enumerate(said) if w.stem in side)
               for side in (same, opposite)}  # fmt: skip
    return nearest[opposite] > nearest[same]


def _beside(one: tuple[str, str], other: tuple[str, str]) -> int:
    return sum(bool(a) and a == b for a, b in zip(one, other, strict=True))


def _around(found: list[Word], place: int) -> tuple[str, str]:
    """The stems of the nearest content words before and behind a word."""
    before = (word.stem for word in reversed(found[max(0, place - 3) : place]) if not is_stopword(word.written))
    behind = (word.stem for word in found[place + 1 : place + 4] if not is_stopword(word.written))
    return next(before, ""), next(behind, "")


def opposites() -> tuple[tuple[str, str], ...]:
    """Each word that this check knows with one that says the opposite."""
    return tuple(
        (word, other.split()[0]) for pair in _OPPOSITES for one, other in (pair, pair[::-1]) for word in one.split()
    )
