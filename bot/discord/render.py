"""Answers, refusals and topic summaries as Discord embeds, page after page, and what a waiting person is told.

Each outcome has a sign and words of its own in its title: colour alone tells nothing. Pure functions; knows nothing of
connections or of how an answer came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import discord

from bot import wording
from bot.discord.layout import QUOTE_LIMIT, Statement, compose, embeds, paragraphs, quoted
from bot.discord.text import length, safe
from bot.state.conversations import Cited, Kept
from bot.state.subscriptions import Subscription
from bot.worker import Place
from rag.types import Answer, Citation, NotCovered, Sentence, TopicSummary

EXCERPT_LIMIT = 1200
EVIDENCE_LIMIT = 300  # characters of each passage that is shown while an answer is being written

ANSWER = discord.Colour(0x2E8B57)
TOPIC = discord.Colour(0x3B7DD8)
CLOSEST = discord.Colour(0xE6A117)
NOT_COVERED = discord.Colour(0x8A8F98)
REPORT = discord.Colour(0xC0392B)
WRITING = discord.Colour(0x5D6D7E)

CANCELLED = "🛑 Cancelled, as you asked. Nothing was kept."

_NOUNS = {
    "turns": "question",
    "pending": "unanswered question",
    "votes": "vote",
    "reports": "report",
    "subscriptions": "subscription",
    "views": "button row",
    "settings": "setting",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def render(result: Answer | NotCovered | TopicSummary) -> tuple[discord.Embed, ...]:
    """The pages for whatever the assistant gave back, one at least."""
    if isinstance(result, Answer):
        return _answer(result)
    if isinstance(result, NotCovered):
        return _closest(result) if result.closest else _not_covered(result)
    return _topic(result)


def writing(question: str, evidence: Sequence[Citation], sentences: Sequence[Sentence]) -> discord.Embed:
    """What is shown while an answer is being written: what has been checked so far, and what it is written from."""
    found = [Statement(text=f"“{safe(c.display, EVIDENCE_LIMIT)}”", citations=(c.n,)) for c in evidence]
    said = [safe(sentence.text, QUOTE_LIMIT) for sentence in sentences]
    opening = [_asked(question), "\n".join(said), "✍️ I am writing an answer from what I found:"]
    return embeds("⏳ Found in your notes, not an answer yet", WRITING, compose(opening, found, evidence)[:1])[0]


def place_in_line(place: Place) -> str:
    """What somebody who waits is told: "You are third in line, about 20 s."."""
    number = place.position
    ordinal = _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"number {number}"
    if place.loading:
        return f"⏳ I am just starting up. You are {ordinal} in line."
    if number == 1:
        return f"⏳ It is your turn: I am looking through the notes, about {_duration(place.seconds)}."
    return f"⏳ You are {ordinal} in line, about {_duration(place.seconds)}."


def forgotten(questions: int) -> str:
    """What somebody is told who had a conversation forgotten."""
    if not questions:
        return "🧹 There was nothing of yours to forget here."
    return f"🧹 I have forgotten what you asked here: {wording.plural(questions, 'question')}."


def erased(counts: Mapping[str, int]) -> str:
    """What somebody is told who had everything about them erased; `counts`: rows by table."""
    what = [wording.plural(count, _NOUNS[table]) for table, count in counts.items() if count]
    if not what:
        return "🧹 I had nothing stored about you."
    return (
        f"🧹 Erased: {', '.join(what)}. I keep nothing about you any longer. "
        "Messages in Discord stay until they are deleted there."
    )


def covered_now(waiting: Subscription) -> str:
    """The line above an answer that somebody has waited for."""
    day = datetime.fromtimestamp(waiting.subscribed_at, UTC).date().isoformat()
    return f"📬 On {wording.format_date(day)} you asked what the notes did not cover. Now they do:"


def wrong_citation(kept: Kept, cited: Cited, *, reason: str, user: int, shown: str, url: str) -> discord.Embed:
    """What the owner is sent about a citation that somebody holds for wrong: all that shows why.

    `shown`: the answer as this module rendered it; `url`: of the message it stands in.
    """
    asked = kept.asked
    where = f"{cited.note_file} {cited.counted} {wording.lines(cited.line_start, cited.line_end)}"
    lines = {
        "Question": safe(asked.question, 300),
        "Looked for": safe(asked.searched, 300),
        "Citation": f"[{cited.n}] {safe(where, 200)}",
        "Episode": safe(cited.episode_id, 200),
        "Passage": safe(cited.passage_id, 200),
        "Index": safe(asked.build, 100),
        "Reason": safe(reason, 1000),
        "Reported by": f"<@{user}>",
        "Answer": url,
    }
    said = "\n".join(f"**{name}:** {text}" for name, text in lines.items() if text)
    return embeds("🚩 A citation was reported as wrong", REPORT, [paragraphs([said, _excerpt(shown)])])[0]


def _excerpt(shown: str) -> str:
    """What was shown, whose formatting is our own, as many lines of it as fit."""
    kept: list[str] = []
    for line in shown.splitlines():
        if length("\n".join([*kept, line])) > EXCERPT_LIMIT:
            break
        kept.append(line)
    return paragraphs(["**As I showed it:**", "\n".join(kept)]) if kept else ""


def _duration(seconds: float) -> str:
    if seconds >= 90:
        return f"{round(seconds / 60)} min"
    return f"{max(1, round(seconds))} s" if seconds < 10 else f"{5 * round(seconds / 5)} s"


def _answer(answer: Answer) -> tuple[discord.Embed, ...]:
    opening = [_asked(answer.question), *_searched(answer), safe(answer.lead_in, 300)]
    opening += filter(None, [wording.written(answer.sentences)])
    statements = [
        Statement(text=quoted(s.text) if s.verbatim else safe(s.text, QUOTE_LIMIT), citations=s.citations)
        for s in answer.sentences
    ]
    pages = compose(opening, statements, answer.citations, again=_asked(answer.question))
    return embeds("✅ From your notes", ANSWER, pages)


def _closest(result: NotCovered) -> tuple[discord.Embed, ...]:
    opening = [_asked(result.question), *_searched(result), f"**{safe(wording.refusal(result), 300)}**"]
    near = wording.near_episodes(result.near_episodes)
    opening += [*_absent(result), *([safe(near, 300)] if near else []), "What comes nearest:"]
    statements = [Statement(text=quoted(c.display), citations=(c.n,)) for c in result.closest]
    pages = compose(opening, statements, result.closest, again=_asked(result.question))
    return embeds("🔎 No clear answer, but this comes near", CLOSEST, pages)


def _not_covered(result: NotCovered) -> tuple[discord.Embed, ...]:
    reason = f"**{safe(wording.refusal(result), 300)}**"
    page = paragraphs([_asked(result.question), *_searched(result), reason, *_absent(result)])
    return embeds("🚫 Not in your notes", NOT_COVERED, [page])


def _topic(summary: TopicSummary) -> tuple[discord.Embed, ...]:
    points, episodes = len(summary.points), len(summary.episodes)
    counts = f"{wording.plural(points, 'point')}, {wording.plural(episodes, 'episode')}"
    statements = [
        Statement(text=quoted(point.text), citations=point.citations, theme=point.theme) for point in summary.points
    ]
    opening = [_asked(summary.topic), f"What your notes say about it: {counts}."]
    pages = compose(opening, statements, summary.citations, again=_asked(summary.topic))
    return embeds("🗂️ Topic across your notes", TOPIC, pages)


def _asked(text: str) -> str:
    return f"> {safe(text, 300)}"


def _searched(result: Answer | NotCovered) -> list[str]:
    """What was looked for if not the question's own words, where, and what there is to say about that."""
    other = result.searched and result.searched != result.question
    lines = [f"Looked for: {result.searched}"] if other else []
    lines += [*wording.searched(result.filters), *result.remarks]
    return ["\n".join(safe(line, 300) for line in lines)] if lines else []


def _absent(result: NotCovered) -> list[str]:
    lines = (wording.absent(result.absent_words), wording.did_you_mean(result.did_you_mean))
    return [safe(line, 300) for line in lines if line]
