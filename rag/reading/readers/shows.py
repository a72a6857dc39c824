"""Which podcast is meant: nicknames, links and host names, looked up in `shows.toml`.

Knows nothing of files; a show that is not in the table keeps the name a note gives it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

_QUOTED = re.compile(r"\s*[\"“”«»].*$")
_SHOW_WORDS = re.compile(
    r"\b(?:podcast|show|radio|fm|hour|pod|cast|weekly|daily|experience|sessions?)\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Show:
    """A podcast of the table."""

    name: str
    aliases: tuple[str, ...]
    hosts: tuple[str, ...]
    sites: tuple[str, ...]


@cache
def known() -> tuple[Show, ...]:
    """Every show of the table."""
    table = tomllib.loads(files(__package__).joinpath("shows.toml").read_text(encoding="utf-8"))
    return tuple(
        Show(name=row["name"], aliases=tuple(row["aliases"]), hosts=tuple(row["hosts"]), sites=tuple(row["sites"]))
        for row in table["show"]
    )


def by_name(text: str) -> Show | None:
    """The show `text` is a name or nickname of."""
    return _names().get(key(text)) or _names().get(key(_QUOTED.sub("", text)))


def by_url(url: str) -> Show | None:
    """The show whose own site `url` points to."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return None
    return next((show for show in known() for site in show.sites if host == site or host.endswith("." + site)), None)


def mentioned(text: str) -> Show | None:
    """The show whose host's full name, or whose own name of two words or more, stands first in `text`."""
    found = [(match.start(), name) for name, pattern in _mentions() if (match := pattern.search(text))]
    return by_name(min(found)[1]) if found else None


def canonical(text: str) -> str:
    """The table's name for the show, or `text` tidied."""
    show = by_name(text)
    return show.name if show else text.strip(' \t*_"“”:—–-|,')


def looks_like_show(text: str) -> bool:
    """Whether a name says itself that it is a show's."""
    return by_name(text) is not None or _SHOW_WORDS.search(text) is not None


def key(text: str) -> str:
    """What two spellings of one show have in common."""
    plain = re.sub(r"[^\w%]+", " ", text.casefold()).strip()
    return re.sub(r"^the | (?:podcast|show)$", "", plain)


@cache
def _names() -> dict[str, Show]:
    return {key(name): show for show in known() for name in (show.name, *show.aliases)}


@cache
def _mentions() -> tuple[tuple[str, re.Pattern[str]], ...]:
    names = [(show.name, name) for show in known() for name in (show.name, *show.hosts) if " " in name]
    return tuple((show, re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")) for show, name in names)
