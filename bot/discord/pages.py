"""What people browse in the notes, as Discord embeds: episodes, one episode, quotes, context, and what the bot is.

Pure functions; knows nothing of connections or of how anything was found.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Literal, NamedTuple

import discord

from bot import wording
from bot.discord.layout import (
    DESCRIPTION_LIMIT,
    Statement,
    compose,
    embeds,
    fitting,
    minute,
    one_of,
    paragraphs,
    quoted,
    source,
)
from bot.discord.render import TOPIC
from bot.discord.text import length, link, safe
from bot.language import _, ngettext, number
from rag.phrase import Phrase
from rag.types import Citation, Episode, Overview

Sort = Literal["show", "newest", "oldest", "title"]

SORTS: tuple[Sort, ...] = ("show", "newest", "oldest", "title")
A_PAGE = 15  # episodes
SHOWN_OF_A_MINUTE = 110  # characters of what is said then
CONTEXT_LIMIT = 5500  # characters over all embeds of a message, of which Discord allows 6,000
NOTHING_MORE = Phrase("This episode has nothing else in your notes that comes near the question.")
NO_QUOTE = Phrase("Your notes have no passage with a word of that. Try another word, or /quote alone for any passage.")
_MINUTE = re.compile(r"^[\s(\[*-]*\d{1,3}(?:: ?\d\d){1,2}[\s)\]:–—-]*")  # which the link says already
HELP = (
    Phrase(
        "**Ask**\n"
        "`/ask` your notes a question. Narrow it with *episode*, *show*, *guest*, *from* and *to*; *private* shows the "
        "answer to you alone.\n"
        "Or mention me, reply to an answer of mine, send me a direct message, or open the menu of a message and choose "
        "*Apps › Ask my notes about this*.\n"
        "`/topic` gathers what all episodes say about something. `/timeline` shows when it comes up, `/compare` puts "
        "two things side by side."
    ),
    Phrase(
        "**Browse**\n"
        "`/topics` lists what the notes speak of, `/digest` says what the newest add.\n"
        "`/episodes` lists what there is, `/episode` shows one with its minutes, `/quote` gives a passage word for "
        "word.\n"
        "`/about` says what I know and what I store."
    ),
    Phrase(
        "**What the answers mean**\n"
        "✅ From your notes: each statement has a number, and below it stands where it comes from.\n"
        "🔎 No clear answer: what comes nearest, for you to judge.\n"
        "🚫 Not in your notes: I say so rather than guess."
    ),
    Phrase(
        "**For my owner and those who manage the server**\n"
        "`/footnote` shows how I am, reads the notes again, lists what they do not cover, and sets what I may do."
    ),
    Phrase(
        "**Your data**\n*Forget this conversation* below an answer, or `/forget-me`, which erases everything about you."
    ),
)


class ListPage(NamedTuple):
    """One page of a list: page `number`, from 0, of `pages`."""

    embed: discord.Embed
    number: int
    pages: int


def list_page(episodes: Sequence[Episode], *, page: int = 0, wanted: str = "", sort: Sort = "show") -> ListPage:
    """A page of the episodes that have all of the words that are wanted in their name, guests or date.

    `page`: from 0; the last where there are fewer. There is one at least.
    """
    kept = sorted_by(sort, [episode for episode in episodes if _fits(episode, wanted)])
    title = _("🎧 Episodes in your notes ({n})").format(n=number(len(kept)))
    only = _("Only those with: {words}").format(words=safe(wanted, 200)) if wanted.strip() else ""
    none = _("None of them fits.") if only else _("There are no episodes in your notes yet.")
    pages = max(math.ceil(len(kept) / A_PAGE), 1)
    place = min(page, pages - 1)
    shown = kept[place * A_PAGE : (place + 1) * A_PAGE]
    text = fitting(paragraphs([only, _listed(shown, by_show=sort == "show") or none]).splitlines())
    return ListPage(one_of(title, TOPIC, text, number=place, of=pages), place, pages)


def sorted_by(sort: Sort, episodes: Sequence[Episode]) -> list[Episode]:
    """The episodes in an order; those without a year stand last where it is one of dates."""
    if sort == "title":
        return sorted(episodes, key=lambda e: e.title.casefold())
    if sort == "show":
        return sorted(episodes, key=lambda e: ((e.show or "\uffff").casefold(), e.date or "", e.title.casefold()))
    dated = [e for e in episodes if e.date and not e.date.startswith("-")]
    others = [e for e in episodes if not e.date or e.date.startswith("-")]
    return [*sorted(dated, key=lambda e: e.date or "", reverse=sort == "newest"), *others]


def episode_page(episode: Episode, outline: Sequence[Citation]) -> discord.Embed:
    """One episode: who, when, where it can be heard, which notes are about it, and what is said when."""
    people = {_("Guests"): episode.guests, _("Hosts"): episode.hosts}
    facts = [f"**{name}:** {safe(', '.join(who), 300)}" for name, who in people.items() if who]
    if episode.date:
        facts.append(f"**{_('Date')}:** {safe(wording.format_date(episode.date), 40)}")
    if episode.number:
        facts.append(f"**{_('Number')}:** {safe(episode.number, 20)}")
    links = [link(wording.clean(url), url) for url in episode.urls if wording.safe_url(url)]
    minutes = [f"{minute(each)} {safe(_MINUTE.sub('', each.display), SHOWN_OF_A_MINUTE)}" for each in outline]
    parts = ["\n".join(facts), *_section(_("Links"), links[:5]), *_section(_("Minutes"), minutes)]
    files = dict.fromkeys(entry.note_file for entry in episode.entries)
    parts += _section(_("Notes"), [_note(episode, file) for file in files])
    description = fitting(paragraphs(parts).splitlines())
    return embeds(f"🎧 {safe(episode.name, 200)}", TOPIC, [description])[0]


def quote_page(citation: Citation) -> discord.Embed:
    """One passage, word for word."""
    statement = Statement(text=quoted(citation.display), citations=(citation.n,))
    return embeds(_("💬 From your notes"), TOPIC, compose([], [statement], [citation]))[0]


def more_page(question: str, citations: Sequence[Citation]) -> discord.Embed:
    """What else an episode says near a question."""
    statements = [Statement(text=quoted(each.display), citations=(each.n,)) for each in citations]
    opening = [f"> {safe(question, 300)}", *([] if citations else [_(NOTHING_MORE)])]
    return embeds(_("➕ More from this episode"), TOPIC, compose(opening, statements, citations)[:1])[0]


def context_pages(citations: Sequence[Citation]) -> tuple[discord.Embed, ...]:
    """The lines around each quote, an embed a citation, as many as one message holds."""
    pages: list[discord.Embed] = []
    for citation in citations:
        page = fitting(_context(citation), min(DESCRIPTION_LIMIT, CONTEXT_LIMIT // 2))
        total = sum(length(embed.description or "") for embed in pages) + length(page)
        if total > CONTEXT_LIMIT or len(pages) == 10:
            break
        pages += embeds(_("🔍 Around [{n}]").format(n=citation.n), TOPIC, [page])
    return tuple(pages)


def about_page(overview: Overview, *, days: int, trouble: str) -> discord.Embed:
    """What the bot knows, with what it works and what it stores; `trouble`: what keeps it from remembering."""
    newest = sorted_by("newest", overview.episodes)[:1]
    knows = [
        ", ".join(
            (
                wording.notes(overview.notes),
                wording.episodes(len(overview.episodes)),
                wording.passages(overview.passages),
            )
        ),
        *(_("Newest: {episode}").format(episode=_named(episode)) for episode in newest if episode.date),
    ]
    kept = ngettext(
        "Your questions and where in the notes their answers stand, for {n} day; votes, reports and what you want to "
        "be told. No answers, and nothing else that you write.",
        "Your questions and where in the notes their answers stand, for {n} days; votes, reports and what you want to "
        "be told. No answers, and nothing else that you write.",
        days,
    )
    stores = [kept, _("It is on the machine that I run on. `/forget-me` erases all that is about you.")]
    broken = _("⚠️ I cannot remember anything at the moment. {why}")
    parts = [
        *_section(_("What I know"), knows),
        *_section(_("Models"), [f"{safe(_(what), 60)}: {safe(name, 120)}" for what, name in overview.models]),
        *_section(_("What I store"), stores),
        *([broken.format(why=safe(_(trouble), 500)).strip()] if trouble else []),
    ]
    return embeds(_("📚 About me"), TOPIC, [paragraphs(parts)])[0]


def help_page() -> discord.Embed:
    """What people can do."""
    return embeds(_("❓ What I can do"), TOPIC, [paragraphs(map(_, HELP))])[0]


def _listed(episodes: Sequence[Episode], *, by_show: bool) -> str:
    if not by_show:
        return "\n".join(_episode_line(episode, with_show=True) for episode in episodes)
    shows = groupby(episodes, key=lambda episode: episode.show)
    return paragraphs(
        "\n".join([f"**{safe(show or _('Show not named'), 120)}**", *map(_episode_line, group)])
        for show, group in shows
    )


def _episode_line(episode: Episode, *, with_show: bool = False) -> str:
    notes = wording.notes(len({entry.note_file for entry in episode.entries}))
    day = safe(wording.format_date(episode.date), 40)
    return " · ".join(filter(None, (f"• {_named(episode, with_show=with_show)}", day, notes)))


def _named(episode: Episode, *, with_show: bool = False) -> str:
    url = next(filter(None, map(wording.safe_url, episode.urls)), None)
    return link(wording.episode_name(episode.show if with_show else None, episode.title), url)


def _fits(episode: Episode, wanted: str) -> bool:
    words = wanted.casefold().split()
    if not words:
        return True
    said = " ".join((episode.name, *episode.guests, episode.date or "", wording.format_date(episode.date))).casefold()
    return all(word in said for word in words)


def _note(episode: Episode, file: str) -> str:
    entries = [entry for entry in episode.entries if entry.note_file == file]
    places = ", ".join(wording.lines(entry.line_start, entry.line_end) for entry in entries)
    return f"{safe(file, 120)} · {places}"


def _section(name: str, lines: Sequence[str]) -> list[str]:
    return ["\n".join([f"**{name}**", *(f"• {line}" for line in lines)])] if lines else []


def _context(citation: Citation) -> list[str]:
    before, after = ([safe(text, 500) for text in texts] for texts in (citation.before, citation.after))
    return [source(citation), "", *before, f"**{safe(citation.whole or citation.display, 900)}**", *after]
