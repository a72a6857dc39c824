"""Which language a text is in, as far as that can be told from it. The one file that imports `py3langid`.

Only languages that podcast notes are likely in are told apart: over all that the library knows, a short English
line is now and then Breton. Knows nothing of notes or questions.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache, reduce
from typing import Any

from rag.phrase import Phrase
from rag.types import Passage

SURE = 0.8  # the library's own estimate of being right; 1 of 1,777 English questions passes for another language
LEAST_LETTERS = 12
LOOKED_AT = 200  # characters; more tell nothing more
SPOKEN_HERE = 0.05  # share of the passages from which a language is one of the notes'

NAMES = {
    "ar": Phrase("Arabic"), "bg": Phrase("Bulgarian"), "cs": Phrase("Czech"), "da": Phrase("Danish"),
    "de": Phrase("German"), "el": Phrase("Greek"), "en": Phrase("English"), "es": Phrase("Spanish"),
    "fa": Phrase("Persian"), "fi": Phrase("Finnish"), "fr": Phrase("French"), "he": Phrase("Hebrew"),
    "hi": Phrase("Hindi"), "hu": Phrase("Hungarian"), "id": Phrase("Indonesian"), "it": Phrase("Italian"),
    "ja": Phrase("Japanese"), "ko": Phrase("Korean"), "nl": Phrase("Dutch"), "no": Phrase("Norwegian"),
    "pl": Phrase("Polish"), "pt": Phrase("Portuguese"), "ro": Phrase("Romanian"), "ru": Phrase("Russian"),
    "sv": Phrase("Swedish"), "th": Phrase("Thai"), "tr": Phrase("Turkish"), "uk": Phrase("Ukrainian"),
    "vi": Phrase("Vietnamese"), "zh": Phrase("Chinese"),
}  # fmt: skip

# The first word of a letter's name in Unicode -> the languages above that are written in it, and its own name.
_SCRIPTS = {
    "ARABIC": ({"ar", "fa"}, Phrase("Arabic letters")),
    "CJK": ({"ja", "zh"}, Phrase("Chinese characters")),
    "CYRILLIC": ({"bg", "ru", "uk"}, Phrase("Cyrillic letters")),
    "DEVANAGARI": ({"hi"}, Phrase("Devanagari")),
    "GREEK": ({"el"}, Phrase("Greek letters")),
    "HANGUL": ({"ko"}, Phrase("Hangul")),
    "HEBREW": ({"he"}, Phrase("Hebrew letters")),
    "HIRAGANA": ({"ja"}, Phrase("kana")),
    "KATAKANA": ({"ja"}, Phrase("kana")),
    "THAI": ({"th"}, Phrase("Thai letters")),
}


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the language `text` is in; None where it is too short or could be several."""
    sample = text[:LOOKED_AT]
    letters = sum(map(str.isalpha, sample))
    if letters < (LEAST_LETTERS if sample.isascii() else LEAST_LETTERS // 3):
        return None
    code, confidence = _identifier().classify(sample)
    return str(code) if confidence >= SURE else None


def name(code: str) -> str:
    """The English name of a language."""
    return NAMES.get(code, code)


def foreign_script(text: str, known: AbstractSet[str]) -> str:
    """What a text is written in, for a reader, if no language in `known` is; "" where one is or the letters are mixed.

    One letter is enough, and it need not tell which language it is.
    """
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", text))
    scripts = {re.split(r"[ -]", unicodedata.name(letter, ""))[0] for letter in letters}
    if not scripts or not scripts <= _SCRIPTS.keys():
        return ""
    written = reduce(frozenset.intersection, (frozenset(_SCRIPTS[script][0]) for script in scripts))
    if not written or written & known:
        return ""
    return name(next(iter(written))) if len(written) == 1 else _SCRIPTS[scripts.pop()][1]


def with_languages(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages with their languages; one that does not tell has its note's."""
    told = [language_of(passage.text) for passage in passages]
    counts: dict[str, Counter[str]] = {}
    for passage, code in zip(passages, told, strict=True):
        if code:
            counts.setdefault(passage.note_file, Counter())[code] += 1
    main = {file: counter.most_common(1)[0][0] for file, counter in counts.items()}
    return tuple(
        replace(passage, language=code or main.get(passage.note_file))
        for passage, code in zip(passages, told, strict=True)
    )


def spoken(codes: Iterable[str | None]) -> frozenset[str]:
    """The languages that some passages are in and that are no accident."""
    counts = Counter(filter(None, codes))
    return frozenset(code for code, count in counts.items() if count >= SPOKEN_HERE * counts.total())


@cache
def _identifier() -> Any:  # noqa: ANN401  # the library has no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # takes a second, and not every question needs it

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(NAMES))
    return identifier
