"""What podcast and note programs export.

Snipd: the default templates in https://github.com/snipd-app/snipd-obsidian (src/types.ts). Readwise, through which
Airr exports too: https://help.readwise.io/article/121-how-can-i-customize-the-markdown-export (a quote that Airr has no
words for is called AirrQuote: seen in plugins that import from Readwise). Notion:
https://www.notion.com/help/export-your-content. Descript: the formats, speaker labels and timecodes that
https://github.com/descriptinc/descript-mcp (skills/export-transcript) names. Podwise publishes no format: the keys and
sections are those of notes that people keep of it (title, podcast, link, publish_date; Summary, Takeaways, Outlines,
Q & A, Transcript). Pocket Casts shares a bookmark as its title and a link:
https://github.com/Automattic/pocket-casts-android (issues 2025 and 2405).
"""

from __future__ import annotations

from rag.reading.readers import Part, Reading, Source, Unit, reader_for
from tests.rag.reader_samples import (
    AIRR,
    CHAPTERS,
    DESCRIPT,
    DESCRIPT_LABELS,
    NAME_LINES,
    NOTION,
    POCKET_CASTS,
    PODWISE,
    READWISE,
    SNIPD,
)


def read(text: str, file: str = "note.md") -> Reading:
    source = Source.of(file, text)
    return reader_for(source).read(source)


def part(text: str) -> Part:
    parts = read(text).parts
    assert len(parts) == 1
    return parts[0]


def holding(text: str, words: str) -> Unit:
    found = [unit for unit in part(text).units if words in text[unit.start : unit.end]]
    assert len(found) == 1
    return found[0]


def test_snipd_fields() -> None:
    entry = part(SNIPD).entry
    assert (entry.show, entry.title, entry.date) == ("Paper Tape Radio", "The salt road", "2024-07-16")
    assert (entry.guests, entry.hosts) == (("Mia Sand", "Karl Vogt"), ("Ines Moreau",))
    assert "https://share.snipd.com/episode/1a2b" in entry.urls
    assert "https://share.snipd.com/show/3c4d" not in entry.urls


def test_many_episodes_in_one_export() -> None:
    both = read(SNIPD + "\n" + SNIPD.replace("The salt road", "The rope memory")).parts
    assert [p.entry.title for p in both] == ["The salt road", "The rope memory"]


def test_snipd_anchors() -> None:
    note = holding(SNIPD, "two hundredweight")
    assert (note.seconds, note.seconds_around) == (750, True)
    assert "Mules carried it" in note.section[-1]
    quote = holding(SNIPD, "— Mia Sand")
    assert (quote.seconds, quote.section[-1]) == (750, "💬 Quote")
    assert holding(SNIPD, "the mules knew it").seconds == 750
    anchor = holding(SNIPD, "12:30 - 13:40")
    assert (anchor.seconds, anchor.seconds_end, anchor.seconds_around) == (750, 820, False)


def test_readwise() -> None:
    entry = part(READWISE).entry
    assert (entry.show, entry.title) == ("Paper Tape Radio", "The Salt Road")
    assert read(READWISE).author is None
    assert holding(READWISE, "thousand years").seconds == 873
    assert holding(READWISE, "Tolls paid").seconds == 3765
    assert holding(READWISE, "ask about tolls").seconds == 873


def test_notion() -> None:
    entry = part(NOTION).entry
    assert (entry.show, entry.title, entry.date) == ("Paper Tape Radio", "Salt and bread", "2023-07-06")
    assert entry.guests == ("Mia Sand", "Karl Vogt")
    assert holding(NOTION, "Salt slows").seconds == 45


def test_chapters_and_links_with_a_time() -> None:
    assert [holding(CHAPTERS, words).seconds for words in ("Intro", "Why salt", "Questions")] == [0, 90, 4050]
    assert [holding(CHAPTERS, words).seconds for words in ("Good bit", "And this", "The oven")] == [160, 754, 3723]


def test_name_and_minute_on_a_line_of_their_own() -> None:
    assert read(NAME_LINES).kind == "transcript"
    assert holding(NAME_LINES, "Welcome back, everyone.").seconds == 29
    assert holding(NAME_LINES, "Because it is slow").section == ("Start",)


def test_descript() -> None:
    reading = read(DESCRIPT)
    assert (reading.kind, part(DESCRIPT).units[0].seconds) == ("transcript", 1)
    assert holding(DESCRIPT, "Because it is slow") is not None


def test_descript_with_the_label_first() -> None:
    reading = read(DESCRIPT_LABELS)
    assert (reading.kind, part(DESCRIPT_LABELS).entry.title) == ("transcript", "Bread")
    assert holding(DESCRIPT_LABELS, "Because it is slow").seconds == 1


def test_podwise() -> None:
    entry = part(PODWISE).entry
    assert (entry.show, entry.title, entry.date) == ("Paper Tape Radio", "The salt road", "2024-07-16")
    assert entry.urls == ("https://podwise.ai/dashboard/episodes/1000001",)
    assert [holding(PODWISE, words).seconds for words in ("12:30 The", "Salt came", "knew it")] == [750, None, 3750]


def test_airr() -> None:
    entry = part(AIRR).entry
    assert (entry.show, entry.title) == ("Paper Tape Radio", "The Salt Road")
    assert [holding(AIRR, words).seconds for words in ("ask about tolls", "the bridge")] == [750, 845]


def test_bookmarks_shared_from_pocket_casts() -> None:
    """The words of a bookmark had no minute, only the line with the link did."""
    entry = part(POCKET_CASTS).entry
    assert (entry.show, entry.title) == ("Paper Tape Radio", "The salt road")
    assert [(holding(POCKET_CASTS, words).seconds) for words in ("Why salt", "Bread")] == [1327, 88]
