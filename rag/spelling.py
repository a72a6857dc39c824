"""Names that a question misspells. Pure functions; knows nothing of where the names come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from rag.words import is_stopword, words

LEAST_LETTERS = 5  # shorter words are near to too many others
NEAR = 0.8  # Ratcliff and Obershelp's similarity, 0 to 1


def correct(text: str, *, known: Callable[[str], bool], names: Mapping[str, str]) -> str:
    """`text` with each word that is not `known` (by its stem) replaced by a name that is nearly the same.

    `names`: case-folded -> as written. Words that are known, short or near to no name stay as they are.
    """
    corrected, end = [], 0
    for word in words(text):
        if len(word.written) < LEAST_LETTERS or is_stopword(word.written) or known(word.stem):
            continue
        near = get_close_matches(word.written.casefold(), names, n=1, cutoff=NEAR)
        if near:
            corrected += [text[end : word.start], names[near[0]]]
            end = word.end
    return "".join([*corrected, text[end:]])
