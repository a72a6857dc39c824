"""Episodes: the entries of all notes, joined where they are about the same one, and what they say of it together.

Says of every field where it came from. Knows nothing of files or passages; how sure a join is, `likeness.py` says,
and what folders and file names add, `paths.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rag.reading import likeness, paths
from rag.reading.grouping import Groups, Wishes, grouped
from rag.reading.likeness import link_id
from rag.reading.readers import dates, names, shows
from rag.reading.text import slug
from rag.types import GUESSES, Episode, EpisodeEntry, Proposal

_FIELDS = ("show", "title", "number", "guests", "hosts", "date", "urls")
_OVERRIDE = "override"
_REGULAR = 3  # episodes of a show, in all of which only a host is heard


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

    @cached_property
    def named(self) -> bool:
        """Whether the title is more than its guests' names."""
        listed = names.split(self.entry.title)
        return bool(self.entry.title) and not (listed and names.all_met(listed, self.entry.guests))


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The episodes, by show and date; for each claim the index of its episode; and joins to ask the owner about."""

    episodes: tuple[Episode, ...]
    places: tuple[int, ...]
    proposals: tuple[Proposal, ...] = ()


def join(claims: Sequence[Claim], wishes: Wishes | None = None) -> Joined:
    """The claims as episodes. What the owner wishes comes before what the notes suggest."""
    placed = tuple(_placed(claims))
    traits = [
        likeness.traits(claim.entry, named=claim.named, guessed=claim.guessed, sure_number=sure)
        for claim, sure in placed
    ]
    groups = grouped(likeness.telling(traits), wishes or Wishes())
    known = _without_regulars([claim for claim, _ in placed], groups.members)
    named = _with_ids([_episode([known[i] for i in members]) for members in groups.members])
    order = sorted(range(len(named)), key=lambda g: _shelf(named[g]))
    shelf = {group: place for place, group in enumerate(order)}
    home = {index: shelf[g] for g, members in enumerate(groups.members) for index in members}
    return Joined(
        episodes=tuple(named[g] for g in order),
        places=tuple(home[index] for index in range(len(claims))),
        proposals=tuple(_proposals(groups, named)),
    )


def _placed(claims: Sequence[Claim]) -> Iterator[tuple[Claim, bool]]:
    """Each claim with what its folder and file name add, and whether its number is surely one."""
    alone = Counter(claim.entry.note_file for claim in claims)
    for claim in claims:
        file = claim.entry.note_file
        if alone[file] == 1:
            said = paths.facts(file)
        else:
            show = paths.show_of(file)
            said = paths.PathFacts(show=show, origins={"show": "folder"} if show else {})
        entry = _without_hosts(_filled(claim.entry, said))
        agreed = claim.entry.number == said.number or claim.entry.origin("number") not in GUESSES
        sure = entry.number is not None and (said.sure_number or (claim.entry.number is not None and agreed))
        yield replace(claim, entry=entry, fallback=said.title or claim.fallback), sure


def _filled(entry: EpisodeEntry, said: paths.PathFacts) -> EpisodeEntry:
    """The entry, with its gaps filled from its path. What the owner has emptied stays empty."""
    found = {"show": said.show, "number": said.number, "date": said.date}
    if entry.origin("guests") == "words":
        found["title"] = said.title  # surer than a title made of whoever speaks
    gaps = {
        name: value
        for name, value in found.items()
        if value and not getattr(entry, name) and entry.origin(name) != _OVERRIDE
    }
    if not gaps:
        return entry
    origins = (*entry.origins, *((name, said.origins[name]) for name in gaps))
    return replace(entry, **gaps, origins=origins)  # type: ignore[arg-type]


def _without_hosts(entry: EpisodeEntry) -> EpisodeEntry:
    """The entry; where guests were gathered from who speaks, without those who are known to be the hosts."""
    known = shows.by_name(entry.show) if entry.show else None
    return _less(entry, (*entry.hosts, *(known.hosts if known else ())))


def _less(entry: EpisodeEntry, hosts: Sequence[str]) -> EpisodeEntry:
    if entry.origin("guests") != "words" or not hosts:
        return entry
    guests = tuple(name for name in entry.guests if not any(names.same(name, host) for host in hosts))
    return replace(entry, guests=guests) if guests != entry.guests else entry


def _without_regulars(claims: Sequence[Claim], members: Iterable[Sequence[int]]) -> list[Claim]:
    """The claims, where whoever speaks in every episode of a show (three at least) is its host and no guest."""
    shelves: dict[str, list[Sequence[int]]] = defaultdict(list)
    for group in members:
        show = next((claims[i].entry.show for i in group if claims[i].entry.show), None)
        if show and any(claims[i].entry.guests for i in group):
            shelves[shows.key(show)].append(group)
    found = list(claims)
    for groups in shelves.values():
        people = [{name for i in group for name in claims[i].entry.guests} for group in groups]
        regular = tuple(sorted(set.intersection(*people))) if len(people) >= _REGULAR else ()
        for i in (i for group in groups for i in group) if regular else ():
            entry = _less(claims[i].entry, regular)
            if entry is not claims[i].entry and not entry.hosts:
                entry = replace(entry, hosts=regular, origins=_relabelled(entry, "hosts", "words"))
            found[i] = replace(claims[i], entry=entry)
    return found


def _proposals(groups: Groups, named: Sequence[Episode]) -> Iterator[Proposal]:
    for (one, other), like in sorted(groups.near.items()):
        yield Proposal(one=named[one].id, other=named[other].id, confidence=min(like.score, 0.99), why=like.why)


def _episode(claims: Sequence[Claim]) -> Episode:
    """What the claims say together: what the owner set, else what says most."""
    sure = [claim for claim in claims if not claim.guessed] or list(claims)
    guests = _set(claims, "guests") or _fullest_guests([claim.entry.guests for claim in sure])
    title = (
        _set(claims, "title") or _title(sure, guests) or next((c.fallback for c in claims if c.fallback), "Untitled")
    )
    show = _set(claims, "show") or next((c.entry.show for c in claims if c.entry.show), None)
    entries = tuple(sorted((_completed(c, guests, title) for c in claims), key=lambda e: (e.note_file, e.line_start)))
    episode = Episode(
        id="",
        show=show,
        title=title,
        guests=guests,
        date=_set(claims, "date") or _date(claims),
        urls=_set(claims, "urls") or tuple(dict.fromkeys(url for entry in entries for url in entry.urls)),
        number=_set(claims, "number") or _number(claims),
        hosts=_set(claims, "hosts") or _hosts(claims, show),
        entries=entries,
    )
    return replace(episode, origins=tuple(_origins(episode, claims)))


def _set(claims: Sequence[Claim], name: str) -> Any:  # noqa: ANN401
    """What the owner set a field to, if they did."""
    return next((getattr(c.entry, name) for c in claims if c.entry.origin(name) == _OVERRIDE), None)


def _origins(episode: Episode, claims: Sequence[Claim]) -> Iterator[tuple[str, str]]:
    """Where each field came from: the first entry that says just this, or else why it says it."""
    for name in _FIELDS:
        value = getattr(episode, name)
        if not value:
            continue
        entries = [claim.entry for claim in claims if getattr(claim.entry, name)]
        exact = [entry for entry in entries if getattr(entry, name) == value] or entries
        found = [origin for entry in exact if (origin := entry.origin(name))]
        if found or entries:
            yield name, min(found, key=lambda origin: origin in GUESSES, default="text")
        else:
            yield name, _made_up(name, episode, claims)


def _made_up(name: str, episode: Episode, claims: Sequence[Claim]) -> str:
    """Where a field came from that no entry has."""
    if name == "hosts":
        return "shows table"
    if names.joined(episode.guests[:4]) == episode.title:
        return "guests"
    files = [claim.entry.note_file for claim in claims]
    told = next(filter(None, (paths.facts(file).origins.get(name) for file in files)), None)
    return told or ("file name" if any(slug(episode.title) in slug(file, limit=300) for file in files) else "words")


def _title(claims: Sequence[Claim], guests: Sequence[str]) -> str:
    """The fullest real title; else the guests, as somebody listed them if nothing fuller is known."""
    real = [claim.entry.title for claim in claims if claim.named]
    if real:
        return max(real, key=len)
    listed = [c.entry.title for c in claims if c.entry.title and c.entry.guests == tuple(guests)]
    return listed[0] if listed else names.joined(guests[:4])


def _date(claims: Sequence[Claim]) -> str | None:
    """The fullest date; one that is only guessed must agree with those that are not."""
    entries = [claim.entry for claim in claims if claim.entry.date]
    sure = [entry.date for entry in entries if entry.origin("date") not in GUESSES]
    guessed = [e.date for e in entries if e.date not in sure and all(dates.agree(e.date, date) for date in sure)]
    return dates.fullest([*sure, *guessed])


def _number(claims: Sequence[Claim]) -> str | None:
    entries = sorted((c.entry for c in claims if c.entry.number), key=lambda e: e.origin("number") in GUESSES)
    return entries[0].number if entries else None


def _hosts(claims: Sequence[Claim], show: str | None) -> tuple[str, ...]:
    stated = tuple(dict.fromkeys(host for claim in claims for host in claim.entry.hosts))
    known = shows.by_name(show) if show and not stated else None
    return known.hosts if known else stated


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
    entry = claim.entry
    if claim.guessed and guests != entry.guests and guests and names.all_met(guests, entry.guests):
        entry = replace(entry, guests=guests, origins=_relabelled(entry, "guests", "note"))
    if entry.title:
        return entry
    return replace(entry, title=title, origins=_relabelled(entry, "title", "note"))


def _relabelled(entry: EpisodeEntry, name: str, origin: str) -> tuple[tuple[str, str], ...]:
    return (*(pair for pair in entry.origins if pair[0] != name), (name, origin))


def _with_ids(found: Sequence[Episode]) -> list[Episode]:
    taken: set[str] = set()
    tried: Counter[str] = Counter()
    named = []
    for episode in found:
        base = slug(" ".join(filter(None, (episode.show, episode.title, episode.date)))) or "episode"
        name = base
        while name in taken:
            tried[base] += 1
            name = f"{base}-{tried[base] + 1}"
        taken.add(name)
        named.append(replace(episode, id=name))
    return named


def _shelf(episode: Episode) -> tuple[str, str, str]:
    return (episode.show or "\uffff").casefold(), episode.date or "", episode.title.casefold()


__all__ = ["Claim", "Joined", "join", "link_id"]
