"""What folders and file names say of an episode: `Huberman Lab/Episode 12 - Sleep/notes.txt`.

All of it is a guess, used only where no note says it. Knows nothing of what stands in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rag.reading.readers import dates, heads, shows

_DATE = re.compile(
    r"(?:^|[\s_-]+)(?P<date>(?:19|20)\d\d[-_.](?:0[1-9]|1[0-2])[-_.](?:0[1-9]|[12]\d|3[01]))(?:[\s_-]+|$)"
)
_NUMBERED = re.compile(
    r"(?P<show>.*?)[\s_-]*(?:\bepisode|\bep\.?|\bfolge|\bno\.|#)[\s_#-]*(?P<number>\d{1,4})(?!\d)[\s_:.–—-]*(?P<title>.*)$",
    re.IGNORECASE,
)
_SHOW_FIRST = re.compile(r"(?P<show>\D{3,}?)[\s_-]*(?P<number>\d{1,4})(?:[\s_:.–—-]+(?P<title>\D.*))?$")
_BARE = re.compile(r"(?P<number>(?!(?:19|20)\d\d\b)[1-9]\d{1,3})(?:[\s_:.–—-]+(?P<title>\D.*))?$")
_ORDER = re.compile(r"^\d+(?=[\s_.-])|\b[0-9a-f]{8,}\b")
_GENERIC = re.compile(
    r"(?:\W|\b(?:\d+|s\d+|seasons?|shows?|channels?|podcasts?|docs?|notes?|transcripts?|subtitles|captions|audio|archive|inbox"
    r"|exports?|files|index|readme|highlights|clips|untitled|text|listening|media|daily|my|the|of|summary|summaries|episodes?)\b)+",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"(?:[\s_-]+(?:show[\s_-]?notes|transcripts?|episodes|captions|subtitles))+$", re.IGNORECASE)
"""What a folder holds, behind the name of the show it is from. (A repository's folder may be called owner+name.)"""
_SHOW_WORD = re.compile(r"\b(?:podcast|show|radio|fm)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class PathFacts:
    """What a file's place says.

    Attributes:
        show, number, title, date: None where it does not say.
        sure_number: the number is called one (`Episode 12`), or stands behind the name of a known show.
        origins: field -> "folder" or "file name".
    """

    show: str | None = None
    number: str | None = None
    title: str | None = None
    date: str | None = None
    sure_number: bool = False
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def facts(file: str) -> PathFacts:
    """What the path of `file` says of the one episode it is about: the file's name first, then the folders."""
    *folders, name = file.replace(".zip/", "/").split("/")
    stem = name.rpartition(".")[0] or name
    found: dict[str, tuple[str, str]] = {}
    bare = _generic(stem) and any(map(str.isalpha, stem))
    above = (("folder", folder) for folder in reversed(folders))
    for origin, segment in (("file name", stem), *above):
        said = dict(_said(segment, sure="sure" in found))
        if origin == "folder" and bare and "show" not in said and not _generic(segment):
            said.setdefault("title", _pretty(_ORDER.sub("", segment)))
        for key, value in said.items():
            found.setdefault(key, (value, origin))
    return PathFacts(
        **{key: found[key][0] for key in ("show", "number", "title", "date") if key in found},
        sure_number="sure" in found,
        origins=MappingProxyType({key: origin for key, (_, origin) in found.items() if key != "sure"}),
    )


def show_of(file: str) -> str | None:
    """The show that a folder above `file` is named after; for a file about many episodes."""
    folders = file.replace(".zip/", "/").split("/")[:-1]
    return next(filter(None, (_show(folder, sure=False) for folder in reversed(folders))), None)


def _said(segment: str, *, sure: bool) -> Iterator[tuple[str, str]]:
    """Fields that one folder or file name gives. `sure`: below it lies something that is called an episode."""
    date = _DATE.search(segment)
    if date and (iso := dates.parse(re.sub(r"[_.]", "-", date["date"]))):
        yield "date", iso
        segment = (segment[: date.start()] + " " + segment[date.end() :]).strip()
    match = _NUMBERED.match(segment) or _known_show(segment)
    if match:
        yield "sure", "yes"
    match = match or _BARE.match(segment)
    if match:
        yield "number", match["number"].lstrip("0") or "0"
    show = match.groupdict().get("show") if match else None
    if match and show and (shows.by_name(_pretty(show)) or match["title"]):
        yield "show", shows.canonical(_pretty(show, every=True))
    elif not match and (named := _show(segment, sure=sure)):
        yield "show", named
        return
    title = match["title"] if match else _ORDER.sub("", segment) if date else None
    if title and not _generic(title):
        yield "title", _pretty(title)


def _known_show(segment: str) -> re.Match[str] | None:
    match = _SHOW_FIRST.match(segment)
    return match if match and shows.by_name(_pretty(match["show"])) else None


def _show(folder: str, *, sure: bool) -> str | None:
    named = folder.rpartition("+")[2]
    folder = _CONTENTS.sub("", named)
    sure = sure or folder != named
    pretty = _pretty(folder, every=True)
    if known := shows.by_name(pretty):
        return known.name
    if _generic(folder) or not re.fullmatch(r"[\w\s&'’.,!-]+", folder):
        return None
    return pretty if sure or _SHOW_WORD.search(pretty) else None


def _generic(name: str) -> bool:
    words = re.sub(r"[\s_-]+", " ", name)
    return sum(map(str.isalpha, name)) < 2 or heads.is_generic(words) or _GENERIC.fullmatch(words) is not None


def _pretty(name: str, *, every: bool = False) -> str:
    """`bread-and-salt` as `Bread and salt`, or with `every` word in capitals; a name with spaces in it as it is."""
    name = name.strip(" -_.–—")
    if " " in name:
        return name[:1].upper() + name[1:]
    words = re.sub(r"[-_]+", " ", name).split()
    capital = words if every else words[:1]
    return " ".join([*(word[:1].upper() + word[1:] for word in capital), *words[len(capital) :]])


__all__ = ["PathFacts", "facts", "show_of"]
