"""Words and small formats that every face shares: dates, places, names, and making untrusted text harmless.

Pure functions on plain values. Knows nothing of terminal colours, of Discord or of Markdown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from rag.minutes import format_seconds
from rag.types import Citation, Episode, Filter, NotCovered, Place, Sentence

NO_ANSWER = "Your notes don't answer this."
NOTHING_NEAR = "Your notes don't cover this."

ALSO = 3  # places named beside the first

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
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
    day, month, year = match["day"], match["month"], match["year"]
    words = (str(int(day)) if day else "", _MONTHS[int(month) - 1] if month else "", year.strip("-"))
    return " ".join(filter(None, words))


def plural(count: int, noun: str) -> str:
    """ "1 note", "12 notes", "1,200 notes"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def lines(start: int, end: int) -> str:
    """A 1-based, inclusive range of lines: "12" or "12-13"."""
    return str(start) if start == end else f"{start}-{end}"


def episode_name(show: str | None, title: str, date: str | None = None) -> str:
    """ "Show: Title (10 Sep 2023)", without what is not known."""
    name = clean(": ".join(filter(None, (show, title))) or "untitled episode")
    day = format_date(date)
    return f"{name} ({day})" if day else name


def place(where: Citation | Place) -> str:
    """Where the quote stands: "notes.txt:12-13", or "talk.pdf page 3" in a format without lines."""
    between = ":" if where.counted == "line" else f" {where.counted} "
    return f"{clean(where.note_file)}{between}{lines(where.line_start, where.line_end)}"


def also(places: Sequence[Place]) -> str:
    """The other places of a quote: "also rye.md:12, bees.txt:3 and 2 more"."""
    named = ", ".join(map(place, places[:ALSO]))
    return f"also {named}" + (f" and {len(places) - ALSO:,} more" if len(places) > ALSO else "")


def minute(citation: Citation) -> str:
    """Where in the audio: "1:07:30", "around 1:07:30" where only its section has a minute, or "" if unknown."""
    if citation.seconds is None:
        return ""
    return ("around " if citation.seconds_around else "") + format_seconds(citation.seconds)


def source(citation: Citation) -> str:
    """Episode, minute if known, and place, on one line."""
    name = episode_name(citation.show, citation.episode, citation.date)
    return " · ".join(filter(None, (name, minute(citation), place(citation))))


def refusal(result: NotCovered) -> str:
    """The sentence a refusal opens with."""
    return clean(result.reason) or (NO_ANSWER if result.closest else NOTHING_NEAR)


def absent(words: Iterable[str]) -> str:
    """One line naming the question's words that stand nowhere in the notes, or "" if there are none."""
    listed = ", ".join(clean(word) for word in words)
    return f"Words that occur nowhere in your notes: {listed}" if listed else ""


def written(sentences: Iterable[Sentence]) -> str:
    """Which sentences are quotes, where not all of them are; "" where all are."""
    verbatim = [sentence.verbatim for sentence in sentences]
    if all(verbatim):
        return ""
    quotes = "What stands in quotation marks is your notes' own words; the rest is" if any(verbatim) else "This is"
    return f"{quotes} a model's wording, checked against the sources it cites."


def searched(filters: Iterable[Filter]) -> list[str]:
    """What the search was narrowed to, and what it preferred: "Searched: Dylan, 10 Sep", a line each."""
    kept = list(filters)
    hard, soft = (", ".join(clean(each.label) for each in kept if each.hard is sure) for sure in (True, False))
    return [line for line in (f"Searched: {hard}" if hard else "", f"Preferred: {soft}" if soft else "") if line]


def did_you_mean(names: Iterable[str]) -> str:
    """ "Did you mean Bricken or Karpathy?", or "" without a name."""
    listed = " or ".join(clean(name) for name in names)
    return f"Did you mean {listed}?" if listed else ""


def near_episodes(names: Iterable[str]) -> str:
    """One line with the episodes that come nearest, or ""."""
    listed = "; ".join(clean(name) for name in names)
    return f"Episodes that come nearest: {listed}" if listed else ""


def knows(episodes: Iterable[Episode]) -> str:
    """How much there is to ask about: "9 episodes from 5 notes"."""
    listed = list(episodes)
    files = {entry.note_file for episode in listed for entry in episode.entries}
    return f"{plural(len(listed), 'episode')} from {plural(len(files), 'note')}"
