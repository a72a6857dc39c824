"""Minutes: finding the place in the audio a note speaks of, writing it, and linking to it.

Pure functions on strings. Knows nothing of notes or episodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_CLOCK = r"(?:\d{1,2}:[0-5]\d:[0-5]\d|\d{1,3}:[0-5]\d)(?:[.,]\d{1,3})?(?![\d%]|:\d)"
_SPACED = r"(?:\d{1,2} ?: ?[0-5]\d ?: ?[0-5]\d|\d{1,3} ?: ?[0-5]\d)(?:[.,]\d{1,3})?"
_WORDED = r"(?:\d{1,2}h ?(?:[0-5]?\dm)?(?: ?[0-5]?\ds)?|\d{1,3}m ?[0-5]?\ds)\b"
_TO = r"\s*(?:-|–|—|→|to|until)\s*"
_CLOCK_TIME = r"(?!\s*(?:[ap]\.?m\b|o.clock|uhr\b|utc\b|gmt\b|[ecmp][sd]?t\b))"
_OTHER = r"(?!\s*(?:ratio|aspect|odds|score|vs\b|win\b|loss\b))"
_LEADING = re.compile(
    rf"[\s*_`~>⏱]*(?:[(\[]\s*@?(?P<a>{_SPACED})(?:{_TO}(?P<b>{_SPACED}))?\s*[)\]](?:\([^()\s]*\))?"
    rf"|@?(?P<c>{_CLOCK}|{_WORDED})(?:{_TO}(?P<d>{_CLOCK}|{_WORDED}))?(?=[\s\-–—:|*_,.)\]]|\Z))"
    rf"{_CLOCK_TIME}{_OTHER}[*_`~:]*",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"(?<![\w:/.-])(?P<a>{_CLOCK}){_TO}(?P<b>{_CLOCK}){_CLOCK_TIME}{_OTHER}", re.IGNORECASE)
_SINGLE = re.compile(
    rf"[(\[]\s*@?(?P<a>{_SPACED})\s*[)\]]{_OTHER}"
    rf"|(?<![\w:/.-])(?P<b>\d{{1,2}}:[0-5]\d:[0-5]\d)(?![\d:%]){_CLOCK_TIME}"
    rf"|(?:@|\b(?:minute|min|timestamp|mark)\s+)(?P<c>{_CLOCK}){_CLOCK_TIME}",
    re.IGNORECASE,
)
_NOT_AUDIO = re.compile(
    r"(?:\b(?:gen(?:esis)?|ex(?:odus)?|lev(?:iticus)?|deut(?:eronomy)?|psalms?|proverbs|ecclesiastes|isaiah|jeremiah"
    r"|daniel|matt(?:hew)?|mark|luke|john|acts|romans|corinthians|galatians|ephesians|philippians|colossians"
    r"|thessalonians|timothy|titus|hebrews|james|peter|revelation|surah?|qur.?an"
    r"|won|lost|beat|score[ds]?|ratio|odds|open|hours|meet(?:ing)?s?)"
    r"(?:\s+(?:of|by|at|from|with))?)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A place in the audio, in whole seconds from its start.

    Attributes:
        seconds: where it starts.
        seconds_end: where it ends, for a range.
        length: characters the leading stamp takes up; 0 for one found inside the text.
    """

    seconds: int
    seconds_end: int | None = None
    length: int = 0


def parse_seconds(stamp: str) -> int:
    """Seconds of a well-formed stamp such as `1: 07: 30`, `00:49`, `01:02:03.400` or `1h02m`."""
    if ":" not in stamp:
        units = {"h": 3600, "m": 60, "s": 1}
        return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([hms])", stamp.lower()))
    total = 0
    for part in re.split(r"[.,]", stamp)[0].split(":"):
        total = total * 60 + int(part)
    return total


def leading(text: str) -> Moment | None:
    """The stamp `text` opens with, if it does."""
    match = _LEADING.match(text)
    if match is None:
        return None
    return _moment(match["a"] or match["c"], match["b"] or match["d"], match.end())


def inside(text: str) -> Moment | None:
    """The first range (`1:10:00-1:22:00`) or clearly meant stamp; times of day, verses and scores are none."""
    for pattern in (_RANGE, _SINGLE):
        for match in pattern.finditer(text):
            if _NOT_AUDIO.search(text, max(0, match.start() - 24), match.start()):
                continue
            if pattern is _SINGLE:
                return _moment(match["a"] or match["b"] or match["c"], None, 0)
            if parse_seconds(match["b"]) > parse_seconds(match["a"]):
                return _moment(match["a"], match["b"], 0)
    return None


def moment(text: str) -> Moment | None:
    """Where in the audio `text` is: the stamp it opens with, or else one inside it."""
    return leading(text) or inside(text)


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
    """One of `urls`, started at `seconds`: the first that can start there, or else the first. None without any."""
    known = list(urls)
    chosen = next((url for url in known if can_start(url)), known[0] if known else None)
    return link_at(chosen, seconds) if chosen else None


def _moment(first: str, second: str | None, length: int) -> Moment:
    seconds = parse_seconds(first)
    end = parse_seconds(second) if second else None
    return Moment(seconds=seconds, seconds_end=end if end is not None and end > seconds else None, length=length)


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
    if (host == "open.spotify.com" and "/episode/" in path) or host in ("pca.st", "pocketcasts.com"):
        return _query(split, "t", str(seconds))
    if host == "podcasts.apple.com" and re.search(r"(?:^|&)i=", split.query):
        return _query(split, "t", str(seconds))
    if host == "overcast.fm" and path.startswith("/+"):
        return split._replace(path="/" + path.split("/")[1] + "/" + format_seconds(seconds)).geturl()
    if host == "vimeo.com" or host.endswith(".vimeo.com"):
        return split._replace(fragment=f"t={seconds}s").geturl()
    if host == "soundcloud.com":
        return split._replace(fragment=f"t={format_seconds(seconds)}").geturl()
    if re.search(r"\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|wav|flac|mp4|webm)$", path, re.IGNORECASE):
        return split._replace(fragment=f"t={seconds}").geturl()
    return url


def _host(split: SplitResult) -> str:
    return re.sub(r"^(?:www|m|music)\.", "", (split.hostname or "").lower())


def _youtube(split: SplitResult, seconds: int) -> str:
    if split.path.startswith("/embed/"):
        return _query(split, "start", str(seconds))
    if re.match(r"/(?:live|shorts|v)/.", split.path):
        return _query(split, "t", f"{seconds}s")
    if split.path == "/watch" and re.search(r"(?:^|&)v=.", split.query):
        return _query(split, "t", f"{seconds}s")
    return split.geturl()


def _query(split: SplitResult, key: str, value: str) -> str:
    """The address with `key` set once, every other part as it was."""
    kept = [part for part in split.query.split("&") if part and part.split("=")[0] not in (key, "t", "start")]
    return split._replace(query="&".join([*kept, f"{key}={value}"]), fragment="").geturl()
