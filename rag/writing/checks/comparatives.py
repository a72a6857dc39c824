"""More is not less: a sentence that says the opposite of its evidence, word for word or by turning it round."""

from __future__ import annotations

import re

from rag.comparisons import turned_round
from rag.words import Word, is_stopword, stem, words
from rag.writing.checks.claim import Claim
from rag.writing.checks.denials import is_denied

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
_CONTRARIES = (
    ("buy buys bought", "sell sells sold"),
    ("accept accepts accepted", "reject rejects rejected"),
    ("support supports supported", "oppose opposes opposed"),
    ("agree agrees agreed", "disagree disagrees disagreed"),
    ("love loves loved", "hate hates hated"),
    ("safe safer", "dangerous unsafe"),
    ("possible", "impossible"),
    ("true", "false untrue"),
)
"""What is no comparison: each may be said in other words, and only turned round it is wrong."""
_SIDES = {
    stem(word): (frozenset(map(stem, one.split())), frozenset(map(stem, other.split())))
    for pair in (*_OPPOSITES, *_CONTRARIES)
    for one, other in (pair, pair[::-1])
    for word in one.split()
}
_COMPARED = {stem(word) for pair in _OPPOSITES for side in pair for word in side.split()}


_ALIKE = {
    stem(word): frozenset(map(stem, alike.split()))
    for said, alike in (
        ("after", "following since then upon subsequently when once later"),
        ("before", "prior until previously earlier"),
        ("later", "after then subsequently next following"),
        ("earlier", "before previously ago prior"),
        ("first", "one 1st initial initially debut earliest began original originally introduced new"),
        ("last", "final finally latest previous past recent end"),
        ("early", "begin beginning began start"),
        ("late", "end ended"),
        ("more", "over above exceed additional another increase extra than"),
        ("less fewer", "under below reduce than"),
        ("most", "more majority main mainly mostly largely"),
        ("best", "top finest ideal"),
        ("good better", "great well improve improved nice useful"),
        ("bad worse", "poor terrible"),
        ("big large bigger larger greater", "huge great major enormous massive more"),
        ("small smaller", "little tiny less"),
        ("fast faster quick quicker", "rapid rapidly quickly speed"),
        ("high higher", "tall expensive increase top above"),
        ("low lower", "cheap reduce reduced below under"),
        ("below", "beneath under underground"),
        ("above", "over"),
        ("won win wins", "earn earned earns award awarded victory champion beat"),
        ("lost lose loses", "defeat defeated beaten"),
        ("hard harder difficult", "challenging tough tricky problem"),
        ("easy easier", "simple simply"),
        ("long longer", "far stretch year month hour minute mile km metre meter kilometre kilometer foot feet"),
        ("strong stronger", "powerful"),
    )
    for word in said.split()
}
"""What else says the same, or nearly: enough for a word of comparison to stand on, and compared no further."""
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
    carrying = words("\n".join(claim.carrying) or claim.evidence)
    said = {word.stem for word in words(claim.said)}
    unsaid = {word.stem for word in words(claim.evidence) if is_denied(claim.evidence, word)}
    here = words(claim.text)
    stems = {word.stem for word in here}
    for place, word in enumerate(here):
        same, opposite = _SIDES.get(word.stem, (frozenset(), frozenset()))
        if not opposite or is_denied(claim.text, word) != bool(unsaid & (same | opposite)):
            continue  # "not older" is "younger"
        told = next((f", it says “{other.written}”" for other in carrying if other.stem in opposite), "")
        unheard = word.stem in _COMPARED and not said & (same | _ALIKE.get(word.stem, frozenset()))
        if unheard or (not stems & opposite and _contradicts(_around(here, place), carrying, same, opposite)):
            return f"“{word.written}” is not what it cites says{told}"
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
