"""Answers, refusals, topic summaries and episode lists as lines of text, plain or coloured.

`render` builds lines, `plain` gives them as one string, `show` prints them on a rich console. All text from
outside goes through `wording.clean` here. Knows nothing of JSON, of Discord or of how an answer came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from rich.console import Console
from rich.style import Style
from rich.table import Column, Table
from rich.text import Text

from bot import wording
from bot.language import _
from bot.terminal import topic_wording
from rag.map_types import TopicPoint, TopicSummary
from rag.types import Answer, Citation, Episode, NotCovered, Sentence

Result: TypeAlias = Answer | NotCovered | TopicSummary

QUOTE = Style()
MARK = Style(color="cyan", bold=True)
HEADING = Style(bold=True)
REFUSAL = Style(color="yellow", bold=True)
QUIET = Style(dim=True)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of output, `indent` columns from the left; a terminal that wraps it keeps the indent.

    `mark` stands in front of the text, within the indent.
    """

    text: Text
    indent: int = 0
    mark: str = ""

    @property
    def margin(self) -> str:
        """What stands left of the text: `indent` characters, the mark and one space last."""
        return f"{self.mark} ".rjust(self.indent) if self.mark else " " * self.indent


BLANK = Line(text=Text())


def render(result: Result) -> list[Line]:
    """The lines a user reads; text in them is safe to print, links are set on the citations' numbers."""
    if isinstance(result, Answer):
        return _answer(result)
    if isinstance(result, TopicSummary):
        return _topic(result)
    return _refusal(result)


def plain(lines: Iterable[Line]) -> str:
    """`lines` without colours or links, joined by line feeds."""
    return "\n".join((line.margin + line.text.plain).rstrip() for line in lines)


def show(console: Console, lines: Iterable[Line]) -> None:
    """Print `lines`: wrapped on a terminal, whole where the output goes to a file or a pipe."""
    for line in lines:
        if console.is_terminal:
            console.print(row(line) if line.margin else line.text, overflow="fold")
        else:
            console.print(plain([line]), soft_wrap=True, markup=False, highlight=False, emoji=False)


def episode_list(episodes: Sequence[Episode]) -> list[Line]:
    """Every episode under its show, with its guests, the number of notes about it and its first link."""
    if not episodes:
        return [make_line(_("There are no episodes in your notes yet."))]
    lines = [make_line(wording.knows(episodes), style=HEADING)]
    for name, group in groupby(episodes, key=lambda episode: episode.show):
        lines += [BLANK, make_line(name or _("Show not named"), style=HEADING)]
        lines += [line for episode in group for line in _episode(episode)]
    return lines


def surroundings(citation: Citation) -> list[Line]:
    """A citation's place, its passage as it stands in the note, and the lines around it."""
    around = (
        ((text, QUIET) for text in citation.before),
        [(citation.whole, QUOTE)],
        ((t, QUIET) for t in citation.after),
    )
    lines = [make_line(text, indent=6, style=style) for part in around for text, style in part if text]
    return [*_source(citation), *(lines or [make_line(citation.display, indent=6)])]


def evidence(citations: Sequence[Citation]) -> list[Line]:
    """The places that an answer is being written from."""
    places = [make_line(wording.source(citation), indent=2, style=QUIET) for citation in citations]
    return [make_line(_("From {passages}:").format(passages=wording.passages(len(places)))), *places, BLANK]


def statement(sentence: Sentence, cited: Sequence[Citation]) -> Line:
    """One sentence of an answer, a quote in quotation marks, with the numbers of what it cites."""
    return _statement(sentence, _links(cited))


def citations_in_full(citations: Sequence[Citation]) -> list[Line]:
    """Every citation with its episode, its file and lines, and the quote as it stands there."""
    if not citations:
        return [make_line(_("The last answer cites nothing."))]
    return [line for citation in citations for line in (*_source(citation), *_verbatim(citation), BLANK)][:-1]


def _answer(answer: Answer) -> list[Line]:
    links = _links(answer.citations)
    statements = [_statement(sentence, links) for sentence in answer.sentences]
    who = [BLANK, make_line(written, style=QUIET)] if (written := wording.written(answer.sentences)) else []
    return [make_line(_(answer.lead_in)), BLANK, *statements, *who, *_searched(answer), *_sources(answer.citations)]


def _refusal(result: NotCovered) -> list[Line]:
    lines = [make_line(wording.refusal(result), style=REFUSAL)]
    if absent := wording.absent(result.absent_words):
        lines.append(make_line(absent))
    lines += [make_line(line) for line in (wording.did_you_mean(result.did_you_mean),) if line]
    lines += _searched(result)
    if result.closest:
        lines += [BLANK, make_line(_("What comes closest:"))]
    for citation in result.closest:
        lines += [BLANK, _marked(_quoted(citation.display), (citation.n,), _links([citation]))]
        lines += _place(citation, indent=6)
    near = wording.near_episodes(result.near_episodes), topic_wording.near_topics(result.near_topics)
    lines += [line for text in near if text for line in (BLANK, make_line(text, style=QUIET))]
    return lines


def _topic(summary: TopicSummary) -> list[Line]:
    links = _links(summary.citations)
    opening = _("What your notes say about {topic}, from {episodes}:")
    lines = [make_line(opening.format(topic=summary.topic, episodes=wording.episodes(len(summary.episodes))))]
    lines += [make_line(_("Looked for: {words}").format(words=summary.searched))] if summary.searched else []
    for theme, points in groupby(summary.points, key=lambda point: point.theme):
        lines += [BLANK, make_line(theme, style=HEADING)] if theme else [BLANK]
        lines += [line for point in points for line in _point(point, links)]
    told = (topic_wording.written(summary), topic_wording.coverage(summary), *map(_, summary.remarks))
    lines += [line for text in told if text for line in (BLANK, make_line(text, style=QUIET))]
    lines += [*_sources(summary.citations), BLANK, make_line(_("Episodes"), style=HEADING)]
    names = (wording.episode_name(episode.show, episode.title, episode.date) for episode in summary.episodes)
    return [*lines, *(make_line(name, indent=2) for name in names)]


def _point(point: TopicPoint, links: dict[int, str]) -> list[Line]:
    """Its statement, and further quotes of the same matter below it."""
    return [_statement(point, links), *(replace(_statement(quote, links), indent=6) for quote in point.more)]


def _statement(item: Sentence | TopicPoint, links: dict[int, str]) -> Line:
    return _marked(_quoted(item.text) if item.verbatim else item.text, item.citations, links)


def _marked(text: str, numbers: Sequence[int], links: dict[int, str]) -> Line:
    """`text` with its citation numbers behind it, each a link where one is known."""
    line = Text(wording.clean(text), style=QUOTE)
    for number in numbers:
        line.append(" ")
        line.append(f"[{number}]", style=MARK + Style(link=links.get(number)))
    return Line(text=line, indent=2)


def _searched(result: Answer | NotCovered) -> list[Line]:
    """What was looked for if not the question's own words, where, and what there is to say about that."""
    other = result.searched and result.searched != result.question
    lines = [_("Looked for: {words}").format(words=result.searched)] if other else []
    lines += [*wording.searched(result.filters), *map(_, result.remarks)]
    return [BLANK, *(make_line(line, style=QUIET) for line in lines)] if lines else []


def _sources(citations: Sequence[Citation]) -> list[Line]:
    lines = [BLANK, make_line(_("Sources"), style=HEADING)]
    return lines + [line for citation in citations for line in _source(citation)]


def _source(citation: Citation) -> list[Line]:
    first, *rest = _place(citation, indent=6)
    return [replace(first, mark=f"[{citation.n}]"), *rest]


def _place(citation: Citation, *, indent: int) -> list[Line]:
    lines = [make_line(wording.source(citation), indent=indent)]
    if citation.also:
        lines.append(make_line(wording.also(citation.also), indent=indent, style=QUIET))
    if url := wording.safe_url(citation.url):
        borrowed = "  " + _("(link from {note})").format(note=citation.url_note) if citation.url_note else ""
        link = Text.assemble((url, QUIET + Style(link=url)), (wording.clean(borrowed), QUIET))
        lines.append(Line(text=link, indent=indent))
    return lines


def row(line: Line) -> Table:
    """A line for a rich terminal, with its indent kept where it wraps."""
    grid = Table.grid(Column(width=len(line.margin), no_wrap=True), Column(overflow="fold"))
    grid.add_row(Text(line.margin, style=MARK if line.mark else QUOTE), line.text)
    return grid


def _verbatim(citation: Citation) -> Iterator[Line]:
    return (make_line(piece, indent=6) for piece in citation.quote.splitlines() if piece.strip())


def _episode(episode: Episode) -> Iterator[Line]:
    notes = wording.notes(len({entry.note_file for entry in episode.entries}))
    guests = "" if set(episode.guests) <= set(episode.title.split(", ")) else ", ".join(episode.guests)
    name = wording.episode_name(None, episode.title, episode.date)
    yield make_line(" · ".join(filter(None, (name, guests, notes))), indent=2)
    for url in filter(None, map(wording.safe_url, episode.urls[:1])):
        yield Line(text=Text(url, style=QUIET + Style(link=url)), indent=6)


def _links(citations: Iterable[Citation]) -> dict[int, str]:
    pairs = ((citation.n, wording.safe_url(citation.url)) for citation in citations)
    return {n: url for n, url in pairs if url}


def _quoted(text: str) -> str:
    return f"“{text}”"


def make_line(text: str, *, indent: int = 0, style: Style = QUOTE) -> Line:
    return Line(text=Text(wording.clean(text), style=style), indent=indent)
