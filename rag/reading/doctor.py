"""What is amiss with the notes as read, each finding with what mends it.

Looks at a `Library` only, so it needs no models and changes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ftfy.badness import is_bad

from rag.reading import duplicates, minutes
from rag.types import GUESSES, Episode, Library, Passage, Proposal

FindingKind = Literal[
    "unreadable", "warning", "encoding", "undated", "minutes without a link", "join", "twice", "guess"
]

_SOURCES = {"file name": "the file's name", "folder": "the folder's name", "words": "what is said in the text"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to look at.

    Attributes:
        file: the note, with forward slashes.
        line: where in it; None for the whole file.
        what: one sentence.
        remedy: what to do, or "" where `what` says it.
        toml: what to write into episodes.toml, where that mends it.
        proposal: the join that is proposed, for a finding of that kind.
    """

    kind: FindingKind
    file: str
    line: int | None
    what: str
    remedy: str = ""
    toml: str = ""
    proposal: Proposal | None = None


def examine(library: Library) -> tuple[Finding, ...]:
    """Everything worth a look, the gravest kinds first."""
    checks = (_warned, _encodings, _undated, _unlinked, _joins, _twice, _guesses)
    return tuple(finding for check in checks for finding in check(library))


def _warned(library: Library) -> Iterator[Finding]:
    for warning in sorted(library.warnings, key=lambda w: not w.skipped):
        kind: FindingKind = "unreadable" if warning.skipped else "warning"
        yield Finding(kind=kind, file=warning.file, line=warning.line, what=warning.reason)


def _encodings(library: Library) -> Iterator[Finding]:
    """Passages whose characters are still broken after repair."""
    broken: dict[str, list[Passage]] = defaultdict(list)
    for passage in library.passages:
        if "\ufffd" in passage.text or is_bad(passage.text):
            broken[passage.note_file].append(passage)
    for file, passages in broken.items():
        what = f"{_count(len(passages), 'passage')} from here on hold broken characters: {_short(passages[0].text)}"
        remedy = "Open the file in the program it comes from and save it as UTF-8."
        yield Finding(kind="encoding", file=file, line=passages[0].line_start, what=what, remedy=remedy)


def _undated(library: Library) -> Iterator[Finding]:
    for episode in library.episodes:
        if not episode.date:
            remedy = "Write the date, or what is known of it, beside its title. Or write in episodes.toml:"
            toml = _correction(episode, {"date": "2024-05-12"})
            yield _about(episode, "undated", f"{episode.name} has no date.", remedy, toml)


def _unlinked(library: Library) -> Iterator[Finding]:
    timed: dict[str, list[Passage]] = defaultdict(list)
    for passage in library.passages:
        if passage.seconds is not None:
            timed[passage.episode_id].append(passage)
    for episode in library.episodes:
        passages = timed.get(episode.id)
        if passages and not any(map(minutes.can_start, episode.urls)):
            known = " that can start there" if episode.urls else ""
            what = f"{episode.name} has {_count(len(passages), 'minute')}, but no link{known}."
            remedy = "Write the link on a line under its title. Or write in episodes.toml:"
            yield _about(
                episode, "minutes without a link", what, remedy, _correction(episode, {"urls": ["https://..."]})
            )


def _joins(library: Library) -> Iterator[Finding]:
    known = {episode.id: episode for episode in library.episodes}
    for proposal in sorted(library.proposals, key=lambda p: -p.confidence):
        one, other = known[proposal.one], known[proposal.other]
        what = (
            f"{one.name} ({place(one)}) and {other.name} ({place(other)}) may be one episode: "
            f"{proposal.why} ({proposal.confidence:.0%} sure)."
        )
        remedy = "Decide with: footnote notes check --fix"
        first = one.entries[0]
        yield Finding(
            kind="join", file=first.note_file, line=first.line_start, what=what, remedy=remedy, proposal=proposal
        )


def _twice(library: Library) -> Iterator[Finding]:
    """Passages that stand in several places, by the notes they stand in."""
    texts: dict[str, list[Passage]] = defaultdict(list)
    for passage in library.passages:
        stamp = minutes.leading(passage.text)
        if said := duplicates.key(passage.text[stamp.length if stamp else 0 :], least=duplicates.STANDS_ALONE):
            texts[said].append(passage)
    pairs: dict[tuple[str, ...], list[list[Passage]]] = defaultdict(list)
    for same in texts.values():
        if len(same) > 1:
            pairs[tuple(sorted({passage.note_file for passage in same}))].append(same)
    for files, found in pairs.items():
        first, second = found[0][:2]
        where = "in this note" if len(files) == 1 else f"in {' and '.join(files)}"
        what = f"{_count(len(found), 'passage')} twice {where}, the first at {_at(second)} too: {_short(first.text)}"
        remedy = "Delete one of the two, or leave both: it is found once, and every place is cited."
        yield Finding(kind="twice", file=first.note_file, line=first.line_start, what=what, remedy=remedy)


def _guesses(library: Library) -> Iterator[Finding]:
    for episode in library.episodes:
        guessed = {name: origin for name, origin in episode.origins if origin in GUESSES}
        if guessed:
            listed = "; ".join(f"{name} from {_SOURCES[origin]}" for name, origin in guessed.items())
            values = {name: getattr(episode, name) for name in guessed}
            remedy = "Check it. To confirm or to correct it, write in episodes.toml:"
            yield _about(episode, "guess", f"{episode.name}: {listed}.", remedy, _correction(episode, values))


def _about(episode: Episode, kind: FindingKind, what: str, remedy: str, toml: str) -> Finding:
    first = episode.entries[0]
    return Finding(kind=kind, file=first.note_file, line=first.line_start, what=what, remedy=remedy, toml=toml)


def place(episode: Episode) -> str:
    """Where the first note about an episode stands: "notes.txt:12"."""
    first = episode.entries[0]
    return f"{first.note_file}:{first.line_start}"


def _correction(episode: Episode, fields: Mapping[str, object]) -> str:
    """The lines of `episodes.toml`. A JSON string is a TOML string too."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(["[[episode]]", f'id = "{episode.id}"', *lines])


def _at(passage: Passage) -> str:
    return f"{passage.note_file}:{passage.line_start}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _short(text: str) -> str:
    return f"“{text}”" if len(text) <= 60 else f"“{text[:59].rsplit(' ', 1)[0]}…”"
