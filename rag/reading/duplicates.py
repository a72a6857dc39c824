"""Passages that say the same: searched once, cited at every place.

Two sentences are the same if they hold the same words in the same order, whatever their case, punctuation, endings
and articles; any other word that differs, be it a "not" or a "before", makes them two. What is short means little
without what stands around it ("It costs $5"), so it is a copy only under the same headings.
Knows nothing of vectors or of files on disk, save the one it is kept in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import IndexCorrupt
from rag.sentences import sentence_spans
from rag.types import Passage
from rag.words import is_stopword, words

FILE = "duplicates.json"
STANDS_ALONE = 6  # words of meaning from which a sentence means the same wherever it stands
TELLS_NOTHING = 3  # words of meaning below which a sentence that recurs says nothing
ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Which rows of a build say the same.

    Attributes:
        groups: rows that say the same, in order; only groups of two and more.
        sentences: key of a sentence -> the rows it stands in; only of sentences that stand in two and more.
    """

    groups: tuple[tuple[int, ...], ...]
    sentences: Mapping[str, tuple[int, ...]]

    def rows_with(self, text: str) -> frozenset[int]:
        """Rows that hold every sentence of `text`; none if one of them means little on its own."""
        keys = [key(text[a:b], least=STANDS_ALONE) for a, b in sentence_spans(text)]
        found = [frozenset(self.sentences.get(k, ())) for k in keys if k]
        return frozenset.intersection(*found) if found and all(keys) else frozenset()


def find_duplicates(passages: Sequence[Passage]) -> Duplicates:
    """The duplicates among `passages`, which are in row order."""
    groups: dict[str, list[int]] = {}
    sentences: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        groups.setdefault(_whole(passage), []).append(row)
        for k in sentence_keys(passage.text):
            sentences.setdefault(k, []).append(row)
    return Duplicates(groups=_several(groups.values()), sentences=dict(_repeated(sentences)))


def sentence_keys(text: str) -> frozenset[str]:
    """The keys of the sentences of `text` that say something."""
    keys = (key(text[a:b], least=TELLS_NOTHING) for a, b in sentence_spans(text))
    return frozenset(filter(None, keys))


def key(text: str, *, least: int = 0) -> str:
    """What two texts that say the same have in common; "" where there are fewer than `least` words of meaning."""
    found = words(text)
    if sum(not is_stopword(word.written) for word in found) < least:
        return ""
    return _hash(" ".join(word.stem for word in found if word.stem not in ARTICLES))


def matching_span(text: str, quote: str) -> tuple[int, int] | None:
    """Half-open span of `text` from its first to its last sentence that `quote` holds too; None without one."""
    wanted = sentence_keys(quote)
    spans = [(a, b) for a, b in sentence_spans(text) if key(text[a:b], least=TELLS_NOTHING) in wanted]
    return (spans[0][0], spans[-1][1]) if spans else None


def save(folder: Path, duplicates: Duplicates) -> None:
    """Keep them with the build they belong to."""
    raw = {"groups": duplicates.groups, "sentences": duplicates.sentences}
    (folder / FILE).write_text(json.dumps(raw), encoding="utf-8")


def load(folder: Path) -> Duplicates:
    """What `save` wrote. Raises IndexCorrupt."""
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Duplicates(
            groups=tuple(map(tuple, raw["groups"])),
            sentences={key: tuple(rows) for key, rows in raw["sentences"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexCorrupt("The index's duplicates cannot be read.", remedy="Run: footnote index") from error


def _whole(passage: Passage) -> str:
    """What a passage has in common with its copies."""
    around = (passage.episode_id, passage.section, passage.parents)
    return key(passage.text, least=STANDS_ALONE) or _hash(json.dumps((passage.text.casefold(), around)))


def _several(groups: Iterable[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(rows) for rows in groups if len(rows) > 1)


def _repeated(sentences: Mapping[str, Sequence[int]]) -> Iterable[tuple[str, tuple[int, ...]]]:
    return ((k, tuple(rows)) for k, rows in sentences.items() if len(rows) > 1)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=10).hexdigest()
