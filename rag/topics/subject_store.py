"""Keeps the topics of an index beside it, and what each note was cut into, so that only changed notes are cut again.

Knows nothing of how topics are found. Where nothing can be written they are found anew each time.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag import durable
from rag.errors import Interrupted
from rag.fields import header
from rag.index import Index
from rag.map_types import Subject
from rag.protocols import Cancelled, Embedder
from rag.reading.library import READER_VERSION
from rag.topics.chunks import Chunks
from rag.topics.subjects import SUBJECTS_VERSION, Cut, Found, cut_passage, find_subjects
from rag.types import Episode

log = logging.getLogger(__name__)

ALL_VERSIONS = "subjects*.json.gz"
FILE = f"subjects-{SUBJECTS_VERSION}-{READER_VERSION}.json.gz"
"""Named after what it was made by, so that it need not be opened to know whether it still holds."""

Cuts = dict[str, tuple[str, list[Cut]]]
"""File of a note -> what its cuts depend on, hashed, and its passages in order."""


def found_in(index: Index, embedder: Embedder, *, cancelled: Cancelled | None = None) -> tuple[Found, ...]:
    """The topics of an index: those that are kept with it, else found now and kept. Raises Interrupted."""
    kept = _read(index.folder / FILE)
    if kept and kept["rows"] == len(index.passages):
        return tuple(_unpack_found(each) for each in kept["found"])
    cuts = _cut(index, _known_cuts(index.folder), cancelled)
    found = find_subjects(index, embedder, _in_rows(index, cuts))
    _write(index.folder / FILE, index, cuts, found)
    return found


def are_found(build: Path) -> bool:
    """Whether the topics of a build, as this version finds them, are kept with it."""
    return (build / FILE).is_file()


def as_subject(index: Index, found: Found) -> Subject:
    """A topic as faces are told of it."""
    counts = Counter(index.passages[row].episode_id for row in found.rows)
    dates = sorted(filter(None, (_dated(index.episodes[each]) for each in counts)))
    return Subject(
        name=found.name,
        also=found.also,
        passages=len(found.rows),
        episodes=tuple(each for each, _ in counts.most_common()),
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
    )


def _dated(episode: Episode) -> str | None:
    return episode.date if episode.date and not episode.date.startswith("-") else None


def _cut(index: Index, known: Mapping[str, Any], cancelled: Cancelled | None) -> Cuts:
    """Every note's passages, taken over where its bytes are the same."""
    hashes = {note.file: note.sha256 for note in index.notes if note.sha256}
    by_note: dict[str, list[int]] = defaultdict(list)
    for row, passage in enumerate(index.passages):
        by_note[passage.note_file].append(row)
    cuts: Cuts = {}
    for file, rows in by_note.items():
        if cancelled and cancelled():
            raise Interrupted("Cancelled.")
        passages = [index.passages[row] for row in rows]
        episodes = [index.episode_of(each) for each in passages]
        same = _hashed(hashes[file], episodes) if file in hashes else ""
        before, packed = known.get(file, ("", ()))
        if same and same == before and len(packed) == len(rows):
            cuts[file] = same, [_unpack_cut(each) for each in packed]
        else:
            cuts[file] = same, list(map(cut_passage, passages, episodes))
    return cuts


def _hashed(sha256: str, episodes: Iterable[Episode]) -> str:
    """What a note's cuts depend on: its bytes, and what its episodes are called, which other notes have a say in."""
    called = dict.fromkeys(map(header, episodes))
    return hashlib.sha256("\n".join([sha256, *called]).encode()).hexdigest()


def _in_rows(index: Index, cuts: Cuts) -> list[Cut]:
    turns = {file: iter(passages) for file, (_, passages) in cuts.items()}
    return [next(turns[passage.note_file]) for passage in index.passages]


def _known_cuts(build: Path) -> Mapping[str, Any]:
    """What the notes were cut into for the newest build beside this one."""
    others = sorted((path / FILE for path in build.parent.iterdir() if path != build), reverse=True)
    return next((kept["notes"] for kept in map(_read, others) if kept), {})


def _read(path: Path) -> dict[str, Any] | None:
    """What `_write` wrote; None where there is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            raw = json.load(file)
        return raw if isinstance(raw, dict) and {"rows", "found", "notes"} <= raw.keys() else None
    except (OSError, EOFError, ValueError):
        return None


def _write(path: Path, index: Index, cuts: Cuts, found: Sequence[Found]) -> None:
    notes = {file: [same, [_pack_cut(each) for each in passages]] for file, (same, passages) in cuts.items()}
    packed = [[each.name, list(each.also), list(each.rows)] for each in found]
    raw = {"rows": len(index.passages), "found": packed, "notes": notes}
    fresh = path.with_suffix(".new")
    try:
        with gzip.open(fresh, "wt", encoding="utf-8", compresslevel=1) as file:
            json.dump(raw, file, ensure_ascii=False)
        durable.put(fresh, path)
        for old in path.parent.glob(ALL_VERSIONS):
            if old != path:
                old.unlink()
    except OSError as error:
        log.info("the topics are found anew each time: %s", error)
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _unpack_found(packed: Sequence[Any]) -> Found:
    name, also, rows = packed
    return Found(name=name, also=tuple(also), rows=tuple(rows))


def _pack_cut(cut: Cut) -> list[Any]:
    roles = " ".join(f"{word} {role}" for word, role in cut.chunks.roles)
    return [int(cut.beside), "\n".join(cut.chunks.runs), roles]


def _unpack_cut(packed: Sequence[Any]) -> Cut:
    beside, runs, roles = packed
    parts = roles.split()
    pairs = tuple(zip(parts[::2], parts[1::2], strict=True))
    return Cut(chunks=Chunks(runs=tuple(filter(None, runs.split("\n"))), roles=pairs), beside=bool(beside))
