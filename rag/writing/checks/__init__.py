"""Is a sentence carried by the spans it cites? Each check is a pure function and says why not.

They read words, not meaning: what passes says nothing that its spans do not hold the words for. In the order in which
they are asked, which is that of their cost and of how plainly they can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.writing.checks.attribution import said_of_another, wrong_speaker
from rag.writing.checks.claim import Cited, Claim, Verdict
from rag.writing.checks.comparatives import turned_comparison
from rag.writing.checks.coverage import uncovered
from rag.writing.checks.garbage import garbage
from rag.writing.checks.harm import harm
from rag.writing.checks.hedges import dropped_hedge
from rag.writing.checks.names import unknown_name
from rag.writing.checks.negation import turned_negation
from rag.writing.checks.numbers import wrong_number
from rag.writing.checks.order import reordered
from rag.writing.checks.tongue import unreadable
from rag.writing.checks.trims import rewritten

__all__ = ["CHECKS", "Cited", "Claim", "Verdict", "check", "tagged"]

CHECKS: tuple[tuple[str, Callable[[Claim], str]], ...] = (
    ("harm", harm),
    ("garbage", garbage),
    ("language", unreadable),
    ("numbers", wrong_number),
    ("names", unknown_name),
    ("negation", turned_negation),
    ("comparatives", turned_comparison),
    ("hedges", dropped_hedge),
    ("attribution", wrong_speaker),
    ("subject", said_of_another),
    ("coverage", uncovered),
    ("order", reordered),
)


TRIMS = ("trims", rewritten)


def check(claim: Claim, *, trims: bool = False) -> Verdict:
    """The first check that a sentence fails, with its reason, or a verdict that passes.

    `trims`: what it cites with words left out passes, and nothing else.
    """
    asked = (*CHECKS, TRIMS) if trims else CHECKS
    found = ((name, reason) for name, passes in asked if (reason := passes(claim)))
    name, reason = next(found, ("", ""))
    return Verdict(check=name, reason=reason)


def tagged(tags: Sequence[int], passages: int) -> Verdict:
    """Whether a sentence cites, and only passages that there are, numbered from 1."""
    wrong = [tag for tag in tags if not 1 <= tag <= passages]
    if wrong:
        return Verdict(check="tags", reason=f"there is no passage [{wrong[0]}]")
    return Verdict() if tags else Verdict(check="tags", reason="it cites nothing")
