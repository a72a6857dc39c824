"""The questions that the notes do not cover as lines, as a list to tick off, and as a table.

Pure functions; whatever people typed comes out unable to format, to be a formula or to steer a terminal.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot import wording
from bot.state.gaps import Gap
from rag.phrase import Phrase

NO_GAPS = Phrase("No question was left without an answer.")

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~!]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def gaps_text(found: Sequence[Gap]) -> str:
    """A line for each question, for a terminal."""
    return "\n".join(wording.clean(f"{gap.count:>4} x  {gap.searched}{_behind(gap)}") for gap in found) or NO_GAPS


def gaps_markdown(found: Sequence[Gap]) -> str:
    """The same as a list to tick off."""
    lines = [
        line
        for gap in found
        for line in (
            f"- [ ] {_escaped(gap.searched)} ({_times(gap)}{_escaped(_behind(gap))})",
            *(f"  - {_escaped(words)}" for words in gap.also),
        )
    ]
    return "\n".join(["# What the notes do not cover", "", *(lines or [NO_GAPS])])


def gaps_csv(found: Sequence[Gap]) -> str:
    """The same as a table; no cell is a formula to a spreadsheet."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("question", "looked_for", "times", "last_asked", "outcome", "nearest_notes", "also_asked_as"))
    for gap in found:
        files, also = "; ".join(gap.files), "; ".join(gap.also)
        writer.writerow(_harmless((gap.question, gap.searched, gap.count, _day(gap), gap.outcome, files, also)))
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
