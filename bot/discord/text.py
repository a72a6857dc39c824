"""Makes untrusted text safe to show in Discord, and builds the only links the bot ever posts.

Text of notes, of questions and of the assistant comes out unable to format, to link or to ping. Pure
functions; knows nothing of answers.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import discord

from bot import wording

LONGEST_URL = 200  # a citation repeats it; longer ones would crowd out the text

_MARKDOWN = re.compile(
    r"[\\`*_~|\[\]<>#]|:(?=//)|^[-+](?=\s)|(?<=^\d)\.(?=\s)|(?<=^\d\d)\.(?=\s)"
    r"|(?:(?<=discord\.gg)|(?<=discord\.com)|(?<=discordapp\.com))/",  # an invitation, even without "https:"
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
    "|[\u200c\u200d](?![^\x00-\x7f])|(?<![^\x00-\x7f])[\u200c\u200d]"  # these two join emoji and some scripts
)
_KEPT_IN_URLS = "%/:?#@!$&'*+,;=~"


def length(text: str) -> int:
    """Characters as Discord counts them at worst: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def safe(text: str, limit: int = 4096) -> str:
    """`text` as one line of plain words, at most `limit` long once escaped; longer text ends with "…"."""
    kept = visible(text[: 2 * limit])
    if len(text) <= 2 * limit and length(_escape(kept)) <= limit:
        return _escape(kept)
    while (excess := length(_escape(kept)) - (limit - 1)) > 0:
        kept = kept[: -max(1, excess // 2)]
    whole_words, _, rest = kept.rpartition(" ")
    return _escape((whole_words if len(rest) < len(kept) // 2 else kept).rstrip()) + "…"


def visible(text: str) -> str:
    """`text` as one line, without what nobody would see; for where nothing formats and nothing is escaped."""
    return " ".join(_INVISIBLE.sub("", wording.clean(text)).split())


def link(label: str, url: str | None, limit: int = 120) -> str:
    """`label` as a link to `url`, or as plain text where there is no url that is safe to link to."""
    target = _link_target(url)
    text = safe(label.replace("[", "(").replace("]", ")"), limit)
    return f"[{text}]({target})" if target else text


def _escape(line: str) -> str:
    return discord.utils.escape_mentions(_MARKDOWN.sub(r"\\\g<0>", line))


def _link_target(url: str | None) -> str | None:
    """`url` with everything encoded that could end a Markdown link; None if it is not a plain web address."""
    plain = wording.safe_url(url)
    if plain is None or not urlsplit(plain).netloc.isascii():
        return None
    target = quote(plain, safe=_KEPT_IN_URLS)
    return target if len(target) <= LONGEST_URL else None
