"""Episodes: which entries of which notes are about the same one, and what they say of it together.

Knows nothing of files or passages. The rules, in this order: a shared link joins; anything that
contradicts (another show, date, video or title) keeps apart; the same guests or the same title join.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from urllib.parse import parse_qs, urlsplit

from rag.readers import dates, names, shows
from rag.text import slug
from rag.types import Episode, EpisodeEntry

_YOUTUBE = re.compile(r"(?:^|\.)(?:youtube(?:-nocookie)?\.com|youtu\.be)$")
_ALIKE, _UNLIKE = 0.9, 0.6


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An entry waiting to be joined.

    Attributes:
        guessed: its guests were gathered from who speaks in the text, so there may be too many.
        fallback: what to call the episode if nobody names it.
    """

    entry: EpisodeEntry
    guessed: bool = False
    fallback: str = ""

    @property
    def named(self) -> bool:
        """Whether the title is more than its guests' names."""
        listed = names.split(self.entry.title)
        return bool(self.entry.title) and not (listed and names.all_met(listed, self.entry.guests))


def join(claims: Sequence[Claim]) -> tuple[tuple[Episode, ...], tuple[int, ...]]:
    """The episodes, by show and date, and for each claim the index of its episode in them."""
    groups = _grouped(claims)
    named = _with_ids([_episode(group) for group in groups])
    order = sorted(range(len(named)), key=lambda g: _shelf(named[g]))
    place = {id(claim): order.index(g) for g, group in enumerate(groups) for claim in group}
    return tuple(named[g] for g in order), tuple(place[id(claim)] for claim in claims)


def link_id(url: str) -> str:
    """What all addresses of one recording have in common: the video's id, or host and path."""
    try:
        split = urlsplit(url)
        host = (split.hostname or "").removeprefix("www.").lower()
    except ValueError:
        return url
    if _YOUTUBE.search(host):
        return "youtube:" + _video(host, split.path, split.query)
    query = parse_qs(split.query)
    kept = "&".join(f"{key}={query[key][0]}" for key in ("i", "id", "p", "episode") if key in query)
    return f"{host}{split.path.rstrip('/')}?{kept}"


def same(one: Claim, other: Claim) -> bool:
    """Whether two entries are about one episode."""
    a, b = one.entry, other.entry
    if _linked(one, other):
        return True
    if _contradict(one, other):
        return False
    if a.note_file == b.note_file:
        return (a.show, a.title, a.date) == (b.show, b.title, b.date)
    return _same_guests(one, other) or _same_title(one, other)


def _grouped(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Greedy: surest claims first, each to the first group it matches one of and contradicts none of."""
    groups: list[list[Claim]] = []
    for claim in sorted(claims, key=lambda c: c.guessed):
        home = next((group for group in groups if _fits(claim, group)), None)
        if home is None:
            home = []
            groups.append(home)
        home.append(claim)
    return groups


def _fits(claim: Claim, known: Sequence[Claim]) -> bool:
    if any(_linked(claim, other) for other in known):
        return True
    return any(same(claim, other) for other in known) and not any(_contradict(claim, other) for other in known)


def _linked(one: Claim, other: Claim) -> bool:
    return bool({*map(link_id, one.entry.urls)} & {*map(link_id, other.entry.urls)})


def _contradict(one: Claim, other: Claim) -> bool:
    a, b = one.entry, other.entry
    if a.show and b.show and shows.key(a.show) != shows.key(b.show):
        return True
    if not dates.agree(a.date, b.date):
        return True
    videos = [{link for url in e.urls if (link := link_id(url)).startswith("youtube:")} for e in (a, b)]
    if all(videos) and not videos[0] & videos[1]:
        return True
    return one.named and other.named and not _titles_near(a.title, b.title, _UNLIKE)


def _same_guests(one: Claim, other: Claim) -> bool:
    a, b = one.entry, other.entry
    if not a.guests or not b.guests:
        return False
    if one.guessed or other.guessed:
        sure, guess = (b, a) if one.guessed else (a, b)
        return (
            not (one.guessed and other.guessed) and _known_together(a, b) and names.all_met(sure.guests, guess.guests)
        )
    few, many = sorted((a.guests, b.guests), key=len)
    full = all(" " in name for name in (*few, *many))
    if not names.all_met(few, many):
        return False
    if names.all_met(many, few):
        return full or _known_together(a, b)
    return full and _known_together(a, b)


def _known_together(a: EpisodeEntry, b: EpisodeEntry) -> bool:
    return a.show is not None and b.show is not None


def _same_title(one: Claim, other: Claim) -> bool:
    return one.named and other.named and _titles_near(one.entry.title, other.entry.title, _ALIKE)


def _titles_near(one: str, other: str, least: float) -> bool:
    a, b = slug(one, limit=200), slug(other, limit=200)
    if min(len(a), len(b)) >= 12 and (a in b or b in a):
        return re.sub(r"\D", "", a) == re.sub(r"\D", "", b) or least < _ALIKE
    numbers = [re.findall(r"\d+", text) for text in (a, b)]
    if numbers[0] != numbers[1]:
        return False
    return bool(a and b) and SequenceMatcher(None, a, b).ratio() >= least


def _episode(claims: Sequence[Claim]) -> Episode:
    sure = [claim for claim in claims if not claim.guessed] or list(claims)
    guests = _fullest_guests([claim.entry.guests for claim in sure])
    title = _title(sure, guests) or next((c.fallback for c in claims if c.fallback), "Untitled")
    entries = tuple(sorted((_completed(c, guests, title) for c in claims), key=lambda e: (e.note_file, e.line_start)))
    return Episode(
        id="",
        show=next((c.entry.show for c in claims if c.entry.show), None),
        title=title,
        guests=guests,
        date=dates.fullest(c.entry.date for c in claims),
        urls=tuple(dict.fromkeys(url for entry in entries for url in entry.urls)),
        entries=entries,
    )


def _title(claims: Sequence[Claim], guests: Sequence[str]) -> str:
    """The fullest real title; else the guests, as somebody listed them if nothing fuller is known."""
    real = [claim.entry.title for claim in claims if claim.named]
    if real:
        return max(real, key=len)
    listed = [c.entry.title for c in claims if c.entry.title and c.entry.guests == tuple(guests)]
    return listed[0] if listed else names.joined(guests[:4])


def _fullest_guests(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    known = [list(people) for people in lists]
    longest = max(known, key=lambda people: (len(people), sum(len(name.split()) for name in people)), default=[])
    others = [name for people in known for name in people]
    fullest = (
        max((name, *(o for o in others if names.same(name, o))), key=lambda n: len(n.split())) for name in longest
    )
    return tuple(dict.fromkeys(fullest))


def _completed(claim: Claim, guests: tuple[str, ...], title: str) -> EpisodeEntry:
    """The entry, with what the other notes know of its guests and title."""
    if claim.guessed and guests and names.all_met(guests, claim.entry.guests):
        return replace(claim.entry, guests=guests, title=claim.entry.title or title)
    return replace(claim.entry, title=claim.entry.title or title)


def _with_ids(found: Sequence[Episode]) -> list[Episode]:
    taken: set[str] = set()
    named = []
    for episode in found:
        base = slug(" ".join(filter(None, (episode.show, episode.title, episode.date)))) or "episode"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        named.append(replace(episode, id=name))
    return named


def _shelf(episode: Episode) -> tuple[str, str, str]:
    return (episode.show or "\uffff").casefold(), episode.date or "", episode.title.casefold()


def _video(host: str, path: str, query: str) -> str:
    named = parse_qs(query).get("v")
    return named[0] if named and host != "youtu.be" else path.rstrip("/").rpartition("/")[2]
