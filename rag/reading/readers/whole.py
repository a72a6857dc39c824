"""A file about one episode: finding its title, header lines, links and guests at the top.

Shared by the readers; each says for itself which passages the rest of the file has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from rag.phrase import Phrase
from rag.reading.readers import dates, heads, names, shows
from rag.reading.readers import header as headers
from rag.reading.readers.base import Part, Reading, Source, Unit, shown
from rag.reading.readers.blocks import BOLD, Block
from rag.reading.readers.front import Front
from rag.reading.readers.header import About
from rag.reading.text import readable
from rag.types import NoteKind, ReadWarning

Role = Literal["title", "generic", "author", "show"]

_TITLE_LENGTH = 120
_LEADING_BLOCKS = 4
_LINK_BLOCKS = 10
_OPENING = 1500
_SPOKEN = 12_000
_METADATA = re.compile(
    r"\W*(?:(?:episode|podcast|show|document) )?(?:metadata|info(?:rmation)?|details|properties)\W*", re.IGNORECASE
)
_NAMES = r"(?P<show>[A-Z0-9][\w'’&]*(?: (?:(?:of|the|and|to|with|for|in|a) )?[A-Z0-9][\w'’&]*){0,5})"
_WELCOME = re.compile(
    r"\b(?:[Ww]elcome (?:back )?to|[Ll]istening to|[Tt]his is|[Ee]pisode (?:of|\d+ of)) (?:the )?"
    rf"{_NAMES}(?P<podcast> podcast\b)?"
)
_EPISODE = re.compile(
    r"\b(?:welcome (?:back )?to|listening to|this is|it['’]s)\b[^.!?]{0,60}?(?:\bseason (?P<season>\d{1,2}),? )?"
    r"\bepisode (?:number )?(?P<number>\d{1,4})\b",
    re.IGNORECASE,
)
_SHOW_NUMBER = re.compile(r"(?P<show>[^\W\d_].{2,58}?)[ #–—:-]+(?P<number>[1-9]\d{0,3})$")
_RECORDED = re.compile(r"\brecord(?:ed|ing)(?: this)?(?: on)?,? (?P<date>.{4,40})", re.IGNORECASE)
_HOST_NAME = r"[A-Z][\w'’.-]+(?: [A-Z][\w'’-]+){1,2}"
_SAID_HOST = re.compile(
    rf"\b(?:[Ii](?:['’]m| am) (?:your|the) host,? |(?:[Yy]our|[Oo]ur|[Tt]he) hosts?,? |[Hh]osted by |[Ii]nterviewer:? )"
    rf"({_HOST_NAME})"
    rf"|\b[Ii](?:['’]m| am) ({_HOST_NAME}),? (?:and )?(?:your|the) host\b|\b({_HOST_NAME}) \((?:host|interviewer)\)"
)
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
    after = named(found, len(roles))
    said = list(zip(roles, found, strict=False))
    head = headers.About()
    for title in (block.text for role, block in said if role == "title"):
        head = head.filled(_named_by(title, source))
    for above in (block.text for role, block in said if role == "show"):
        head = head.filled(_show_and_date(above, source))
    in_title = About(guests=heads.parse(front.about.title).guests).marked("front matter")
    known = front.about.filled(in_title)
    about = known.filled(headers.of_blocks(found[len(roles) : after], head))
    author = headers.author_of(block.text for role, block in said if role == "author")
    early = [block for block in found[after:_LINK_BLOCKS] if block.is_link]
    about = about.filled(About(author=author, urls=headers.of_blocks(early).urls))
    units = _units(source, front, found[:after])
    text = " ".join(shown(source, unit.start, unit.end) for unit in units)
    return Top(about=about, blocks=after, units=units, header=text)


def reading(
    source: Source,
    front: Front,
    found_top: Top,
    units: Sequence[Unit],
    *,
    kind: NoteKind,
    guess: bool = False,
    warnings: Sequence[ReadWarning] = (),
) -> Reading:
    """The reading of a file about one episode: its part, and what its owner should know."""
    part_of = part(source, found_top, units, guess=guess)
    if kind == "transcript" and part_of.entry.origin("guests") == "words":
        entry = replace(part_of.entry, title=found_top.about.title)
        part_of = replace(part_of, entry=entry, guessed_guests=True)
    lines = {*range(1, front.lines + 1), *(n for u in found_top.units for n in range(u.line_start, u.line_end + 1))}
    said = (*front.warnings, *date_warnings(source, sorted(lines)), *warnings)
    return Reading(kind=headers.kind(front.about, kind), author=found_top.about.author, parts=(part_of,), warnings=said)


def date_warnings(source: Source, lines: Sequence[int]) -> list[ReadWarning]:
    """Dates in these lines (1-based) that do not exist."""
    wrong = ((number, dates.impossible(source.lines[number - 1].text[:_OPENING])) for number in lines)
    reason = Phrase("There is no such date as {date}; it was left out. Correct it in the note.")
    return [ReadWarning(file=source.file, line=n, reason=reason.format(date=date)) for n, date in wrong if date]


def part(source: Source, found_top: Top, units: Sequence[Unit], *, guess: bool) -> Part:
    """The one part of such a file. `guess` allows guests to be gathered from who speaks in the text."""
    about = found_top.about
    about = about.filled(_show(source, about))
    about = about.filled(About(guests=_guests_of_links(about, source.text)).marked("link"))
    guessed = guess and not about.guests and not about.title
    if guessed:
        about = about.filled(About(guests=_speaking(source, about)).marked("words"))
    filled = [line.number for line in source.lines if line.text.strip("\ufeff \t")]
    entry = about.entry(source, filled[0] if filled else 1, filled[-1] if filled else 1)
    entry = replace(entry, title="") if guessed else entry
    return Part(entry=entry, units=(*found_top.units, *units), header=found_top.header, guessed_guests=guessed)


def spoken(source: Source) -> About:
    """What the first minute of a transcript says of itself: number, day of recording, and the show's full name
    where the file's place bears it out, as transcripts misspell names."""
    words = readable(source.text[:_SPOKEN])[: 2 * _OPENING]
    number, recorded = _EPISODE.search(words), _RECORDED.search(words)
    place = f" {shows.key(source.file.replace('/', ' '))} ".replace("_", " ")
    for match in _WELCOME.finditer(words):
        start = " ".join(shows.key(match["show"]).split()[:2])
        known = shows.by_name(match["show"])
        if known or (start and f" {start} " in place and match["show"][:1].isupper()):
            name = known.name if known else match["show"] + (" Podcast" if match["podcast"] else "")
            break
    else:
        name = None
    hosts = dict.fromkeys(next(filter(None, match.groups())) for match in _SAID_HOST.finditer(words))
    season = f"S{number['season']}E" if number and number["season"] else ""
    return About(
        show=name,
        number=season + number["number"] if number else None,
        date=dates.parse(recorded["date"]) if recorded else None,
        hosts=tuple(name for name in hosts if names.is_full_name(name)),
    ).marked("words")


def _named_by(title: str, source: Source) -> About:
    """What a title says; a name with the number that the file is named with (`Odd Hours 41`) is the show's."""
    numbered = _SHOW_NUMBER.match(title)
    if numbered and re.search(rf"(?<!\d)0*{numbered['number']}(?!\d)", source.stem):
        return About(show=shows.canonical(numbered["show"]), number=numbered["number"]).marked("heading")
    return headers.from_head(heads.parse(title, day_first=_day_first(source)))


def _show_and_date(text: str, source: Source) -> About:
    """What a heading says that stands right above the title's: the show and the day."""
    head = heads.parse(text, day_first=_day_first(source))
    show = shows.by_name(head.title) or shows.mentioned(head.title)
    named = show.name if show else head.show or shows.canonical(head.title)
    return About(show=named, guests=head.guests, date=head.date).marked("heading")


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


def named(found: Sequence[Block], start: int) -> int:
    """Index of the first block behind those that only name the episode; a section of metadata does so as a whole."""
    after = start
    while after < len(found) and after - start < _LINK_BLOCKS + 6:
        if is_metadata(found[after]):
            after += 1
            while after < len(found) and found[after].kind == "bullet":
                after += 1
            return after
        if not headers.is_about(found[after]):
            break
        after += 1
    return after


def is_metadata(block: Block) -> bool:
    """Whether the block is the heading of a list of fields: `Episode metadata`."""
    return block.kind == "heading" and _METADATA.fullmatch(block.text) is not None


def _day_first(source: Source) -> bool:
    return dates.day_first([source.text[:_OPENING]]) is True


def _leading(found: Sequence[Block], *, titled: bool) -> Sequence[Role]:
    """What the blocks at the top are, up to the first that is no title, note-taker or mere `My notes`."""
    roles: list[Role] = []
    for index, block in enumerate(found[:_LEADING_BLOCKS]):
        after = found[index + 1] if index + 1 < len(found) else None
        role = _role(block, after, first=index == 0, titled=titled)
        if role == "title" and _is_show_and_date(block, after):
            role = "show"
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


def _is_show_and_date(block: Block, after: Block | None) -> bool:
    """Whether a heading ends in a full date and a lower one follows at once: the show's, and the episode's."""
    if after is None or block.kind != "heading" or after.kind != "heading" or not block.level < after.level < BOLD:
        return False
    head = heads.parse(block.text)
    return head.date is not None and len(head.date) == 10 and not heads.is_section(after.text)


def _stands_alone(block: Block) -> bool:
    if block.kind == "bullet" or block.is_link or block.unit().seconds is not None:
        return False
    return block.apart or (block.kind == "heading" and block.marked)


def front_units(source: Source, front: Front) -> list[Unit]:
    """The passages of the front matter: the lines that name the episode, and the notes kept there."""
    found = list(front.units)
    for first, last in front.naming:
        lines = source.lines[first - 1 : last]
        found.append(Unit(start=lines[0].start, end=lines[-1].end, line_start=first, line_end=last))
    return sorted(found, key=lambda unit: unit.start)


def _units(source: Source, front: Front, named: Sequence[Block]) -> tuple[Unit, ...]:
    found = front_units(source, front)
    said = " ".join(shown(source, unit.start, unit.end) for unit in found)
    titles = header_units(source, named)
    return (*found, *(unit for unit in titles if shown(source, unit.start, unit.end) not in said))


def _show(source: Source, about: About) -> About:
    """The show of a known site among the links, or of a host whom the text names in full and lets ask."""
    site = next((show for url in about.urls if (show := shows.by_url(url))), None)
    if site or about.show:
        return About(show=site.name if site else None).marked("link")
    for show in shows.known():
        for host in show.hosts:
            calls = "|".join(map(re.escape, (host, host.split()[0])))
            if host in source.text[:_OPENING] and re.search(rf"\b(?:{calls}){_HOSTS}", source.text):
                return About(show=show.name).marked("words")
    return About()


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
