"""`footnote backup`, `footnote restore` and `footnote gaps`: what the Discord bot remembers, from a shell.

Knows nothing of Discord.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot import wording
from bot.settings import Settings
from bot.state.backup import back_up, restore
from bot.state.gaps import Gap, gaps
from bot.state.store import read_store, state_path

NO_GAPS = "No question was left without an answer."

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~!]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def gaps_text(found: Sequence[Gap]) -> str:
    """A line for each question, for a terminal."""
    return "\n".join(wording.clean(f"{gap.count:>4} x  {gap.searched}{_behind(gap)}") for gap in found) or NO_GAPS


def gaps_markdown(found: Sequence[Gap]) -> str:
    """The same as a list to tick off."""
    lines = [f"- [ ] {_escaped(gap.searched)} ({_times(gap)}{_escaped(_behind(gap))})" for gap in found]
    return "\n".join(["# What the notes do not cover", "", *(lines or [NO_GAPS])])


def gaps_csv(found: Sequence[Gap]) -> str:
    """The same as a table; no cell is a formula to a spreadsheet."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("question", "looked_for", "times", "last_asked", "outcome", "nearest_notes"))
    for gap in found:
        cells = (gap.question, gap.searched, gap.count, _day(gap), gap.outcome, "; ".join(gap.files))
        writer.writerow(_harmless(cells))
    return table.getvalue().rstrip("\n")


def _times(gap: Gap) -> str:
    return f"asked {wording.plural(gap.count, 'time')}, last on {_day(gap)}"


def _behind(gap: Gap) -> str:
    return f"; nearest: {', '.join(gap.files)}" if gap.files else ""


def _day(gap: Gap) -> str:
    return datetime.fromtimestamp(gap.last_asked, UTC).date().isoformat()


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", wording.clean(text))


def _harmless(cells: Iterable[object]) -> list[str]:
    texts = (wording.clean(str(cell)) for cell in cells)
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]
