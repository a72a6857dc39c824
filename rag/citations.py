"""From a passage and a span of it to a citation: names, lines, minute and link are built here, by code.

Pure functions; no model ever writes any of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.reading.minutes import best_link
from rag.types import Citation, Episode, Passage, Place


def cite(n: int, passage: Passage, span: tuple[int, int], episode: Episode, *, also: Sequence[Place] = ()) -> Citation:
    """Citation number `n`: the half-open `span` of `passage.text`, as it stands in the note.

    The quote is byte-exact; its lines are those of the span, not of the whole passage. A link that only
    another note of the episode gives is used, and `url_note` says which note that is.
    """
    start, end = passage.raw_span(*span)
    quote = passage.raw[start:end]
    line_start, line_end = lines_of(passage, span)
    url, url_note = _link(passage, episode)
    return Citation(
        n=n,
        passage_id=passage.id,
        episode_id=episode.id,
        show=episode.show,
        episode=episode.title,
        date=episode.date,
        note_file=passage.note_file,
        line_start=line_start,
        line_end=line_end,
        quote=quote,
        display=passage.text[span[0] : span[1]],
        seconds=passage.seconds,
        seconds_around=passage.seconds_around,
        url=url,
        url_note=url_note,
        also=tuple(also),
        counted=passage.counted,
        speaker=passage.speaker,
    )


def place_of(passage: Passage, span: tuple[int, int], episode: Episode) -> Place:
    """Where the half-open `span` of `passage.text` stands."""
    line_start, line_end = lines_of(passage, span)
    return Place(
        note_file=passage.note_file,
        line_start=line_start,
        line_end=line_end,
        episode=episode.name,
        counted=passage.counted,
    )


def lines_of(passage: Passage, span: tuple[int, int]) -> tuple[int, int]:
    """First and last line (or page, or paragraph), 1-based and inclusive, of a half-open span of the text."""
    start, end = passage.raw_span(*span)
    above = _line_breaks(passage.raw[:start])
    below = above + _line_breaks(passage.raw[start:end])
    if passage.line_map:
        places = passage.line_map[above : below + 1]
        return min(first for first, _ in places), max(last for _, last in places)
    return passage.line_start + above, passage.line_start + below


def _line_breaks(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _link(passage: Passage, episode: Episode) -> tuple[str | None, str | None]:
    """(link started at the passage's second, file of the note that gave it if that is another one)."""
    own = [u for entry in episode.entries if entry.note_file == passage.note_file for u in entry.urls]
    url = best_link([*own, *episode.urls], passage.seconds)
    if url is None:
        return None, None
    if best_link(own, passage.seconds) == url:
        return url, None
    giver = next((e.note_file for e in episode.entries if best_link(e.urls, passage.seconds) == url), None)
    return url, giver
