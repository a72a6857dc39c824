"""`footnote backup`: what the Discord bot remembers, copied into one file. Knows nothing of Discord."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.opened import Data, settled
from bot.language import _

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.", show_default=False)],
    data: Data = None,
) -> None:
    """Copy what the Discord bot remembers into one file. It may run meanwhile."""
    from bot.state.backup import back_up
    from bot.state.store import state_path

    back_up(state_path(settled(data=data).data), file)
    held = _("{file} has everything that the bot remembers. To put it back: stop the bot, then footnote restore {file}")
    typer.echo(held.format(file=file))
