"""Grouping: entries put together that are surely about one episode, and pairs of groups that may be.

Greedy and in the order given: each entry goes to the group it is most like and contradicts nothing of. Only
groups that share a key are compared, so that the time grows with the entries and not with their pairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice

from rag.reading.likeness import COMMON, JOIN, NONE, PROPOSE, Likeness, Traits, contradiction, keys, likeness

_KNOWN_BY = 20
"""A group is known by as many of its members."""

_NEAREST = 5
"""A group is said to be like as many others at most."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the owner has decided, by the entries' places in the list.

    Attributes:
        together: sets of entries that are one episode.
        apart: entry -> entries that are another episode than it.
    """

    together: tuple[frozenset[int], ...] = ()
    apart: Mapping[int, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The entries of each group by their places, and how like two groups are that stayed apart."""

    members: tuple[tuple[int, ...], ...]
    near: Mapping[tuple[int, int], Likeness]


def grouped(entries: Sequence[Traits], wishes: Wishes) -> Groups:
    """The groups, surest entries first within each."""
    grouping = _Grouping(entries, wishes.apart)
    for together in _merged(wishes.together):
        grouping.open(sorted(together))
    placed = {index for group in grouping.groups for index in group}
    for index in sorted(range(len(entries)), key=lambda i: entries[i].guessed):
        if index not in placed:
            grouping.place(index)
    return Groups(members=tuple(map(tuple, grouping.groups)), near=grouping.near())


class _Grouping:
    def __init__(self, entries: Sequence[Traits], apart: Mapping[int, AbstractSet[int]]) -> None:
        self._entries = entries
        self._apart = apart
        self._keys = _telling_keys(entries)
        self._buckets: dict[Hashable, dict[int, None]] = defaultdict(dict)
        self._near: dict[tuple[int, int], Likeness] = {}
        self.groups: list[list[int]] = []

    def open(self, members: Iterable[int]) -> None:
        """A new group of entries that belong together."""
        self.groups.append([])
        for index in members:
            self._add(index, len(self.groups) - 1)

    def place(self, index: int) -> None:
        """Put an entry into the group it surely belongs to, or into one of its own."""
        found = {group: self._fit(index, group) for group in self._candidates(index)}
        home = max(found, key=lambda group: found[group].score, default=None)
        if home is None or found[home].score < JOIN:
            self.open([index])
            home = len(self.groups) - 1
        else:
            self._add(index, home)
        for group, like in found.items():
            pair = (min(group, home), max(group, home))
            if group != home and like.score >= max(PROPOSE, self._near.get(pair, NONE).score):
                self._near[pair] = like

    def near(self) -> dict[tuple[int, int], Likeness]:
        """Groups that stayed apart though they may be one, each with the few it is most like.

        Without those the owner wants apart. A link that stands in thousands of files would pair all of them.
        """
        pairs: Counter[int] = Counter()
        found: dict[tuple[int, int], Likeness] = {}
        for pair, like in sorted(self._near.items(), key=lambda item: (-item[1].score, item[0])):
            if max(pairs[group] for group in pair) < _NEAREST and not self._banned(*map(self._group, pair)):
                found[pair] = like
                pairs.update(pair)
        return found

    def _group(self, number: int) -> list[int]:
        return self.groups[number]

    def _candidates(self, index: int) -> list[int]:
        found: dict[int, None] = {}
        for key in self._keys[index]:
            found.update(dict.fromkeys(islice(self._buckets[key], COMMON)))
        return sorted(found)

    def _fit(self, index: int, group: int) -> Likeness:
        """The best likeness to a member; none where one of them contradicts, unless a link is shared."""
        members = self.groups[group]
        if self._banned([index], members):
            return NONE
        known = [self._entries[member] for member in members[:_KNOWN_BY]]
        best = max((likeness(self._entries[index], other) for other in known), key=lambda like: like.score)
        if best.score in (0.0, 1.0):
            return best
        against = {contradiction(self._entries[index], other) for other in known} - {""}
        hopeless = against - {"title"} or (against and best.score >= JOIN)
        return NONE if hopeless else best

    def _banned(self, some: Iterable[int], others: Sequence[int]) -> bool:
        return bool(self._apart) and any(not self._apart.get(i, frozenset()).isdisjoint(others) for i in some)

    def _add(self, index: int, group: int) -> None:
        self.groups[group].append(index)
        for key in self._keys[index]:
            self._buckets[key][group] = None


def _telling_keys(entries: Sequence[Traits]) -> list[tuple[Hashable, ...]]:
    """Each entry's keys, without words and names that too many have."""
    found = [dict(keys(entry)) for entry in entries]
    counts = Counter(key for each in found for key in each)
    return [tuple(key for key, own in each.items() if own or counts[key] <= COMMON) for each in found]


def _merged(sets: Iterable[AbstractSet[int]]) -> list[set[int]]:
    """The sets, those that overlap made one."""
    merged: list[set[int]] = []
    for new in sets:
        touching = [old for old in merged if not old.isdisjoint(new)]
        merged = [old for old in merged if old.isdisjoint(new)]
        merged.append(set(new).union(*touching))
    return merged
