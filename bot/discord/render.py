"""Answers, refusals and topic summaries as Discord embeds, page after page, and what a waiting person is told.

Each outcome has a sign and words of its own in its title: colour alone tells nothing. Pure functions; knows nothing of
connections or of how an answer came about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import discord

from bot import wording
from bot.discord.layout import QUOTE_LIMIT, Statement, compose, embeds, paragraphs, quoted
from bot.discord.text import length, safe
from bot.language import _, ngettext, number, pgettext
from bot.line.worker import Place
from bot.state.conversations import Cited, Kept
from bot.state.subscriptions import Subscription
from bot.terminal import topic_wording
from rag.map_types import TopicPoint, TopicSummary
from rag.phrase import Phrase
from rag.protocols import Stage
from rag.types import LEAD_IN, Answer, Citation, NotCovered, Sentence

EXCERPT_LIMIT = 1200
EVIDENCE_LIMIT = 300  # characters of each passage that is shown while an answer is being written

ANSWER = discord.Colour(0x2E8B57)
TOPIC = discord.Colour(0x3B7DD8)
CLOSEST = discord.Colour(0xE6A117)
NOT_COVERED = discord.Colour(0x8A8F98)
REPORT = discord.Colour(0xC0392B)
WRITING = discord.Colour(0x5D6D7E)

CANCELLED = Phrase("🛑 Cancelled, as you asked. Nothing was kept.")

_ERASED: Mapping[str, Callable[[int], str]] = {
    "turns": wording.questions,
    "pending": lambda n: ngettext("{n} unanswered question", "{n} unanswered questions", n),
    "votes": lambda n: ngettext("{n} vote", "{n} votes", n),
    "reports": lambda n: ngettext("{n} report", "{n} reports", n),
    "subscriptions": lambda n: ngettext("{n} subscription", "{n} subscriptions", n),
    "views": lambda n: ngettext("{n} button row", "{n} button rows", n),
    "asked": lambda n: ngettext("{n} count of a day's questions", "{n} counts of a day's questions", n),
    "settings": lambda n: ngettext("{n} setting", "{n} settings", n),
}


def render(result: Answer | NotCovered | TopicSummary) -> tuple[discord.Embed, ...]:
    """The pages for whatever the assistant gave back, one at least."""
    if isinstance(result, Answer):
        return _answer(result)
    if isinstance(result, NotCovered):
        return _closest(result) if result.closest else _not_covered(result)
    return _topic(result)


def writing(question: str, evidence: Sequence[Citation], sentences: Sequence[Sentence]) -> discord.Embed:
    """What is shown while an answer is being written: what has been checked so far, and what comes nearest."""
    found = [Statement(text=quoted(c.display, EVIDENCE_LIMIT), citations=(c.n,)) for c in evidence]
    said = [safe(sentence.text, QUOTE_LIMIT) for sentence in sentences]
    opening = [_asked(question), *said, _("This comes nearest; I am working on the answer:")]
    return embeds(_("⏳ Found in your notes, not an answer yet"), WRITING, compose(opening, found, evidence)[:1])[0]


def place_in_line(place: Place) -> str:
    """What somebody who waits is told: "You are third in line, about 20 s."."""
    ordinal, time = _ordinal(place.position), _duration(place.seconds)
    if place.loading:
        return _("⏳ My models are being loaded. You are {ordinal} in line.").format(ordinal=ordinal)
    if place.position == 1:
        return _("⏳ It is your turn: I am looking through the notes, about {time}.").format(time=time)
    return _("⏳ You are {ordinal} in line, about {time}.").format(ordinal=ordinal, time=time)


def doing(stage: Stage) -> str:
    """What somebody is told whose summary is on its way."""
    return f"⏳ {_(topic_wording.STAGES[stage])}"


def forgotten(questions: int) -> str:
    """What somebody is told who had a conversation forgotten."""
    if not questions:
        return _("🧹 There was nothing of yours to forget here.")
    return _("🧹 I have forgotten what you asked here: {questions}.").format(questions=wording.questions(questions))


def erased(counts: Mapping[str, int]) -> str:
    """What somebody is told who had everything about them erased; `counts`: rows by table."""
    what = [_ERASED[table](count) for table, count in counts.items() if count]
    if not what:
        return _("🧹 I had nothing stored about you.")
    return _(
        "🧹 Erased: {what}. I keep nothing about you any longer. Messages in Discord stay until they are deleted there."
    ).format(what=", ".join(what))


def covered_now(waiting: Subscription) -> str:
    """The line above an answer that somebody has waited for."""
    day = datetime.fromtimestamp(waiting.subscribed_at, UTC).date().isoformat()
    said = _("📬 On {date} you asked what the notes did not cover. Now they do:")
    return said.format(date=wording.format_date(day))


def wrong_citation(kept: Kept, cited: Cited, *, reason: str, user: int, shown: str, url: str) -> discord.Embed:
    """What the owner is sent about a citation that somebody holds for wrong: all that shows why.

    `shown`: the answer as this module rendered it; `url`: of the message it stands in.
    """
    asked = kept.asked
    where = f"{cited.note_file} {wording.within(cited.counted, cited.line_start, cited.line_end)}"
    lines = {
        _("Question"): safe(asked.question, 300),
        _("Looked for"): safe(asked.searched, 300),
        _("Citation"): f"[{cited.n}] {safe(where, 200)}",
        _("Episode"): safe(cited.episode_id, 200),
        _("Passage"): safe(cited.passage_id, 200),
        _("Index"): safe(asked.build, 100),
        _("Reason"): safe(reason, 1000),
        _("Reported by"): f"<@{user}>",
        _("Answer"): url,
    }
    said = "\n".join(f"**{name}:** {text}" for name, text in lines.items() if text)
    return embeds(_("🚩 A citation was reported as wrong"), REPORT, [paragraphs([said, _excerpt(shown)])])[0]


def _excerpt(shown: str) -> str:
    """What was shown, whose formatting is our own, as many lines of it as fit."""
    kept: list[str] = []
    for line in shown.splitlines():
        if length("\n".join([*kept, line])) > EXCERPT_LIMIT:
            break
        kept.append(line)
    return paragraphs([f"**{_('As I showed it')}:**", "\n".join(kept)]) if kept else ""


def _ordinal(place: int) -> str:
    """A place in line in a word, as far as people say it in one."""
    words = (
        pgettext("in line", "first"),
        pgettext("in line", "second"),
        pgettext("in line", "third"),
        pgettext("in line", "fourth"),
        pgettext("in line", "fifth"),
    )
    return words[place - 1] if place <= len(words) else pgettext("in line", "number {n}").format(n=number(place))


def _duration(seconds: float) -> str:
    if seconds >= 90:
        return _("{n} min").format(n=round(seconds / 60))
    return _("{n} s").format(n=max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5))


def _answer(answer: Answer) -> tuple[discord.Embed, ...]:
    plain = answer.lead_in == LEAD_IN  # which the title says already
    opening = [_asked(answer.question), *_searched(answer), "" if plain else safe(_(answer.lead_in), 300)]
    statements = [
        Statement(text=quoted(s.text) if s.verbatim else safe(s.text, QUOTE_LIMIT), citations=s.citations)
        for s in answer.sentences
    ]
    pages = compose(opening, statements, answer.citations, again=_asked(answer.question))
    return embeds(_("✅ From your notes"), ANSWER, pages, note=wording.written(answer.sentences))


def _closest(result: NotCovered) -> tuple[discord.Embed, ...]:
    shown = {wording.episode_name(each.show, each.episode) for each in result.closest}
    others = "; ".join(name for name in result.near_episodes if wording.clean(name) not in shown)
    near = _("Other episodes that come near: {names}").format(names=others) if others else ""
    topics = topic_wording.near_topics(result.near_topics)
    opening = [_asked(result.question), *_searched(result), _why(result), safe(near, 300), safe(topics, 300)]
    statements = [Statement(text=quoted(c.display), citations=(c.n,)) for c in result.closest]
    pages = compose(opening, statements, result.closest, again=_asked(result.question))
    return embeds(_("🔎 No clear answer, but this comes near"), CLOSEST, pages)


def _not_covered(result: NotCovered) -> tuple[discord.Embed, ...]:
    topics = safe(topic_wording.near_topics(result.near_topics), 300)
    page = paragraphs([_asked(result.question), *_searched(result), _why(result), topics])
    return embeds(_("🚫 Not in your notes"), NOT_COVERED, [page])


def _topic(summary: TopicSummary) -> tuple[discord.Embed, ...]:
    counts = ngettext("{n} point", "{n} points", len(summary.points)), wording.episodes(len(summary.episodes))
    statements = [statement for point in summary.points for statement in _point(point)]
    told = (topic_wording.written(summary), topic_wording.coverage(summary), *map(_, summary.remarks))
    opening = [
        _asked(summary.topic),
        _("What your notes say about it: {counts}.").format(counts=", ".join(counts)),
        *([_("Looked for: {words}").format(words=safe(summary.searched, 300))] if summary.searched else []),
        *(safe(text, 600) for text in told if text),
    ]
    pages = compose(opening, statements, summary.citations, again=_asked(summary.topic))
    return embeds(_("🗂️ Topic across your notes"), TOPIC, pages)


def _point(point: TopicPoint) -> list[Statement]:
    """Its statement, and further quotes of the same matter below it."""
    text = quoted(point.text) if point.verbatim else safe(point.text)
    more = (Statement(text=quoted(q.text), citations=q.citations, theme=point.theme, level=2) for q in point.more)
    return [Statement(text=text, citations=point.citations, theme=point.theme, level=1), *more]


def _asked(text: str) -> str:
    return f"> {safe(text, 300)}"


def _searched(result: Answer | NotCovered) -> list[str]:
    """What was looked for if not the question's own words, where, and what there is to say about that."""
    other = result.searched and result.searched != result.question
    lines = [_("Looked for: {words}").format(words=result.searched)] if other else []
    lines += [*wording.searched(result.filters), *map(_, result.remarks)]
    return ["\n".join(safe(line, 300) for line in lines)] if lines else []


def _why(result: NotCovered) -> str:
    """The reason, the words that occur nowhere, and what may be meant, a line each."""
    absent, meant = wording.absent(result.absent_words), wording.did_you_mean(result.did_you_mean)
    return "\n".join(safe(line, 300) for line in (wording.refusal(result), absent, meant) if line)
