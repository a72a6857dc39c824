"""Lays statements and their sources out on pages of an embed, within Discord's limits.

A statement always stands on one page with the sources it cites. Pure functions; knows nothing of what is stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import discord

from bot import wording
from bot.discord.text import length, link, safe
from rag.types import Citation

DESCRIPTION_LIMIT = 4096
QUOTE_LIMIT = 1200
CUT_NOTE_ROOM = 60  # kept free for the line that says how much is missing


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One line of an embed and the numbers of the citations that must be listed with it."""

    text: str
    citations: tuple[int, ...] = ()
    theme: str = ""


def compose(
    opening: Iterable[str], statements: Sequence[Statement], citations: Iterable[Citation] = (), *, again: str = ""
) -> tuple[str, ...]:
    """Page after page, the first with the opening and each other one with `again` above its statements."""
    sources = {citation.n: citation for citation in citations}
    head, kept, pages = paragraphs(opening), list[Statement](), list[str]()
    for statement in statements:
        if (kept or head != again) and length(_lay_out(head, [*kept, statement], sources)) > DESCRIPTION_LIMIT:
            pages.append(_lay_out(head, kept, sources))
            head, kept = again, []
        kept.append(statement)
    pages.append(_lay_out(head, kept, sources))
    return tuple(fitting(page.splitlines()) for page in pages)


def embeds(title: str, colour: discord.Colour, pages: Sequence[str]) -> tuple[discord.Embed, ...]:
    """An embed a page, with its number where there are several."""
    return tuple(one_of(title, colour, page, number=number, of=len(pages)) for number, page in enumerate(pages))


def one_of(title: str, colour: discord.Colour, page: str, *, number: int, of: int) -> discord.Embed:
    """The embed of page `number`, from 0, of so many."""
    embed = discord.Embed(title=title, colour=colour, description=page)
    return embed.set_footer(text=f"Page {number + 1} of {of}") if of > 1 else embed


def fitting(lines: Sequence[str], limit: int = DESCRIPTION_LIMIT) -> str:
    """The lines, as many as fit, and a word on what is missing."""
    if length("\n".join(lines)) <= limit:
        return "\n".join(lines)
    kept: list[str] = []
    for line in lines:
        if length("\n".join([*kept, line])) > limit - CUT_NOTE_ROOM:
            break
        kept.append(line)
    missing = sum(bool(line) for line in lines[len(kept) :])
    return paragraphs(["\n".join(kept).rstrip(), f"*{wording.plural(missing, 'line')} more did not fit here.*"])


def source(citation: Citation) -> str:
    """ "[1] **Show: Title** · 6 Jul 2023 · 1:07:30 · notes.txt line 12", with episode and minute as links."""
    name = link(wording.episode_name(citation.show, citation.episode), citation.url)
    file = f"{safe(citation.note_file, 80)} {counted(citation)} {wording.lines(citation.line_start, citation.line_end)}"
    also = safe(wording.also(citation.also), 200) if citation.also else ""
    date = safe(wording.format_date(citation.date), 40)
    return " · ".join(filter(None, (f"[{citation.n}] **{name}**", date, minute(citation), file, also)))


def minute(citation: Citation) -> str:
    """The minute as a link to it; "" where it is not known."""
    return "" if citation.seconds is None else link(wording.minute(citation), citation.url)


def counted(citation: Citation) -> str:
    """ "line", "lines", "page"…"""
    return citation.counted + ("" if citation.line_start == citation.line_end else "s")


def quoted(text: str) -> str:
    """What the notes say, word for word."""
    return f"“{safe(text, QUOTE_LIMIT)}”"


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that say something, an empty line between them."""
    return "\n\n".join(filter(None, parts))


def _lay_out(head: str, statements: Sequence[Statement], sources: Mapping[int, Citation]) -> str:
    parts = [head]
    for theme, group in groupby(statements, key=lambda statement: statement.theme):
        lines = [_marked(statement) for statement in group]
        parts.append("\n".join([f"**{safe(theme, 120)}**", *lines] if theme else lines))
    cited = sorted({n for statement in statements for n in statement.citations if n in sources})
    if cited:
        parts.append("\n".join(["**Sources**", *(source(sources[n]) for n in cited)]))
    return paragraphs(parts)


def _marked(statement: Statement) -> str:
    return " ".join([statement.text, *(f"[{n}]" for n in statement.citations)])
