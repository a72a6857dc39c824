""" "Might" is not "will": a sentence says no more surely than its evidence does."""

from __future__ import annotations

import re

from rag.checks.claim import Claim
from rag.words import is_stopword, words

REACH = 8  # words behind a hedge that it makes less sure
MOST_HELD = 0.5  # share of them that the sentence must hold to say the same
_HEDGE = re.compile(
    r"\b(?:might|may(?!\s+\d)|could(?! not|n['’]t)|perhaps|maybe|possibly|probably|likely|potentially|presumably"
    r"|allegedly|supposedly|rumou?red|seems?|seemingly|appears? to|speculat\w+|hypothes\w+|unclear|unsure"
    r"|not sure|not certain"
    r"|guess\w*|suspects?|suspected|i think|in theory)\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(
    r"\b(?:might|may|could|would|should|can|perhaps|maybe|possib\w+|probabl\w+|likely|unlikely|potential\w*|presum\w+"
    r"|alleged\w*|supposed\w*|rumou?red|seem\w*|appear\w*|speculat\w+|hypothes\w+|unclear|unsure|uncertain\w*|not sure"
    r"|guess\w*|suspect\w*|think\w*|thought|believ\w*|suggest\w*|expect\w*|feel\w*|felt|assum\w+|estimat\w+"
    r"|consider\w*|argu\w+|claim\w*|chance"
    r"|theor\w+|opinion|view|predict\w*|doubt\w*|wonder\w*)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?()\n—–]")


def dropped_hedge(claim: Claim) -> str:
    """The "might" of the evidence that the sentence leaves out; "" where it leaves out none."""
    if _KEEPS.search(claim.text):
        return ""
    if claim.carrying and all(piece.rstrip().endswith("?") for piece in claim.carrying):
        return "what it cites only asks"
    for piece in claim.carrying:
        for match in _HEDGE.finditer(piece):
            if _is_about(claim, piece, match):
                return f"what it cites says “{match[0]}”"
    return ""


def _is_about(claim: Claim, piece: str, hedge: re.Match[str]) -> bool:
    """Whether the sentence says what the hedge stands before, and the evidence does not say it surely elsewhere."""
    behind = words(_CLAUSE.split(piece[hedge.end() :], maxsplit=1)[0])[:REACH]
    governed = [word.stem for word in behind if not is_stopword(word.written)]
    if not governed:
        return False
    return sum(stem in claim.terms for stem in governed) >= MOST_HELD * len(governed)
