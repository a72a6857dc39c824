"""Minutes: finding the place in the audio a note speaks of, writing it, and linking to it.

Pure functions on strings. Knows nothing of notes or episodes.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import SplitResult, urlsplit

_CLOCK = r"(?:\d{1,2}:[0-5]\d:[0-5]\d|\d{1,3}:[0-5]\d)(?:[.,]\d{1,3})?(?![\d%]|:\d)"
_SPACED = r"(?:\d{1,2} ?: ?[0-5]\d ?: ?[0-5]\d|\d{1,3} ?: ?[0-5]\d)(?:[.,]\d{1,3})?"
_WORDED = r"(?:\d{1,2} ?h(?:rs?)? ?(?:[0-5]?\d ?m(?:in)?)?(?: ?[0-5]?\d ?s)?|\d{1,3} ?m ?[0-5]?\d ?s|\d{1,2}h[0-5]\d)\b"
_MINUTES = r"\d{1,3} ?min(?:ute)?s?\b\.?"
_TO = r"\s*(?:-|–|—|→|to|until)\s*"
_ABOUT = r"(?:(?P<about>~|≈|c(?:irc)?a\.?\s|around\s|about\s|approx(?:imately|\.)?\s|roughly\s)\s*)"
_AT_ABOUT = _ABOUT.replace("?P<about>", "?P<about3>")
_LABEL = r"(?:(?:time(?:stamp|code)?|position|starts?(?: at)?)\W{0,4}\s)"
_CLOCK_TIME = r"(?!\s*(?:[ap]\.?m\b|o.clock|uhr\b|utc\b|gmt\b|[ecmp][sd]?t\b|hours?\b))"
_OTHER = r"(?!\s*(?:ratio|aspect|odds|score|vs\b|win\b|loss\b|pace\b|mile\b|split\b|marathon\b))"
_NO_LENGTH = (
    r"(?!\s*(?:long|episode|interview|later|ago|video|walk|drive|flight|run\b|total|left|per\b|of\b|listen|read\b))"
)
_MARKS = r"[\s*_`>|⏱⏲⌚🎧▶⏯🕐-🕧🎙📍🔊⌛⏳️]*"
_LEADING = re.compile(
    rf"{_MARKS}{_LABEL}?{_ABOUT}?(?:[(\[]\s*@?(?P<a>{_SPACED}|{_WORDED})(?:{_TO}(?P<b>{_SPACED}|{_WORDED}))?\s*[)\]]"
    rf"(?:\([^()\s]*\))?|@?(?P<c>{_CLOCK}|{_WORDED})(?:{_TO}(?P<d>{_CLOCK}|{_WORDED}))?(?=[\s\-–—:|*_`,.)\]]|\Z)"
    rf"|[(\[]\s*[@~≈]?(?P<e>{_MINUTES})(?:\s+in)?\s*[)\]]|@?(?P<f>{_MINUTES})(?=\s*(?:[:|–—]|-\s|in\b|mark\b)))"
    rf"{_CLOCK_TIME}{_OTHER}{_NO_LENGTH}[*_`~:]*",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"(?<![\w:/.-])(?P<a>{_CLOCK}){_TO}(?P<b>{_CLOCK}){_CLOCK_TIME}{_OTHER}", re.IGNORECASE)
_SINGLE = re.compile(
    rf"[(\[]\s*{_ABOUT}?@?(?P<a>{_SPACED})\s*[)\]]{_OTHER}"
    rf"|\[time\s(?P<f>{_CLOCK})\s*\]"
    rf"|(?<![\w:/.,-])(?P<b>\d{{1,2}}:[0-5]\d:[0-5]\d)(?![\d:%]){_CLOCK_TIME}{_OTHER}"
    rf"|(?:@|\b(?:minutes?|min|minuto|time ?stamp|timecode):?\s+)(?P<c>{_CLOCK}){_CLOCK_TIME}"
    rf"|(?<![\w:/.-])(?P<h>{_CLOCK}|{_MINUTES})[- ]?\s*mark\b"
    rf"|(?<!\w)(?P<about2>~|≈|around|about|circa|roughly|approximately)\s*(?P<d>{_CLOCK}|{_WORDED}){_CLOCK_TIME}{_OTHER}"
    rf"|(?:@|\b(?:at|from)\s+){_AT_ABOUT}?(?P<e>{_MINUTES}|{_WORDED}){_NO_LENGTH}"
    rf"|(?<![\w.,:-])(?P<i>{_MINUTES}|{_WORDED})\s+in(?:to)?\b(?!\s+(?:a|an|total|length|duration)\b)"
    rf"|\bminute\s+(?P<g>\d{{1,3}})(?![\w:%.,]\w)",
    re.IGNORECASE,
)
_NOT_AUDIO = re.compile(
    r"(?:\b(?:gen(?:esis)?|ex(?:odus)?|lev(?:iticus)?|num(?:bers)?|deut(?:eronomy)?|josh(?:ua)?|judges|ruth|sam(?:uel)?"
    r"|kings|chron(?:icles)?|ezra|neh(?:emiah)?|job|ps(?:alms?)?|prov(?:erbs)?|eccl(?:esiastes)?|isa(?:iah)?"
    r"|jer(?:emiah)?|ezek(?:iel)?|dan(?:iel)?|hosea|amos|micah|mal(?:achi)?|matt(?:hew)?|mark|luke|john|acts|rom(?:ans)?"
    r"|cor(?:inthians)?|gal(?:atians)?|eph(?:esians)?|phil(?:ippians)?|col(?:ossians)?|thess(?:alonians)?"
    r"|tim(?:othy)?|titus|heb(?:rews)?|james|pet(?:er)?|rev(?:elation)?|surah?|qur.?an|verse"
    r"|won|lost|beat|score[ds]?|ratio|odds|open|hours|meet(?:ing)?s?|mon|tues?|wed|thu(?:rs)?|fri|sat|sun|\w+day"
    r"|versions?|v|duration|length|runtime|run ?time|lasts?|lasted|took|takes|total|marathon|until|pace)\.?"
    r"(?:\s+(?:of|by|at|from|with|in|is|was))?|\d{4}-\d\d-\d\d[ T]?)[\s:*_=(]*$",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(?:about|around|roughly) the\s*$", re.IGNORECASE)
_HOURS = re.compile(r"[1-9] ?: ?[0-5]\d")
_URL = re.compile(r"https?://[^\s<>\"\])]+", re.IGNORECASE)
_URL_TIME = re.compile(
    r"[?&#;](?:t|start|time_continue|at)=(?:(?P<clock>\d{1,2}(?::\d{2}){1,2})"
    r"|(?P<units>(?:\d{1,2}h)?(?:\d{1,4}m)?(?:\d{1,6}s)?|\d{1,6}(?:\.\d+)?))(?=[&#;]|$)",
    re.IGNORECASE,
)
_OVERCAST = re.compile(r"https?://overcast\.fm/\+[\w-]+/(?P<clock>\d{1,2}(?::\d{2}){1,2})$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A place in the audio, in whole seconds from its start.

    Attributes:
        seconds: where it starts.
        seconds_end: where it ends, for a range.
        length: characters the leading stamp takes up; 0 for one found inside the text.
        around: the author says that it is about there.
        hours: the second meant if `around 1:10` is an hour and ten minutes; None where it cannot be read so.
    """

    seconds: int
    seconds_end: int | None = None
    length: int = 0
    around: bool = False
    hours: int | None = None


def parse_seconds(stamp: str) -> int:
    """Seconds of a well-formed stamp such as `1: 07: 30`, `00:49`, `01:02:03.400`, `1h02m`, `1h02` or `67 min`."""
    if ":" in stamp:
        total = 0
        for part in re.split(r"[.,]", stamp)[0].split(":"):
            total = total * 60 + int(part)
        return total
    units = {"h": 3600, "m": 60, "s": 1}
    spent = sum(int(n) * units[u] for n, u in re.findall(r"(\d+) ?([hms])", stamp.lower()))
    bare = re.search(r"\d+$", stamp.strip())
    return spent + (60 * int(bare[0]) if bare else 0)


def leading(text: str) -> Moment | None:
    """The stamp `text` opens with, if it does."""
    match = _LEADING.match(text)
    if match is None:
        return None
    first = match["a"] or match["c"] or match["e"] or match["f"]
    return _moment(first, match["b"] or match["d"], match.end(), around=_is_about(text, match))


def inside(text: str) -> Moment | None:
    """The first range (`1:10:00-1:22:00`) or clearly meant stamp; times of day, verses, lengths, scores are none."""
    for match in _RANGE.finditer(text):
        if _is_audio(text, match) and parse_seconds(match["b"]) > parse_seconds(match["a"]):
            return _moment(match["a"], match["b"], 0)
    for match in _SINGLE.finditer(text):
        if _is_audio(text, match):
            stamp = next(filter(None, (match[name] for name in "abcdefghi")))
            return _moment(stamp, None, 0, around=_is_about(text, match))
    return None


def of_link(url: str) -> int | None:
    """The second a link starts at (`?t=160`, `#t=1h2m3s`, Overcast's `/12:34`); None where it says none."""
    match = (_URL_TIME.search(url) if can_start(url) else None) or _OVERCAST.match(url)
    if match is None:
        return None
    found = match.groupdict()
    if found["clock"]:
        return parse_seconds(found["clock"])
    units = found.get("units") or ""
    return int(float(units)) if units[-1:].isdigit() else parse_seconds(units) if units else None


def linked(text: str) -> Moment | None:
    """Where the first link in `text` that names a second starts."""
    seconds = (of_link(url.rstrip(".,;:!?'*")) for url in _URL.findall(text))
    return next((Moment(seconds=second) for second in seconds if second is not None), None)


def moment(text: str) -> Moment | None:
    """Where in the audio `text` is: the stamp it opens with, or one inside it, or else where a link in it starts."""
    return leading(text) or inside(text) or (linked(text) if "http" in text else None)


def settled(moments: Sequence[Moment | None]) -> list[Moment | None]:
    """The moments of one episode's notes, in their order, with each `around 1:10` read as it fits between the others.

    It is an hour and ten minutes where minutes and seconds would break an order that the others keep and this does
    not; else it stays 1 min 10 s, as a clock of two parts is everywhere else.
    """
    sure = [(place, m.seconds) for place, m in enumerate(moments) if m and m.hours is None]
    if any(one > other for (_, one), (_, other) in pairwise(sure)):
        return list(moments)
    return [_fitting(place, m, sure) if m else None for place, m in enumerate(moments)]


def _fitting(place: int, moment: Moment, sure: Sequence[tuple[int, int]]) -> Moment:
    if moment.hours is None:
        return moment
    at = bisect(sure, (place, 0))
    earliest = sure[at - 1][1] if at else 0
    latest = sure[at][1] if at < len(sure) else 4 * earliest
    fits = earliest <= moment.hours <= latest and not earliest <= moment.seconds <= latest
    return replace(moment, seconds=moment.hours) if fits else moment


def format_seconds(seconds: int) -> str:
    """`4050` as `1:07:30`, `90` as `1:30`."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def link_at(url: str, seconds: int | None) -> str:
    """`url` made to start at `seconds`; unchanged where its host has no way to."""
    split = _split(url)
    if split is None or seconds is None or seconds < 0:
        return url
    return _started(url, split, seconds)


def can_start(url: str) -> bool:
    """Whether a link to this address can start at a second."""
    return link_at(url, 1) != url or link_at(url, 2) != url


def best_link(urls: Iterable[str], seconds: int | None) -> str | None:
    """One of `urls`, started at `seconds`: the first that can start there, or else the first. None without any.

    Castbox says nowhere that its links can, so they come after those that surely do.
    """
    known = list(urls)
    able = [url for url in known if can_start(url)]
    surely = (url for url in able if "castbox.fm" not in url)
    chosen = next(surely, next(iter([*able, *known]), None))
    return link_at(chosen, seconds) if chosen else None


def _is_audio(text: str, match: re.Match[str]) -> bool:
    """Whether what stands before a stamp allows it to be one; not so for verses, scores, lengths and addresses."""
    return not _NOT_AUDIO.search(text, max(0, match.start() - 24), match.start())


def _is_about(text: str, match: re.Match[str]) -> bool:
    """Whether the author says that it is only about there."""
    said = any(value for name, value in match.groupdict().items() if name.startswith("about"))
    return said or "~" in match[0] or _VAGUE.search(text, max(0, match.start() - 12), match.start()) is not None


def _moment(first: str, second: str | None, length: int, *, around: bool = False) -> Moment:
    seconds = parse_seconds(first)
    end = parse_seconds(second) if second else None
    return Moment(
        seconds=seconds,
        seconds_end=end if end is not None and end > seconds else None,
        length=length,
        around=around,
        hours=60 * seconds if around and second is None and _HOURS.fullmatch(first) else None,
    )


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
    except ValueError:
        return None
    return split if split.scheme in ("http", "https") else None


def _started(url: str, split: SplitResult, seconds: int) -> str:
    host, path = _host(split), split.path
    if host in ("youtube.com", "youtube-nocookie.com"):
        return _youtube(split, seconds)
    if host == "youtu.be" and len(path) > 1:
        return _query(split, "t", str(seconds))
    if (host == "open.spotify.com" and "/episode/" in path) or host in (
        "pca.st",
        "pocketcasts.com",
        "play.pocketcasts.com",
    ):
        return _query(split, "t", str(seconds))
    if host == "podcasts.apple.com" and re.search(r"(?:^|&)i=", split.query):
        return _query(split, "t", str(seconds))
    if host == "overcast.fm" and path.startswith("/+"):
        return split._replace(path="/" + path.split("/")[1] + "/" + format_seconds(seconds)).geturl()
    if host == "castbox.fm" and re.match(r"/(?:episode|ep|vb)/.", path):
        return _query(split, "t", str(seconds))
    if host in ("vimeo.com", "player.vimeo.com") and re.search(r"/\d+", path):
        return split._replace(fragment=f"t={seconds}s").geturl()
    if host == "soundcloud.com":
        return split._replace(fragment=f"t={format_seconds(seconds)}").geturl()
    if re.search(r"\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|wav|flac|mp4|webm)$", path, re.IGNORECASE):
        return split._replace(fragment=f"t={seconds}").geturl()
    return url


def _host(split: SplitResult) -> str:
    return re.sub(r"^(?:www|m|music|gaming|embed)\.", "", (split.hostname or "").lower())


def _youtube(split: SplitResult, seconds: int) -> str:
    if split.path.startswith("/embed/"):
        return _query(split, "start", str(seconds))
    if re.match(r"/(?:live|shorts|v|e|watch)/.", split.path):
        return _query(split, "t", f"{seconds}s")
    if split.path == "/watch" and re.search(r"(?:^|&)v=.", split.query):
        return _query(split, "t", f"{seconds}s")
    return split.geturl()


def _query(split: SplitResult, key: str, value: str) -> str:
    """The address with `key` set once, every other part as it was."""
    kept = [part for part in split.query.split("&") if part and part.split("=")[0] not in (key, "t", "start")]
    return split._replace(query="&".join([*kept, f"{key}={value}"]), fragment="").geturl()
