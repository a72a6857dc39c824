"""Which episodes, people, dates and minutes a question names, and what of the notes it speaks of by that.

Pure functions on words and on what the notes are called; knows nothing of search. A name that is meant for sure
narrows the search, any other is a preference, and both are shown to the reader.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from rag.phrase import OR, Phrase, listed
from rag.reading.minutes import format_seconds, inside, parse_seconds
from rag.reading.readers import dates, shows
from rag.reading.readers.names import joined, split
from rag.types import Episode, Filter, FilterKind, Note, Passage
from rag.words import Word, is_stopword, stem, words

PEOPLE = frozenset({"guest", "host", "author"})
HEADLINE_WORDS = 4  # so many words with a capital, and no other but words of grammar, are a headline
NEAR_SECONDS = 180  # how far from the minute that was asked for a passage still counts as near it
AROUND = Phrase("around {minute}")
CLOSEST = Phrase("Closest: {said}, {by}.")
SAID_BY = Phrase("said by {who} in {episode}")
SAID_IN = Phrase("said in {episode}")
WITHIN = Phrase("in {what}")
NOT_BY = Phrase("not by {people}")
NOT_THERE = Phrase("not {places}")

_TITLE_PARTS = re.compile(r"\s+[–—|-]\s+|:\s+|\s*[(\[].*$")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_CLOCK = re.compile(r"\bat\s+(\d{1,2}:\d\d(?::\d\d)?)(?!\s*[ap]\.?m\b|[\d:])", re.IGNORECASE)
_CALLED = frozenset(map(stem, ("episode", "podcast", "show", "interview")))
_MONTH = re.compile(
    rf"\b(?P<lead>(?:in|from|of|since|during|last|this)\s+(?:early\s+|mid-?\s*|late\s+|last\s+)?|the\s+)?"
    rf"(?P<month>{'|'.join(_MONTHS)}|Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\b\.?(?:,?\s+(?P<year>(?:19|20)\d\d))?"
    r"(?P<noun>\s+(?:episode|podcast|interview|note)s?\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What of the notes a filter stands for.

    Attributes:
        shown: the filter as its reader sees it.
        words: the words of the question that name it.
        terms: their stems; a passage that says them is in the scope wherever it stands.
        episodes: ids of the episodes it names.
        files: notes it names; None where it names none by their author.
        seconds: the minute it names, in seconds from the start; None for every other kind.
    """

    shown: Filter
    words: tuple[Word, ...] = ()
    terms: frozenset[str] = frozenset()
    episodes: frozenset[str] = frozenset()
    files: frozenset[str] | None = None
    seconds: int | None = None

    @property
    def hard(self) -> bool:
        return self.shown.hard

    def holds(self, passage: Passage) -> bool:
        """Whether a passage stands in what is named."""
        if self.files is not None:
            return passage.note_file in self.files
        if self.seconds is not None:
            return _near_minute(self.seconds, passage) > 0
        return passage.episode_id in self.episodes


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What one name may stand for; `whole` if it is the whole name and not a part of it."""

    kind: FilterKind
    label: str
    whole: bool
    episodes: frozenset[str]
    files: frozenset[str] | None = None


class Names:
    """Everything the notes can be called by: guests, hosts, shows, titles and note-takers."""

    def __init__(self, episodes: Iterable[Episode], notes: Iterable[Note]) -> None:
        self._episodes = tuple(episodes)
        self._entries: dict[tuple[str, ...], list[_Named]] = defaultdict(list)
        known = {entry.note_file: episode.id for episode in self._episodes for entry in episode.entries}
        for kind, label, forms, ids in _names_of(self._episodes):
            self._add(kind, label, forms, ids)
        for author, files in _authors(notes).items():
            ids = frozenset(known[file] for file in files if file in known)
            self._add("author", author, (author, *author.split()[:1]), ids, files=files)
        self._longest = max(map(len, self._entries), default=0)

    def _add(
        self,
        kind: FilterKind,
        label: str,
        forms: Sequence[str],
        ids: frozenset[str],
        *,
        files: frozenset[str] | None = None,
    ) -> None:
        for number, form in enumerate(forms):
            named = _Named(kind=kind, label=label, whole=number == 0, episodes=ids, files=files)
            key = tuple(_fold(word.written) for word in words(form))
            if key and named not in self._entries[key]:
                self._entries[key].append(named)

    def scopes(self, question: str, *, corrected: AbstractSet[str] = frozenset()) -> list[Scope]:
        """What a question names, in its order. `corrected`: words that were typed otherwise; they are never sure."""
        named = self._by_name(question, corrected)
        found = [*named, *_by_date(question, self._episodes), *_by_minute(question, of_episode=bool(named))]
        return _without_what_says_nothing(found, len(self._episodes))

    def _by_name(self, question: str, corrected: AbstractSet[str]) -> list[Scope]:
        typed = words(question)
        scopes, start = [], 0
        while start < len(typed):
            length = next((n for n in range(self._longest, 0, -1) if self._is_name(typed[start : start + n])), 0)
            if length:
                mention = typed[start : start + length]
                alone = _stands_alone(typed, start, start + length, question)
                meant = [named for named in self._meant(mention) if alone or not _is_somebody_else(named)]
                sure = alone and not any(word.written in corrected for word in mention)
                scopes += [
                    _scope(named, mention, sure=sure and _is_proper(typed, start, start + length, named))
                    for named in meant
                ]
            start += length or 1
        return _joined(scopes)

    def _is_name(self, mention: Sequence[Word]) -> bool:
        """Whether the words are a name; a word of grammar ("will", "may") is one only if written as one."""
        if len(mention) == 1 and is_stopword(mention[0].written) and not mention[0].written[0].isupper():
            return False
        return tuple(_fold(word.written) for word in mention) in self._entries

    def _meant(self, mention: Sequence[Word]) -> list[_Named]:
        """What a name stands for: a guest rather than a host, a whole name rather than a part of one."""
        named = self._entries[tuple(_fold(word.written) for word in mention)]
        rank: Mapping[str, int] = {"guest": 0, "episode": 1, "author": 2, "show": 3, "host": 4}
        best = min((rank[n.kind], not n.whole) for n in named)
        return [n for n in named if (rank[n.kind], not n.whole) == best]


def _names_of(episodes: Sequence[Episode]) -> Iterable[tuple[FilterKind, str, tuple[str, ...], frozenset[str]]]:
    """(kind, label, its forms, ids of its episodes), the whole name before its short forms."""
    people: dict[tuple[FilterKind, str], set[str]] = defaultdict(set)
    for episode in episodes:
        for kind, names in (("guest", episode.guests), ("host", episode.hosts)):
            for name in names:
                people[kind, name].add(episode.id)  # type: ignore[index]  # the two are kinds
        if episode.show:
            people["show", episode.show].add(episode.id)
        yield "episode", episode.title, _title_forms(episode), frozenset({episode.id})
    for (kind, name), ids in people.items():
        yield kind, name, _show_forms(name) if kind == "show" else _person_forms(name), frozenset(ids)


def _person_forms(name: str) -> tuple[str, ...]:
    parts = [part for part in name.split() if len(part) > 1]
    return (name, *(parts if len(parts) > 1 else ()))


def _show_forms(name: str) -> tuple[str, ...]:
    table = shows.by_name(name)
    return (name, shows.key(name), *(table.aliases if table else ()))


def _title_forms(episode: Episode) -> tuple[str, ...]:
    """The title and its parts of two words or more; a title made of the guests' names says no more than they do."""
    parts = [part for part in _TITLE_PARTS.split(episode.title) if part and len(part.split()) > 1]
    return (episode.title, *parts)


def _authors(notes: Iterable[Note]) -> dict[str, frozenset[str]]:
    files: dict[str, set[str]] = defaultdict(set)
    for note in notes:
        if note.author:
            files[note.author].add(note.file)
    return {author: frozenset(theirs) for author, theirs in files.items()}


def _scope(named: _Named, mention: Sequence[Word], *, sure: bool) -> Scope:
    hard = sure and named.kind != "host" and (named.whole or named.kind in ("guest", "episode", "author"))
    return Scope(
        shown=Filter(kind=named.kind, label=named.label, hard=hard),
        words=tuple(mention),
        terms=frozenset(word.stem for word in mention),
        episodes=named.episodes,
        files=named.files,
    )


def _joined(scopes: Sequence[Scope]) -> list[Scope]:
    """The scopes, those of one label joined: two guests of one name are one filter over both episodes."""
    joined: dict[tuple[str, str], Scope] = {}
    for scope in scopes:
        key = (scope.shown.kind, scope.shown.label)
        before = joined.get(key)
        if before is None:
            joined[key] = scope
        else:
            hard = replace(scope.shown, hard=scope.hard or before.hard)
            joined[key] = replace(before, shown=hard, episodes=before.episodes | scope.episodes)
    return list(joined.values())


def _stands_alone(typed: Sequence[Word], start: int, end: int, question: str) -> bool:
    """Whether no other name word touches the name, as in "Chris Olah" where only a Chris is known."""
    if _is_all_capitals(typed, question):
        return True
    touching = [(typed[i], gap) for i, gap in _neighbours(typed, start, end, question)]
    return not any(gap == " " and word.written[0].isupper() and not is_stopword(word.written) for word, gap in touching)


def _is_all_capitals(typed: Sequence[Word], question: str) -> bool:
    """Whether capitals tell nothing: in a question that shouts, or is written like a headline."""
    telling = [word for word in typed if not is_stopword(word.written)]
    return question.upper() == question or (
        len(telling) >= HEADLINE_WORDS and all(word.written[0].isupper() for word in telling)
    )


def _is_somebody_else(named: _Named) -> bool:
    """Whether a part of a name beside another name word is another person's: Dylan Patel is not Dwarkesh Patel."""
    return named.kind in PEOPLE and not named.whole


def _is_proper(typed: Sequence[Word], start: int, end: int, named: _Named) -> bool:
    """Whether words are meant as a name: written like one, or called an episode. Titles and shows are often topics."""
    if end < len(typed) and typed[end].stem in _CALLED:
        return True
    mention = [word for word in typed[start:end] if not is_stopword(word.written)]
    written = bool(mention) and all(not word.written[0].islower() for word in mention)
    return len(mention) > 1 or written if named.kind in PEOPLE else len(mention) > 1 and written


def _neighbours(typed: Sequence[Word], start: int, end: int, question: str) -> Iterable[tuple[int, str]]:
    if start > 1:  # the first word of a question has a capital anyway
        yield start - 1, question[typed[start - 1].end : typed[start].start]
    if end < len(typed) and not typed[end - 1].written.endswith(("'s", "’s")):
        yield end, question[typed[end - 1].end : typed[end].start]


def _by_date(question: str, episodes: Sequence[Episode]) -> list[Scope]:
    """The date or the month a question names. Numbers that are the date of no episode may well be a score."""
    parsed = dates.parse(question)
    if parsed and dates.has_day(parsed):
        ids = frozenset(e.id for e in episodes if e.date and dates.has_day(e.date) and dates.agree(e.date, parsed))
        naming = _words_for(question, dates.parse)
        return [_dated(_written_date(parsed), naming, ids, hard=True)] if ids else []
    match = _month(question)
    if not match:
        return []
    month = next(n for n, name in enumerate(_MONTHS, start=1) if name.lower().startswith(match["month"].lower()[:3]))
    ids = frozenset(e.id for e in episodes if e.date and _in_month(e.date, month, match["year"]))
    label = " ".join(filter(None, (_MONTHS[month - 1], match["year"])))
    naming = _words_for(question, lambda text: (found := _month(text)) and found.group("month", "year"))
    return [_dated(label, naming, ids, hard=bool(match["noun"] and ids))]


def _month(question: str) -> re.Match[str] | None:
    match = _MONTH.search(question)
    return match if match and _is_month(match) else None


def _words_for(question: str, read: Callable[[str], object]) -> tuple[Word, ...]:
    """The words without which `read` would not find in the question what it does."""
    found = read(question)
    return tuple(word for word in words(question) if read(question[: word.start] + question[word.end :]) != found)


def _is_month(match: re.Match[str]) -> bool:
    """Whether what reads like a month is one: "may" and "march" are words, too."""
    lead = (match["lead"] or "").strip().casefold()
    return bool(match["noun"] or match["year"]) or lead not in ("", "the")


def _dated(label: str, naming: tuple[Word, ...], ids: frozenset[str], *, hard: bool) -> Scope:
    return Scope(shown=Filter(kind="date", label=label, hard=hard), words=naming, episodes=ids)


def _in_month(iso: str, month: int, year: str | None) -> bool:
    unknown_year = iso.startswith("--")
    return iso[2:4] == f"{month:02}" if unknown_year else iso[5:7] == f"{month:02}" and year in (None, iso[:4])


def _written_date(iso: str) -> str:
    month, day = iso[-5:-3], iso[-2:]
    year = "" if iso.startswith("--") else f" {iso[:4]}"
    return f"{int(day)} {_MONTHS[int(month) - 1][:3]}{year}"


def _by_minute(question: str, *, of_episode: bool) -> list[Scope]:
    """The minute a question names. "At 12:30" is one where an episode is named beside it, else the time of day."""

    def seconds_in(text: str) -> int | None:
        moment, clock = inside(text), _CLOCK.search(text) if of_episode else None
        return moment.seconds if moment else parse_seconds(clock[1]) if clock else None

    seconds = seconds_in(question)
    if seconds is None:
        return []
    shown = Filter(kind="minute", label=AROUND.format(minute=format_seconds(seconds)), hard=True)
    return [Scope(shown=shown, words=_words_for(question, seconds_in), seconds=seconds)]


def _without_what_says_nothing(scopes: Sequence[Scope], episodes: int) -> list[Scope]:
    """The scopes, those left out that name all episodes there are, and those another one implies."""
    return [
        scope
        for scope in scopes
        if (scope.seconds is not None or scope.shown.kind == "date" or len(scope.episodes) < episodes)
        and not (scope.shown.kind in ("show", "host") and _implied(scope, scopes))
    ]


def _implied(scope: Scope, scopes: Sequence[Scope]) -> bool:
    return any(other.hard and other.episodes and other.episodes <= scope.episodes for other in scopes if other != scope)


def _fold(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold().replace("’", "'").removesuffix("'s"))
    return "".join(c for c in plain if not unicodedata.combining(c))


def narrow(
    scopes: Sequence[Scope], passages: Sequence[Passage], says: Callable[[str], AbstractSet[int]]
) -> frozenset[int] | None:
    """Rows that the sure filters leave; None where there is none of them, or where they leave nothing.

    Filters of one kind add up ("what do X and Y say"), those of different kinds narrow each other. `says` gives the
    rows that hold a term: a passage that names a guest stays, wherever it stands.
    """
    left: AbstractSet[int] | None = None
    for kind in dict.fromkeys(scope.shown.kind for scope in scopes if scope.hard):
        of_kind = [scope for scope in scopes if scope.hard and scope.shown.kind == kind]
        rows = frozenset().union(*(_rows(scope, passages, says) for scope in of_kind))
        left = rows if left is None else left & rows
    return frozenset(left) if left else None


def _rows(scope: Scope, passages: Sequence[Passage], says: Callable[[str], AbstractSet[int]]) -> frozenset[int]:
    inside_it = {row for row, passage in enumerate(passages) if scope.holds(passage)}
    saying = set.intersection(*(set(says(term)) for term in scope.terms)) if scope.terms else set()
    return frozenset(inside_it | saying)


def preferred(episode: Episode) -> Scope:
    """An episode as something that is likely meant."""
    return Scope(shown=Filter(kind="episode", label=episode.name, hard=False), episodes=frozenset({episode.id}))


def attribution(filters: Sequence[Filter], episode: Episode) -> str:
    """What to say where the question names one thing and the nearest passage stands in an episode it does not name."""
    asked = [each for each in filters if each.hard]
    who = joined(episode.guests) if episode.guests and not set(episode.guests) <= set(split(episode.title)) else ""
    said = SAID_BY.format(who=who, episode=episode.name) if who else SAID_IN.format(episode=episode.name)
    people = [each.label for each in asked if each.kind in PEOPLE or split(each.label)]
    places = [
        each.label if each.kind == "minute" else WITHIN.format(what=each.label)
        for each in asked
        if each.label not in people
    ]
    by = NOT_BY.format(people=listed(OR, people)) if people else NOT_THERE.format(places=listed(OR, places))
    return CLOSEST.format(said=said, by=by)


def nearness(scopes: Sequence[Scope], passage: Passage) -> float:
    """How many of the unsure filters a passage fits, and how near it is to the minute that is asked for."""
    minutes = sum(2 * _near_minute(scope.seconds, passage) for scope in scopes if scope.seconds is not None)
    return minutes + sum(scope.holds(passage) for scope in scopes if scope.seconds is None and not scope.hard)


def _near_minute(seconds: int, passage: Passage) -> float:
    if passage.seconds is None:
        return 0.0
    end = passage.seconds_end or passage.seconds
    away = max(passage.seconds - seconds, seconds - end, 0)
    return max(0.0, 1 - away / NEAR_SECONDS)
