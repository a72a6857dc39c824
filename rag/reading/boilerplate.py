"""What stands in notes beside what they are about: sponsor reads, link lists, bare labels, calls to subscribe.

Recognised by general features (how much of it is links, turns of phrase, how many episodes repeat it), never by a
show's or sponsor's name. It is ranked down and not left out: who asks about the sponsor still finds it.
Pure functions on texts; knows nothing of search.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from rag.sentences import sentence_spans
from rag.words import content_words

LINK_SHARE = 0.5  # of the characters, from which a text is a link list
LINK_WORDS = 3  # with more words of meaning beside them, links are sources of a statement
SHORT = 200  # characters, up to which one turn of phrase makes a text a sponsor read
SPONSOR_SHARE = 0.5  # of a longer text, from which it is one
LABEL_WORDS = 6  # of a line that ends in a colon, up to which it only announces what stands below it
REPEATED = 3  # episodes with the same sentence: nobody says a thing so often, a template does


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_LINK = re.compile(r"https?://\S+|\bwww\.\S+|\]\(#[^)\s]*\)|\b[\w.+-]+@[\w-]+\.\w+")
_HOSTED = r"\S+\.(?:com|io|co|fm|net|org|app|ai|dev)\b"
_WHERE = r"(?:apple podcasts?|itunes|spotify|youtube|overcast|pocket casts|rss|your podcasts?|newsletter|channel)"
_SPONSOR = _any(
    r"\bsponsored by\b",
    r"\bsponsor(?:s|ed|ing)?(?: of| for)? (?:this|today.s|our|the) (?:\w+ )?(?:episode|show|podcast|week)\b",
    r"\b(?:our|today.s|this (?:week|episode).s|thanks to(?: our)?) sponsors?\b|^\W*sponsors?\W*(?:$|[:–—-])",
    r"\b(?:brought to you|made possible) by\b|\bsupport for (?:this|the) (?:show|podcast|episode)\b",
    r"\b(?:promo|coupon|discount|referral|offer) code\b|\buse (?:the |my |our )?code\b",
    rf"\b(?:head|go)(?: on)?(?: over)? to {_HOSTED}",
    rf"\b(?:sign up|get started|learn more|try it|get \d+% off)\b.{{0,30}}\bat {_HOSTED}",
    r"\b(?:free (?:trial|shipping)|first month free|money.back guarantee|\d+% off)\b",
    r"\b\d+ percent off\b|\bdot (?:com|io|ai|co|org|net|app|fm|dev) slash \w+",
    rf"\b(?:at|to|visit|that.s) {_HOSTED}/\w+",
)
_OFFER = _any(
    r"\b(?:sponsors?|sponsored|advertis\w+|promo|coupon|discounts?|free|trial|percent|guarantee|offers?|terms apply)\b",
    r"\b(?:sign(?:ing)? up|visit|download|get started|check (?:them|it) out|try (?:it|them)|learn more)\b",
    r"\byour (?:first|next|own|team|business|company|home|order)\b|\b(?:customers|subscription|dot com|slash)\b",
)
_BRAND = re.compile(
    r"\b(?:sponsored|brought to you|made possible|support(?:ed)?) by (?P<name>[A-Z]\w+)|\b(?P<site>\w{3,}) dot com"
)
_BOILERPLATE = _any(
    rf"\b(?:subscribe|listen|follow|find us|watch|available)\b.{{0,40}}\b(?:on|to|via|in)\b.{{0,40}}\b{_WHERE}\b",
    r"\b(?:leave|write|give) (?:us|me|the show|the podcast)?\s*an?\s+(?:\S+[- ]star )?(?:review|rating)\b",
    r"\brate (?:and|&) review\b|\bfollow (?:us|me|him|her|them|the show) on\b|\bshare this (?:episode|podcast|post)\b",
    r"\bjoin (?:our|the|my) (?:newsletter|mailing list|discord|community|patreon)\b",
    r"\bsupport (?:us|me|the show|the podcast) (?:on|at|via)\b|\bshow notes\b.{0,30}\b(?:at|on|available)\b",
    r"\bwant to get your own\b|\b(?:get|create|make) your own summar|\ball rights reserved\b|^\W*(?:copyright\b|©)",
    r"\b(?:transcript|summary|notes?|captions?) (?:(?:was|were|is|are) )?(?:\w+ )?(?:generated|created) (?:by|with)\b",
)
_CONTENTS = re.compile(r"\b(?:table of )?contents\W*", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:sponsor\w*|promo\w*|coupons?|discounts?|codes?|ads?|advert\w*|subscrib\w*|links?|urls?|websites?|newsletter"
    r"|contents|chapters)\b",
    re.IGNORECASE,
)


def is_aside(text: str, *, section: tuple[str, ...] = (), episodes: int = 1) -> bool:
    """Whether a text is beside the matter. `section`: its headings; `episodes`: how many of them repeat it."""
    return (
        episodes >= REPEATED
        or _is_sponsor_read(text)
        or bool(_BOILERPLATE.search(text))
        or any(_SPONSOR.search(heading) or _CONTENTS.fullmatch(heading.strip()) for heading in section)
        or _is_links(text)
        or _announces(text)
    )


def asks_for_asides(question: str) -> bool:
    """Whether a question may well be about what is otherwise beside the matter."""
    return bool(_ASKS.search(question))


def _is_sponsor_read(text: str) -> bool:
    """Whether a text is about what a sponsor sells; a longer one, such as a transcript's window, for the most part."""
    if not _SPONSOR.search(text):
        return False
    if len(text) < SHORT:
        return True
    brands = {(m["name"] or m["site"]).casefold() for m in _BRAND.finditer(text)}
    spans = sentence_spans(text)
    sells = sum(end - start for start, end in spans if _sells(text[start:end], brands))
    return sells >= SPONSOR_SHARE * sum(end - start for start, end in spans)


def _sells(sentence: str, brands: Collection[str]) -> bool:
    if _SPONSOR.search(sentence) or _OFFER.search(sentence):
        return True
    return any(brand in sentence.casefold() for brand in brands)


def _is_links(text: str) -> bool:
    """Links and hardly anything else."""
    links = sum(len(match[0]) for match in _LINK.finditer(text))
    return links >= LINK_SHARE * len(text.strip()) > 0 and len(content_words(_LINK.sub(" ", text))) <= LINK_WORDS


def _announces(text: str) -> bool:
    """A label without a word about it: what it announces stands in passages of its own, with it as context."""
    return text.rstrip().endswith(":") and len(text.split()) <= LABEL_WORDS
