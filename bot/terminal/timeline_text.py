"""A topic over time in a terminal: one line an episode, a bar the higher the more is said in that stretch.

Knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from bot import wording
from bot.files.timeline_chart import NO_MINUTES, OVER_TIME, WITHOUT_MINUTE, Chart, Strip, has_untimed, summary
from bot.language import _
from bot.terminal.render_text import BLANK, HEADING, MARK, QUIET, Line, make_line

BARS = "▁▂▃▄▅▆▇█"
SILENT, OVER = "─", " "  # nothing of the topic is said there; the episode is over
LEAST_WIDTH, MOST_WIDTH = 20, 72  # characters of the bars
LONGEST_NAME = 34
LONGEST_DATE = 12


def lines(drawn: Chart, *, width: int = 100) -> list[Line]:
    """The strips as lines that fit into so many columns."""
    named = min(max((cell_len(strip.title) for strip in drawn.strips), default=0), LONGEST_NAME, max(width // 3, 12))
    dated = max((cell_len(strip.date) for strip in drawn.strips), default=0)
    left = dated + 2 * bool(dated) + named + 2
    bars = max(LEAST_WIDTH, min(MOST_WIDTH, width - left - 14))
    shown = [make_line(f"{_(OVER_TIME).format(topic=drawn.topic)}: {summary(drawn)}", style=HEADING), BLANK]
    shown += [_strip(strip, dated, named, bars) for strip in drawn.strips]
    return [*shown, *([_axis(drawn, left, bars)] if drawn.seconds else [])]


def bars_of(strip: Strip, width: int) -> str:
    """The bars of a strip, `width` characters; blank where the episode is over."""
    counts = [0] * width
    for mark in strip.marks:
        counts[min(int(mark.at * width), width - 1)] += 1
    highest = max(counts, default=0)
    return "".join(_bar(count, highest, over=n >= max(strip.length * width, 1)) for n, count in enumerate(counts))


def _bar(count: int, highest: int, *, over: bool) -> str:
    if not count:
        return OVER if over else SILENT
    return BARS[round(count / max(highest, 3) * (len(BARS) - 1))]


def _strip(strip: Strip, dated: int, named: int, width: int) -> Line:
    date = f"{strip.date:>{dated}}  " if dated else ""
    line = Text.assemble((date, QUIET), f"{_cut(wording.clean(strip.title), named)}  ")
    line.append(bars_of(strip, width) if strip.length else _cut(_(NO_MINUTES), width), MARK)
    line.append("  " + " ".join(filter(None, strip.counts)))
    return Line(text=line)


def _axis(drawn: Chart, left: int, width: int) -> Line:
    written = [" "] * width
    for at, minute in drawn.ticks:
        _write(written, round(at * width), minute)
    note = f"  {_(WITHOUT_MINUTE)}" if has_untimed(drawn) else ""
    return make_line(" " * left + "".join(written) + note, style=QUIET)


def _write(written: list[str], at: int, minute: str) -> None:
    """Write a minute below its place, unless it would touch another one or not fit."""
    end = at + len(minute)
    if end <= len(written) and not "".join(written[max(at - 1, 0) : end + 1]).strip():
        written[at:end] = minute


def _cut(text: str, width: int) -> str:
    """Exactly `width` columns of a text, with "…" where some is missing."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells with columns of equal width, the last one as it is."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([*map(set_cell_size, row[:-1], widths), row[-1]]).rstrip() for row in rows]
