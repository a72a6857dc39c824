"""Words and small formats that every face shares: dates, places, names, and making untrusted text harmless.

In the language that is spoken. Functions on plain values. Knows nothing of terminal colours, of Discord or of Markdown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from bot.language import _, day, either, ngettext, number
from rag.phrase import Phrase
from rag.reading.minutes import format_seconds
from rag.types import Citation, Episode, Filter, NotCovered, Place, Sentence

NO_ANSWER = Phrase("Your notes don't answer this.")
NOTHING_NEAR = Phrase("Your notes don't cover this.")
IN_THE_LOG = Phrase("My owner finds out more in the log.")

ALSO = 3  # places named beside the first

_DATE = re.compile(r"(?P<year>\d{4}|-)(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?)?")
_BREAKS = str.maketrans(dict.fromkeys("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029", " "))
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """`text` as one line that cannot steer a terminal: breaks become spaces, other control characters U+FFFD.

    Lone surrogates become U+FFFD too; marks that reorder text are dropped. Letters, accents and emoji stay.
    """
    return "".join(_harmless(c) for c in text.translate(_BREAKS))


def _harmless(character: str) -> str:
    if character in _BIDI_CONTROLS:
        return ""
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character


def safe_url(url: str | None) -> str | None:
    """`url` if it is a plain http(s) address of printable characters without spaces, else None."""
    if not url or not url.isprintable() or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def format_date(date: str | None) -> str:
    """An ISO 8601 date as people write it: "10 Sep 2023"; of partial ones, "--09-10" is "10 Sep".

    None gives ""; anything that is not such a date comes back as it stands, made safe to show.
    """
    match = _DATE.fullmatch(date or "")
    if not match:
        return clean(date or "")
    try:
        return day(*(int(part) if part and part != "-" else None for part in match.group("year", "month", "day")))
    except ValueError:  # there is no 31 June
        return clean(date or "")


def plural(count: int, noun: str) -> str:
    """ "1 note", "12 notes", "1,200 notes": in English alone, for those who run Footnote from a shell."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def notes(count: int) -> str:
    """ "1,200 notes"."""
    return ngettext("{n} note", "{n} notes", count)


def episodes(count: int) -> str:
    """ "12 episodes"."""
    return ngettext("{n} episode", "{n} episodes", count)


def passages(count: int) -> str:
    """ "12 passages"."""
    return ngettext("{n} passage", "{n} passages", count)


def mentions(count: int) -> str:
    """ "12 mentions"."""
    return ngettext("{n} mention", "{n} mentions", count)


def questions(count: int) -> str:
    """ "12 questions"."""
    return ngettext("{n} question", "{n} questions", count)


def lines(start: int, end: int) -> str:
    """A 1-based, inclusive range of lines: "12" or "12-13"."""
    return str(start) if start == end else f"{start}-{end}"


def quoted(text: str) -> str:
    """A text in quotation marks."""
    return _("“{quote}”").format(quote=text)


def within(counted: str, start: int, end: int) -> str:
    """Where in a file, 1-based and inclusive: "line 12", "pages 3-4"."""
    one = start == end
    if counted == "page":
        said = _("page {where}") if one else _("pages {where}")
    elif counted == "paragraph":
        said = _("paragraph {where}") if one else _("paragraphs {where}")
    else:
        said = _("line {where}") if one else _("lines {where}")
    return said.format(where=lines(start, end))


def episode_name(show: str | None, title: str, date: str | None = None) -> str:
    """ "Show: Title (10 Sep 2023)", without what is not known."""
    name = clean(": ".join(filter(None, (show, title))) or _("untitled episode"))
    day = format_date(date)
    return f"{name} ({day})" if day else name


def place(where: Citation | Place) -> str:
    """Where the quote stands: "notes.txt:12-13", or "talk.pdf page 3" in a format without lines."""
    file = clean(where.note_file)
    if where.counted == "line":
        return f"{file}:{lines(where.line_start, where.line_end)}"
    return f"{file} {within(where.counted, where.line_start, where.line_end)}"


def also(places: Sequence[Place]) -> str:
    """The other places of a quote: "also rye.md:12, bees.txt:3 and 2 more"."""
    named, further = ", ".join(map(place, places[:ALSO])), len(places) - ALSO
    if further > 0:
        return _("also {places} and {n} more").format(places=named, n=number(further))
    return _("also {places}").format(places=named)


def minute(citation: Citation) -> str:
    """Where in the audio: "1:07:30", "around 1:07:30" where only its section has a minute, or "" if unknown."""
    if citation.seconds is None:
        return ""
    seconds = format_seconds(citation.seconds)
    return _("around {minute}").format(minute=seconds) if citation.seconds_around else seconds


def source(citation: Citation) -> str:
    """Episode, who speaks and when if known, and place, on one line."""
    name = episode_name(citation.show, citation.episode, citation.date)
    return " · ".join(filter(None, (name, clean(citation.speaker or ""), minute(citation), place(citation))))


def refusal(result: NotCovered) -> str:
    """The sentence a refusal opens with."""
    return clean(_(result.reason or (NO_ANSWER if result.closest else NOTHING_NEAR)))


def absent(words: Iterable[str]) -> str:
    """One line naming the question's words that stand nowhere in the notes, or "" if there are none."""
    listed = ", ".join(clean(word) for word in words)
    return _("Words that occur nowhere in your notes: {words}").format(words=listed) if listed else ""


def written(sentences: Iterable[Sentence]) -> str:
    """Which sentences are quotes, where not all of them are; "" where all are."""
    verbatim = [sentence.verbatim for sentence in sentences]
    if all(verbatim):
        return ""
    if not any(verbatim):
        return _("This is a model's wording, checked against the sources it cites.")
    return _(
        "What stands in quotation marks is your notes' own words; the rest is a model's wording, checked against the "
        "sources it cites."
    )


def searched(filters: Iterable[Filter]) -> list[str]:
    """What the search was narrowed to, and what it preferred: "Searched: Dylan, 10 Sep", a line each."""
    kept = list(filters)
    hard, soft = (", ".join(clean(_(each.label)) for each in kept if each.hard is sure) for sure in (True, False))
    sure = _("Searched: {what}").format(what=hard) if hard else ""
    return [line for line in (sure, _("Preferred: {what}").format(what=soft) if soft else "") if line]


def did_you_mean(names: Iterable[str]) -> str:
    """ "Did you mean Bricken or Karpathy?", or "" without a name."""
    listed = either([clean(name) for name in names])
    return _("Did you mean {names}?").format(names=listed) if listed else ""


def near_episodes(names: Iterable[str]) -> str:
    """One line with the episodes that come nearest, or ""."""
    listed = "; ".join(clean(name) for name in names)
    return _("Episodes that come nearest: {names}").format(names=listed) if listed else ""


def knows(all_of_them: Iterable[Episode]) -> str:
    """How much there is to ask about: "9 episodes from 5 notes"."""
    listed = list(all_of_them)
    files = {entry.note_file for episode in listed for entry in episode.entries}
    return _("{episodes} from {notes}").format(episodes=episodes(len(listed)), notes=notes(len(files)))
