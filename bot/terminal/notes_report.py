"""What `footnote notes` says of a folder as read: as a table, as lines of text, and as JSON.

All text from the notes goes through `wording.clean`. Knows nothing of how notes are read or checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from bot import wording
from bot.json_face import Json
from bot.terminal.render_text import BLANK, HEADING, QUIET, Line, make_line, plain
from rag.reading.doctor import Finding
from rag.reading.minutes import format_seconds
from rag.types import Episode, EpisodeEntry, Library, Note, Passage

_FIELDS = ("show", "title", "number", "guests", "hosts", "date", "urls")
_COLUMNS = ("file", "reader", "episodes", "passages", "minutes", "warnings")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One file of the folder, with how much of each was read; `reader` is None where it was left out."""

    file: str
    reader: str | None
    episodes: int
    passages: int
    minutes: int
    warnings: int


def rows(library: Library) -> list[Row]:
    """A row for each file that was read or left out, by name."""
    passages = Counter(passage.note_file for passage in library.passages)
    timed = Counter(p.note_file for p in library.passages if p.seconds is not None and not p.seconds_around)
    entries = Counter(entry.note_file for episode in library.episodes for entry in episode.entries)
    warnings = Counter(warning.file for warning in library.warnings)
    readers: dict[str, str | None] = {note.file: _reader(note) for note in library.notes}
    return [
        Row(
            file=file,
            reader=readers.get(file) if passages[file] else None,
            episodes=entries[file],
            passages=passages[file],
            minutes=timed[file],
            warnings=warnings[file],
        )
        for file in sorted({*readers, *warnings}, key=lambda name: (name.casefold(), name))
    ]


def table(listed: Sequence[Row]) -> Table:
    """The rows as a table, with their sum."""
    shown = Table(*_COLUMNS[:2])
    for name in _COLUMNS[2:]:
        shown.add_column(name, justify="right")
    for row in listed:
        shown.add_row(wording.clean(row.file), row.reader or "left out", *(_number(n) for n in _counts(row)))
    if len(listed) > 1:
        shown.add_section()
        sums = map(sum, zip(*map(_counts, listed), strict=True))
        shown.add_row(wording.plural(len(listed), "file"), "", *(_number(n) for n in sums))
    return shown


def as_text(listed: Sequence[Row]) -> str:
    """The rows for a pipe: one a line, columns parted by tabs."""
    lines = [_COLUMNS, *((row.file, row.reader or "left out", *map(str, _counts(row))) for row in listed)]
    return "\n".join("\t".join(map(wording.clean, line)) for line in lines)


def findings(found: Sequence[Finding]) -> list[Line]:
    """Every finding with its remedy, under its kind."""
    if not found:
        return [make_line("Nothing to mend: every note is read, dated and linked.")]
    lines = [make_line(f"{wording.plural(len(found), 'finding')} in your notes", style=HEADING)]
    for kind, count in Counter(finding.kind for finding in found).items():
        lines += [BLANK, make_line(f"{kind.capitalize()} ({count:,})", style=HEADING)]
        lines += [line for finding in found if finding.kind == kind for line in _finding(finding)]
    return lines


def as_read(library: Library, episode: Episode) -> list[Line]:
    """An episode with where each field came from, and its notes passage by passage."""
    lines = [make_line(wording.episode_name(episode.show, episode.title, episode.date), style=HEADING)]
    lines += [make_line(f"id: {episode.id}", indent=2, style=QUIET), *_fields(episode, dict(episode.origins))]
    notes = {note.file: note for note in library.notes}
    for entry in episode.entries:
        lines += [BLANK, make_line(_source(entry, notes), style=HEADING)]
        lines += [line for passage in _of(library, entry, episode) for line in _passage(passage)]
    return lines


def choices(found: Sequence[Episode]) -> list[Line]:
    """Episodes to choose from, with the ids to name them by."""
    lines = [make_line("Several episodes are meant by that; name one by its id:")]
    for episode in found:
        name = wording.episode_name(episode.show, episode.title, episode.date)
        lines += [make_line(episode.id, indent=2, style=HEADING), make_line(name, indent=4)]
    return lines


def rows_json(listed: Sequence[Row]) -> Json:
    """What `footnote notes --json` prints."""
    return {"text": as_text(listed), "files": [asdict(row) for row in listed]}


def findings_json(found: Sequence[Finding]) -> Json:
    """What `footnote notes check --json` prints."""
    return {"text": plain(findings(found)), "findings": [asdict(finding) for finding in found]}


def episode_json(library: Library, episode: Episode) -> Json:
    """What `footnote notes show --json` prints for one episode."""
    return {
        "text": plain(as_read(library, episode)),
        "episode": {
            "id": episode.id,
            **{name: _plain(getattr(episode, name)) for name in _FIELDS},
            "origins": dict(episode.origins),
            "notes": [_entry_json(library, entry, episode) for entry in episode.entries],
        },
    }


def choices_json(found: Sequence[Episode]) -> Json:
    """What `footnote notes show --json` prints where several episodes are meant."""
    return {
        "text": plain(choices(found)),
        "choices": [{"id": e.id, "show": e.show, "title": e.title, "date": e.date} for e in found],
    }


def _entry_json(library: Library, entry: EpisodeEntry, episode: Episode) -> Json:
    return {
        "file": entry.note_file,
        "line_start": entry.line_start,
        "line_end": entry.line_end,
        "origins": dict(entry.origins),
        "passages": [
            {
                "line_start": p.line_start,
                "line_end": p.line_end,
                "counted": p.counted,
                "seconds": p.seconds,
                "seconds_around": p.seconds_around,
                "speaker": p.speaker,
                "section": list(p.section),
                "text": p.text,
            }
            for p in _of(library, entry, episode)
        ],
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _counts(row: Row) -> tuple[int, int, int, int]:
    return row.episodes, row.passages, row.minutes, row.warnings


def _number(count: int) -> str:
    return f"{count:,}" if count else "-"


def _reader(note: Note) -> str:
    return f"{note.reader} ({note.derived})" if note.derived else note.reader


def _finding(finding: Finding) -> Iterator[Line]:
    where = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
    yield make_line(f"{where}: {finding.what}", indent=2)
    if finding.remedy:
        yield make_line(finding.remedy, indent=6, style=QUIET)
    for line in finding.toml.splitlines():
        yield make_line(line, indent=8, style=QUIET)


def _fields(of: Episode, origins: Mapping[str, str]) -> Iterator[Line]:
    for name in _FIELDS:
        value = getattr(of, name)
        if value:
            said = ", ".join(value) if isinstance(value, tuple) else value
            yield make_line(f"{name}: {said}  ({origins.get(name, 'text')})", indent=2)


def _source(entry: EpisodeEntry, notes: Mapping[str, Note]) -> str:
    note = notes.get(entry.note_file)
    kind = f", read as {note.kind} by {_reader(note)}" if note else ""
    return f"{entry.note_file}{kind}"


def _of(library: Library, entry: EpisodeEntry, episode: Episode) -> list[Passage]:
    """The passages of one note's part about the episode."""
    return [
        passage
        for passage in library.passages
        if passage.episode_id == episode.id
        and passage.note_file == entry.note_file
        and entry.line_start <= passage.line_end
        and passage.line_start <= entry.line_end
    ]


def _passage(passage: Passage) -> Iterator[Line]:
    minute = (
        "" if passage.seconds is None else ("~" if passage.seconds_around else "") + format_seconds(passage.seconds)
    )
    above = " > ".join((*passage.section, *passage.parents))
    spoken = f"{passage.speaker}: " if passage.speaker else ""
    yield Line(text=make_line(spoken + passage.text).text, indent=10, mark=minute)
    yield make_line(" · ".join(filter(None, (_place(passage), above))), indent=10, style=QUIET)


def _place(passage: Passage) -> str:
    lines = wording.lines(passage.line_start, passage.line_end)
    counted = passage.counted
    return f"{passage.note_file}:{lines}" if counted == "line" else f"{passage.note_file}, {counted} {lines}"
