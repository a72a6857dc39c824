"""`footnote stats`: the bot's last days on one screen, from what it remembers, in the language that is spoken.

Knows nothing of Discord.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot import wording
from bot.commands.opened import AsJson, Data, settled
from bot.json_face import dumps
from bot.language import _, ngettext, number, percent, weekday
from bot.settings import Settings
from bot.state.gaps import gaps
from bot.state.store import read_store, state_path
from bot.state.week import Day, Week, week
from rag.build import current_build, read_episodes
from rag.errors import IndexProblem
from rag.phrase import Phrase

WIDTH = 36  # characters of the longest bar
SHOWN = 5  # episodes and gaps
MARKS = (
    ("answered", "█", Phrase("answered")),
    ("closest", "▓", Phrase("closest shown")),
    ("not_covered", "░", Phrase("not covered")),
)


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def stats(data: Data = None, as_json: AsJson = False) -> None:
    """Show the bot's last week in Discord on one screen. How much was asked, with what outcome, what is missing."""
    settings = settled(data=data)
    counted, missing = read_week(settings, time.time())
    if as_json:
        typer.echo(dumps(told(counted, missing)))
    else:
        Console(highlight=False).print(screen(counted, missing, episode_names(settings)))


def read_week(settings: Settings, now: float) -> tuple[Week, Sequence[tuple[str, int]]]:
    """The last days, and what was most asked and is not covered, with how often. Raises StateError."""
    with read_store(state_path(settings.data)) as store:
        return week(store, now), [(gap.searched, gap.count) for gap in gaps(store)[:SHOWN]]


def episode_names(settings: Settings) -> Mapping[str, str]:
    """The episodes' names by their ids, as the index has them; none where there is no index."""
    try:
        return {episode.id: episode.name for episode in read_episodes(current_build(settings.data))}
    except IndexProblem:
        return {}


def told(counted: Week, missing: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """All of it for a program."""
    plain = asdict(counted)
    for day in plain["days"]:
        day["date"] = day["date"].isoformat()
    return {**plain, "gaps": [{"question": question, "count": count} for question, count in missing]}


def screen(counted: Week, missing: Sequence[tuple[str, int]], names: Mapping[str, str]) -> RenderableType:
    """One screen of it; `names` has the episodes' names by their ids."""
    asked = sum(day.asked for day in counted.days)
    if not asked:
        return Text(_("Nobody has asked anything in the last {n} days.").format(n=number(len(counted.days))))
    return Group(*_parts(counted, asked, missing, names))


def _parts(
    counted: Week, asked: int, missing: Sequence[tuple[str, int]], names: Mapping[str, str]
) -> Iterator[RenderableType]:
    questions, people = (
        ngettext("{n} question", "{n} questions", asked),
        ngettext("{n} person", "{n} people", counted.people),
    )
    heading = _("The last {n} days: {questions} from {people}")
    yield Text(heading.format(n=number(len(counted.days)), questions=questions, people=people) + "\n", style="bold")
    yield _chart(counted.days)
    yield Text("  ".join(f"{mark} {_(label)}" for _field, mark, label in MARKS) + "\n", style="dim")
    yield Text(_sums(counted, asked))
    if counted.cited:
        yield _list(_("Most cited"), [(names.get(episode, episode), count) for episode, count in counted.cited[:SHOWN]])
    if missing:
        yield _list(_("Most asked, not covered"), missing)


def _sums(counted: Week, asked: int) -> str:
    answered = percent(sum(day.answered for day in counted.days) / asked)
    cast = _("{ups} up, {downs} down").format(ups=number(counted.ups), downs=number(counted.downs))
    votes = cast if counted.ups or counted.downs else _("none")
    sums = _("Answered: {answered}. Votes: {votes}. Citations reported as wrong: {reports}.")
    return sums.format(answered=answered, votes=votes, reports=number(counted.reports))


def _chart(days: Sequence[Day]) -> Table:
    """A bar a day, of marks that differ without colour."""
    most = max(day.asked for day in days)
    table = Table.grid(padding=(0, 1))
    for day in days:
        bar = "".join(mark * round(WIDTH * getattr(day, name) / most) for name, mark, _label in MARKS)
        if day.asked and not bar:
            bar = MARKS[0][1]
        table.add_row(weekday(day.date), wording.format_date(day.date.isoformat()), number(day.asked), bar)
    return table


def _list(title: str, rows: Sequence[tuple[str, int]]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right")
    for words, count in rows:
        table.add_row(f"{number(count)} x", Text(wording.clean(words)))
    return Group(Text(f"\n{title}", style="bold"), table)
