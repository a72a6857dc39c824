"""The parts of a question that asks several things at once. Pure functions; knows nothing of the notes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.filters import Scope
from rag.words import Word, content_words

MOST = 4  # parts; a longer list is searched as a whole
LEAST_WORDS = 2  # content words that make a piece a question of its own
_ASKING = r"(?:who|whom|whose|what|which|when|where|why|how)"
_SENTENCES = re.compile(r"(?<=\?)\s+")
_SEAM = re.compile(rf"\s*[,;]?\s+(?:and|or|but)\s+(?:also\s+)?(?={_ASKING}\b)", re.IGNORECASE)
_ABOUT = re.compile(
    r"(?P<asks>.*\babout)\s+(?P<one>\S.*?)\s*,?\s+and\s+about\s+(?P<other>\S.*)", re.IGNORECASE | re.DOTALL
)
_OPENS = re.compile(
    rf"(?:(?:in|on|at|by|for|from|with) )?"
    rf"(?:{_ASKING}|is|are|was|were|do|does|did|can|could|would|should|has|have)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"what (?:is|are|was|were) \S+$", re.IGNORECASE)
_LEANS = re.compile(
    r"\b(?:he|she|they|them|him|it|its|his|hers?|their|that|those|these|this|there|ones?|same)\b", re.IGNORECASE
)


def split(question: str) -> tuple[str, ...]:
    """The questions that `question` is made of, in order; only itself where one of them needs another to be understood.

    "What did he pay, and why?" is one question, "What is MLA? Who runs TSMC?" are two, and so
    is one about this and about that.
    """
    sentences = _whole(_SENTENCES.split(question.strip()))
    pieces = tuple(piece for sentence in sentences or (question,) for piece in _pieces(sentence))
    return pieces if len(pieces) <= MOST else (question,)


def _pieces(sentence: str) -> tuple[str, ...]:
    if twofold := _ABOUT.fullmatch(sentence):
        return tuple(f"{twofold['asks']} {twofold[matter]}" for matter in ("one", "other"))
    return _whole(_SEAM.split(sentence)) or (sentence,)


def _whole(pieces: Sequence[str]) -> tuple[str, ...]:
    """The pieces, if there are several and each can be understood by itself."""
    kept = tuple(piece.strip() for piece in pieces if piece.strip())
    return kept if len(kept) > 1 and all(map(_stands_alone, kept)) else ()


def _stands_alone(piece: str) -> bool:
    """Whether a piece is a question that names its matter.

    That takes two content words, or one that is written as a name or that is all that is asked for ("What is salt").
    """
    content = content_words(piece)
    named = any(word.start > 0 and word.written[0].isupper() for word in content)
    says = len(content) >= LEAST_WORDS or named or bool(content and _DEFINES.match(piece))
    return says and bool(_OPENS.match(piece)) and not _LEANS.search(piece)


def compared(scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    """The sure filters of one kind that speak of different episodes: what X and Y say is asked of each."""
    for kind in dict.fromkeys(scope.shown.kind for scope in scopes if scope.hard):
        apart: list[Scope] = []
        for scope in scopes:
            same_kind = scope.hard and scope.shown.kind == kind
            if same_kind and not any(scope.episodes & other.episodes for other in apart):
                apart.append(scope)
        if 2 <= len(apart) <= MOST:
            return tuple(apart)
    return ()


def left_out(question: str, mentions: Sequence[Word]) -> str:
    """The question without some of its words."""
    kept, end = [], 0
    for word in sorted(mentions, key=lambda word: word.start):
        kept.append(question[end : word.start])
        end = word.end
    return re.sub(r"\s+", " ", "".join([*kept, question[end:]])).strip()
