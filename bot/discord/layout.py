"""Lays statements and their sources out on pages of an embed, within Discord's limits.

A statement always stands on one page with the sources it cites. Pure functions; knows nothing of what is stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import discord

from bot import wording
from bot.discord.text import length, link, safe
from bot.language import _, ngettext
from rag.types import Citation

DESCRIPTION_LIMIT = 4096
QUOTE_LIMIT = 1200
PLACES_A_LINE = 5
_LEVELS = ("", "- ", "  - ")
CUT_NOTE_ROOM = 60  # kept free for the line that says how much is missing


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One line of an embed and the numbers of the citations that must be listed with it.

    Attributes:
        theme: what it stands under, with those beside it that have the same.
        level: 0: a paragraph of its own; 1: a point of a list; 2: one below the point before it.
    """

    text: str
    citations: tuple[int, ...] = ()
    theme: str = ""
    level: int = 0


def compose(
    opening: Iterable[str], statements: Sequence[Statement], citations: Iterable[Citation] = (), *, again: str = ""
) -> tuple[str, ...]:
    """Page after page, the first with the opening and each other one with `again` above its statements."""
    known = {citation.n: citation for citation in citations}
    head, kept, pages = paragraphs(opening), list[Statement](), list[str]()
    for statement in statements:
        if (kept or head != again) and length(_lay_out(head, [*kept, statement], known)) > DESCRIPTION_LIMIT:
            pages.append(_lay_out(head, kept, known))
            head, kept = again, []
        kept.append(statement)
    pages.append(_lay_out(head, kept, known))
    return tuple(fitting(page.splitlines()) for page in pages)


def embeds(title: str, colour: discord.Colour, pages: Sequence[str], *, note: str = "") -> tuple[discord.Embed, ...]:
    """An embed a page, with its number where there are several; `note` stands small below each."""
    of = len(pages)
    return tuple(one_of(title, colour, page, number=number, of=of, note=note) for number, page in enumerate(pages))


def one_of(title: str, colour: discord.Colour, page: str, *, number: int, of: int, note: str = "") -> discord.Embed:
    """The embed of page `number`, from 0, of so many."""
    place = _("Page {page} of {pages}").format(page=number + 1, pages=of) if of > 1 else ""
    embed = discord.Embed(title=title, colour=colour, description=page)
    return embed.set_footer(text="\n".join(filter(None, (note, place)))) if note or place else embed


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
    cut = ngettext("{n} line more did not fit here.", "{n} lines more did not fit here.", missing)
    return paragraphs(["\n".join(kept).rstrip(), f"*{cut}*"])


def source(citation: Citation) -> str:
    """ "[1] **Show: Title** · 6 Jul 2023 · 1:07:30 · notes.txt line 12", with episode and minute as links."""
    return f"[{citation.n}] {' · '.join([_episode(citation), *_place(citation)])}"


def sources(citations: Iterable[Citation]) -> list[str]:
    """Each episode on a line of its own, and below it a line for each note with the places that are cited of it."""
    cited: dict[str, dict[str, list[Citation]]] = {}
    for citation in citations:
        cited.setdefault(citation.episode_id, {}).setdefault(citation.note_file, []).append(citation)
    lines: list[str] = []
    for notes in cited.values():
        first = next(iter(notes.values()))[0]
        lines += [_episode(first), *(line for places in notes.values() for line in _places(places))]
    return lines


def minute(citation: Citation) -> str:
    """The minute as a link to it; "" where it is not known."""
    return "" if citation.seconds is None else link(wording.minute(citation), citation.url)


def quoted(text: str, limit: int = QUOTE_LIMIT) -> str:
    """What the notes say, word for word, in the quotation marks of the language that is spoken."""
    return _("“{quote}”").format(quote=safe(text, limit))


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that say something, an empty line between them."""
    return "\n\n".join(filter(None, parts))


def _lay_out(head: str, statements: Sequence[Statement], known: Mapping[int, Citation]) -> str:
    parts = [head]
    for theme, group in groupby(statements, key=lambda statement: statement.theme):
        lines = [_marked(statement) for statement in group]
        named = [f"**{safe(theme, 120)}**"] if theme else []
        parts += ["\n".join([*named, *lines])] if named or _is_list(statements) else lines
    cited = sorted({n for statement in statements for n in statement.citations if n in known})
    if cited:
        parts.append("\n".join([f"-# {_('Sources')}", *sources(known[n] for n in cited)]))
    return paragraphs(parts)


def _is_list(statements: Sequence[Statement]) -> bool:
    return any(statement.level for statement in statements)


def _episode(citation: Citation) -> str:
    name = link(wording.episode_name(citation.show, citation.episode), citation.url)
    return " · ".join(filter(None, (f"**{name}**", safe(wording.format_date(citation.date), 40))))


def _places(of_one_note: Sequence[Citation]) -> Iterator[str]:
    """ "[1] 26:00 · notes.txt line 14", or "notes.txt: [1] 26:00, line 14 · [2] line 20", a few places a line."""
    if len(of_one_note) == 1:
        yield f"[{of_one_note[0].n}] {' · '.join(_place(of_one_note[0]))}"
        return
    said = [f"[{each.n}] {', '.join(filter(None, (minute(each), _where(each), _also(each))))}" for each in of_one_note]
    for start in range(0, len(said), PLACES_A_LINE):
        yield f"{safe(of_one_note[0].note_file, 80)}: {' · '.join(said[start : start + PLACES_A_LINE])}"


def _place(citation: Citation) -> list[str]:
    file = f"{safe(citation.note_file, 80)} {_where(citation)}"
    return list(filter(None, (minute(citation), file, _also(citation))))


def _where(citation: Citation) -> str:
    return wording.within(citation.counted, citation.line_start, citation.line_end)


def _also(citation: Citation) -> str:
    return safe(wording.also(citation.also), 200) if citation.also else ""


def _marked(statement: Statement) -> str:
    return " ".join([_LEVELS[statement.level] + statement.text, *(f"[{n}]" for n in statement.citations)])
