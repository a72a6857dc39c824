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
from bot.discord.layout import embeds, fitting, paragraphs
from bot.discord.render import TOPIC
from bot.discord.text import safe
from bot.gaps_report import NO_GAPS
from bot.state.feedback import Feedback
from bot.state.gaps import Gap
from bot.state.rules import ELSEWHERE, Rules
from rag.certainty import Answers
from rag.types import Overview

NO_FEEDBACK = "Nobody has voted on an answer or reported a citation yet."
NOTHING_NEW = "📖 I have read the notes again: nothing has changed."
A_LINE = 200  # characters of a question
NAMED = 10  # episodes that are new or gone
_SIGNS = {"up": "👍", "down": "👎", "report": "🚩"}
_READILY: Mapping[Answers, str] = {
    "cautious": "I refuse when in doubt.",
    "balanced": "I answer when I am fairly sure.",
    "generous": "I answer readily, and am wrong more often.",
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
    """

    overview: Overview | None
    missing: str
    build: str
    waiting: int
    answering: bool
    trouble: str
    since: float
    version: str


def status_page(status: Status) -> discord.Embed:
    """How the bot is, at a glance."""
    known = status.overview
    notes = _counts(known) if known else f"⚠️ {safe(status.missing, 500)}"
    queue = (
        f"{wording.plural(status.waiting, 'question')} waiting; {'one' if status.answering else 'none'} being answered"
    )
    memory = f"⚠️ I cannot remember anything: {safe(status.trouble, 500)}" if status.trouble else "working"
    models = [f"• {safe(what, 60)}: {safe(name, 120)}" for what, name in (known.models if known else ())]
    parts = [
        f"**Notes:** {notes}\n**Index:** {_index(status.build)}",
        f"**Queue:** {queue}\n**Memory:** {memory}",
        "\n".join(["**Models**", *models]) if models else "",
        f"**Running:** Footnote {safe(status.version, 40)}, started <t:{int(status.since)}:R>",
    ]
    return embeds("🛠️ Status", TOPIC, [paragraphs(parts)])[0]


def changes(before: Overview | None, after: Overview, *, same: bool) -> str:
    """What reading the notes again has changed; `same`: the index that serves is the one before."""
    if before is None:
        return f"📖 I have read the notes: {_counts(after)}."
    names = ({episode.name for episode in overview.episodes} for overview in (before, after))
    old, new = names
    counts = _counts(after) if _counts(before) == _counts(after) else f"{_counts(after)} (before: {_counts(before)})"
    told = [_named("New", sorted(new - old)), _named("Gone", sorted(old - new))]
    if same and not any(told):
        return NOTHING_NEW
    return "\n".join(filter(None, (f"📖 I have read the notes again: {counts}.", *told)))


def gaps_page(found: Sequence[Gap]) -> discord.Embed:
    """What the notes do not cover, the most asked first."""
    title = f"🕳️ What the notes do not cover ({len(found):,})"
    return embeds(title, TOPIC, [fitting([_gap(gap) for gap in found]) or NO_GAPS])[0]


def feedback_page(found: Sequence[Feedback]) -> discord.Embed:
    """Votes and reports, the newest first."""
    counts = " · ".join(f"{sign} {sum(each.what == what for each in found):,}" for what, sign in _SIGNS.items())
    lines = [counts, "", *map(_feedback, found)] if found else [NO_FEEDBACK]
    return embeds("🗳️ Votes and reports", TOPIC, [fitting(lines)])[0]


def settings_page(rules: Rules, *, answers: Answers, direct: bool) -> discord.Embed:
    """What is set now, a sentence each."""
    lines = [f"**Answers:** {answers}. {_READILY[answers]} This holds everywhere; only my owner changes it."]
    if not direct:
        lines += [f"**Channels:** {_channels(rules)}", f"**Who may ask:** {_who(rules)}"]
    daily = f"{wording.plural(rules.daily, 'question')} a day and person." if rules.daily else "No limit."
    lines.append(f"**Daily budget:** {daily} {'In direct messages.' if direct else 'On this server.'}")
    return embeds("⚙️ Settings", TOPIC, [fitting(lines)])[0]


def _channels(rules: Rules) -> str:
    open_, closed = (_listed(rules, allowed) for allowed in (True, False))
    if rules.channels.get(ELSEWHERE, True):
        but = f" but in {closed}" if closed else ""
        return f"I answer everywhere{but}{f'; in {open_} I do' if closed and open_ else ''}."
    if not open_:
        return "I answer in no channel."
    return f"I answer only in {open_}{f', and not in {closed}' if closed else ''}."


def _listed(rules: Rules, allowed: bool) -> str:
    return ", ".join(f"<#{each}>" for each, said in rules.channels.items() if said is allowed and each != ELSEWHERE)


def _who(rules: Rules) -> str:
    return f"Only people with the role <@&{rules.role}>." if rules.role else "Everybody."


def _counts(overview: Overview) -> str:
    counts = ((overview.notes, "note"), (len(overview.episodes), "episode"), (overview.passages, "passage"))
    return ", ".join(wording.plural(count, noun) for count, noun in counts)


def _index(build: str) -> str:
    """The index by its name, which begins with when it was built, and that as everybody's own clock says it."""
    stamp = _BUILT.match(build)
    if not stamp:
        return safe(build, 100) or "not known yet"
    built = datetime.strptime(stamp[0], "%Y%m%dT%H%M%S").astimezone()  # of this machine, like the name
    return f"built <t:{int(built.timestamp())}:R> ({safe(build, 100)})"


def _named(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"**{what}:** {'; '.join(safe(name, 120) for name in names[:NAMED])}{more}"


def _gap(gap: Gap) -> str:
    also = f" · also asked in {wording.plural(len(gap.also), 'other way')}" if gap.also else ""
    nearest = f" · nearest: {safe(', '.join(gap.files), 150)}" if gap.files else ""
    return f"• **{gap.count:,}×** {safe(gap.searched, A_LINE)}{also}{nearest}"


def _feedback(given: Feedback) -> str:
    citation = f" · citation [{given.citation}]" if given.citation else ""
    reason = f"\n  ↳ {safe(given.reason, A_LINE)}" if given.reason else ""
    return f"{_SIGNS[given.what]} {safe(given.question, A_LINE)}{citation} · <t:{int(given.at)}:d>{reason}"
