"""`footnote gaps`: what people asked in Discord and the notes do not cover. Knows nothing of Discord."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.opened import Data, settled

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def gaps(
    data: Data = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As a table.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As a list to tick off.")] = False,
) -> None:
    """List what people asked and the notes do not cover. In Discord; the most asked first."""
    from bot.state.gaps import gaps as uncovered
    from bot.state.store import read_store, state_path
    from bot.terminal import gaps_report

    show = gaps_report.gaps_csv if as_csv else gaps_report.gaps_markdown if as_markdown else gaps_report.gaps_text
    with read_store(state_path(settled(data=data).data)) as store:
        typer.echo(show(uncovered(store)))
