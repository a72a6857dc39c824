"""Two topics, guests or episodes side by side, each with its own quotes.

Two topics meet in the episodes that speak of both; guests and episodes meet in the topics that both have. What only one
side says comes behind. Asks no language model, and judges nothing: it only puts quotes beside each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.choices import choose
from rag.errors import QuestionError
from rag.index import Index
from rag.map_types import Comparison, Row, Side, SideKind
from rag.phrase import Phrase
from rag.protocols import Embedder
from rag.reading.text import slug
from rag.topics.mentions import Mention, Relevant
from rag.topics.quoting import centre, quote
from rag.topics.subjects import Found
from rag.topics.themes import makes_a_point
from rag.types import Citation, Filter, FilterKind, FloatArray, NotCovered

SAME = Phrase("Both sides are “{label}”.")
TWO = Phrase("Name two different things.")
NO_SIDE = Phrase("Your notes do not cover “{label}”, so there is nothing to compare.")
MEETING = 5  # rows in which both sides speak
ALONE = 3  # rows of each side alone
QUOTES = 2  # of a side in a row

_KINDS: tuple[SideKind, ...] = ("guest", "episode", "topic")  # many an episode is called as its guest is


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a side was taken for: a topic with what was found, or rows of episodes."""

    side: Side
    rows: frozenset[int]
    found: Relevant | None = None


@dataclass(kw_only=True)
class _Quotes:
    """Collects citations, each passage once."""

    index: Index
    made: dict[int, Citation] = field(default_factory=dict)

    def of(self, rows: Iterable[int], aim: FloatArray) -> tuple[int, ...]:
        """The numbers of the citations of rows, quoted where they are nearest to `aim`, shape (dimension,)."""
        return tuple(self._one(row, aim) for row in rows)

    def _one(self, row: int, aim: FloatArray) -> int:
        if row not in self.made:
            self.made[row] = quote(self.index, len(self.made) + 1, row, aim)
        return self.made[row].n


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """Compares things in one index.

    Attributes:
        relevant: what the notes hold of a topic; raises QuestionError.
        subjects: the topics that the notes have; only asked for where guests or episodes are compared.
    """

    index: Index
    embedder: Embedder
    relevant: Callable[[str], Relevant]
    subjects: Callable[[], Sequence[Found]]

    def compare(self, one: str, other: str) -> Comparison | NotCovered:
        """Both side by side, or a refusal naming the side of which the notes say nothing.

        "guest:", "episode:" or "topic:" in front says what a name is.

        Raises:
            QuestionError: both are the same, or one of them says nothing.
        """
        left, right = self._named(one), self._named(other)
        if left.side.label.casefold() == right.side.label.casefold() and left.side.kind == right.side.kind:
            raise QuestionError(SAME.format(label=left.side.label), remedy=TWO)
        for each in (left, right):
            if not each.rows:
                return _refused(each, f"{one} / {other}")
        quotes = _Quotes(index=self.index)
        meet = self._by_episode if left.found and right.found else self._by_subject
        rows = meet(left, right, quotes)
        return Comparison(left=left.side, right=right.side, rows=tuple(rows), citations=tuple(quotes.made.values()))

    def _named(self, text: str) -> Named:
        """What a name stands for: a guest, an episode, else a topic."""
        kind, label = _prefixed(text)
        for each in _KINDS[:2]:
            if kind in ("", each) and (named := self._chosen(each, label, sure=kind == each)):
                return named
        found = self.relevant(label)
        told = [mention for mention in found.above if self._says(mention.row)]
        episodes = dict.fromkeys(mention.passage.episode_id for mention in told)
        side = Side(
            label=found.searched,
            kind="topic",
            episodes=tuple(self.index.episodes[each] for each in episodes),
            passages=len(told),
        )
        return Named(side=side, rows=frozenset(each.row for each in told), found=replace(found, near=tuple(told)))

    def _chosen(self, kind: SideKind, label: str, *, sure: bool) -> Named | None:
        """The episodes of a guest, or one episode; None where nothing is called so. `sure`: then raise."""
        try:
            choice = choose([Filter(kind=_filter(kind), label=label, hard=True)], self.index.episodes.values())
        except QuestionError:
            if sure:
                raise
            return None
        if choice is None or not (sure or _is_called(label, choice.shown[0].label, kind)):
            return None
        rows = frozenset(n for n, p in enumerate(self.index.passages) if p.episode_id in choice.episodes)
        episodes = tuple(self.index.episodes[each] for each in sorted(choice.episodes))
        side = Side(label=choice.shown[0].label, kind=kind, episodes=episodes, passages=len(rows))
        return Named(side=side, rows=frozenset(filter(self._says, rows)))

    def _says(self, row: int) -> bool:
        passage = self.index.passages[row]
        beside = self.index.is_heading(passage) or self.index.is_aside(passage)
        return not beside and makes_a_point(passage.text) and self.index.copies(row)[0] == row

    def _by_episode(self, left: Named, right: Named, quotes: _Quotes) -> list[Row]:
        """A row for each episode that speaks of both topics, the plainest first; then what else each says."""
        ours, theirs = _plainest(left), _plainest(right)
        both = sorted(ours.keys() & theirs.keys(), key=lambda id_: -min(ours[id_][0][0], theirs[id_][0][0]))
        rows: list[Row] = []
        for id_ in both[:MEETING]:
            rows.append(
                Row(
                    theme=self.index.episodes[id_].name,
                    left=quotes.of((row for _, row in ours[id_][:QUOTES]), _aim(left)),
                    right=quotes.of((row for _, row in theirs[id_][:QUOTES]), _aim(right)),
                )
            )
        for known, others, named, is_left in ((ours, theirs, left, True), (theirs, ours, right, False)):
            alone = sorted(known.keys() - others.keys(), key=lambda id_: -known[id_][0][0])
            for id_ in alone[:ALONE]:
                numbers = quotes.of([known[id_][0][1]], _aim(named))
                rows.append(_one_sided(self.index.episodes[id_].name, numbers, is_left=is_left))
        return rows

    def _by_subject(self, left: Named, right: Named, quotes: _Quotes) -> list[Row]:
        """A row for each topic that both sides have, where the rarer one has most; then each one's own."""
        subjects = [(each, left.rows & set(each.rows), right.rows & set(each.rows)) for each in self.subjects()]
        met = sorted((each for each in subjects if each[1] and each[2]), key=lambda s: -min(len(s[1]), len(s[2])))
        rows: list[Row] = []
        for subject, ours, theirs in met:
            left_new, right_new = ours - quotes.made.keys(), theirs - quotes.made.keys()
            if left_new and right_new and len(rows) < MEETING:
                rows.append(self._row(subject, left_new, right_new, quotes, most=QUOTES))
        for is_left in (True, False):
            own = [(each, ours if is_left else theirs) for each, ours, theirs in subjects if bool(ours) != bool(theirs)]
            for subject, held in sorted(((s, h) for s, h in own if h), key=lambda s: -len(s[1]))[:ALONE]:
                sides = (held, frozenset[int]()) if is_left else (frozenset[int](), held)
                rows.append(self._row(subject, *sides, quotes, most=1))
        return rows

    def _row(self, subject: Found, left: Iterable[int], right: Iterable[int], quotes: _Quotes, *, most: int) -> Row:
        """What stands nearest to a topic on each side, at most so many quotes."""
        aim = self.embedder.embed([subject.name])[0]
        ours, theirs = (quotes.of(self._best(rows, aim)[:most], aim) for rows in (left, right))
        return Row(theme=subject.name, left=ours, right=theirs)

    def _best(self, rows: Iterable[int], aim: FloatArray) -> list[int]:
        return sorted(rows, key=lambda row: (-float(centre(self.index, row) @ aim), row))


def _prefixed(text: str) -> tuple[str, str]:
    """(kind that is named in front or "", the rest)."""
    kind, colon, rest = text.partition(":")
    named = kind.strip().casefold()
    return (named, rest.strip()) if colon and named in _KINDS and rest.strip() else ("", text.strip())


def _filter(kind: SideKind) -> FilterKind:
    return "guest" if kind == "guest" else "episode"


def _is_called(typed: str, label: str, kind: SideKind) -> bool:
    """Whether a name that was found is surely meant: an episode by all of its title, a guest by one of their names."""
    asked, found = slug(typed, limit=300), slug(label, limit=300)
    return found == asked or (found.endswith(f"-{asked}") and (kind == "guest" or ":" in label))


def _plainest(named: Named) -> Mapping[str, list[tuple[float, int]]]:
    """Of each episode (strength, row) of what speaks of a topic, the plainest first."""
    mentions: Sequence[Mention] = named.found.near if named.found else ()
    by_episode: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for mention in sorted(mentions, key=lambda each: -each.strength):
        by_episode[mention.passage.episode_id].append((mention.strength, mention.row))
    return by_episode


def _aim(named: Named) -> FloatArray:
    if named.found is None:
        raise ValueError("only a topic has a vector")
    return named.found.vector


def _one_sided(theme: str, numbers: tuple[int, ...], *, is_left: bool) -> Row:
    return Row(theme=theme, left=numbers) if is_left else Row(theme=theme, right=numbers)


def _refused(named: Named, asked: str) -> NotCovered:
    return NotCovered(
        question=asked, reason=NO_SIDE.format(label=named.side.label), closest=(), absent_words=(), p_answerable=0.0
    )
