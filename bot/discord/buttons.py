"""The buttons below an answer and the forms behind two of them: how they look and what their custom_ids say.

A custom_id is `footnote:ACTION:TOKEN`, with the page that it leads to where there are pages; what stands behind the
token is in the database, so buttons work after a restart. Those of a list of episodes say all there is to know
themselves, behind `footnote@LANGUAGE`: whoever turns a page, it stays in the language of the first. Knows nothing of
what a press does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

import discord

from bot import wording
from bot.discord.pages import Sort
from bot.language import _, known, spoken
from bot.state.conversations import Cited
from rag.phrase import Phrase
from rag.types import NotCovered

Action = Literal["back", "next", "context", "more", "file", "up", "down", "report", "notify", "forget"]

LONGEST_REASON = 500
LONGEST_WANTED = 34  # of which each character may count as two in a custom_id of 100
REASON, CITATION = "reason", "citation"

_CUSTOM_ID = re.compile(r"footnote:([a-z]{1,20}):([\w-]{16})(?::(\d{1,3}))?", re.ASCII)
_SPEAKS = re.compile(r"footnote@(\w{2,5})(:.*)", re.ASCII | re.DOTALL)
_LISTING = re.compile(r"footnote:list:(\d{1,4}):(show|newest|oldest|title):(.{0,36})", re.DOTALL)
_LOOKS: Mapping[Action, tuple[Phrase, str | None]] = {
    "back": (Phrase("Back"), "◀️"),
    "next": (Phrase("Next"), "▶️"),
    "context": (Phrase("Show context"), None),
    "more": (Phrase("More from this episode"), None),
    "file": (Phrase("As text file"), None),
    "up": (Phrase(""), "👍"),
    "down": (Phrase(""), "👎"),
    "report": (Phrase("Wrong citation"), "🚩"),
    "notify": (Phrase("Tell me when the notes cover this"), "📬"),
    "forget": (Phrase("Forget this conversation"), None),
}
_READING = ("back", "next", "context", "more", "file")  # stand in a row of their own
_MOST_OPTIONS = 25
_LONGEST_OPTION = 100


class Pressed(NamedTuple):
    """What a custom_id says; anybody can send any."""

    action: str
    token: str
    page: int


class Listing(NamedTuple):
    """What the buttons below a list of episodes say."""

    page: int
    sort: Sort
    wanted: str


def actions_for(
    result: object, *, kind: str, cited: Sequence[Cited], pages: int = 1, filtered: bool = False
) -> tuple[Action, ...]:
    """Which buttons stand below a result that has so many pages; `filtered`: only some of the notes were searched."""
    actions: list[Action] = ["back", "next"] if pages > 1 else []
    if cited:
        actions += ["context", "more", "file"] if kind == "ask" else ["file"]
    actions += ["up", "down", "report"] if cited else ["up", "down"]
    if isinstance(result, NotCovered) and kind == "ask" and not filtered:
        actions.append("notify")
    return (*actions, "forget")


def buttons(token: str, actions: Sequence[str], *, page: int = 0, pages: int = 1) -> discord.ui.View:
    """The rows of buttons below page number `page`, from 0. On the event loop."""
    targets = {"back": max(page - 1, 0), "next": min(page + 1, pages - 1)}
    view = discord.ui.View(timeout=None)
    for action in actions:
        label, emoji = _LOOKS[cast("Action", action)]
        target = targets.get(action)
        custom_id = _custom_id(action, token) + ("" if target is None else f":{target}")
        row = 0 if action in _READING else 1
        view.add_item(
            discord.ui.Button(
                label=_(label) or None, emoji=emoji, custom_id=custom_id, row=row, disabled=target == page
            )
        )
    return _forgotten(view)


def cancel_button(token: str) -> discord.ui.View:
    """The button below what somebody sees who waits. On the event loop."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label=_("Cancel"), emoji="🛑", custom_id=_custom_id("cancel", token)))
    return _forgotten(view)


def list_buttons(now: Listing, pages: int) -> discord.ui.View | None:
    """The buttons below a page of a list; None where it has one page. On the event loop."""
    return page_buttons(f"list:{{page}}:{now.sort}", now.wanted, now.page, pages)


def page_buttons(asked: str, wanted: str, page: int, pages: int) -> discord.ui.View | None:
    """The buttons below page number `page`, from 0, of a list; None where it has one page. On the event loop.

    `asked`: what their custom_ids say of it before what is `wanted`, with "{page}" where the page stands.
    """
    if pages < 2:
        return None
    view = discord.ui.View(timeout=None)
    for action, to in (("back", page - 1), ("next", page + 1)):
        label, emoji = _LOOKS[cast("Action", action)]
        custom_id = f"footnote@{spoken()}:{asked.format(page=to % 10_000)}:{wanted[:LONGEST_WANTED]}"
        beyond = not 0 <= to < pages
        view.add_item(discord.ui.Button(label=_(label), emoji=emoji, custom_id=custom_id, disabled=beyond))
    return _forgotten(view)


def pressed(custom_id: str) -> Pressed | None:
    """What a custom_id says; None if it is not one of ours."""
    match = _CUSTOM_ID.fullmatch(custom_id)
    return Pressed(match[1], match[2], int(match[3] or 0)) if match else None


def language_of(custom_id: str) -> tuple[str, str]:
    """The language of the page that a button stands below, and its custom_id without that; what is spoken where it
    names none that is known."""
    match = _SPEAKS.fullmatch(custom_id)
    return (known(match[1]) or spoken(), f"footnote{match[2]}") if match else (spoken(), custom_id)


def listing(custom_id: str) -> Listing | None:
    """Which page of a list of episodes a custom_id asks for; None if it asks for none."""
    match = _LISTING.fullmatch(custom_id)
    return Listing(int(match[1]), cast("Sort", match[2]), match[3]) if match else None


def _forgotten(view: discord.ui.View) -> discord.ui.View:
    """The same, which the library does not keep in memory: presses come as events."""
    view.stop()
    return view


def reason_form(token: str) -> discord.ui.Modal:
    """Asks what was wrong with an answer; need not be filled in."""
    return _form("down", token, _("What was wrong?"), _reason(_("If you like, say what you missed")))


def report_form(token: str, cited: Sequence[Cited]) -> discord.ui.Modal:
    """Asks which citation is wrong, and why."""
    options = [
        discord.SelectOption(label=_named(each), value=str(each.n), default=each == cited[0])
        for each in cited[:_MOST_OPTIONS]
    ]
    choice = discord.ui.Select[Any](custom_id=CITATION, options=options)
    which = discord.ui.Label[Any](text=_("Which citation?"), component=choice)
    return _form("report", token, _("Report a wrong citation"), which, _reason(_("What is wrong with it?")))


def filled_in(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """What somebody has typed or chosen in a form, by the custom_id of the field; forged forms may lack any."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    fields = [row.get("component") or {} for row in data.get("components", ())]
    return {str(field.get("custom_id")): _value(field)[:LONGEST_REASON] for field in fields}


def _value(field: Mapping[str, Any]) -> str:
    chosen = field.get("values")
    return str(chosen[0]) if chosen else str(field.get("value") or "").strip()


def _form(action: Action, token: str, title: str, *fields: discord.ui.Item[Any]) -> discord.ui.Modal:
    form = discord.ui.Modal(title=title, custom_id=_custom_id(action, token))
    for field in fields:
        form.add_item(field)
    form.stop()  # as of the buttons
    return form


def _reason(text: str) -> discord.ui.Label[Any]:
    long = discord.TextStyle.paragraph
    typed = discord.ui.TextInput[Any](custom_id=REASON, style=long, required=False, max_length=LONGEST_REASON)
    return discord.ui.Label(text=text, component=typed)


def _named(cited: Cited) -> str:
    file = wording.clean(cited.note_file)[: _LONGEST_OPTION - 40]
    return f"[{cited.n}] {file} {wording.within(cited.counted, cited.line_start, cited.line_end)}"[:_LONGEST_OPTION]


def _custom_id(action: str, token: str) -> str:
    return f"footnote:{action}:{token}"
