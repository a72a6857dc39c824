"""What is no sentence: control tokens, loops, a page in one line, letters that are no words, another language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from rag.checks.claim import Claim
from rag.language import language_of
from rag.words import words

LONGEST = 400  # characters
SHORTEST = 3  # words
REPEATED = 4  # so many words in a row stand twice in no sentence
LETTERS = 0.6  # least share of a sentence's characters, spaces aside
LONGEST_WORD = 30
_CONTROL = re.compile(
    r"<\|?/?\s?(?:im_|s>|unk|pad|bos|eos|eot|end|start|think|system|user|assistant)|\[/?INST\]|\|>|\ufffd|<<SYS"
)


def garbage(claim: Claim) -> str:
    """Why this is no sentence that anybody should read; "" where it may be one."""
    text = claim.text
    found = words(text)
    if _CONTROL.search(text) or any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cf") for c in text):
        return "it has control characters"
    if len(text) > LONGEST:
        return "it is too long"
    if len(found) < SHORTEST or text[0] in "([{" or text.endswith(":"):
        return "it is no sentence"
    solid = [c for c in text if not c.isspace()]
    if sum(c.isalnum() for c in solid) < LETTERS * len(solid) or max(len(w.written) for w in found) > LONGEST_WORD:
        return "it is no language"
    if _loops([word.stem for word in found]):
        return "it repeats itself"
    return _other_language(claim)


def _loops(stems: list[str]) -> bool:
    runs = Counter(tuple(stems[i : i + REPEATED]) for i in range(len(stems) - REPEATED + 1))
    return any(count > 1 for count in runs.values()) or any(
        a == b == c for a, b, c in zip(stems, stems[1:], stems[2:], strict=False)
    )


def _other_language(claim: Claim) -> str:
    if _scripts(claim.text) - _scripts(claim.said):
        return "it is written in other letters than what it cites"
    told, cited = language_of(claim.text), language_of(claim.evidence)
    return "it is in another language than what it cites" if told and cited and told != cited else ""


def _scripts(text: str) -> set[str]:
    """The first word of the letters' names in Unicode."""
    return {unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()} - {
        "LATIN",
        "FEMININE",
        "MASCULINE",
        "MICRO",
    }
