"""`footnote topic T --timeline`: a topic over time, in the terminal, as a picture or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rag.errors import FootnoteError
from rag.types import NotCovered

if TYPE_CHECKING:
    from rag.map_types import Timeline
    from rag.protocols import Assistant

KINDS = (".png", ".html")


class CannotWrite(FootnoteError):
    """A file cannot be written."""


def check_out(out: Path | None, kinds: tuple[str, ...] = KINDS) -> None:
    """Raises CannotWrite unless a file can be made of this name: before anything is computed."""
    if out is None:
        return
    if out.suffix.casefold() not in kinds:
        raise CannotWrite(f"{out.name} is no kind of file that this can write.", remedy=f"End it in {_or(kinds)}.")
    if not out.parent.is_dir():
        raise CannotWrite(f"There is no folder {out.parent}.", remedy="Make it, or name another file.")


def write(out: Path, content: bytes | str) -> None:
    """Write a file, and say so. Raises CannotWrite."""
    try:
        if isinstance(content, bytes):
            out.write_bytes(content)
        else:
            out.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CannotWrite(f"{out} cannot be written ({error.strerror}).", remedy="Name another file.") from error
    typer.echo(f"Written to {out}", err=True)


def run_timeline(assistant: Assistant, topic: str, *, out: Path | None, dark: bool, as_json: bool) -> None:
    """Print the timeline of a topic, or write it to a file whose name tells the kind. Raises FootnoteError."""
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
    elif isinstance(result, NotCovered):
        show(console, render(result))
    elif out is None:
        show(console, lines(chart(result), width=console.width if console.is_terminal else 100))
    if out is not None and not isinstance(result, NotCovered):
        write(out, drawn(result, out.suffix.casefold(), dark=dark))


def drawn(timeline: Timeline, kind: str, *, dark: bool) -> bytes | str:
    """The timeline as a file of this kind."""
    from bot.files.timeline_chart import chart

    if kind == ".html":
        from bot.files.timeline_html import html

        return html(chart(timeline))
    from bot.files.timeline_png import MOST, draw

    return draw(chart(timeline, most=MOST), dark=dark)


def _or(kinds: tuple[str, ...]) -> str:
    return " or ".join((", ".join(kinds[:-1]), kinds[-1])) if len(kinds) > 1 else kinds[0]
