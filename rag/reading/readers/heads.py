"""The line that names an episode: `Guest on Show (9/10)`, `Show #12: Title`, `Title | Show`.

Reads one line at a time; which lines of a file are such lines is for the readers to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rag.reading.readers import dates, names, shows

_LINK = re.compile(r"\s*\(?https?://[^\s()]+\)?")
_TRAILING_PAREN = re.compile(r"\s*[(\[](?P<inner>[^()\[\]]{1,40})[)\]]\s*:?$")
_TRAILING_DATE = re.compile(r"\s*(?:[,|·:–—]|\s-)\s+(?P<inner>[^,|·–—]{3,20}(?:,\s*(?:19|20)\d\d)?)$")
_LEADING_DATE = re.compile(r"(?P<inner>(?:19|20)\d\d[-/.]\d\d(?:[-/.]\d\d)?)\s*[:|·–—-]?\s+(?=\S)")
_NUMBERED = re.compile(
    r"(?P<show>[^\W\d_][^#:|]{1,50}?),?\s+(?:[-–—|]\s*)?(?:#|no\.?|ep\.?|episode|folge)?\s*#?(?P<number>\d{1,4})\s*[:–—|-]\s*(?P<title>\S.*)$",
    re.IGNORECASE,
)
_EPISODE_FIRST = re.compile(r"(?:#|(?:ep\.?|episode)\s*#?)\s*\d{1,4}\s*[:–—|.-]\s*(?P<title>\S.*)$", re.IGNORECASE)
_WITH = re.compile(r"\s*(?:\bwith\b|\bw/|\bfeat\.?|\bft\.?|\bfeaturing\b)\s+(?P<names>[^:|–—()]+?)\s*$", re.IGNORECASE)
_DASHED = re.compile(r"\s[—–|-]\s(?P<names>[^—–|:]+)$")
_SEPARATOR = re.compile(r"\s*(?::|\s[-–—]|\|)\s+")
_GENERIC = re.compile(
    r"(?:\W|\b(?:my|the|a|an|of|on|for|from|and|some|all|podcasts?|episodes?|notes?|summar(?:y|ies)|transcripts?|learning|listening"
    r"|machine|auto|automatic|generated|ai|log|diary|journal|overview|untitled|full|raw|video|audio|intro(?:duction)?"
    r"|takeaways|highlights|key|main|points|ideas|quotes|show|\d+)\b)+",
    re.IGNORECASE,
)

_SECTION = re.compile(
    r"\W*(?:(?:podcast|episode|video|executive|detailed|1|one)[ -])*(?:sentence[ -])?"
    r"(?:summary|tl;?dr|overview|quick takes?|takeaways|highlights|lessons? learn(?:t|ed)|conclusions?|in[ -]depth"
    r"|(?:all |main |the )?(?:key|main) (?:ideas|points|takeaways|insights|topics|themes|moments|facts)"
    r"|(?:favou?rite|notable|key) quotes?.*|action items|chapters?|recommendations|actionable advice|q ?& ?a|outline"
    r"|timestamps)\W*",
    re.IGNORECASE,
)
_SECTION_LENGTH = 90
_LONGEST = 400
_FIRST_PODCAST = "2003"
"""Years before this one are what an episode is about, not when it came out."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a line says of an episode.

    Attributes:
        sure: the line can hardly be anything else (it names a known show, a date or a number).
        shaped: it has the shape of `Guest on Show`, so it may be one among others that are sure.
    """

    title: str
    show: str | None = None
    guests: tuple[str, ...] = ()
    date: str | None = None
    sure: bool = False
    shaped: bool = False


def parse(text: str, *, day_first: bool = False, ratings: bool = False) -> Head:
    """What the line says; the whole of it is the title where it has none of the known shapes."""
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        return Head(title=text)
    plain = _LINK.sub("", text.strip().strip("*_"))
    words, date = _without_date(plain.strip(), day_first=day_first)
    head = _on_show(words) or _numbered(words) or _separated(words) or _titled(words)
    if date is None:
        return head
    if ratings and re.search(r"\d/\d+\W*$", text):
        return replace(head, shaped=True)
    return replace(head, date=date, sure=head.sure or dates.has_day(date))


def is_generic(title: str) -> bool:
    """Whether a title only says that this is a note, not of what."""
    return not title.strip() or _GENERIC.fullmatch(title.strip()) is not None


def is_section(line: str) -> bool:
    """Whether a line is the name of a section that summaries have, such as `Key takeaways`."""
    return len(line) <= _SECTION_LENGTH and _SECTION.fullmatch(line.strip(" #*_:")) is not None


def _without_date(text: str, *, day_first: bool) -> tuple[str, str | None]:
    for pattern in (_TRAILING_PAREN, _LEADING_DATE, _TRAILING_DATE):
        match = pattern.search(text) if pattern is not _LEADING_DATE else pattern.match(text)
        date = dates.parse(match["inner"], day_first=day_first) if match and dates.is_date(match["inner"]) else None
        if match and date and not "1" <= date < _FIRST_PODCAST:
            rest = text[: match.start()] if pattern is not _LEADING_DATE else text[match.end() :]
            return rest.strip(), date
    return text, None


def _on_show(text: str) -> Head | None:
    people, on, show = text.rpartition(" on ")
    show = re.sub(r"^the (?=[A-Z])", "The ", show.strip().rstrip(":"))
    if (
        not on
        or not people
        or len(text) > 120
        or text.endswith((".", "?", "!"))
        or not (show[:1].isupper() or show[:1].isdigit())
    ):
        return None
    guests = names.split(people.partition(" on ")[0])
    if shows.by_name(show) or shows.looks_like_show(show):
        return Head(title=people.strip(), show=shows.canonical(show), guests=guests, sure=True)
    return Head(title=people.strip(), show=shows.canonical(show), guests=guests, shaped=True) if guests else None


def _numbered(text: str) -> Head | None:
    match = _NUMBERED.match(text)
    if match is None:
        first = _EPISODE_FIRST.match(text)
        return replace(_titled(text), sure=True) if first else None
    if not shows.by_name(match["show"]) and not re.search(
        r"#|\bno\b|\bep\b|\bepisode\b|\bfolge\b", text, re.IGNORECASE
    ):
        return None
    known = (
        shows.by_name(match["show"]) is not None
        or re.search(r"ep\.?\s*#?\d|episode|folge", text, re.IGNORECASE) is not None
    )
    return replace(_under(match["show"], match["title"]), sure=known, shaped=True)


def _separated(text: str) -> Head | None:
    cut = list(_SEPARATOR.finditer(text))
    for match in cut[:1]:
        show, rest = text[: match.start()], text[match.end() :]
        if shows.looks_like_show(show) and len(show) <= 60:
            return _under(show, rest)
    for match in cut[-1:]:
        rest, show = text[: match.start()], re.sub(r"\s*#?\d+$", "", text[match.end() :])
        if shows.by_name(show) or ("|" in match[0] and shows.looks_like_show(show)):
            return _under(show, rest)
    return None


def _under(show: str, rest: str) -> Head:
    inner = _titled(rest)
    before = rest.partition(":")[0]
    subject = (before,) if before != rest and names.is_full_name(before) else ()
    listed = names.split(rest)
    guests = inner.guests or (listed if len(listed) > 1 or names.is_full_name(rest) else ()) or subject
    return replace(inner, show=shows.canonical(show), guests=guests, sure=shows.by_name(show) is not None, shaped=True)


def _titled(text: str) -> Head:
    match = _WITH.search(text) or _DASHED.search(text)
    guests = names.split(match["names"]) if match else ()
    if match and match.re is _DASHED and not all(" " in name for name in guests):
        guests = ()
    show = shows.by_name(text)
    return Head(
        title="" if show else text.strip(" :"), show=show.name if show else None, guests=guests, sure=show is not None
    )
