"""`footnote topic T --timeline`: a topic over time, in the terminal, as a picture or as a page.

Also what every command does that writes a file: where the notes have nothing to put into it, that is an honest answer
but no file, and a script that goes on to use the file has to be told.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from bot.language import _
from rag.errors import FootnoteError
from rag.phrase import OR, Phrase, listed
from rag.types import NotCovered

if TYPE_CHECKING:
    from rag.map_types import Timeline
    from rag.protocols import Assistant

KINDS = (".png", ".html")
NO_FILE = 3  # exit code where a file was asked for and the notes do not cover the topic
NO_KIND = Phrase("{name} is no kind of file that this can write.")
END_IT = Phrase("End it in {kinds}.")
NO_FOLDER = Phrase("There is no folder {folder}.")


class CannotWrite(FootnoteError):
    """A file cannot be written."""


def check_out(out: Path | None, kinds: tuple[str, ...] = KINDS) -> None:
    """Raises CannotWrite unless a file can be made of this name: before anything is computed."""
    if out is None:
        return
    if out.suffix.casefold() not in kinds:
        raise CannotWrite(NO_KIND.format(name=out.name), remedy=END_IT.format(kinds=listed(OR, kinds)))
    if not out.parent.is_dir():
        raise CannotWrite(NO_FOLDER.format(folder=str(out.parent)), remedy=Phrase("Make it, or name another file."))


def write(out: Path, content: bytes | str) -> None:
    """Write a file, and say so. Raises CannotWrite."""
    try:
        if isinstance(content, bytes):
            out.write_bytes(content)
        else:
            out.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        failed = Phrase("{file} cannot be written ({why}).").format(file=str(out), why=str(error.strerror))
        raise CannotWrite(failed, remedy=Phrase("Name another file.")) from error
    typer.echo(_("Written to {file}").format(file=out), err=True)


def no_file(refusal: NotCovered, out: Path) -> NoReturn:
    """Say on standard error why there is nothing to write, and end with the code that is for this alone."""
    from rich.console import Console

    from bot.terminal.render_text import make_line, render, show

    unwritten = _("{file} was not written.").format(file=out)
    show(Console(stderr=True, highlight=False), [*render(refusal), make_line(unwritten)])
    raise typer.Exit(NO_FILE)


def run_timeline(assistant: Assistant, topic: str, *, out: Path | None, dark: bool, as_json: bool) -> None:
    """Print the timeline of a topic, or write it to a file whose name tells the kind. Raises FootnoteError, Exit."""
    from rich.console import Console

    from bot.files.timeline_chart import chart
    from bot.json_face import dumps
    from bot.map_json import timeline_json
    from bot.terminal.render_text import render, show
    from bot.terminal.timeline_text import lines

    result = assistant.survey().timeline(topic)
    console = Console(highlight=False)
    if as_json:
        typer.echo(dumps(timeline_json(result)))
    if out is not None:
        if isinstance(result, NotCovered):
            no_file(result, out)
        write(out, drawn(result, out.suffix.casefold(), dark=dark))
    elif as_json:
        return
    elif isinstance(result, NotCovered):
        show(console, render(result))
    else:
        show(console, lines(chart(result), width=console.width if console.is_terminal else 100))


def drawn(timeline: Timeline, kind: str, *, dark: bool) -> bytes | str:
    """The timeline as a file of this kind."""
    from bot.files.timeline_chart import chart

    if kind == ".html":
        from bot.files.timeline_html import html

        return html(chart(timeline))
    from bot.files.timeline_png import MOST, draw

    return draw(chart(timeline, most=MOST), dark=dark)
