"""`footnote digest`: what the newest notes add."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from bot.commands.opened import AsJson, Data, Notes, opened

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def digest(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option(help="A day, a month, a year, or how long ago: 2024-05-31, 2024, 7d, 2 weeks.")
    ] = "7d",
    notes: Notes = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what the newest notes add, three quotes an episode.

    An episode is new if it was published, or a file of notes about it was written, on that day or later.
    """
    from rich.console import Console

    from bot.json_face import dumps
    from bot.map_json import digest_json
    from bot.since import since_day
    from bot.terminal.map_report import digest as lines
    from bot.terminal.render_text import show

    day = since_day(since, today=datetime.now().astimezone().date())
    with opened(ctx.obj, notes, data) as assistant:
        result = assistant.survey().digest(day)
    typer.echo(dumps(digest_json(result))) if as_json else show(Console(highlight=False), lines(result))
