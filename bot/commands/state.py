"""`footnote backup`, `footnote restore` and `footnote gaps`: what the Discord bot remembers, from a shell.

Knows nothing of Discord.
"""

from __future__ import annotations

from pathlib import Path

from bot.settings import Settings
from bot.state.backup import back_up, restore
from bot.state.gaps import Gap, gaps
from bot.state.store import read_store, state_path


def run_backup(settings: Settings, to: Path) -> str:
    """Copy the database into the new file `to`, whether or not the bot runs. Raises StateError."""
    back_up(state_path(settings.data), to)
    return f"{to} has everything that the bot remembers. To put it back: stop the bot, then footnote restore {to}"


def run_restore(settings: Settings, backup: Path) -> str:
    """Put a backup back; the bot must not run. Raises StateError."""
    kept = restore(state_path(settings.data), backup)
    before = f" What was there before is in {kept}." if kept else ""
    return f"The bot remembers what {backup} has.{before}"


def read_gaps(settings: Settings) -> tuple[Gap, ...]:
    """What was asked and is not covered, the most asked first. Raises StateError."""
    with read_store(state_path(settings.data)) as store:
        return gaps(store)
