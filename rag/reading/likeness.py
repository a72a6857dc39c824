"""How sure it is that two entries are about one episode, and which pairs are worth asking about.

A link, a number, guests, a title or a date speak for it; another show, date, number, video or title against.
Pure functions of what the notes say; knows nothing of files or groups.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from rapidfuzz import fuzz

from rag.reading.readers import dates, names, shows
from rag.reading.text import slug
from rag.types import GUESSES, EpisodeEntry

JOIN = 0.8
"""From here on entries are joined unasked."""
PROPOSE = 0.5
"""From here on their owner is asked."""

_YOUTUBE = re.compile(r"(?:^|\.)(?:youtube(?:-nocookie)?\.com|youtu\.be)$")
_VIDEO = re.compile(r"/(?:(?:embed|live|shorts|v)/)?(?P<id>[\w-]+)/?$")
_LEADING_NUMBER = re.compile(r"^(?:episode-|ep-|folge-)?\d{1,4}-(?=\D)")
_ALIKE, _NEAR, _UNLIKE = 0.9, 0.75, 0.6
_LONG_TITLE = 12
COMMON = 40
"""A name or word that more entries than this have tells no episode from another."""
_SERIES = 5
"""A link under more different titles than this leads to a show, not to an episode."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How sure it is that two entries are about one episode, 0 to 1, and what speaks for it."""

    score: float
    why: str = ""


NONE = Likeness(score=0.0)
LINKED = Likeness(score=1.0, why="one link")


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What of an entry is compared.

    Attributes:
        number: only one that is surely the episode's.
        date: only one that a note states.
        links: what all addresses of one recording have in common; videos are those of them on YouTube.
        guessed: the guests were gathered from who speaks, so there may be too many.
        title: as a slug; "" where it is no more than the guests' names.
        said: what has to agree for two entries of one file to be one.
    """

    file: str
    show: str
    number: str | None
    date: str | None
    links: frozenset[str]
    videos: frozenset[str]
    guests: tuple[str, ...]
    guessed: bool
    title: str
    digits: tuple[str, ...] = field(default=())
    said: tuple[str | None, ...] = field(default=())


def traits(entry: EpisodeEntry, *, named: bool, guessed: bool, sure_number: bool) -> Traits:
    """The traits of an entry. `named`: its title is more than its guests' names."""
    links = frozenset(filter(None, map(link_id, entry.urls)))
    title = _LEADING_NUMBER.sub("", slug(entry.title, limit=200)) if named else ""
    return Traits(
        file=entry.note_file,
        show=shows.key(entry.show) if entry.show else "",
        number=entry.number if sure_number else None,
        date=None if entry.origin("date") in GUESSES else entry.date,
        links=links,
        videos=frozenset(link for link in links if link.startswith("youtube:")),
        guests=entry.guests,
        guessed=guessed,
        title=title,
        digits=tuple(re.findall(r"\d+", title)),
        said=(entry.show, entry.title, entry.date, entry.number),
    )


def telling(entries: Sequence[Traits]) -> list[Traits]:
    """The same, without what tells a show and not an episode: links under many titles, and people who are always there.

    A video is always an episode's.
    """
    titles: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for link in entry.links - entry.videos:
            titles[link].add(entry.title)
    series = {link for link, known in titles.items() if len(known - {""}) > _SERIES}
    heard = Counter(name for entry in entries for name in entry.guests)
    regulars = {name for name, count in heard.items() if count > COMMON}
    return [
        replace(entry, links=entry.links - series, guests=tuple(g for g in entry.guests if g not in regulars))
        if entry.links & series or regulars.intersection(entry.guests)
        else entry
        for entry in entries
    ]


def link_id(url: str) -> str | None:
    """What all addresses of one recording have in common: the video's id, or host and path. None for a home page."""
    try:
        split = urlsplit(url)
        host = (split.hostname or "").removeprefix("www.").lower()
    except ValueError:
        return url
    query = parse_qs(split.query)
    if _YOUTUBE.search(host):
        return _video(host, split.path, query)
    kept = "&".join(f"{key}={query[key][0]}" for key in ("i", "id", "p", "episode") if key in query)
    path = split.path.rstrip("/")
    return f"{host}{path}?{kept}" if path or kept else None


def likeness(one: Traits, other: Traits) -> Likeness:
    """How sure it is that the two are one episode."""
    clash = _clash(one, other)
    if one.links & other.links:
        return (
            Likeness(score=0.6, why=f"one link, but another {clash}") if clash else Likeness(score=1.0, why="one link")
        )
    if clash:
        return NONE
    if one.file == other.file:
        return Likeness(score=0.9, why="one heading") if one.said == other.said else NONE
    alike = _alike(one, other)
    stated = max(_by_number(one, other), _by_date(one, other), key=lambda found: found.score)
    if alike is not None and alike < _UNLIKE:
        return Likeness(score=min(stated.score, 0.6), why=f"{stated.why}, but other titles") if stated.score else NONE
    return max(stated, _by_guests(one, other), _by_title(one, other, alike), key=lambda found: found.score)


def contradiction(one: Traits, other: Traits) -> str:
    """The field that speaks against the two being one episode, or ""; a shared link outweighs all of them."""
    if one.links & other.links:
        return ""
    alike = _alike(one, other)
    return _clash(one, other) or ("title" if alike is not None and alike < _UNLIKE else "")


def keys(these: Traits) -> Iterator[tuple[Hashable, bool]]:
    """Keys that two entries share if they may be one episode; and whether a key is that episode's own.

    Other keys are words and names, which say nothing once very many entries have them.
    """
    for link in these.links:
        yield ("link", link), True
    if these.number and these.show:
        yield ("number", these.show, these.number), True
    yield ("file", these.file, these.said), True
    if these.show and these.date and dates.has_day(these.date):
        yield ("date", these.show, these.date[-6:]), False
    for name in these.guests:
        words = slug(name).split("-")
        for word in {words[0], words[-1]}:
            yield ("guest", word[:3]), False
    if these.title:
        yield ("opening", these.title[:8], these.digits), False
        yield from ((("word", word), False) for word in set(these.title.split("-")) if len(word) > 3)


def _video(host: str, path: str, query: dict[str, list[str]]) -> str | None:
    """The video's id; None for a channel's or a playlist's address, which many episodes share."""
    if host != "youtu.be" and (named := query.get("v")):
        return f"youtube:{named[0]}"
    match = _VIDEO.match(path)
    return f"youtube:{match['id']}" if match and match["id"] not in ("watch", "playlist", "embed") else None


def _clash(one: Traits, other: Traits) -> str:
    """The name of a field that keeps the two apart, or ""."""
    if one.show and other.show and one.show != other.show:
        return "show"
    if one.number and other.number and one.number != other.number:
        return "number"
    if not dates.agree(one.date, other.date):
        return "date"
    return "video" if one.videos and other.videos and not one.videos & other.videos else ""


def _alike(one: Traits, other: Traits) -> float | None:
    """How alike the titles are, 0 to 1; None where one of the two has none."""
    a, b = one.title, other.title
    if not a or not b:
        return None
    if min(len(a), len(b)) >= _LONG_TITLE and (a in b or b in a):
        return 1.0 if one.digits == other.digits else 0.7
    return fuzz.ratio(a, b) / 100 if one.digits == other.digits else 0.0


def _known_together(one: Traits, other: Traits) -> bool:
    return bool(one.show and other.show)


def _by_number(one: Traits, other: Traits) -> Likeness:
    same = _known_together(one, other) and one.number is not None and one.number == other.number
    return Likeness(score=0.95, why=f"number {one.number} of one show") if same else NONE


def _by_date(one: Traits, other: Traits) -> Likeness:
    if not (_known_together(one, other) and one.date and one.date == other.date and dates.has_day(one.date)):
        return NONE
    few, many = sorted((one.guests, other.guests), key=len)
    strangers = few and not (one.guessed or other.guessed or _met(few, many))
    sure = not one.date.startswith("--") and not strangers
    return Likeness(score=0.85 if sure else 0.6, why="one show and date" + (", but other guests" if strangers else ""))


def _by_title(one: Traits, other: Traits, alike: float | None) -> Likeness:
    if alike is None or alike < _NEAR:
        return NONE
    if alike >= _ALIKE:
        return Likeness(score=0.9, why="one title")
    return Likeness(score=0.6, why="titles nearly the same") if _known_together(one, other) else NONE


def _by_guests(one: Traits, other: Traits) -> Likeness:
    if not one.guests or not other.guests:
        return NONE
    if one.guessed or other.guessed:
        return _by_speakers(one, other)
    few, many = sorted((one.guests, other.guests), key=len)
    together = _known_together(one, other)
    full = all(" " in name for name in (*few, *many))
    if not _met(few, many):
        return NONE
    if _met(many, few):
        return Likeness(score=0.85 if full or together else 0.6, why="the same guests")
    return Likeness(score=(0.82 if together else 0.6) if full else 0.4, why="a guest of both")


def _by_speakers(one: Traits, other: Traits) -> Likeness:
    """Every guest one note names speaks in the text of the other."""
    sure, guess = (other, one) if one.guessed else (one, other)
    met = not sure.guessed and _known_together(one, other) and _met(sure.guests, guess.guests)
    return Likeness(score=0.85, why="the guests speak in it") if met else NONE


@lru_cache(maxsize=65_536)
def _met(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    return names.all_met(few, many)
