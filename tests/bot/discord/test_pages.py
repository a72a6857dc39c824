from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import discord
import pytest

from bot.discord.buttons import LONGEST_WANTED, Listing, buttons, language_of, list_buttons, listing, pressed
from bot.discord.layout import DESCRIPTION_LIMIT
from bot.discord.pages import (
    about_page,
    context_pages,
    episode_page,
    help_page,
    list_page,
    more_page,
    quote_page,
    sorted_by,
)
from bot.discord.text import length
from rag.types import EpisodeEntry, Overview
from tests.bot.samples import BREAD, HEAT, LOAF, VENUS

HOSTILE = (
    "[click](https://evil.example) https://evil.example @everyone <@123456789012345678> **b** `c` "
    "\u202egnp.exe zero\u200bwidth ](https://evil.example)\n# heading\n"
) * 40


def within_limits(embeds: Sequence[discord.Embed]) -> str:
    """All of the text, once it is sure that one message holds it."""
    for embed in embeds:
        assert length(embed.description or "") <= DESCRIPTION_LIMIT
        assert length(embed.title or "") <= 256
    assert sum(map(len, embeds)) <= 6000
    return "\n".join(embed.description or "" for embed in embeds)


def test_hostile_text_keeps_the_limits_and_makes_no_link() -> None:
    citation = replace(
        HEAT, show=HOSTILE, episode=HOSTILE, display=HOSTILE, whole=HOSTILE, note_file=HOSTILE, before=(HOSTILE,) * 9
    )
    entry = replace(VENUS.entries[0], note_file=HOSTILE)
    urls = ("javascript:alert(1)", "https://example.org/a)b", "https://exämple.org")
    episode = replace(VENUS, show=HOSTILE, title=HOSTILE, guests=(HOSTILE,) * 9, urls=urls, entries=(entry,) * 99)
    overview = Overview(episodes=(episode,), notes=1, passages=1, models=((HOSTILE, HOSTILE),))
    shown = [
        [episode_page(episode, [citation] * 30)],
        [quote_page(citation)],
        [more_page(HOSTILE, [citation] * 4)],
        context_pages([citation] * 9),
        [about_page(overview, days=30, trouble=HOSTILE)],
        [help_page()],
        *([list_page([episode] * 40, page=page, wanted=HOSTILE).embed] for page in range(3)),
        *([list_page([episode] * 40, page=page).embed] for page in range(3)),
    ]
    for embeds in shown:
        text = within_limits(embeds)
        links = re.findall(r"(?<!\\)\]\(([^)\s]*)\)", text)
        assert set(links) <= {HEAT.url, "https://example.org/a%29b"}
        assert not re.search(r"@(everyone|here)|(?<!\\)<@|https?://evil|\u202e", text)


def test_every_episode_stands_on_one_page_under_its_show() -> None:
    episodes = [replace(VENUS, title=f"Talk {n:02}", show=f"Show {n % 2}") for n in range(31)]
    pages = [list_page([*episodes, LOAF], page=page) for page in range(4)]
    texts = [page.embed.description or "" for page in pages]
    assert [(page.number, page.pages) for page in pages] == [(0, 3), (1, 3), (2, 3), (2, 3)]
    assert texts.pop() == texts[2]
    assert [text.count("• ") for text in texts] == [15, 15, 2]
    assert texts[0].startswith("**Show 0**\n• [Talk 00]")
    assert texts[2].endswith("**Show not named**\n• Ines Carvalho · 1 note")


def test_only_the_page_that_is_shown_is_laid_out() -> None:
    """All of them were, while nobody else could be acknowledged."""

    class Untouched(tuple[EpisodeEntry, ...]):
        def __iter__(self) -> NoReturn:
            raise AssertionError("laid out")

    others = [replace(VENUS, title=f"Talk {n:02}", entries=Untouched()) for n in range(31)]
    page = list_page([*others[:15], *[VENUS] * 15, *others[15:]], page=1, sort="newest")
    assert (page.number, page.pages) == (1, 4)
    assert (page.embed.description or "").count("• ") == 15


def test_episodes_without_a_year_stand_last_where_the_order_is_of_dates() -> None:
    dated = [replace(VENUS, id=date, date=date or None) for date in ("2023", "", "--05-01", "2024-02-01")]
    assert [episode.id for episode in sorted_by("newest", dated)] == ["2024-02-01", "2023", "", "--05-01"]
    assert [episode.id for episode in sorted_by("oldest", dated)] == ["2023", "2024-02-01", "", "--05-01"]


@pytest.mark.parametrize(("wanted", "count"), [("", 2), ("VENUS skies", 1), ("10 sep", 1), ("carvalho", 1), ("x", 0)])
def test_a_filter_looks_at_names_guests_and_dates(wanted: str, count: int) -> None:
    assert list_page([VENUS, LOAF], wanted=wanted).embed.title == f"🎧 Episodes in your notes ({count})"


def test_a_minute_is_said_once() -> None:
    spoken = [replace(HEAT, display="(1: 07: 30) Lead melts."), replace(HEAT, display="- 67:30 – 464 °C is hot.")]
    text = episode_page(VENUS, spoken).description or ""
    assert f"• [1:07:30]({HEAT.url}) Lead melts.\n• [1:07:30]({HEAT.url}) 464 °C is hot." in text


def test_context_shows_as_many_citations_as_one_message_holds() -> None:
    long = replace(HEAT, whole="All of it. " * 80, before=("Before. " * 60,) * 2, after=("After. " * 60,) * 2)
    pages = context_pages([replace(long, n=n) for n in range(1, 9)])
    assert 1 < len(pages) < 8
    within_limits(pages)
    assert pages[0].title == "🔍 Around [1]"
    assert "**done at 96 °C**" in (context_pages([BREAD])[0].description or "")


async def test_the_custom_ids_of_a_page_differ_fit_and_are_understood() -> None:
    actions = ("back", "next", "context", "more", "file", "up", "down", "report", "forget")
    for page in range(3):
        view = buttons("A" * 16, actions, page=page, pages=3)
        ids = [str(item.custom_id) for item in view.children if isinstance(item, discord.ui.Button)]
        assert len(set(ids)) == len(actions)
        understood = [pressed(each) for each in ids]
        assert [each.action for each in understood if each] == list(actions)
        assert [each.page for each in understood if each][:2] == [max(page - 1, 0), min(page + 1, 2)]
        disabled = [item.disabled for item in view.children if isinstance(item, discord.ui.Button)]
        assert disabled[:3] == [page == 0, page == 2, False]


async def test_the_buttons_of_a_list_say_all_there_is_to_know() -> None:
    now = Listing(1, "newest", ("😀:*" * 12)[:LONGEST_WANTED])
    view = list_buttons(now, 3)
    assert view is not None
    ids = [str(item.custom_id) for item in view.children if isinstance(item, discord.ui.Button)]
    assert [listing(language_of(each)[1]) for each in ids] == [now._replace(page=0), now._replace(page=2)]
    assert all(length(each) <= 100 for each in ids)
    assert list_buttons(now, 1) is None


@pytest.mark.parametrize(
    ("custom_id", "language", "rest"),
    [
        ("footnote@de:list:1:show:x:y", "de", "footnote:list:1:show:x:y"),
        ("footnote:list:1:show:x", "en", "footnote:list:1:show:x"),  # of a message from before this was kept
        ("footnote@xx:list:1:show:x", "en", "footnote:list:1:show:x"),
        ("footnote@:x", "en", "footnote@:x"),
    ],
)
def test_the_buttons_of_a_list_name_its_language(custom_id: str, language: str, rest: str) -> None:
    assert language_of(custom_id) == (language, rest)
