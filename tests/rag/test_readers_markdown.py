"""Markdown as people write it, and as two programs extend it.

Obsidian: https://help.obsidian.md/obsidian-flavored-markdown. Logseq: https://docs.logseq.com.
"""

from __future__ import annotations

import pytest

from rag.reading.readers import Reading, Source, Unit, reader_for
from tests.rag.reader_samples import LOGSEQ, MARKDOWN, PLAIN


def read(text: str, file: str = "note.md") -> Reading:
    source = Source.of(file, text)
    return reader_for(source).read(source)


def units(text: str) -> dict[str, Unit]:
    return {text[unit.start : unit.end]: unit for unit in read(text).parts[0].units}


def test_underlined_headings() -> None:
    assert read(MARKDOWN).parts[0].entry.title == "Salt and Bread"
    assert units(MARKDOWN)["first step"].section == ("Methods",)


def test_a_row_is_a_passage_under_the_head_of_its_table() -> None:
    row = units(MARKDOWN)["15:00 | Folding"]
    assert (row.parents, row.seconds) == (("Time | Topic",), 900)


def test_quotes_callouts_and_footnotes() -> None:
    found = units(MARKDOWN)
    assert {"A claim with a footnote.[^1]", "Said by the baker herself."} <= {*found}
    quoted = " ".join(found)
    assert all(words in quoted for words in ("The best part", "Flour remembers water.", "And nested words."))
    assert "[!quote]" not in quoted


def test_code_is_one_passage_and_holds_no_heading() -> None:
    assert '# no heading, only a comment\nprint("salt")' in units(MARKDOWN)


def test_an_open_fence_takes_nothing_with_it() -> None:
    found = units("# Salt\n\n```\ncode\n\n## Bread\n\n- dough\n")
    assert found["dough"].section == ("Bread",)


def test_the_id_of_a_block_is_no_word_of_it() -> None:
    assert "a bullet with an id" in units(MARKDOWN)


def test_numbered_lists_nest() -> None:
    assert units(MARKDOWN)["deeper step"].parents == ("second step",)


def test_pictures_frames_and_addresses_are_no_passages() -> None:
    text = " ".join(units(MARKDOWN))
    assert not any(word in text for word in ("crust.png", "<iframe", "[home]", "```"))


def test_a_line_that_only_looks_like_an_address_is_kept() -> None:
    assert "[Ann]: salt is dear" in units("# Salt\n\nIt is.\n\n[Ann]: salt is dear\n\nIt was.\n")


def test_logseq() -> None:
    reading = read(LOGSEQ)
    found = units(LOGSEQ)
    assert (reading.parts[0].entry.title, reading.parts[0].entry.show) == ("Salt and Bread", "Paper Tape Radio")
    assert found["by a third, at 12:30"].parents == ("Notes", "salt slows yeast")
    assert not any("64a0c1d2" in text or "collapsed" in text for text in found)


def test_ten_thousand_levels() -> None:
    """Each bullet once carried all those above it: fifty million references."""
    deep = "# Salt\n\n" + "".join(" " * n + "- level\n" for n in range(3_000))
    found = read(deep).parts[0].units
    assert len(found) == 3_001
    assert max(len(unit.parents) for unit in found) == 8


def test_what_is_only_text_is_read_by_paragraphs_and_said_so() -> None:
    source = Source.of("plain.txt", PLAIN)
    reader = reader_for(source)
    reading = reader.read(source)
    assert (reader.name, len(reading.parts[0].units)) == ("plain", 2)
    assert "plain text" in reading.warnings[0].reason


def test_a_passage_without_a_minute_is_around_that_of_its_section() -> None:
    found = units(
        "# Salt\n\n## Roads (12:30)\n\nMules carried it.\n\n- tolls (15:00)\n  - a penny\n\n## Mines\n\nOld.\n"
    )
    said = {text: (unit.seconds, unit.seconds_around) for text, unit in found.items()}
    assert said["Mules carried it."] == (750, True)
    assert said["tolls (15:00)"] == (900, False)
    assert said["a penny"] == (900, True)
    assert said["Old."] == (None, False)


@pytest.mark.parametrize(
    "text",
    [
        "Link: talk (https://youtu.be/Bread000001)\n- a bullet about bread\n",
        "# Bread\n\nintro words.\n\nLink: talk (https://youtu.be/Bread000001)\n- a bullet about bread\n",
        "Bread\n\n**Link:** [talk](https://youtu.be/Bread000001)\n- a bullet about bread\n",
    ],
)
def test_a_line_with_a_link_above_a_bullet_gives_the_link(text: str) -> None:
    """It became the bullet's heading, and the episode had no link."""
    source = Source.of("note.md", text)
    found = reader_for(source).read(source).parts[0]
    assert found.entry.urls == ("https://youtu.be/Bread000001",)
    assert [unit.section for unit in found.units if "bullet" in text[unit.start : unit.end]] in ([()], [("Bread",)])


@pytest.mark.parametrize("line", ["> > ^b1a2c3", "- ^b1a2c3"])
def test_a_block_id_with_nothing_before_it_is_no_backward_span(line: str) -> None:
    """The id was cut off with the space before it, which belongs to the mark: the span ended before it began."""
    text = f"# Bread\n\nSalt slows the yeast.\n\n{line}\n"
    assert all(unit.start < unit.end for unit in read(text).parts[0].units)
    assert "Salt slows the yeast." in units(text)
