"""The topics that the notes really have, in the notes' own words: names that recur, with the passages that hold them.

passages -> runs of words (kept per note) -> names that recur -> those that name something -> like ones together

A name is a word or a few that stand side by side more often than chance would have it, are used as what is spoken of,
and are no filler. Headings count for every passage below them. What is beside the matter is left out. No language
model is asked. What each note was cut into is kept beside the index, so that only changed notes are cut again.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np

from rag.fields import only_names
from rag.index import Index
from rag.protocols import Embedder
from rag.reading import boilerplate
from rag.topics.chunks import CONNECTOR, Chunks, Usage, base_form, chunks, sub_runs, written_best
from rag.types import Episode, FloatArray, Passage
from rag.words import words

SUBJECTS_VERSION = 1  # raise when the same notes would give other topics
LONGEST = 4  # words of a name
LONGEST_VERSION = 3  # characters of the number behind one: GPT 4
WHOLE_HEADING = 0.8  # share of a heading that its only run must be, so that it is a name
MOST = 300  # topics
CONSIDERED = 700  # names, the best, that are looked at for likeness
TOO_COMMON = 0.25  # of the passages, from which a word alone says nothing here
NAMES_SOMETHING = 0.65  # share of a word's use as what is spoken of, from which it can be a name alone
ENDS_A_NAME = 0.5  # the same for the last word of several
DOES_SOMETHING = 0.35  # share of its use as what is done, from which it is none
TOLD = 2  # times that a word must be used as something, so that its use is known
TOGETHER = 0.15  # normalised pointwise mutual information, from which words belong together
FIRMLY = 0.5  # the same where they are not used as a name is, or begin or end in a filler
OFTEN = 8  # passages, from which words that are common by themselves belong together all the same
STANDS_APART = 0.35  # share of its passages that hold a name outside of longer ones
SAME = 0.8  # cosine of two names, from which they are one topic
RELATED = 0.72  # the same of two names of several words that share one
SOLD = 0.25  # of the passages with a word, from which it is a sponsor's where these are sponsor reads
ONLY_NAMES = 300  # characters; a longer passage says more than what its episode is called
WINDOW = 8  # passages side by side; a topic comes back soon, a filler anywhere

Stems = tuple[str, ...]
GROUPS = ("quality", "edge", "alone")

_APART = re.compile(r"([ \-‐‑])")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a passage was cut into.

    Attributes:
        beside: it is beside the matter by what it says, or only names its episode.
    """

    chunks: Chunks
    beside: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """A topic of the notes.

    Attributes:
        name: as the notes write it most often.
        also: other names that mean much the same.
        rows: of the passages that hold one of them, in order.
    """

    name: str
    also: tuple[str, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of words: their stems, and what is written, words and what joins them by turns."""

    stems: tuple[str, ...]
    written: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Run:
        """The run of a text without other marks."""
        written = tuple(_APART.split(text))
        return cls(stems=tuple(map(base_form, written[::2])), written=written)

    def key(self, span: tuple[int, int]) -> str:
        """What a stretch of it is counted under."""
        return " ".join(self.stems[slice(*span)])

    def form(self, span: tuple[int, int]) -> str:
        """A stretch of it as written."""
        return "".join(self.written[2 * span[0] : 2 * span[1] - 1])


@dataclass(kw_only=True)
class Name:
    """A name with the rows it stands in and how it is written."""

    stems: tuple[str, ...]
    rows: set[int] = field(default_factory=set)
    forms: Counter[str] = field(default_factory=Counter)
    score: float = 0.0

    @property
    def words(self) -> list[str]:
        """Its stems without what connects them."""
        return [each for each in self.stems if each != CONNECTOR]


def find_subjects(index: Index, embedder: Embedder, cut: Sequence[Cut]) -> tuple[Found, ...]:
    """The topics of an index, those with the most passages first; `cut`: its passages, in row order."""
    cut = _with_templates(index, cut)
    names = _apart([*_Counting(index, cut).names(), *_headings(index, cut)])
    for name in names:
        name.score = _score(name, len(cut))
    best = sorted(names, key=lambda name: (-name.score, name.stems))[:CONSIDERED]
    found = _together(best, embedder)[:MOST]
    return tuple(sorted(found, key=lambda each: (-len(each.rows), each.name.casefold())))


class _Counting:
    """Counts the runs of an index's passages."""

    def __init__(self, index: Index, cut: Sequence[Cut]) -> None:
        self._runs = {
            row: [Run.of(text) for text in each.chunks.runs]
            for row, each in enumerate(cut)
            if _counts(index, row, each)
        }
        self._usage = Usage()
        for each in cut:
            self._usage.add(each.chunks.roles)
        self._held = Counter(word for row in self._runs.values() for word in _words(row))
        self._sold = Counter(word for each in cut if each.beside for word in _words(map(Run.of, each.chunks.runs)))
        self._people = _people(index)
        self._total = max(len(self._runs), 2)
        self._least = least_passages(len(self._runs))

    def names(self) -> list[Name]:
        """Every name that recurs and names something."""
        frequent = self._frequent()
        kept = {s: Name(stems=s) for s, count in frequent.items() if self._may_name(s) and self._recurs(s, count)}
        for row, held in self._runs.items():
            for run in held:
                for span in sub_runs(run.stems, longest=LONGEST):
                    if name := kept.get(run.stems[slice(*span)]):
                        name.rows.add(row)
                        name.forms[run.form(span)] += 1
        return list(kept.values())

    def _frequent(self) -> dict[Stems, int]:
        """In how many passages each stretch of words stands, of those that stand in enough.

        A stretch can only do so if both its parts without an end do, so that few are ever counted.
        """
        level: dict[Stems, int] = {(word,): count for word, count in self._held.items() if count >= self._least}
        frequent = dict(level)
        for length in range(2, LONGEST + 1):
            counts: Counter[Stems] = Counter()
            for runs in self._runs.values():
                counts.update(
                    {s for run in runs for s in _stretches(run, length) if s[:-1] in level and s[1:] in level}
                )
            level = {stems: count for stems, count in counts.items() if count >= self._least}
            frequent |= level
        return frequent

    def _may_name(self, stems: Stems) -> bool:
        words = [word for word in stems if word != CONNECTOR]
        if CONNECTOR in (stems[0], stems[-1]) or self._people >= set(words):
            return False
        sold = [self._sold[word] / (self._held[word] + self._sold[word]) for word in words]
        if min(sold) >= SOLD or max(sold) >= 2 * SOLD:
            return False
        if len(stems) == 1:
            return self._alone(stems[0])
        done = self._usage.share(stems[-1], "v") >= ENDS_A_NAME or stems[-1].endswith("ed")
        return not (done or stems[0][:1].isdigit() or _says_nothing(stems))

    def _alone(self, word: str) -> bool:
        """Whether a word can be a topic by itself."""
        if _says_nothing([word]) or not word.isalpha() or len(word) < 2 or self._usage.told(word) < TOLD:
            return False
        return self._usage.share(word, "n") >= NAMES_SOMETHING and self._usage.share(word, "v") < DOES_SOMETHING

    def _goes_together(self, stems: Stems) -> bool:
        """Whether several words are used as a name is; else they are one only where they stick together firmly."""
        first, last = stems[0], stems[-1]
        if {first, last} & (generic("edge") | generic("quality")):
            return False
        if not last.isalpha():
            return len(stems) == 2 and len(last) <= LONGEST_VERSION
        ends = self._usage.share(last, "n") >= ENDS_A_NAME and self._usage.share(last, "v") < DOES_SOMETHING
        return ends and self._usage.share(first, "v") < ENDS_A_NAME

    def _recurs(self, stems: Stems, count: int) -> bool:
        """Whether words stand together often, and more often than by chance; a single one not everywhere."""
        if len(stems) == 1:
            return self._least < count <= TOO_COMMON * self._total
        needed = FIRMLY if not self._goes_together(stems) else 0.0 if count >= OFTEN else TOGETHER
        apart = [self._held[word] for word in stems if word != CONNECTOR]
        return count >= self._least and cohesion(count, apart, self._total) >= needed


def least_passages(passages: int) -> int:
    """In how many passages something must stand to recur, of so many."""
    return max(2, round(math.log10(max(passages, 1))))


def cut_passage(passage: Passage, episode: Episode) -> Cut:
    """A passage cut into runs."""
    names = len(passage.text) < ONLY_NAMES and only_names(passage, episode)
    return Cut(chunks=chunks(passage.text), beside=names or boilerplate.is_aside(passage.text, section=passage.section))


def _with_templates(index: Index, cut: Sequence[Cut]) -> list[Cut]:
    """The same, what a template says in every episode being beside the matter, too."""
    repeated = index.repeated(boilerplate.REPEATED)
    return [replace(each, beside=True) if row in repeated else each for row, each in enumerate(cut)]


def _counts(index: Index, row: int, cut: Cut) -> bool:
    """Whether a passage counts: what is beside the matter and what was said before does not."""
    return not cut.beside and index.copies(row)[0] == row


def _headings(index: Index, cut: Sequence[Cut]) -> list[Name]:
    """The headings that name something, with the passages below them."""
    names: dict[Stems, Name] = {}
    for row, passage in enumerate(index.passages):
        if passage.section and _counts(index, row, cut[row]):
            text = _heading(passage.section[-1])
            if text:
                run = Run.of(text)
                names.setdefault(run.stems, Name(stems=run.stems)).rows.add(row)
                names[run.stems].forms[text] += 1
    return [name for name in names.values() if len(name.rows) >= least_passages(len(index.passages))]


@lru_cache(maxsize=10_000)
def _heading(text: str) -> str:
    """A heading as a name; "" where it is a sentence, a list or says nothing."""
    runs = chunks(text).runs
    stems = Run.of(runs[0]).stems if len(runs) == 1 else ()
    whole = bool(stems) and len(runs[0]) >= WHOLE_HEADING * len(text.strip())
    fits = whole and len(stems) <= LONGEST and not _says_nothing(stems) and not {stems[0], stems[-1]} & generic("edge")
    return runs[0] if fits else ""


def _says_nothing(stems: Iterable[str]) -> bool:
    """Whether all of the words are such as name no topic."""
    words = (word for word in stems if word != CONNECTOR)
    return all(word[:1].isdigit() or any(word in generic(group) for group in GROUPS) for word in words)


def _stretches(run: Run, length: int) -> Iterable[Stems]:
    return (run.stems[start : start + length] for start in range(len(run.stems) - length + 1))


def _words(runs: Iterable[Run]) -> set[str]:
    return {word for run in runs for word in run.stems}


def cohesion(together: int, apart: Sequence[int], total: int) -> float:
    """Normalised pointwise mutual information of words that stand in so many of `total` passages, -1 to 1."""
    if together >= total:
        return 1.0
    chance = math.prod(count / total for count in apart)
    return math.log(together / total / chance) / -math.log(together / total) / max(len(apart) - 1, 1)


def _apart(counted: Sequence[Name]) -> list[Name]:
    """The names that are more than a part of longer ones; one that stands in texts and as a heading comes once."""
    by_stems: dict[Stems, Name] = {}
    for name in counted:
        before = by_stems.setdefault(name.stems, name)
        before.rows |= name.rows
    names = list(by_stems.values())
    within: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for name in names:
        for span in sub_runs(name.stems, longest=len(name.stems) - 1):
            part = name.stems[slice(*span)]
            if part in by_stems:
                within[part] |= name.rows
    return [name for name in names if len(name.rows - within[name.stems]) >= STANDS_APART * len(name.rows)]


def _score(name: Name, total: int) -> float:
    """How much of a topic a name is: how often it comes, how soon again, and of how many words it is."""
    windows = {row // WINDOW for row in name.rows}
    count = len(name.rows)
    expected = total / WINDOW * (1 - (1 - min(count / total, 1)) ** WINDOW)
    return math.log1p(count) * (expected / len(windows)) * (1.5 if len(name.words) > 1 else 1.0)


def _together(names: Sequence[Name], embedder: Embedder) -> list[Found]:
    """Names that mean much the same as one topic, called as the best of them; `names`: best first."""
    if not names:
        return []
    written = [written_best(name.forms) for name in names]
    vectors = embedder.embed(written)
    groups: list[list[int]] = []
    for place, name in enumerate(names):
        like = _likest(name, vectors[place], groups, names, vectors)
        groups.append([place]) if like is None else groups[like].append(place)
    return [
        Found(
            name=written[group[0]],
            also=tuple(dict.fromkeys(written[place] for place in group[1:])),
            rows=tuple(sorted(set().union(*(names[place].rows for place in group)))),
        )
        for group in groups
    ]


def _likest(
    name: Name, vector: FloatArray, groups: Sequence[Sequence[int]], names: Sequence[Name], vectors: FloatArray
) -> int | None:
    """The group whose first name means much the same; None where none does."""
    if not groups:
        return None
    firsts = [names[group[0]] for group in groups]
    cosines = vectors[[group[0] for group in groups]] @ vector
    needed = np.asarray([_needed(name, first) for first in firsts], dtype=np.float32)
    like = np.where(cosines >= needed, cosines, -1.0)
    best = int(like.argmax())
    return best if like[best] > 0 else None


def _needed(one: Name, other: Name) -> float:
    """The cosine from which two names are one topic. Versions of a thing are things of their own."""
    if _numbers(one) != _numbers(other):
        return 2.0
    several = len(one.words) > 1 and len(other.words) > 1
    return RELATED if several and set(one.words) & set(other.words) else SAME


def _numbers(name: Name) -> list[str]:
    return [word for word in name.stems if not word.isalpha()]


def _people(index: Index) -> AbstractSet[str]:
    """The words of everybody's names and of the shows': whom one asks for otherwise."""
    called = {name for e in index.episodes.values() for name in (*e.guests, *e.hosts, e.show or "")}
    called |= {passage.speaker for passage in index.passages if passage.speaker}
    return {base_form(word.written) for name in called for word in words(name)}


@cache
def names_nothing() -> frozenset[str]:
    """The stems of all words that name no topic by themselves."""
    text = files("rag").joinpath("data", "generic_words.txt").read_text("utf-8")
    return frozenset(word.stem for line in text.splitlines() if not line.startswith("#") for word in words(line))


@cache
def generic(group: str) -> frozenset[str]:
    """The base forms of a group of the words that name no topic: "quality", "edge" or "alone"."""
    text = files("rag").joinpath("data", "generic_words.txt").read_text("utf-8")
    part = text.split(f"# [{group}]")[1].split("\n# [")[0].partition("\n")[2]
    return frozenset(map(base_form, part.split()))
