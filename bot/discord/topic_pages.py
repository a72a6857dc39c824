"""The map of the notes as Discord embeds: topics, a topic over time, two things side by side, what is new.

Pure functions; knows nothing of connections or of how anything was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import discord

from bot import wording
from bot.discord.layout import DESCRIPTION_LIMIT, Statement, compose, embeds, fitting, one_of, paragraphs, quoted
from bot.discord.pages import ListPage
from bot.discord.render import TOPIC
from bot.discord.text import safe
from bot.files.timeline_chart import Chart, summary
from bot.language import _, number
from bot.terminal.map_report import episode_heading, span
from bot.terminal.map_report import fitting as with_words
from bot.terminal.topic_wording import apart
from rag.map_types import Comparison, Digest, Row, Side, Subject
from rag.phrase import Phrase
from rag.types import Citation

A_PAGE = 15  # topics
QUOTED = 240  # characters of each quote
MOST_ALONE = 2  # rows of what one side says alone
PICTURE = "timeline.png"
LONGEST_DESCRIPTION = 1000  # characters of what a picture shows, for those who do not see it
NO_TOPICS = Phrase("Your notes have no topics yet: nothing comes up in more than one passage.")
NONE_FITS = Phrase("No topic of your notes has these words.")


def topics_page(subjects: Sequence[Subject], *, page: int = 0, wanted: str = "") -> ListPage:
    """A page of the topics with all of the words that are wanted; `page`: from 0, the last where there are fewer."""
    kept = with_words(subjects, wanted)
    only = _("Only those with: {words}").format(words=safe(wanted, 200)) if wanted.strip() else ""
    pages = max(math.ceil(len(kept) / A_PAGE), 1)
    place = min(page, pages - 1)
    shown = [_topic(each) for each in kept[place * A_PAGE : (place + 1) * A_PAGE]]
    listed = "\n".join(shown) or _(NONE_FITS if only else NO_TOPICS)
    text = fitting(paragraphs([only, listed]).splitlines())
    title = _("🗺️ Topics in your notes ({n})").format(n=number(len(kept)))
    return ListPage(one_of(title, TOPIC, text, number=place, of=pages), place, pages)


def timeline_page(drawn: Chart) -> discord.Embed:
    """What stands around the picture of a topic over time, which is attached as `PICTURE`."""
    most = sorted(drawn.strips, key=lambda strip: -strip.count)[:3]
    named = [f"• {safe(strip.title, 120)} · {wording.mentions(strip.count)}" for strip in most]
    text = paragraphs([f"> {safe(drawn.topic, 300)}", f"{summary(drawn)}.", "\n".join([_("Most of all in:"), *named])])
    embed = embeds(_("📈 Over time"), TOPIC, [text])[0]
    return embed.set_image(url=f"attachment://{PICTURE}")


def described(drawn: Chart) -> str:
    """What the picture shows, in words."""
    said = "; ".join(f"{strip.title}: {wording.mentions(strip.count)}" for strip in drawn.strips)
    return _("“{topic}” over time. {episodes}.").format(topic=drawn.topic, episodes=said)[:LONGEST_DESCRIPTION]


def comparison_page(result: Comparison) -> discord.Embed:
    """Both sides, one quote of each in a row."""
    citations = {citation.n: citation for citation in result.citations}
    sides = [f"{mark} **{safe(side.label, 120)}** · {_counts(side)}" for mark, side in _marked(result)]
    met = [row for row in result.rows if row.left and row.right]
    alone = [
        *[row for row in result.rows if row.left and not row.right][:MOST_ALONE],
        *[row for row in result.rows if row.right and not row.left][:MOST_ALONE],
    ]
    statements = [each for row in (*met, *alone) for each in _row(row, citations)]
    opening = ["\n".join(sides), _(apart(result))]
    return embeds(_("⚖️ Side by side"), TOPIC, compose(opening, statements, result.citations)[:1])[0]


def digest_page(news: Digest) -> discord.Embed:
    """Each new episode with its points, as many as fit."""
    day = wording.format_date(news.since)
    if not news.episodes:
        nothing = _("Nothing is of {date} or newer.").format(date=safe(day, 40))
        return embeds(_("📰 New in your notes"), TOPIC, [nothing])[0]
    opening = _("Since {date}: {episodes}.")
    opening = opening.format(date=safe(day, 40), episodes=wording.episodes(len(news.episodes) + news.more))
    citations = {citation.n: citation for citation in news.citations}
    statements = [
        Statement(text=_quoted(citations[n]), citations=(n,), theme=episode_heading(each), level=1)
        for each in news.episodes
        for n in each.points
    ]
    pages = compose([opening], statements, news.citations)
    text = fitting([*pages[0].splitlines(), *_not_shown(len(pages))], DESCRIPTION_LIMIT)
    return embeds(_("📰 New in your notes"), TOPIC, [text])[0]


def _not_shown(pages: int) -> Iterable[str]:
    return ["", _("*There is more: ask for a later day, or use* `footnote digest`*.*")] if pages > 1 else []


def _topic(subject: Subject) -> str:
    counts = wording.passages(subject.passages), wording.episodes(len(subject.episodes))
    names = " / ".join((subject.name, *subject.also[:1]))
    return " · ".join(filter(None, (f"• **{safe(names, 100)}**", *counts, safe(span(subject), 60))))


def _marked(result: Comparison) -> Iterator[tuple[str, Side]]:
    yield from (("🔵", result.left), ("🟠", result.right))


def _counts(side: Side) -> str:
    return f"{wording.passages(side.passages)}, {wording.episodes(len(side.episodes))}"


def _row(row: Row, citations: dict[int, Citation]) -> Iterator[Statement]:
    for mark, numbers in (("🔵", row.left), ("🟠", row.right)):
        for n in numbers[:1]:
            yield Statement(text=f"{mark} {_quoted(citations[n])}", citations=(n,), theme=row.theme, level=1)


def _quoted(citation: Citation) -> str:
    return quoted(citation.display, QUOTED)
