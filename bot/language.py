"""In which language somebody is spoken to, and sentences, numbers, dates and lists in it.

Sentences stand in English in the code. What they are in another language stands in `locale/LANGUAGE.po` beside this
file; what is missing there is said in English. Knows nothing of how anybody's language is found out.
"""

from __future__ import annotations

import gettext
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from rag.phrase import Phrase

ENGLISH = "en"
FOLDER = Path(__file__).with_name("locale")

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)
_INTERNATIONAL = "en_001"  # English of no country
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts, as for every gettext program
_SKELETONS = {"yMMMd": "d MMM y", "yMMM": "MMM y", "MMMd": "d MMM", "MMM": "MMM"}
"""What of a date is known, and how it is written in English: as short in every month."""


@cache
def languages() -> tuple[str, ...]:
    """Those that can be spoken, English first."""
    return (ENGLISH, *sorted(file.stem for file in FOLDER.glob("*.po")))


def known(locale: str) -> str | None:
    """The language of a locale such as "de", "en-GB", "pt-BR" or "de_AT.UTF-8"; None where it is not spoken."""
    by_name = {language.casefold(): language for language in languages()}
    named = locale.partition(".")[0].replace("-", "_").casefold()
    return by_name.get(named) or by_name.get(named.partition("_")[0])


def of_the_system(environment: Mapping[str, str] = os.environ) -> str:
    """The language that this account has set, as its environment says; English where that is not spoken."""
    said = next(filter(None, map(environment.get, _VARIABLES)), "")
    return next(filter(None, map(known, said.split(":"))), ENGLISH)


def spoken() -> str:
    """The language that is spoken now."""
    return _spoken.get()


def speak(language: str) -> None:
    """Speak it from now on, in this task and in those that it starts."""
    _spoken.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak it inside the block."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def _(text: str) -> str:
    """What a sentence of the catalogue is in the language that is spoken; other text as it is.

    The fields of a `Phrase` are filled in, with numbers as that language writes them. Those of a literal are for you to
    fill in: `_("… {x} …").format(x=x)`.
    """
    if isinstance(text, Phrase) and text.fields:
        return (
            _catalogue(spoken())
            .gettext(text.template)
            .format(
                **{
                    name: _(value) if isinstance(value, Phrase) else _shown(value)
                    for name, value in text.fields.items()
                }
            )
        )
    return _catalogue(spoken()).gettext(text) if text else ""


def pgettext(context: str, text: str) -> str:
    """The same of a word that is another one in another context."""
    return _catalogue(spoken()).pgettext(context, text)


def ngettext(one: str, many: str, n: int) -> str:
    """The same of a sentence about a number, which stands for `{n}` in it."""
    return _catalogue(spoken()).ngettext(one, many, n).format(n=number(n))


def number(n: float) -> str:
    """ "1,200", "1.5"."""
    return _number(spoken(), n)


def percent(share: float) -> str:
    """ "67%" of 0.67."""
    return format_percent(share, locale=_locale(spoken()))


def weekday(of: date) -> str:
    """ "Wed"."""
    return format_date(of, "EEE", locale=_locale(spoken()))


def day(year: int | None, month: int | None, of_month: int | None) -> str:
    """A date of which parts may be unknown: "10 Sep 2023", "Sep 2023", "10 Sep", "2023"; "" of none of these."""
    return _day(spoken(), year, month, of_month)


def either(names: Sequence[str]) -> str:
    """ "a, b or c"."""
    return format_list(names, style="or", locale=_locale(spoken()))


def both(names: Sequence[str]) -> str:
    """ "a, b and c"."""
    return format_list(names, locale=_locale(spoken()))


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)


@lru_cache(maxsize=10_000)
def _number(language: str, n: float) -> str:
    return format_decimal(n, locale=_locale(language))


@lru_cache(maxsize=10_000)
def _day(language: str, year: int | None, month: int | None, of_month: int | None) -> str:
    if month is None:
        return str(year) if year else ""
    when = date(year or 2000, month, of_month or 1)  # 29 Feb exists in 2000
    skeleton = f"{'y' if year else ''}MMM{'d' if of_month else ''}"
    if language == ENGLISH:
        return format_date(when, _SKELETONS[skeleton], locale=ENGLISH)
    return format_skeleton(skeleton, when, locale=language)


def _locale(language: str) -> str:
    return _INTERNATIONAL if language == ENGLISH else language


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    file = FOLDER / f"{language}.po"
    if language == ENGLISH or not file.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
