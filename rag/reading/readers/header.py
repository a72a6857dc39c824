"""What a file says of an episode before the notes begin: front matter, `Key: value` lines, links.

Turns all of it into one `About`; knows nothing of passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.reading.readers import dates, heads, names, shows
from rag.reading.readers.base import Source
from rag.reading.readers.blocks import Block
from rag.types import EpisodeEntry, NoteKind

URL = re.compile(r"https?://[^\s<>\"\]]+")
_KEYS = {
    "show": "show podcast channel series program programme feed podcast_title podcast_name show_title show_name"
    " podcast_show podcast_series channel_name",
    "title": "title episode topic episode_title full_title episode_name podcast_episode video_title",
    "guests": "guest guests speaker speakers with featuring guest_name guest_names interviewee people",
    "host": "host hosts owner_/_host owner_host interviewer moderator",
    "number": "number episode_number ep_number episode_no ep episode_id itunes_episode",
    "date": "date published pub_date air_date aired released release_date publish_date recorded publication_date"
    " published_at published_on pubdate episode_publish_date date_published publish_time publishdate upload_date"
    " episode_date recorded_on released_on first_aired",
    "url": "url link links source source_url media video audio listen watch youtube spotify episode_url video_url"
    " episode_link audio_url media_url enclosure apple apple_podcasts overcast pocket_casts website permalink"
    " webpage_url",
    "author": "author notes_by note_taker notetaker taken_by written_by by",
    "kind": "kind type",
    "category": "category categories",
    "other": "duration length runtime run_time tags tag status rating created updated export_date"
    " document_tags cssclass cssclasses aliases alias id collapsed show_url image cover last_snip_date cnt_snips"
    " episode_ai_description mentioned_books language season last_edited created_time",
}
_KEY = {word: key for key, words in _KEYS.items() for word in words.split()}
_FIELD = re.compile(r"(?P<key>[A-Za-z][A-Za-z _/-]{0,28}?)\s*[:：]{1,2}\s*(?P<value>\S.*)$")
_BY = re.compile(r"(?:notes?|summary|written|taken)\s+by\s+(?P<name>.+)$", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?:podcast |episode |show )*(?:notes?|summary|transcript)(?:\s*[:–—]|\s+(?:of|on|for|from):?|\s-)\s+(?=\S)",
    re.IGNORECASE,
)
_FIELDS = ("show", "title", "guests", "hosts", "date", "urls", "number")
_TITLE_NUMBER = re.compile(
    r"#?(?:(?:episode|ep\.?|folge)\s*)?(?P<number>[1-9]\d{0,3})\s*(?:[:|–—]|\s-)\s*(?=\S)", re.IGNORECASE
)
_LONGEST = 1_000
_PODCASTS = re.compile(r"#?podcasts?\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of an episode; every field may be missing.

    Attributes:
        origins: (field, where it came from), as in `EpisodeEntry`.
    """

    show: str | None = None
    title: str = ""
    guests: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    date: str | None = None
    urls: tuple[str, ...] = ()
    author: str | None = None
    kind: str | None = None
    number: str | None = None
    origins: tuple[tuple[str, str], ...] = ()

    def marked(self, origin: str) -> About:
        """The same, with `origin` for every field that has none yet."""
        known = {name: origin for name in _FIELDS if getattr(self, name)}
        return replace(self, origins=tuple({**known, **dict(self.origins)}.items()))

    def filled(self, other: About) -> About:
        """This, with gaps filled from `other`; links of both."""
        news = {name: origin for name, origin in other.origins if not getattr(self, name)}
        return About(
            number=self.number or other.number,
            origins=tuple({**news, **dict(self.origins)}.items()),
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
        about = self.filled(About(show=next((site.name for site in sites if site), None)).marked("link"))
        number = _TITLE_NUMBER.match(about.title)
        about = about.filled(About(number=number["number"] if number else None).marked("heading"))
        return EpisodeEntry(
            note_file=source.file,
            line_start=line_start,
            line_end=line_end,
            show=about.show,
            title=about.title or names.joined(about.guests),
            guests=about.guests,
            date=about.date,
            urls=about.urls,
            number=about.number,
            hosts=about.hosts,
            origins=about.origins,
        )


def field(text: str) -> tuple[str, str] | None:
    """Key and value of a line such as `Guest: Ann Lee` or `**Date:** 2024-05-12`, if the key is one we know."""
    match = _FIELD.match(text.replace("**", "").strip("*_ |"))
    known = key(match["key"]) if match else None
    return (known, match["value"].strip()) if match and known else None


def from_fields(pairs: Iterable[tuple[str, str]]) -> About:
    """What fields say, in the words of `field`."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return of_fields(fields).marked("line")


def from_head(head: heads.Head) -> About:
    """What a line that names the episode says."""
    title = "" if heads.is_generic(head.title) else _PREFIX.sub("", head.title)
    return About(show=head.show, title=title, guests=head.guests, date=head.date).marked("heading")


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
    return About(show=named, date=date, urls=urls).marked("line")


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
        about = about.filled(from_line(block.text) if field(block.text) is None else About())
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


def key(word: str) -> str | None:
    """Which of our fields a key is for: "show", "title", ... "other" for one we know but do not use."""
    return _KEY.get(re.sub(r"[\s-]+", "_", word.strip().lower()))


def of_fields(fields: Mapping[str, Sequence[str]]) -> About:
    """What keys and their values say; the first key of a field wins, unless a later one is the field's own name."""
    found: dict[str, Sequence[str]] = {}
    for word, values in fields.items():
        known = "number" if word == "episode" and values and values[0].isdigit() else key(word)
        if known and values and [*values] != ["None"] and (known not in found or word == known):
            found[known] = values
    if "author" in found and any(
        _PODCASTS.match(value) for value in (*found.get("category", ()), *found.get("kind", ()))
    ):
        found.setdefault("show", found.pop("author"))
    text = {name: _unlinked(values[0]) for name, values in found.items()}
    title, number = text.get("title", ""), re.search(r"\d{1,4}", text.get("number", ""))
    numeric = re.fullmatch(r"(?:episode |ep\.? ?)?#?(\d{1,4})", title, re.IGNORECASE)
    urls = (
        url
        for word, values in fields.items()
        if key(word) in ("url", "title", "show")
        for v in values
        for url in links(v)
    )
    return About(
        show=shows.canonical(text["show"]) if text.get("show") else None,
        title="" if numeric else title,
        guests=_people(found.get("guests", ())),
        hosts=_people(found.get("host", ())),
        date=dates.parse(text.get("date", "")),
        urls=tuple(dict.fromkeys(urls)),
        author=text.get("author"),
        kind=text.get("kind", "").lower() or None,
        number=str(int(number[0])) if number else numeric[1] if numeric else None,
    )


def _people(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for value in values for name in names.listed(_unlinked(value))))


def _unlinked(text: str) -> str:
    """`[Ann](https://…)`, `[[Ann]]` and `[[ann|Ann]]` as `Ann`; one line, of a length that names have."""
    text = " ".join(text[:_LONGEST].split())
    text = re.sub(r"\[\[(?:[^\[\]|]{1,200}\|)?([^\[\]|]{1,200})\]\]", r"\1", text)
    return re.sub(r"\[([^\[\]]{1,200})\]\([^()\s]*\)", r"\1", text).strip()


def _trimmed(url: str) -> str:
    url = url.rstrip(".,;:!?'\"*>")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,;:!?")
    return url
