"""What those who run the bot are shown: its state, what the notes do not cover, and what people thought of answers.

Pure functions on plain values. Knows nothing of where they come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import discord

from bot import wording
from bot.discord.layout import Statement, compose, embeds, fitting, paragraphs
from bot.discord.render import TOPIC
from bot.discord.text import safe
from bot.language import _, ngettext, number
from bot.line.answer_cache import Counts
from bot.state.feedback import Feedback
from bot.state.gaps import Gap
from bot.state.rules import ALL, ELSEWHERE, NOTHING, Common, Rules
from bot.state.usage import Usage
from bot.terminal.gaps_report import NO_GAPS
from bot.uploads import NoteFile
from rag.certainty import Answers
from rag.phrase import Phrase
from rag.types import Overview

NO_FEEDBACK = Phrase("Nobody has voted on an answer or reported a citation yet.")
NOTHING_WRITES = Phrase(
    "**Writing:** none. Answers are the notes' own words. A language model writes once it has shown that it can "
    "(`footnote models try`)."
)
NOTHING_NEW = Phrase("📖 I have read the notes again: nothing has changed.")
A_LINE = 200  # characters of a question
NAMED = 10  # episodes that are new or gone
_SIGNS = {"up": "👍", "down": "👎", "report": "🚩"}
_READILY: Mapping[Answers, str] = {
    "cautious": Phrase("I refuse when in doubt."),
    "balanced": Phrase("I answer when I am fairly sure."),
    "generous": Phrase("I answer readily, and am wrong more often."),
}
_DOES: Mapping[str, str] = {
    "Search": Phrase("Finds passages by what they mean. It writes nothing."),
    "Order of what was found": Phrase("Puts the passages that were found in order. Nothing that it says is shown."),
    "Writing": Phrase("Writes answers; each sentence is checked against the passages that it cites, or dropped."),
}
_FROM: Mapping[str, str] = {ALL: Phrase("all notes"), NOTHING: Phrase("none: nobody is answered from any")}
_LENGTHS: Mapping[str, str] = {
    "short": Phrase("short: the first sentence"),
    "normal": Phrase("normal: up to five sentences"),
    "long": Phrase("long: all that I have"),
}
COLLECTION = Phrase("the collection {name}")
_NO_HOURS = Phrase("none")
_ANSWERS: Mapping[Answers, str] = {
    "cautious": Phrase("cautious"),
    "balanced": Phrase("balanced"),
    "generous": Phrase("generous"),
}
_BUILT = re.compile(r"\d{8}T\d{6}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Status:
    """How the bot is.

    Attributes:
        overview: what it knows; None where it cannot say, and `missing` says why.
        build: name of the index that serves; "" where none is known.
        waiting: questions in line.
        answering: whether one is being answered.
        trouble: what keeps the bot from remembering; "" where nothing does.
        since: when it was started, in seconds since 1970.
        answers: how many were asked for since then, and how many of them were at hand; None where that is not told.
    """

    overview: Overview | None
    missing: str
    build: str
    waiting: int
    answering: bool
    trouble: str
    since: float
    version: str
    answers: Counts | None = None


def status_page(status: Status) -> discord.Embed:
    """How the bot is, at a glance."""
    known = status.overview
    notes = _counts(known) if known else f"⚠️ {safe(status.missing, 500)}"
    waiting = ngettext("{n} question waiting", "{n} questions waiting", status.waiting)
    queue = f"{waiting}; {_('one being answered') if status.answering else _('none being answered')}"
    broken = _("⚠️ I cannot remember anything: {why}").format(why=safe(_(status.trouble), 500))
    models = [f"• {safe(_(what), 60)}: {safe(name, 120)}" for what, name in (known.models if known else ())]
    running = _("Footnote {version}, started {when}")
    running = running.format(version=safe(status.version, 40), when=f"<t:{int(status.since)}:R>")
    parts = [
        f"{_labelled(_('Notes'), notes)}\n{_labelled(_('Index'), _index(status.build))}",
        "\n".join(
            [
                _labelled(_("Queue"), queue),
                *([_labelled(_("Answers"), _answers(status.answers))] if status.answers else []),
                _labelled(_("Memory"), broken if status.trouble else _("working")),
            ]
        ),
        "\n".join([f"**{_('Models')}**", *models]) if models else "",
        _labelled(_("Running"), running),
    ]
    return embeds(_("🛠️ Status"), TOPIC, [paragraphs(parts)])[0]


def changes(before: Overview | None, after: Overview, *, same: bool) -> str:
    """What reading the notes again has changed; `same`: the index that serves is the one before."""
    if before is None:
        return _("📖 I have read the notes: {counts}.").format(counts=_counts(after))
    names = ({episode.name for episode in overview.episodes} for overview in (before, after))
    old, new = names
    counts = _counts(after)
    if counts != _counts(before):
        counts = _("{counts} (before: {earlier})").format(counts=counts, earlier=_counts(before))
    told = [_named(_("New"), sorted(new - old)), _named(_("Gone"), sorted(old - new))]
    if same and not any(told):
        return _(NOTHING_NEW)
    return "\n".join(filter(None, (_("📖 I have read the notes again: {counts}.").format(counts=counts), *told)))


def gaps_page(found: Sequence[Gap]) -> discord.Embed:
    """What the notes do not cover, the most asked first."""
    title = _("🕳️ What the notes do not cover ({n})").format(n=number(len(found)))
    return embeds(title, TOPIC, [fitting([line for gap in found for line in _gap(gap)]) or _(NO_GAPS)])[0]


def feedback_pages(found: Sequence[Feedback]) -> tuple[discord.Embed, ...]:
    """Votes and reports, the newest first."""
    counts = " · ".join(f"{sign} {number(sum(each.what == what for each in found))}" for what, sign in _SIGNS.items())
    return _paged(_("🗳️ Votes and reports"), counts if found else _(NO_FEEDBACK), [_feedback(each) for each in found])


def notes_pages(found: Sequence[NoteFile], *, collection: str | None) -> tuple[discord.Embed, ...]:
    """The files of the notes that are meant for here."""
    of_one = _("Of the collection **{name}**").format(name=safe(collection, 80)) if collection else ""
    where = of_one or _("Of all notes")
    lines = [f"• {safe(file.name, 150)} · {_size(file.size)} · <t:{int(file.changed_at)}:d>" for file in found]
    head = f"{where}." if found else _("{where}: there are none yet.").format(where=where)
    return _paged(_("🗂️ Notes ({n})").format(n=number(len(found))), head, lines)


def models_page(models: Sequence[tuple[str, str]], *, missing: str) -> discord.Embed:
    """Which models are loaded and what each may do; `missing`: why that cannot be said."""
    lines = [
        f"{_labelled(safe(_(what), 60), safe(name, 120))}\n{_(_DOES.get(what, ''))}".strip() for what, name in models
    ]
    if models and "Writing" not in dict(models):
        lines.append(_(NOTHING_WRITES))
    return embeds(_("🧠 Models"), TOPIC, [paragraphs(lines or [f"⚠️ {safe(missing, 500)}"])])[0]


def budget_page(found: Sequence[Usage], *, daily: int | None, everywhere: bool) -> discord.Embed:
    """Who has asked how much today; `everywhere`: on all servers."""
    asked = sum(each.questions for each in found)
    total = ngettext("{n} question today (by UTC).", "{n} questions today (by UTC).", asked)
    allowed = _("Allowed in direct messages: {budget}.") if everywhere else _("Allowed here: {budget}.")
    head = f"{total} {allowed.format(budget=_a_day(daily) or _('any number'))}"
    lines = [f"• <@{each.user}>: {number(each.questions)}{_on(each) if everywhere else ''}" for each in found]
    return embeds(_("🎟️ Questions today"), TOPIC, [fitting([head, "", *lines])])[0]


@dataclass(frozen=True, kw_only=True)
class Set:
    """What is set for a server, or for direct messages.

    Attributes:
        answers: how readily to answer there.
        direct: it is about direct messages.
    """

    rules: Rules
    common: Common
    answers: Answers
    direct: bool


def settings_page(now: Set) -> discord.Embed:
    """What is set now, a sentence each."""
    rules = now.rules
    answers = f"{_(_ANSWERS[now.answers])}. {_(_READILY[now.answers])} {_('Only my owner changes this.')}"
    lines = [_labelled(_("Answers"), answers)]
    if not now.direct:
        lines += [_labelled(_("Channels"), _channels(rules)), _labelled(_("Who may ask"), _who(rules))]
    lines.append(_labelled(_("Notes"), _notes(rules, apart=now.common.apart)))
    lines.append(_labelled(_("Length"), f"{_per_channel(rules.verbosity, 'normal', _LENGTHS)}."))
    if not now.direct:
        zone = f" ({now.common.timezone or _('the clock of my machine')})" if rules.quiet else ""
        lines.append(_labelled(_("Quiet hours"), f"{_per_channel(rules.quiet, _NO_HOURS, {})}{zone}."))
    daily, where = _a_day(rules.daily) or _("no limit"), _("in direct messages") if now.direct else _("on this server")
    lines.append(_labelled(_("Daily budget"), f"{daily}, {where}."))
    return embeds(_("⚙️ Settings"), TOPIC, [fitting(lines)])[0]


def _labelled(name: str, said: str) -> str:
    return f"**{name}:** {said}"


def _a_day(most: int | None) -> str:
    return ngettext("{n} question a day and person", "{n} questions a day and person", most) if most else ""


def _paged(title: str, head: str, lines: Sequence[str]) -> tuple[discord.Embed, ...]:
    """The lines on as many pages as they need, the first with `head` above them."""
    return embeds(title, TOPIC, compose([head], [Statement(text=line) for line in lines]))


def _on(used: Usage) -> str:
    return f" {_('in direct messages')}" if used.server is None else _(" on server {id}").format(id=used.server)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 0.1):.1f} kB"


def _notes(rules: Rules, *, apart: bool) -> str:
    named = {key: _FROM.get(name, COLLECTION.format(name=safe(name, 80))) for key, name in rules.notes.items()}
    return _per_channel(named, _FROM[NOTHING if apart else ALL], {}) + "."


def _per_channel(said: Mapping[str, str], otherwise: str, words: Mapping[str, str]) -> str:
    here = said.get(ELSEWHERE, otherwise)
    others = [
        _("in {channel} {what}").format(channel=f"<#{key}>", what=_(words.get(value, value)))
        for key, value in said.items()
        if key != ELSEWHERE
    ]
    return "; ".join([_(words.get(here, here)), *others])


def _channels(rules: Rules) -> str:
    open_, closed = (_listed(rules, allowed) for allowed in (True, False))
    if rules.channels.get(ELSEWHERE, True):
        if closed and open_:
            said = _("I answer everywhere but in {closed}; in {open} I do.")
        else:
            said = _("I answer everywhere but in {closed}.") if closed else _("I answer everywhere.")
    elif open_:
        said = _("I answer only in {open}, and not in {closed}.") if closed else _("I answer only in {open}.")
    else:
        said = _("I answer in no channel.")
    return said.format(open=open_, closed=closed)


def _listed(rules: Rules, allowed: bool) -> str:
    return ", ".join(f"<#{each}>" for each, said in rules.channels.items() if said is allowed and each != ELSEWHERE)


def _who(rules: Rules) -> str:
    return " ".join([_those(rules.role), *(f"<#{key}>: {_those(role)}" for key, role in rules.roles.items())])


def _those(role: int | None) -> str:
    return _("Only people with the role {role}.").format(role=f"<@&{role}>") if role else _("Everybody.")


def _counts(overview: Overview) -> str:
    episodes = wording.episodes(len(overview.episodes))
    return ", ".join((wording.notes(overview.notes), episodes, wording.passages(overview.passages)))


def _answers(counts: Counts) -> str:
    said = _("{n} since the start, {kept} of them as answered before, without the models")
    return said.format(n=number(counts.asked + counts.kept), kept=number(counts.kept))


def _index(build: str) -> str:
    """The index by its name, which begins with when it was built, and that as everybody's own clock says it."""
    stamp = _BUILT.match(build)
    if not stamp:
        return safe(build, 100) or _("not known yet")
    built = datetime.strptime(stamp[0], "%Y%m%dT%H%M%S").astimezone()  # of this machine, like the name
    return _("built {when} ({name})").format(when=f"<t:{int(built.timestamp())}:R>", name=safe(build, 100))


def _named(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    listed = "; ".join(safe(name, 120) for name in names[:NAMED])
    if (more := len(names) - NAMED) > 0:
        listed = _("{listed} and {n} more").format(listed=listed, n=number(more))
    return _labelled(what, listed)


def _gap(gap: Gap) -> list[str]:
    """A line of what was asked and how often, and a small one of what is near and how else it was asked."""
    nearest = _("nearest: {notes}").format(notes=safe(", ".join(gap.files), 150)) if gap.files else ""
    also = ngettext("also asked in {n} other way", "also asked in {n} other ways", len(gap.also)) if gap.also else ""
    behind = " · ".join(filter(None, (nearest, also)))
    return [f"**{number(gap.count)}×** {safe(gap.searched, A_LINE)}", *([f"-# {behind}"] if behind else [])]


def _feedback(given: Feedback) -> str:
    citation = f" · {_('citation [{n}]').format(n=given.citation)}" if given.citation else ""
    reason = f"\n  ↳ {safe(given.reason, A_LINE)}" if given.reason else ""
    return f"{_SIGNS[given.what]} {safe(given.question, A_LINE)}{citation} · <t:{int(given.at)}:d>{reason}"
