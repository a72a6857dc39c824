"""Nothing that people see in Discord stays English where they speak another language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import discord
import pytest

from bot.discord import owner_pages, pages, render
from bot.discord.buttons import actions_for, buttons, cancel_button
from bot.failures import SENTENCES, UNEXPECTED
from bot.language import _, languages, speaking
from bot.line.worker import Place
from bot.state.conversations import Asked
from bot.state.conversations import Place as Where
from bot.state.gaps import Gap
from bot.state.rules import Common, Rules
from bot.uploads import NoteFile
from tests.bot.samples import ANSWER, CLOSEST, HEAT, LOAF, NOTHING, SUMMARY, VENUS, FakeBrowsing

GAP = Gap(question="?", searched="?", count=2, outcome="closest", last_asked=0, nearest=(), files=("x",), also=("y",))
PLACE = Where(user=1, channel=2)
RULES = Rules(channels={"1": True, "2": False}, role=3, daily=4)
OVERVIEW = FakeBrowsing().overview()
STATUS = owner_pages.Status(
    overview=OVERVIEW, missing="", build="20260101T000000", waiting=2, answering=True, trouble="", since=0, version="1"
)
SHOWN: dict[str, Callable[[], object]] = {
    "answers": lambda: [render.render(result) for result in (ANSWER, CLOSEST, NOTHING, SUMMARY)],
    "waiting": lambda: [
        render.writing("?", [HEAT], ()),
        *(render.place_in_line(Place(position=n, seconds=200, loading=n == 2)) for n in range(1, 8)),
    ],
    "forgetting": lambda: [render.forgotten(0), render.forgotten(2), render.erased({"turns": 1, "votes": 2})],
    "lists": lambda: [pages.list_page([VENUS, LOAF], wanted="v").embed, pages.list_page([]).embed],
    "episodes": lambda: [pages.episode_page(VENUS, [HEAT]), pages.quote_page(HEAT), pages.more_page("?", [])],
    "context": lambda: pages.context_pages([HEAT]),
    "about": lambda: [pages.about_page(OVERVIEW, days=30, trouble=""), pages.help_page()],
    "status": lambda: [owner_pages.status_page(STATUS), owner_pages.changes(None, OVERVIEW, same=False)],
    "changes": lambda: [owner_pages.changes(OVERVIEW, OVERVIEW, same=same) for same in (False, True)],
    "gaps": lambda: [owner_pages.gaps_page([GAP]), owner_pages.gaps_page([]), owner_pages.feedback_pages([])],
    "models": lambda: owner_pages.models_page(OVERVIEW.models, missing=""),
    "settings": lambda: [
        owner_pages.settings_page(owner_pages.Set(rules=RULES, common=Common(), answers="balanced", direct=direct))
        for direct in (False, True)
    ],
    "notes": lambda: owner_pages.notes_pages([NoteFile(name="x", size=1, changed_at=0)], collection="y"),
    "failures": lambda: [_(UNEXPECTED), *(_(text) for _kind, text in SENTENCES)],
    "buttons": lambda: [
        buttons("A" * 16, actions_for(result, kind="ask", cited=Asked.of(PLACE, result, kind="ask", build="").cited))
        for result in (ANSWER, CLOSEST, NOTHING)
    ],
    "cancel": lambda: cancel_button("A" * 16),
}
DATA = "https www youtube com watch venus txt bread"
WORD = re.compile(r"[^\W\d]{3,}")
SAME = "Index Discord Footnote Links Hosts Status Apps Thread UTC"


def texts(shown: object) -> Iterable[str]:
    """All that is read of something shown."""
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, discord.Embed):
        yield from filter(None, (shown.title, shown.description, shown.footer.text))
    elif isinstance(shown, discord.ui.View):
        yield from (item.label for item in shown.children if isinstance(item, discord.ui.Button) and item.label)
    elif isinstance(shown, Iterable):
        for each in shown:
            yield from texts(each)


def lines(what: str, language: str) -> list[str]:
    with speaking(language):
        return [line for text in texts(SHOWN[what]()) for line in text.splitlines()]


@pytest.mark.parametrize("language", languages()[1:])
@pytest.mark.parametrize("what", SHOWN)
async def test_no_line_stays_as_it_is_in_english(what: str, language: str) -> None:
    english, other = lines(what, "en"), lines(what, language)
    assert len(english) == len(other)
    known = set(WORD.findall(f"{DATA} {SAME} {ANSWER} {CLOSEST} {NOTHING} {SUMMARY} {VENUS} {LOAF} {OVERVIEW}"))
    same = [line for line, said in zip(english, other, strict=True) if line == said]
    left = [line for line in same if set(WORD.findall(line)) - known]
    assert left == []
