"""Keeps the topics of an index beside it, and what each note was cut into, so that only changed notes are cut again.

Knows nothing of how topics are found. Where nothing can be written they are found anew each time.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.errors import Interrupted
from rag.index import Index
from rag.map_types import Subject
from rag.protocols import Cancelled, Embedder
from rag.reading.library import READER_VERSION
from rag.topics.chunks import Chunks
from rag.topics.subjects import SUBJECTS_VERSION, Cut, Found, cut_passage, find_subjects
from rag.types import Episode

log = logging.getLogger(__name__)

FILE = "subjects.json.gz"
VERSION = [SUBJECTS_VERSION, READER_VERSION]

Cuts = dict[str, tuple[str, list[Cut]]]
"""File of a note -> its sha256 and its passages in order."""


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
    """Whether the topics of a build are kept with it."""
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
    hashes = {note.file: note.sha256 for note in index.notes}
    by_note: dict[str, list[int]] = defaultdict(list)
    for row, passage in enumerate(index.passages):
        by_note[passage.note_file].append(row)
    cuts: Cuts = {}
    for file, rows in by_note.items():
        if cancelled and cancelled():
            raise Interrupted("Cancelled.")
        sha256, packed = known.get(file, ("", ()))
        if sha256 and sha256 == hashes.get(file) and len(packed) == len(rows):
            cuts[file] = sha256, [_unpack_cut(each) for each in packed]
        else:
            passages = [index.passages[row] for row in rows]
            cuts[file] = hashes.get(file, ""), [cut_passage(each, index.episode_of(each)) for each in passages]
    return cuts


def _in_rows(index: Index, cuts: Cuts) -> list[Cut]:
    turns = {file: iter(passages) for file, (_, passages) in cuts.items()}
    return [next(turns[passage.note_file]) for passage in index.passages]


def _known_cuts(build: Path) -> Mapping[str, Any]:
    """What the notes were cut into for the newest build beside this one."""
    others = sorted((path / FILE for path in build.parent.iterdir() if path != build), reverse=True)
    return next((kept["notes"] for kept in map(_read, others) if kept), {})


def _read(path: Path) -> dict[str, Any] | None:
    """What `_write` wrote; None where there is none of this version."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            raw = json.load(file)
        return raw if isinstance(raw, dict) and raw.get("version") == VERSION else None
    except (OSError, EOFError, ValueError):
        return None


def _write(path: Path, index: Index, cuts: Cuts, found: Sequence[Found]) -> None:
    notes = {file: [sha256, [_pack_cut(each) for each in passages]] for file, (sha256, passages) in cuts.items()}
    packed = [[each.name, list(each.also), list(each.rows)] for each in found]
    raw = {"version": VERSION, "rows": len(index.passages), "found": packed, "notes": notes}
    fresh = path.with_suffix(".new")
    try:
        with gzip.open(fresh, "wt", encoding="utf-8", compresslevel=1) as file:
            json.dump(raw, file, ensure_ascii=False)
        fresh.replace(path)
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
