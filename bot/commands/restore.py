"""`footnote restore`: a backup of what the Discord bot remembers, put back. Knows nothing of Discord."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.opened import Data, settled
from bot.language import _

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `footnote backup` has made.", show_default=False)],
    data: Data = None,
) -> None:
    """Put back what backup has copied; stop the bot first. What it remembered until then is kept beside it."""
    from bot.state.backup import restore as put_back
    from bot.state.store import state_path

    kept = put_back(state_path(settled(data=data).data), file)
    typer.echo(_("The bot remembers what {file} has.").format(file=file))
    if kept:
        typer.echo(_("What was there before is in {file}.").format(file=kept))
