""" "Might" is not "will", nor "some" all: a sentence says no more, and no more surely, than its evidence does."""

from __future__ import annotations

import re

from rag.words import is_stopword, words
from rag.writing.checks.claim import Claim

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
    r"|alleged\w*|supposed\w*|rumou?red|seem\w*|appear\w*|unclear|unsure|uncertain\w*|not sure|suspect\w*|chance"
    r"|assum\w+|estimat\w+|wonder\w*|think\w*|thought|believ\w*|suggest\w*|expect\w*|feel\w*|felt|consider\w*"
    r"|argu\w+|claim\w*|speculat\w+|hypothes\w+|guess\w*|theor\w+|opinion|view|predict\w*|doubt\w*|s[ck]eptical)\b",
    re.IGNORECASE,
)
_SURE = re.compile(
    r"\b(?:certain(?:ly)?|definite(?:ly)?|undoubtedly|surely|guarante\w+|proven|proves?|proved|inevitabl[ey]"
    r"|without (?:a )?doubt|no doubt|unquestionabl[ey])\b",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"\b(?:some(?:times)?|many|most(?:ly)?|several|often|usually|generally|typically|partly|partially|in part|mainly"
    r"|for (?:example|instance)|e\.g|one of|certain|occasionally|in (?:some|many|most) cases|such as"
    r"|almost|nearly|close to|once|formerly|no longer|intend(?:s|ed)? to|plan(?:s|ned|ning)? to"
    r"|tr(?:y|ies|ied|ying) to|attempt(?:s|ed|ing)? to|hop(?:e|es|ed|ing) to|want(?:s|ed|ing)? to|about to"
    r"|so-called)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?()\n—–]")


def dropped_hedge(claim: Claim) -> str:
    """The "might" of the evidence that the sentence leaves out; "" where it leaves out none."""
    if (sure := _SURE.search(claim.text)) and not _SURE.search(claim.said):
        return f"“{sure[0]}” is surer than what it cites"
    if claim.carrying and not _KEEPS.search(claim.text) and all(p.rstrip().endswith("?") for p in claim.carrying):
        return "what it cites only asks"
    for piece in claim.carrying:
        some = {match[0].casefold() for match in _LESS.finditer(piece)}
        for match in _LESS.finditer(piece):
            kept = some & {mine[0].casefold() for mine in _LESS.finditer(claim.text)}
            if not kept and _governed(piece, match) and _is_about(claim, piece, match):
                return f"what it cites says “{match[0]}”"
        for match in _HEDGE.finditer(piece):
            if _is_about(claim, piece, match) and _kept(claim.text) < _kept(_shared(claim, piece, match)):
                return f"what it cites says “{match[0]}”"
    return ""


def _is_about(claim: Claim, piece: str, hedge: re.Match[str]) -> bool:
    """Whether the sentence says what the hedge stands before."""
    governed = _governed(piece, hedge)
    return sum(stem in claim.terms for stem in governed) >= MOST_HELD * len(governed)


def _governed(piece: str, hedge: re.Match[str]) -> list[str]:
    """Stems of the content words that stand behind a hedge, in its clause."""
    behind = words(_CLAUSE.split(piece[hedge.end() :].lstrip(" ,"), maxsplit=1)[0])[:REACH]
    return [word.stem for word in behind if not is_stopword(word.written)]


def _shared(claim: Claim, piece: str, hedge: re.Match[str]) -> str:
    """The part of a sentence of the evidence that the sentence is made of, from where a clause begins."""
    mine = [word for word in words(piece) if word.stem in claim.terms]
    start = min((hedge.start(), *(word.start for word in mine)))
    clause = max((match.end() for match in _CLAUSE.finditer(piece, 0, start)), default=0)
    return piece[clause : max((hedge.end(), *(word.end for word in mine)))]


def _kept(text: str) -> int:
    """How often a text says that it is not sure, or that it is somebody's opinion."""
    return len(_KEEPS.findall(text))
