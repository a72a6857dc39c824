"""What a file says of an episode before the notes begin: front matter, `Key: value` lines, links.

Turns all of it into one `About`; knows nothing of passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.readers import dates, heads, names, shows
from rag.readers.base import Source
from rag.readers.blocks import Block
from rag.types import EpisodeEntry, NoteKind

URL = re.compile(r"https?://[^\s<>\"\]]+")
_KEYS = {
    "show": "show podcast channel series program programme feed",
    "title": "title episode topic episode_title",
    "guests": "guest guests speaker speakers with featuring",
    "host": "host hosts",
    "date": "date published pub_date air_date aired released release_date publish_date recorded publication_date",
    "url": "url link links source source_url media video audio listen watch youtube spotify episode_url video_url",
    "author": "author notes_by note_taker notetaker taken_by written_by by",
    "kind": "kind type",
}
_KEY = {word: key for key, words in _KEYS.items() for word in words.split()}
_FIELD = re.compile(r"(?P<key>[A-Za-z][A-Za-z _-]{1,20}?)\s*[:：]\s*(?P<value>\S.*)$")
_FRONT = re.compile(r"(?P<key>[\w][\w .-]{0,40}?)\s*:(?:\s+(?P<value>.*)|\s*)$")
_BY = re.compile(r"(?:notes?|summary|written|taken)\s+by\s+(?P<name>.+)$", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?:podcast |episode |show )*(?:notes?|summary|transcript)(?:\s*[:–—]|\s+(?:of|on|for|from):?|\s-)\s+(?=\S)",
    re.IGNORECASE,
)
_FRONT_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of an episode; every field may be missing."""

    show: str | None = None
    title: str = ""
    guests: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    date: str | None = None
    urls: tuple[str, ...] = ()
    author: str | None = None
    kind: str | None = None

    def filled(self, other: About) -> About:
        """This, with gaps filled from `other`; links of both."""
        return About(
            show=self.show or other.show,
            title=self.title or other.title,
            guests=self.guests or other.guests,
            hosts=self.hosts or other.hosts,
            date=self.date or other.date,
            urls=tuple(dict.fromkeys((*self.urls, *other.urls))),
            author=self.author or other.author,
            kind=self.kind or other.kind,
        )

    def entry(self, source: Source, line_start: int, line_end: int) -> EpisodeEntry:
        """The same as an entry of a note; the show is looked up from the links where none is named."""
        sites = (shows.by_url(url) for url in self.urls)
        show = self.show or next((site.name for site in sites if site), None)
        return EpisodeEntry(
            note_file=source.file,
            line_start=line_start,
            line_end=line_end,
            show=show,
            title=self.title or names.joined(self.guests),
            guests=self.guests,
            date=self.date,
            urls=self.urls,
        )


@dataclass(frozen=True, kw_only=True)
class Front:
    """A file's front matter.

    Attributes:
        lines: number of lines it takes up, fences included; 0 for none.
        naming: first and last line (1-based) of each run of lines that name the episode.
    """

    about: About
    lines: int = 0
    naming: tuple[tuple[int, int], ...] = ()


def front_matter(source: Source) -> Front:
    """The block between `---` lines at the top of the file."""
    if not source.lines or source.lines[0].text.strip("\ufeff \t") != "---":
        return Front(about=About())
    closing = next((n for n, line in enumerate(source.lines[1:_FRONT_LIMIT], 1) if line.text in ("---", "...")), None)
    if closing is None:
        return Front(about=About())
    fields: dict[str, list[str]] = {}
    spots: dict[str, tuple[int, int]] = {}
    key = ""
    for line in source.lines[1:closing]:
        match = _FRONT.match(line.text)
        if match:
            key = match["key"].strip().lower().replace(" ", "_").replace("-", "_")
            fields.setdefault(key, []).append(match["value"] or "")
            spots.setdefault(key, (line.number, line.number))
        elif key and line.text.strip():
            fields[key].append(line.text.strip())
            spots[key] = (spots[key][0], line.number)
    about = _from_fields({key: _value(parts) for key, parts in fields.items()})
    return Front(about=about, lines=closing + 1, naming=_naming(spots))


def field(text: str) -> tuple[str, str] | None:
    """Key and value of a line such as `Guest: Ann Lee` or `**Date:** 2024-05-12`, if the key is one we know."""
    match = _FIELD.match(text.replace("**", "").strip("*_ "))
    key = _key(match["key"]) if match else None
    return (key, match["value"].strip()) if match and key else None


def from_fields(pairs: Iterable[tuple[str, str]]) -> About:
    """What fields say, in the words of `field`."""
    about = About()
    for key, value in pairs:
        about = about.filled(_from_fields({key: [value]}))
    return about


def from_head(head: heads.Head) -> About:
    """What a line that names the episode says."""
    title = "" if heads.is_generic(head.title) else _PREFIX.sub("", head.title)
    return About(show=head.show, title=title, guests=head.guests, date=head.date)


def kind(about: About, otherwise: NoteKind) -> NoteKind:
    """What the file says it is, or else what its shape says."""
    said = about.kind or ""
    if "transcript" in said:
        return "transcript"
    if "summar" in said:
        return "summary"
    return "notes" if "note" in said else otherwise


def from_line(text: str) -> About:
    """What a line of links says: the links, a date, and before them perhaps the show."""
    urls = links(text)
    words = URL.sub(" ", text)
    date = dates.parse(words)
    rest = re.split(r"[:(\[|–—]|\s-\s", words)[0].strip(' *"')
    show = shows.by_name(words.partition(":")[0]) or shows.by_name(rest)
    named = show.name if show else shows.canonical(rest) if date and shows.looks_like_show(rest) and rest else None
    return About(show=named, date=date, urls=urls)


def is_about(block: Block) -> bool:
    """Whether a block under an episode's heading still only names the episode."""
    if not block.single or len(block.text) > 240 or block.kind == "heading":
        return False
    if field(block.text) or block.is_link or dates.is_date(block.text):
        return True
    words = URL.sub(" ", block.text)
    return len(words) < 90 and bool(URL.search(block.text)) and dates.parse(words) is not None


def of_blocks(found: Sequence[Block], head: About | None = None) -> About:
    """What the blocks that name an episode say together: keys first, then the headline `head`, then the rest."""
    stated = from_fields(named for block in found if (named := field(block.text)))
    about = stated.filled(head) if head else stated
    for block in found:
        about = about.filled(About(urls=links(block.text)) if field(block.text) else from_line(block.text))
    return about


def links(text: str) -> tuple[str, ...]:
    """The addresses in `text`, closing brackets and full stops not taken along."""
    return tuple(dict.fromkeys(_trimmed(url) for url in URL.findall(text)))


def author_of(texts: Iterable[str]) -> str | None:
    """Who took the notes, from the lines above the first episode: `Notes by Ann Lee`, or a name on its own."""
    for text in texts:
        match = _BY.search(text)
        if match and names.is_name(match["name"].strip()):
            return match["name"].strip()
        named = field(text)
        if named and named[0] == "author":
            return named[1]
        if names.is_full_name(text) and len(text) < 40:
            return text
    return None


def _key(word: str) -> str | None:
    return _KEY.get(re.sub(r"[\s-]+", "_", word.strip().lower()))


def _naming(spots: Mapping[str, tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The runs of neighbouring lines that hold a title, a show, guests, a date or a link."""
    known = sorted(spot for key, spot in spots.items() if _key(key) not in (None, "kind", "author"))
    if not any(_key(key) in ("title", "show", "guests") for key in spots):
        return ()
    runs: list[tuple[int, int]] = []
    for first, last in known:
        if runs and first == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return tuple(runs)


def _value(parts: Sequence[str]) -> list[str]:
    """One key's values: a list's entries, or the one text, without quotes."""
    first = parts[0].strip()
    if first.startswith("[") and first.endswith("]"):
        parts = first[1:-1].split(",")
    elif any(part.startswith("- ") for part in parts[1:]):
        parts = [part[2:] for part in parts if part.startswith("- ")]
    else:
        parts = [" ".join(part for part in parts if part)]
    return [value for part in parts if (value := _unquoted(part.strip()))]


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'").strip()
    return text[1:-1].replace('\\"', '"').strip() if len(text) > 1 and text[0] == text[-1] == '"' else text.strip()


def _from_fields(fields: Mapping[str, list[str]]) -> About:
    found: dict[str, list[str]] = {}
    for word, values in fields.items():
        key = _key(word)
        if key and values and values != ["None"] and (key not in found or word == key):
            found[key] = values
    text = {key: values[0] for key, values in found.items()}
    people = {key: tuple(n for v in found.get(key, []) for n in names.listed(v)) for key in ("guests", "host")}
    urls = tuple(url for key in ("url", "title", "show") for value in found.get(key, []) for url in links(value))
    return About(
        show=shows.canonical(text["show"]) if "show" in text else None,
        title="" if text.get("title", "").isdigit() else text.get("title", ""),
        guests=people["guests"],
        hosts=people["host"],
        date=dates.parse(text.get("date", "")),
        urls=urls,
        author=text.get("author"),
        kind=text.get("kind", "").lower() or None,
    )


def _trimmed(url: str) -> str:
    url = url.rstrip(".,;:!?'\"*>")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,;:!?")
    return url
