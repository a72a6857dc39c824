"""Answers, refusals, topic summaries and episode lists as Discord embeds, within Discord's limits.

What does not fit is left out whole: a statement goes together with its sources, never without, and how many
are missing is said. Pure functions; knows nothing of connections or of how an answer came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import discord

from bot import wording
from bot.discord_text import length, link, safe
from bot.worker import Place
from rag.types import Answer, Citation, Episode, NotCovered, TopicSummary

DESCRIPTION_LIMIT = 4096
QUOTE_LIMIT = 1200
CUT_NOTE_ROOM = 120  # kept free for the line that says how much is missing

ANSWER = discord.Colour(0x2E8B57)
TOPIC = discord.Colour(0x3B7DD8)
CLOSEST = discord.Colour(0xE6A117)
NOT_COVERED = discord.Colour(0x8A8F98)

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """One line of an embed and the numbers of the citations that must be listed with it."""

    text: str
    citations: tuple[int, ...]
    theme: str = ""


def render(result: Answer | NotCovered | TopicSummary | Sequence[Episode]) -> discord.Embed:
    """The embed for whatever the assistant gave back; a list of episodes stands for itself."""
    if isinstance(result, Answer):
        return _answer(result)
    if isinstance(result, NotCovered):
        return _closest(result) if result.closest else _not_covered(result)
    if isinstance(result, TopicSummary):
        return _topic(result)
    return _episodes(result)


def place_in_line(place: Place) -> str:
    """What somebody who waits is told: "You are third in line, about 20 s."."""
    number = place.position
    ordinal = _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"number {number}"
    if place.loading:
        return f"⏳ I am just starting up. You are {ordinal} in line."
    if number == 1:
        return "⏳ It is your turn: I am looking through the notes."
    return f"⏳ You are {ordinal} in line, about {_duration(place.seconds)}."


def _duration(seconds: float) -> str:
    if seconds >= 90:
        return f"{round(seconds / 60)} min"
    return f"{max(1, round(seconds))} s" if seconds < 10 else f"{5 * round(seconds / 5)} s"


def _answer(answer: Answer) -> discord.Embed:
    opening = [_asked(answer.question), *_searched(answer), safe(answer.lead_in, 300)]
    statements = [
        _Statement(text=_quoted(s.text) if s.verbatim else safe(s.text, QUOTE_LIMIT), citations=s.citations)
        for s in answer.sentences
    ]
    return _embed("✅ From your notes", ANSWER, _compose(opening, statements, answer.citations))


def _closest(result: NotCovered) -> discord.Embed:
    opening = [_asked(result.question), *_searched(result), f"**{safe(wording.refusal(result), 300)}**"]
    near = wording.near_episodes(result.near_episodes)
    opening += [*_absent(result), *([safe(near, 300)] if near else []), "What comes nearest:"]
    statements = [_Statement(text=_quoted(c.display), citations=(c.n,)) for c in result.closest]
    description = _compose(opening, statements, result.closest)
    return _embed("🔎 No clear answer, but this comes near", CLOSEST, description)


def _not_covered(result: NotCovered) -> discord.Embed:
    reason = safe(wording.refusal(result), 300)
    description = _paragraphs([_asked(result.question), *_searched(result), reason, *_absent(result)])
    return _embed("🚫 Not in your notes", NOT_COVERED, description)


def _topic(summary: TopicSummary) -> discord.Embed:
    points, episodes = len(summary.points), len(summary.episodes)
    counts = f"{wording.plural(points, 'point')}, {wording.plural(episodes, 'episode')}"
    statements = [
        _Statement(text=_quoted(point.text), citations=point.citations, theme=point.theme) for point in summary.points
    ]
    opening = [_asked(summary.topic), f"What your notes say about it: {counts}."]
    return _embed("🗂️ Topic across your notes", TOPIC, _compose(opening, statements, summary.citations))


def _episodes(episodes: Sequence[Episode]) -> discord.Embed:
    title = f"🎧 Episodes in your notes ({len(episodes)})"
    if not episodes:
        return _embed(title, TOPIC, "There are no episodes in your notes yet.")
    statements = [
        _Statement(text=_episode_line(episode), citations=(), theme=show or "Show not named")
        for show, group in groupby(episodes, key=lambda episode: episode.show)
        for episode in group
    ]
    return _embed(title, TOPIC, _compose([], statements, (), noun="episode"))


def _episode_line(episode: Episode) -> str:
    notes = wording.plural(len({entry.note_file for entry in episode.entries}), "note")
    url = next(filter(None, map(wording.safe_url, episode.urls)), None)
    name = link(episode.title or "untitled episode", url)
    return " · ".join(filter(None, (f"• {name}", safe(wording.format_date(episode.date), 40), notes)))


def _compose(
    opening: Iterable[str],
    statements: Sequence[_Statement],
    citations: Iterable[Citation],
    *,
    noun: str = "statement",
) -> str:
    """The opening, as many statements as fit together with their sources, and a word on what is missing."""
    sources = {citation.n: citation for citation in citations}
    head = _paragraphs(opening)
    kept: list[_Statement] = []
    text = ""
    for statement in statements:
        longer = _lay_out(head, [*kept, statement], sources)
        if length(longer) > DESCRIPTION_LIMIT - CUT_NOTE_ROOM:
            break
        kept, text = [*kept, statement], longer
    missing = len(statements) - len(kept)
    cut_note = f"*{wording.plural(missing, noun)} more did not fit here.*" if missing else ""
    return _paragraphs([text or head, cut_note])


def _lay_out(head: str, statements: Sequence[_Statement], sources: Mapping[int, Citation]) -> str:
    parts = [head]
    for theme, group in groupby(statements, key=lambda statement: statement.theme):
        lines = [_marked(statement) for statement in group]
        parts.append("\n".join([f"**{safe(theme, 120)}**", *lines] if theme else lines))
    cited = sorted({n for statement in statements for n in statement.citations if n in sources})
    if cited:
        parts.append("\n".join(["**Sources**", *(_source(sources[n]) for n in cited)]))
    return _paragraphs(parts)


def _marked(statement: _Statement) -> str:
    return " ".join([statement.text, *(f"[{n}]" for n in statement.citations)])


def _source(citation: Citation) -> str:
    """ "[1] **Show: Title** · 6 Jul 2023 · 1:07:30 · notes.txt line 12", with episode and minute as links."""
    name = link(wording.episode_name(citation.show, citation.episode), citation.url)
    minute = "" if citation.seconds is None else link(wording.minute(citation), citation.url)
    word = citation.counted + ("" if citation.line_start == citation.line_end else "s")
    file = f"{safe(citation.note_file, 80)} {word} {wording.lines(citation.line_start, citation.line_end)}"
    also = safe(wording.also(citation.also), 200) if citation.also else ""
    return " · ".join(filter(None, (f"[{citation.n}] **{name}**", _date(citation), minute, file, also)))


def _date(citation: Citation) -> str:
    return safe(wording.format_date(citation.date), 40)


def _quoted(text: str) -> str:
    return f"“{safe(text, QUOTE_LIMIT)}”"


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


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, parts))


def _embed(title: str, colour: discord.Colour, description: str) -> discord.Embed:
    return discord.Embed(title=title, colour=colour, description=description)
