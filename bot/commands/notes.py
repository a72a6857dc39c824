"""`footnote notes`: what was read of the notes folder, what is amiss with it, and an episode's notes as read.

Reads the notes and nothing else: no model, no index. Exit code 0 clean, 3 where `check` found something.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer
from rapidfuzz import fuzz, process
from rich.console import Console

from bot import wording
from bot.json_face import Json, dumps
from bot.settings import load_settings
from bot.terminal import notes_report
from bot.terminal.render_text import Line, make_line
from bot.terminal.render_text import show as show_lines
from rag.errors import NotesError
from rag.reading.corrections import Decision, decided, write
from rag.reading.doctor import examine
from rag.reading.library import read_library
from rag.reading.overrides import FILE
from rag.types import Episode, Library, Proposal

FINDINGS = 3
_LIKE = 75
_MOST = 12

app = typer.Typer(
    help="What Footnote read of your notes; without a command: a table of the files.",
    add_completion=False,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path | None,
    typer.Option("--notes", help="Folder with your notes, instead of FOOTNOTE_NOTES.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.callback(invoke_without_command=True)
def overview(ctx: typer.Context, notes: Folder = None, as_json: AsJson = False) -> None:
    """List what was read: each file with its reader, episodes, passages, minutes and warnings."""
    ctx.obj = notes
    if ctx.invoked_subcommand is None:
        listed = notes_report.rows(_read(_folder(notes)))
        if as_json:
            typer.echo(dumps(notes_report.rows_json(listed)))
        elif sys.stdout.isatty():
            Console(highlight=False).print(notes_report.table(listed), markup=False)
        else:
            typer.echo(notes_report.as_text(listed))


@app.command()
def check(
    ctx: typer.Context,
    notes: Folder = None,
    as_json: AsJson = False,
    fix: Annotated[bool, typer.Option("--fix", help=f"Write proposed joins into {FILE}; asks before each.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --fix: every join, without asking.")] = False,
) -> None:
    """Look for what is amiss and say what mends it. Exit code 0: nothing, 3: something."""
    folder = _folder(notes or ctx.obj)
    library = _read(folder)
    if fix:
        decisions = _decisions(library, yes=yes)
        if decisions:
            write(folder, decisions)
            library = _read(folder)
            typer.echo(f"{wording.plural(len(decisions), 'decision')} written to {FILE}.", err=True)
    found = examine(library)
    _print(notes_report.findings_json(found) if as_json else notes_report.findings(found))
    raise typer.Exit(FINDINGS if found else 0)


@app.command()
def show(
    ctx: typer.Context,
    episode: Annotated[list[str], typer.Argument(help="Its id, or a part of its name.", show_default=False)],
    notes: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Print the notes about an episode as read: passages with minute, section, file and line."""
    library = _read(_folder(notes or ctx.obj))
    meant = find(library.episodes, " ".join(episode))
    if len(meant) == 1:
        of = notes_report.episode_json if as_json else notes_report.as_read
        _print(of(library, meant[0]))
        return
    if not meant:
        raise NotesError(f"No episode is called {' '.join(episode)!r}.", remedy="List them with: footnote episodes")
    _print(notes_report.choices_json(meant) if as_json else notes_report.choices(meant))
    raise typer.Exit(1)


def find(episodes: Sequence[Episode], name: str) -> list[Episode]:
    """The episodes a person may mean: by id, else by a part of id, name or guests, else by what looks much like it."""
    exact = [episode for episode in episodes if name == episode.id]
    if exact:
        return exact
    wanted = name.casefold()
    texts = [" ".join((e.name, e.id, *e.guests, e.number or "")).casefold() for e in episodes]
    parts = [episode for episode, text in zip(episodes, texts, strict=True) if wanted in text]
    if parts:
        return parts
    near = process.extract(wanted, texts, scorer=fuzz.WRatio, score_cutoff=_LIKE, limit=_MOST)
    best = max((score for _, score, _ in near), default=0)
    return [episodes[index] for _, score, index in near if score > best - 5]


def _decisions(library: Library, *, yes: bool) -> list[Decision]:
    """What the owner says to each proposal. Raises NotesError where nobody can be asked."""
    if not library.proposals or yes:
        return [decided(proposal, library, "join") for proposal in library.proposals]
    if not sys.stdin.isatty():
        raise NotesError("Nobody is there to be asked.", remedy="Run it in a terminal, or add --yes to join them all.")
    made = [(proposal, _asked(proposal, library)) for proposal in library.proposals]
    return [decided(proposal, library, action) for proposal, action in made if action]


def _asked(proposal: Proposal, library: Library) -> Literal["join", "separate"] | None:
    known = {episode.id: episode for episode in library.episodes}
    for episode in (known[proposal.one], known[proposal.other]):
        files = ", ".join(f"{entry.note_file}:{entry.line_start}" for entry in episode.entries)
        typer.echo(f"  {wording.episode_name(episode.show, episode.title, episode.date)}  {wording.clean(files)}")
    question = f"Are they one episode? {proposal.why} ({proposal.confidence:.0%} sure) [y]es, [n]o, [l]ater"
    answer = typer.prompt(wording.clean(question), default="l", show_default=False).strip().casefold()
    return "join" if answer in ("y", "yes") else "separate" if answer in ("n", "no") else None


def _read(folder: Path) -> Library:
    console = Console(stderr=True)
    if not console.is_terminal:
        return read_library(folder)
    with console.status("Reading your notes"):
        return read_library(folder)


def _folder(notes: Path | None) -> Path:
    return load_settings(notes=notes).notes


def _print(what: Json | Sequence[Line]) -> None:
    if isinstance(what, dict):
        typer.echo(dumps(what))
    else:
        show_lines(Console(highlight=False), [*what] or [make_line("")])
