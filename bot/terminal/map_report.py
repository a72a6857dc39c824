"""The map of the notes as lines of text: topics, two things side by side, what is new.

Text from outside goes through `make_line`. Knows nothing of JSON or of Discord.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from bot import wording
from bot.language import _
from bot.terminal.render_text import BLANK, HEADING, MARK, QUIET, QUOTE, Line, make_line
from bot.terminal.topic_wording import apart
from rag.map_types import Comparison, Digest, News, Side, Subject
from rag.types import Citation

NO_TOPICS = "Your notes have no topics yet: nothing comes up in more than one passage."
NONE_FITS = "No topic of your notes has these words. See all of them with: footnote topics --all"
LONGEST_TOPIC = 40
WIDE = 110  # columns from which two sides stand beside each other


def topics(subjects: Sequence[Subject], *, most: int, wanted: str = "") -> list[Line]:
    """The topics as a table, at most so many."""
    shown = subjects[:most]
    if not shown:
        return [make_line(NONE_FITS if wanted else NO_TOPICS)]
    rows = [("Topic", "Passages", "Episodes", "From – to")]
    rows += [(_cut(_named(s)), f"{s.passages:,}", f"{len(s.episodes):,}", span(s)) for s in shown]
    lines = _aligned(rows)
    missing = len(subjects) - len(shown)
    if missing:
        lines += [BLANK, make_line(f"{wording.plural(missing, 'topic')} more: footnote topics --all", style=QUIET)]
    return lines


def fitting(subjects: Iterable[Subject], wanted: str) -> list[Subject]:
    """The topics one of whose names has all of the words."""
    words = wanted.casefold().split()
    return [s for s in subjects if all(word in " ".join((s.name, *s.also)).casefold() for word in words)]


def span(subject: Subject) -> str:
    """ "6 Jul 2023 – 3 Mar 2024"; one date where both are the same."""
    dates = dict.fromkeys(wording.format_date(date) for date in (subject.first, subject.last) if date)
    return " – ".join(dates)


def comparison(result: Comparison, *, width: int = 80) -> list[Line]:
    """Both sides: beside each other where there is room, else one below the other."""
    sides = (result.left, result.right)
    lines = [make_line(f"{_side(side)}", style=HEADING) for side in sides]
    if said := apart(result):
        lines += [BLANK, make_line(_(said), style=QUIET)]
    citations = {citation.n: citation for citation in result.citations}
    for row in result.rows:
        left, right = ([citations[n] for n in numbers] for numbers in (row.left, row.right))
        lines += [BLANK, make_line(row.theme, style=HEADING)]
        lines += _beside(left, right, width) if width >= WIDE else _below(left, right, sides)
    return [*lines, *_sources(result.citations)]


def digest(news: Digest) -> list[Line]:
    """Each new episode with its points."""
    day = wording.format_date(news.since)
    if not news.episodes:
        return [make_line(f"Nothing in your notes is of {day} or newer.")]
    lines = [make_line(f"New in your notes since {day}: {wording.plural(len(news.episodes) + news.more, 'episode')}")]
    citations = {citation.n: citation for citation in news.citations}
    for each in news.episodes:
        lines += [BLANK, make_line(episode_heading(each), style=HEADING)]
        lines += [_quote(citations[n], indent=2) for n in each.points]
        lines += [] if each.points else [make_line("Nothing in it stands for itself.", indent=2, style=QUIET)]
    if news.more:
        more = f"{wording.plural(news.more, 'episode')} more; ask for a later day to see fewer."
        lines += [BLANK, make_line(more, style=QUIET)]
    return [*lines, *_sources(news.citations)]


def episode_heading(news: News) -> str:
    """The episode with its date, and the day its notes came where that is later."""
    name = wording.episode_name(news.episode.show, news.episode.title, news.episode.date)
    is_later = news.added and news.added > (news.episode.date or "")
    return (
        _("{episode}, notes of {date}").format(episode=name, date=wording.format_date(news.added)) if is_later else name
    )


def _named(subject: Subject) -> str:
    return wording.clean(" / ".join((subject.name, *subject.also[:2])))


def _cut(text: str) -> str:
    return text if cell_len(text) <= LONGEST_TOPIC else f"{text[: LONGEST_TOPIC - 1].rstrip()}…"


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> list[Line]:
    """The first row as a heading; numbers to the right."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(3)]
    lines: list[Line] = []
    for number, (name, *counts, dates) in enumerate(rows):
        cells = [name + " " * (widths[0] - cell_len(name))]
        cells += [f"{count:>{width}}" for count, width in zip(counts, widths[1:], strict=True)]
        lines.append(make_line("  ".join([*cells, dates]).rstrip(), style=QUOTE if number else HEADING))
    return lines


def _side(side: Side) -> str:
    counts = f"{wording.plural(side.passages, 'passage')}, {wording.plural(len(side.episodes), 'episode')}"
    return f"{wording.clean(side.label)} ({side.kind}; {counts})"


def _beside(left: Sequence[Citation], right: Sequence[Citation], width: int) -> list[Line]:
    """Two columns of quotes."""
    column = (width - 5) // 2
    lines: list[Line] = []
    for one, other in zip_longest(left, right):
        pair = [_wrapped(each, column) if each else [] for each in (one, other)]
        for ours, theirs in zip_longest(*pair, fillvalue=""):
            lines.append(make_line(f"{ours}{' ' * (column - cell_len(ours))}   {theirs}".rstrip(), indent=2))
    return lines


def _wrapped(citation: Citation, width: int) -> list[str]:
    from rich.console import Console

    text = Text(f"“{wording.clean(citation.display)}” [{citation.n}]")
    return [line.plain.rstrip() for line in text.wrap(Console(width=width), width)]


def _below(left: Sequence[Citation], right: Sequence[Citation], sides: tuple[Side, Side]) -> list[Line]:
    lines: list[Line] = []
    for side, quotes in zip(sides, (left, right), strict=True):
        if quotes:
            lines += [make_line(f"{side.label}:", indent=2, style=QUIET), *(_quote(each, indent=4) for each in quotes)]
    return lines


def _quote(citation: Citation, *, indent: int) -> Line:
    text = Text(f"“{wording.clean(citation.display)}” ")
    url = wording.safe_url(citation.url)
    text.append(f"[{citation.n}]", style=MARK + Style(link=url) if url else MARK)
    return Line(text=text, indent=indent)


def _sources(citations: Iterable[Citation]) -> list[Line]:
    lines = [BLANK, make_line("Sources", style=HEADING)]
    for citation in citations:
        place = make_line(wording.source(citation), indent=6)
        lines.append(Line(text=place.text, indent=6, mark=f"[{citation.n}]"))
        if url := wording.safe_url(citation.url):
            lines.append(make_line(url, indent=6, style=QUIET))
    return lines
