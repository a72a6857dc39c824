"""A file about one episode: finding its title, header lines, links and guests at the top.

Shared by the readers; each says for itself which passages the rest of the file has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from rag.readers import dates, heads, names, shows
from rag.readers import header as headers
from rag.readers.base import Part, Source, Unit, shown
from rag.readers.blocks import Block
from rag.readers.header import About, Front

Role = Literal["title", "generic", "author"]

_TITLE_LENGTH = 120
_LEADING_BLOCKS = 4
_LINK_BLOCKS = 10
_OPENING = 1500
_HOSTS = r"(?:’s|'s)? (?:asks|asked|interviews|interviewed|hosts|podcast|show|sits down|talks (?:to|with))\b"


@dataclass(frozen=True, kw_only=True)
class Top:
    """The top of a file: what it says, and how many blocks of it only say that."""

    about: About
    blocks: int
    units: tuple[Unit, ...]
    header: str


def top(source: Source, front: Front, found: Sequence[Block]) -> Top:
    """Front matter, title and header lines of a file about one episode."""
    roles = _leading(found, titled=bool(front.about.title))
    after = len(roles)
    while after < len(found) and after - len(roles) < _LINK_BLOCKS and headers.is_about(found[after]):
        after += 1
    said = list(zip(roles, found, strict=False))
    titles = (block.text for role, block in said if role == "title")
    head = headers.About()
    for title in titles:
        head = head.filled(headers.from_head(heads.parse(title, day_first=_day_first(source))))
    known = replace(front.about, guests=front.about.guests or heads.parse(front.about.title).guests)
    about = known.filled(headers.of_blocks(found[len(roles) : after], head))
    author = headers.author_of(block.text for role, block in said if role == "author")
    early = [block for block in found[after:_LINK_BLOCKS] if block.is_link]
    about = about.filled(About(author=author, urls=headers.of_blocks(early).urls))
    units = _units(source, front, found[:after])
    text = " ".join(shown(source, unit.start, unit.end) for unit in units)
    return Top(about=about, blocks=after, units=units, header=text)


def part(source: Source, found_top: Top, units: Sequence[Unit], *, guess: bool) -> Part:
    """The one part of such a file. `guess` allows guests to be gathered from who speaks in the text."""
    about = found_top.about
    about = replace(about, show=about.show or _show(source, about))
    about = replace(about, guests=about.guests or _guests_of_links(about, source.text))
    guessed = guess and not about.guests and not about.title
    if guessed:
        about = replace(about, guests=_speaking(source, about))
    filled = [line.number for line in source.lines if line.text.strip("\ufeff \t")]
    entry = about.entry(source, filled[0] if filled else 1, filled[-1] if filled else 1)
    entry = replace(entry, title="") if guessed else entry
    return Part(entry=entry, units=(*found_top.units, *units), header=found_top.header, guessed_guests=guessed)


def header_units(source: Source, named: Sequence[Block]) -> tuple[Unit, ...]:
    """The passage made of the lines that name an episode; several where other lines stand between them."""
    found: list[Unit] = []
    for block in named:
        unit = replace(block.unit(), seconds=None, seconds_end=None)
        if found and not source.text[found[-1].end : unit.start].strip(" \t\r\n*_#>-+•"):
            found[-1] = replace(found[-1], end=unit.end, line_end=unit.line_end)
        else:
            found.append(unit)
    return tuple(found)


def _day_first(source: Source) -> bool:
    return dates.day_first([source.text[:_OPENING]]) is True


def _leading(found: Sequence[Block], *, titled: bool) -> Sequence[Role]:
    """What the blocks at the top are, up to the first that is no title, note-taker or mere `My notes`."""
    roles: list[Role] = []
    for index, block in enumerate(found[:_LEADING_BLOCKS]):
        after = found[index + 1] if index + 1 < len(found) else None
        role = _role(block, after, first=index == 0, titled=titled)
        if role is None:
            break
        roles.append(role)
        titled = titled or (role == "title" and bool(heads.parse(block.text).title))
    return roles[:1] if len(roles) == len(found) else roles


def _role(block: Block, after: Block | None, *, first: bool, titled: bool) -> Role | None:
    if not block.single or len(block.text) > _TITLE_LENGTH or not _stands_alone(block) or headers.is_about(block):
        return None
    if heads.is_section(block.text) and not heads.is_generic(block.text):
        return None
    if headers.author_of([block.text]) and (not first or _names_author(block, after)):
        return "author"
    if heads.is_generic(block.text):
        return "generic" if block.kind == "paragraph" or block.level <= 1 or not block.marked else None
    if block.kind == "heading" and block.marked:
        return "title" if not titled else "generic" if first and block.level == 1 else None
    return "title" if not titled and not block.text.endswith((".", "!", ",", ";", ":", "…")) else None


def _names_author(block: Block, after: Block | None) -> bool:
    """Whether a first line gives the note-taker: it says so, or it is a name above a line such as `My notes`."""
    said = re.search(r"\bby\b", block.text, re.IGNORECASE) is not None or headers.field(block.text) is not None
    return said or (after is not None and heads.is_generic(after.text))


def _stands_alone(block: Block) -> bool:
    if block.kind == "bullet" or block.is_link or block.unit().seconds is not None:
        return False
    return block.apart or (block.kind == "heading" and block.marked)


def _units(source: Source, front: Front, named: Sequence[Block]) -> tuple[Unit, ...]:
    found: list[Unit] = []
    for first, last in front.naming:
        lines = source.lines[first - 1 : last]
        found.append(Unit(start=lines[0].start, end=lines[-1].end, line_start=first, line_end=last))
    said = " ".join(shown(source, unit.start, unit.end) for unit in found)
    titles = header_units(source, named)
    return (*found, *(unit for unit in titles if shown(source, unit.start, unit.end) not in said))


def _show(source: Source, about: About) -> str | None:
    """The show of a known site among the links, or of a host whom the text names in full and lets ask."""
    site = next((show for url in about.urls if (show := shows.by_url(url))), None)
    if site:
        return site.name
    for show in shows.known():
        for host in show.hosts:
            calls = "|".join(map(re.escape, (host, host.split()[0])))
            if host in source.text[:_OPENING] and re.search(rf"\b(?:{calls}){_HOSTS}", source.text):
                return show.name
    return None


def _guests_of_links(about: About, text: str) -> tuple[str, ...]:
    for url in about.urls:
        if shows.by_url(url):
            guests = names.from_slug(urlsplit(url).path.rstrip("/").rpartition("/")[2], text)
            if guests:
                return guests
    return ()


def _speaking(source: Source, about: About) -> tuple[str, ...]:
    show = shows.by_name(about.show) if about.show else None
    hosts = (*about.hosts, *(show.hosts if show else ()))
    return tuple(name for name in names.speaking(source.text) if not any(names.same(name, host) for host in hosts))
