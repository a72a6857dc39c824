"""`footnote compare`: two topics, guests or episodes side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.opened import AsJson, Data, Notes, opened

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def compare(
    ctx: typer.Context,
    one: Annotated[str, typer.Argument(help="A topic, a guest or an episode.", show_default=False)],
    other: Annotated[str, typer.Argument(help="Another one.", show_default=False)],
    notes: Notes = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put two topics, guests or episodes side by side, with quotes of both.

    Where a name could be several things, say which: "guest:NAME", "episode:NAME" or "topic:NAME".
    """
    from rich.console import Console

    from bot.json_face import dumps
    from bot.map_json import compare_json
    from bot.question import check_question
    from bot.terminal.map_report import comparison
    from bot.terminal.render_text import render, show
    from rag.types import NotCovered

    left, right = (check_question(text, what="topic") for text in (one, other))
    with opened(ctx.obj, notes, data) as assistant:
        result = assistant.survey().compare(left, right)
    console = Console(highlight=False)
    if as_json:
        typer.echo(dumps(compare_json(result)))
    elif isinstance(result, NotCovered):
        show(console, render(result))
    else:
        show(console, comparison(result, width=console.width if console.is_terminal else 0))
