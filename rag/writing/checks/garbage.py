"""What is no sentence: control tokens, loops, a page in one line, letters that are no words, another language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from rag.language import language_of
from rag.sentences import ends_sentence
from rag.words import Word, is_stopword, words
from rag.writing.checks.attribution import speakers
from rag.writing.checks.claim import Claim

LONGEST = 400  # characters
SHORTEST = 3  # words
REPEATED = 3  # so many words in a row that say something, names and numbers aside, stand twice in no sentence
LETTERS = 0.6  # least share of a sentence's characters, spaces aside
LONGEST_WORD = 30
_CONTROL = re.compile(
    r"<\|?/?\s?(?:im_|s>|unk|pad|bos|eos|eot|end|start|think|system|user|assistant)|\[/?INST\]|\|>|\ufffd|<<SYS"
)
_FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|me|my|mine|myself|[Ww]e|[Ww]e['’]\w+|ours?|us)\b(?!\.)|^\W*(?:My|Our)\b")
_LEADING = re.compile(
    r"\W*(?P<word>they|he|she|it|this|these|those|such|his|her|their|its|instead|however|therefore|thus|also|then|but|or"
    r"|the latter|the former|another)\b",
    re.IGNORECASE,
)
_IT_IS = re.compile(r"\W*it (?:is|was|seems|may be|might be) [^.,;]{0,40}?\b(?:that|to|whether)\b", re.IGNORECASE)
_JOINING = frozenset({"of", "the", "a", "an", "in", "on", "to", "for", "and", "with", "by", "at", "from"})
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")


def garbage(claim: Claim) -> str:
    """Why this is no sentence that anybody should read; "" where it may be one."""
    text = claim.text
    found = words(text)
    if _CONTROL.search(text) or any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cf") for c in text):
        return "it has control characters"
    if len(text) > LONGEST:
        return "it is too long"
    if len(found) < SHORTEST or text[0] in "([{" or not ends_sentence(text):
        return "it is no sentence"
    if not _IT_IS.match(text) and (leading := _LEADING.match(text)) and not _leads(leading["word"], claim):
        return f"“{leading['word']}” stands for something that it does not name"
    solid = [c for c in text if not c.isspace()]
    if sum(c.isalnum() for c in solid) < LETTERS * len(solid) or max(len(w.written) for w in found) > LONGEST_WORD:
        return "it is no language"
    if _loops(found):
        return "it repeats itself"
    if _FIRST_PERSON.search(_QUOTED.sub("", text)) and not speakers(text):
        return "it speaks as somebody else"
    return _other_language(claim)


def _leads(word: str, claim: Claim) -> bool:
    """Whether what is cited has the same word, so that both speak of the same, or somebody speaks in it."""
    if word.casefold() in ("he", "she", "they") and _FIRST_PERSON.search(claim.evidence):
        return True
    return any(re.search(rf"\b{word}\b", piece, re.IGNORECASE) for piece in claim.carrying)


def _loops(found: list[Word]) -> bool:
    stems = [word.stem for word in found]
    small = [word.written.islower() for word in found]
    starts = range(len(found) - REPEATED + 1)
    told = [i for i in starts if all(small[i : i + REPEATED]) and _tells(found[i : i + REPEATED])]
    runs = Counter(tuple(stems[i : i + REPEATED]) for i in told)
    return any(count > 1 for count in runs.values()) or any(
        a == b == c for a, b, c in zip(stems, stems[1:], stems[2:], strict=False)
    )


def _tells(found: list[Word]) -> bool:
    """Whether words in a row say something: "have more energy" does, "of the song" only goes with what does."""
    return any(not is_stopword(word.written) for word in found) and not _JOINING & {word.stem for word in found}


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
