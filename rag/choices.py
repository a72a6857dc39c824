"""What a person chose to ask about beside the question: an episode, a show, a guest, a span of time.

Pure functions on what the notes are called; knows nothing of search. Unlike a name in a question, a choice is kept to
whatever it leaves, or refused with a sentence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from rag.errors import QuestionError
from rag.phrase import OR, Phrase, listed
from rag.reading.readers import dates
from rag.reading.text import slug
from rag.types import Episode, Filter, FilterKind

LIKE = 60  # of 100, from which a name may be the one that was meant
SUGGESTED = 3
NO_SUCH: Mapping[FilterKind, Phrase] = {
    "episode": Phrase("There is no episode “{typed}” in your notes."),
    "show": Phrase("There is no show “{typed}” in your notes."),
    "guest": Phrase("There is no guest “{typed}” in your notes."),
}
SEVERAL: Mapping[FilterKind, Phrase] = {
    "episode": Phrase("“{typed}” may be several of the episodes in your notes: {names}."),
    "show": Phrase("“{typed}” may be several of the shows in your notes: {names}."),
    "guest": Phrase("“{typed}” may be several of the guests in your notes: {names}."),
}
DID_YOU_MEAN = Phrase("Did you mean {names}?")
AS_OFFERED = Phrase("Choose one of those offered as you type.")
NO_YEAR = Phrase("“{typed}” is not a date with a year.")
LIKE_THIS = Phrase("Write it like 2024, 2024-05 or 2024-05-31.")
TURNED = Phrase("The first date is behind the last.")
NOTHING_LEFT = Phrase("No episode in your notes is all of this: {names}.")
UNDATED = Phrase("Episodes whose date your notes do not tell were left out: {count}.")
FROM = Phrase("from {date}")
UNTIL = Phrase("until {date}")

_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen.

    Attributes:
        shown: the filters as their reader sees them, all of them hard.
        episodes: ids of the episodes that fit all of them.
        remarks: what the reader should know about that.
    """

    shown: tuple[Filter, ...]
    episodes: frozenset[str]
    remarks: tuple[str, ...] = ()


def choose(filters: Sequence[Filter], episodes: Iterable[Episode]) -> Choice | None:
    """The episodes that fit every filter; None where there is no filter.

    The label of an episode is its id or name, of a show or a guest the name or a part that tells which, of "since" and
    "until" a date with a year; both include that day, month or year.

    Raises:
        QuestionError: a filter names nothing in the notes, or more than one thing, or nothing fits all of them.
    """
    known = tuple(episodes)
    if not filters:
        return None
    fits = [_CHOOSERS[each.kind](each, known) for each in filters]
    shown = tuple(
        Filter(kind=each.kind, label=label, hard=True) for each, (label, _) in zip(filters, fits, strict=True)
    )
    _check_order(shown)
    left = frozenset.intersection(*(ids for _, ids in fits))
    if not left:
        names = ", ".join(each.label for each in shown)
        raise QuestionError(NOTHING_LEFT.format(names=names), remedy=Phrase("Leave one of them out."))
    return Choice(shown=shown, episodes=left, remarks=_undated(shown, known))


def _episode(asked: Filter, episodes: Sequence[Episode]) -> tuple[str, frozenset[str]]:
    by_id = {episode.id: episode for episode in episodes}
    if asked.label in by_id:
        return by_id[asked.label].name, frozenset({asked.label})
    named: dict[str, set[str]] = defaultdict(set)
    for episode in episodes:
        named[episode.name].add(episode.id)
    titles = {episode.name: episode.title for episode in episodes}
    return _named(asked, named, titles)


def _show(asked: Filter, episodes: Sequence[Episode]) -> tuple[str, frozenset[str]]:
    named: dict[str, set[str]] = defaultdict(set)
    for episode in episodes:
        if episode.show:
            named[episode.show].add(episode.id)
    return _named(asked, named, {})


def _guest(asked: Filter, episodes: Sequence[Episode]) -> tuple[str, frozenset[str]]:
    named: dict[str, set[str]] = defaultdict(set)
    for episode in episodes:
        for guest in episode.guests:
            named[guest].add(episode.id)
    return _named(asked, named, {})


def _named(asked: Filter, named: Mapping[str, set[str]], short: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """(name, its episodes) of the one name that is meant; `short`: what some are called, too."""
    typed = slug(asked.label, limit=300)
    keys = {name: (slug(name, limit=300), slug(short.get(name, name), limit=300)) for name in named}
    meant = [name for name in named if typed in keys[name]]
    meant = meant or [name for name in named if typed and f"-{typed}-" in f"-{keys[name][0]}-"]
    if len(meant) == 1:
        return meant[0], frozenset(named[meant[0]])
    if meant:
        raise _unsure(SEVERAL[asked.kind], asked, meant, AS_OFFERED)
    near = process.extract(asked.label, list(named), scorer=fuzz.WRatio, limit=SUGGESTED, score_cutoff=LIKE)
    raise _unsure(NO_SUCH[asked.kind], asked, [name for name, _, _ in near], DID_YOU_MEAN if near else AS_OFFERED)


def _unsure(sentence: Phrase, asked: Filter, names: Sequence[str], remedy: Phrase) -> QuestionError:
    offered = listed(OR, names[:SUGGESTED])
    return QuestionError(sentence.format(typed=asked.label[:100], names=offered), remedy=remedy.format(names=offered))


def _since(asked: Filter, episodes: Sequence[Episode]) -> tuple[str, frozenset[str]]:
    first = _date(asked.label)
    return FROM.format(date=first), _dated(episodes, lambda date, size: date[:size] >= first[:size], len(first))


def _until(asked: Filter, episodes: Sequence[Episode]) -> tuple[str, frozenset[str]]:
    last = _date(asked.label)
    return UNTIL.format(date=last), _dated(episodes, lambda date, size: date[:size] <= last[:size], len(last))


def _dated(episodes: Sequence[Episode], fits: Callable[[str, int], bool], size: int) -> frozenset[str]:
    """The episodes with a date that fits, as far as it is known: `fits` compares so many of its characters."""
    known = ((episode.id, episode.date) for episode in episodes if _has_year(episode))
    return frozenset(id_ for id_, date in known if date and fits(date, min(size, len(date))))


def _date(typed: str) -> str:
    """ISO 8601: a year, a month of it or a day."""
    stripped = typed.strip()
    date = stripped if _YEAR.fullmatch(stripped) else dates.parse(stripped)
    if date is None or date.startswith("-"):
        raise QuestionError(NO_YEAR.format(typed=stripped[:40]), remedy=LIKE_THIS)
    return date


def _check_order(shown: Sequence[Filter]) -> None:
    first, last = (next((f.label.split()[-1] for f in shown if f.kind == kind), "") for kind in ("since", "until"))
    size = min(len(first), len(last))
    if first[:size] > last[:size]:
        raise QuestionError(TURNED, remedy=Phrase("Swap the two."))


def _has_year(episode: Episode) -> bool:
    return bool(episode.date) and not str(episode.date).startswith("-")


def _undated(shown: Sequence[Filter], episodes: Sequence[Episode]) -> tuple[str, ...]:
    count = sum(not _has_year(episode) for episode in episodes)
    by_date = any(each.kind in ("since", "until") for each in shown)
    return (UNDATED.format(count=count),) if by_date and count else ()


_Chooser = Callable[[Filter, Sequence[Episode]], tuple[str, frozenset[str]]]
_CHOOSERS: Mapping[FilterKind, _Chooser] = {
    "episode": _episode,
    "show": _show,
    "guest": _guest,
    "since": _since,
    "until": _until,
}
