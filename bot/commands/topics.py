"""`footnote topics`: the topics that the notes really have."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.opened import AsJson, Data, Notes, opened

MOST = 40
ALL = 1_000_000

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def topics(
    ctx: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help="Only topics with these words.", show_default=False)] = None,
    notes: Notes = None,
    data: Data = None,
    every: Annotated[bool, typer.Option("--all", help=f"Print every topic, not the first {MOST}.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the topics that your notes really have, with counts, episodes and dates."""
    from rich.console import Console

    from bot.json_face import dumps
    from bot.map_json import topics_json
    from bot.terminal.map_report import fitting
    from bot.terminal.map_report import topics as table
    from bot.terminal.render_text import show

    wanted = " ".join(words or ())
    with opened(ctx.obj, notes, data) as assistant:
        found = fitting(assistant.survey().subjects(), wanted)
    if as_json:
        typer.echo(dumps(topics_json(found)))
    else:
        show(Console(highlight=False), table(found, most=ALL if every or wanted else MOST, wanted=wanted))
