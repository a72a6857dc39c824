from __future__ import annotations

import re
import time
from itertools import pairwise
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.reading.readers import READERS, Part, Reading, Source, reader_for
from rag.reading.readers.blocks import blocks, runs_on


def read(text: str, file: str = "note.txt") -> tuple[str, Reading]:
    source = Source.of(file, dedent(text).lstrip("\n"))
    reader = reader_for(source)
    return reader.name, reader.read(source)


def texts(text: str, part: Part) -> list[str]:
    source = dedent(text).lstrip("\n")
    return [source[unit.start : unit.end] for unit in part.units]


MANY = """
    Ann Lee

    Podcast diary

    Karl Vogt and Mia Sand on The Long Table (3/14)

      • old grains taste better
        • einkorn most of all

    What would I have asked?

      • who mills it

    Jo, Pat on The Long Table

      • bread is cheap

    Mira on Odd Lots (3/21)

    Money:

      • bakeries earn little
    """


def test_many_episodes_in_one_file() -> None:
    name, reading = read(MANY)
    assert (name, reading.kind, reading.author) == ("outline", "notes", "Ann Lee")
    found = [(p.entry.show, p.entry.title, p.entry.guests, p.entry.date) for p in reading.parts]
    assert found == [
        ("The Long Table", "Karl Vogt and Mia Sand", ("Karl Vogt", "Mia Sand"), "--03-14"),
        ("The Long Table", "Jo, Pat", ("Jo", "Pat"), None),
        ("Odd Lots", "Mira", ("Mira",), "--03-21"),
    ]
    assert [(p.entry.line_start, p.entry.line_end) for p in reading.parts] == [(5, 12), (14, 16), (18, 22)]


def test_bullets_carry_section_and_parents() -> None:
    _, reading = read(MANY)
    first = reading.parts[0]
    assert texts(MANY, first) == [
        "Karl Vogt and Mia Sand on The Long Table (3/14)",
        "old grains taste better",
        "einkorn most of all",
        "who mills it",
    ]
    assert [unit.parents for unit in first.units] == [(), (), ("old grains taste better",), ()]
    assert [unit.section for unit in first.units] == [(), (), (), ("What would I have asked?",)]


def test_sections_are_no_episodes() -> None:
    """A section such as `Thoughts on Money` must not open an episode beside real ones."""
    _, reading = read(
        """
        Karl Vogt on The Long Table (3/14)

        Thoughts on Money

        - bakeries earn little

        What is bread good for?

        - toast
        """
    )
    assert len(reading.parts) == 1
    assert reading.parts[0].units[1].section == ("Thoughts on Money",)


def test_order_of_day_and_month_follows_the_file() -> None:
    body = "{} on Odd Lots (9/10)\n\n- a\n\nMia on Odd Lots ({})\n\n- b\n"
    month_first = read(body.format("Jo", "8/23"))[1]
    day_first = read(body.format("Jo", "23/8"))[1]
    unsettled = read(body.format("Jo", "8/7"))[1]
    assert [p.entry.date for p in month_first.parts] == ["--09-10", "--08-23"]
    assert [p.entry.date for p in day_first.parts] == ["--10-09", "--08-23"]
    assert month_first.warnings == day_first.warnings == ()
    assert unsettled.warnings[0].line == 1


def test_marks_out_of_ten_are_no_dates() -> None:
    _, reading = read(
        "Jo on Odd Lots (9/10)\n\n- a\n\nMia on Odd Lots (7/10)\n\n- b\n\nPat on Odd Lots (8/10)\n\n- c\n"
    )
    assert [p.entry.date for p in reading.parts] == [None, None, None]
    assert [p.entry.title for p in reading.parts] == ["Jo", "Mia", "Pat"]


MARKDOWN = """
    # My podcast notes
    Notes by Ann Lee

    ## The Lighthouse Hour: Keeping bees in winter (2024-02-11)
    Guest: Maria Olsen
    https://example.org/lighthouse/12

    - bees cluster at 12 °C
      - the queen sits in the middle

    ## The Lighthouse Hour: Tides and mills (2024-03-03)
    **Guests:** Tom Reed, Sara Blum

    ### Mills
    - (12:30) tide mills ran twice a day
      - so did the miller
    1. first
    2) second
    """


def test_markdown_headings_as_episodes() -> None:
    _, reading = read(MARKDOWN, "note.md")
    assert reading.author == "Ann Lee"
    bees, tides = (part.entry for part in reading.parts)
    assert (bees.show, bees.title, bees.guests, bees.date) == (
        "The Lighthouse Hour",
        "Keeping bees in winter",
        ("Maria Olsen",),
        "2024-02-11",
    )
    assert bees.urls == ("https://example.org/lighthouse/12",)
    assert tides.guests == ("Tom Reed", "Sara Blum")
    mills = reading.parts[1].units[1:]
    assert [unit.section for unit in mills] == [("Mills",)] * 4
    assert [unit.seconds for unit in mills] == [750, 750, None, None]
    assert [unit.parents for unit in mills][1] == ("(12:30) tide mills ran twice a day",)


def test_the_lines_that_name_an_episode_are_one_passage() -> None:
    _, reading = read(MARKDOWN, "note.md")
    assert texts(MARKDOWN, reading.parts[0])[0] == (
        "The Lighthouse Hour: Keeping bees in winter (2024-02-11)\nGuest: Maria Olsen\nhttps://example.org/lighthouse/12"
    )


def test_front_matter() -> None:
    text = """
        ---
        title: "Soil is alive"
        show: Garden Radio
        guests: [Ann Lee, Bo Day]
        pub_date: May 6th, 2023
        link: https://open.spotify.com/episode/xyz
        author: Kim
        model: whisper
        ---

        # Soil is alive

        **Worms**

        * [0:45] Worms eat leaves
        * [x] read the paper
        """
    _, reading = read(text, "soil.md")
    entry = reading.parts[0].entry
    assert (entry.show, entry.title, entry.guests) == ("Garden Radio", "Soil is alive", ("Ann Lee", "Bo Day"))
    assert (entry.date, entry.urls, reading.author) == ("2023-05-06", ("https://open.spotify.com/episode/xyz",), "Kim")
    found = texts(text, reading.parts[0])
    assert found[0].startswith('title: "Soil is alive"\nshow')
    assert found[1:] == ["[0:45] Worms eat leaves", "read the paper"]
    assert "whisper" not in "".join(found)
    assert [unit.section for unit in reading.parts[0].units[1:]] == [("Worms",), ("Worms",)]


def test_front_matter_list_and_folded_value() -> None:
    _, reading = read(
        "---\nspeakers:\n  - Ann Lee\n  - Bo Day\ntitle: 'It''s: alive'\ndate: '\n\n  May 1st, 2025'\n---\nx y z.\n"
    )
    entry = reading.parts[0].entry
    assert (entry.title, entry.guests, entry.date) == ("It's: alive", ("Ann Lee", "Bo Day"), "2025-05-01")


def test_show_and_date_above_the_title() -> None:
    _, reading = read("# Odd Lots: July 27th, 2026\n\n## Why salt is cheap with Mia Sand\n\nWe met again.\n")
    entry = reading.parts[0].entry
    assert (entry.show, entry.title, entry.date) == ("Odd Lots", "Why salt is cheap with Mia Sand", "2026-07-27")
    assert entry.guests == ("Mia Sand",)


def test_sections_about_old_days_are_no_episodes() -> None:
    _, reading = read("A city falls\n\nThe siege (2 May 1945)\n\n- long\n\nThe peace (8 May 1945)\n\n- short\n")
    assert [unit.section for unit in reading.parts[0].units[1:]] == [
        ("The siege (2 May 1945)",),
        ("The peace (8 May 1945)",),
    ]


def test_timestamped_paragraphs() -> None:
    text = """
        (1: 30) First thing.
        My own view of it.
        (1: 07: 30) Second thing.
        """
    _, reading = read(text)
    assert texts(text, reading.parts[0]) == ["(1: 30) First thing.", "My own view of it.", "(1: 07: 30) Second thing."]
    assert [unit.seconds for unit in reading.parts[0].units] == [90, None, 4050]


def test_a_stamped_heading_times_its_bullets() -> None:
    _, reading = read("03:34 - Server-rendered\n* Both do it\n* Also this\n\n05:26 - Static\n* Only one\n")
    assert [unit.seconds for unit in reading.parts[0].units] == [214, 214, 326]


def test_wrapped_lines_are_one_paragraph_and_separate_ones_are_not() -> None:
    wrapped = (
        "The first sentence of this paragraph runs over\nthe end of its line, and so does the next one because\n"
        "the editor wrapped it at a fixed width of about\nfifty characters. It ends here.\n\nAnother one."
    )
    assert len(read(wrapped)[1].parts[0].units) == 2
    separate = "The first thought stands alone here.\nThe second thought does so too, on its line.\nAnd the third.\n"
    assert len(read(separate)[1].parts[0].units) == 3


def test_guests_and_show_from_links() -> None:
    _, reading = read(
        "Some first thoughts about this long talk.\n\n"
        "https://www.youtube.com/watch?v=abc https://www.dwarkesh.com/p/ann-lee-bo-day\n\nAnn said a lot, Bo did not.\n"
    )
    entry = reading.parts[0].entry
    assert (entry.show, entry.guests, entry.title) == ("Dwarkesh Podcast", ("Ann Lee", "Bo Day"), "Ann Lee and Bo Day")
    assert len(entry.urls) == 2


def test_words_of_a_link_that_nobody_speaks_of_are_no_guests() -> None:
    _, reading = read("A thought.\n\nhttps://www.dwarkesh.com/p/great-stagnation\n\nGrowth slowed.\n")
    assert reading.parts[0].entry.guests == ()


def test_guests_gathered_from_who_speaks() -> None:
    _, reading = read(
        "Lex Fridman is back with another long one.\n(1:00) Tomas thinks so. Lex asks why. Tomas says no.\n"
        "(2:00) Petra notes this. He says that. He thinks so.\n(3:00) Petra says more. Lex asks again.\n"
    )
    part = reading.parts[0]
    assert part.guessed_guests
    assert (part.entry.show, set(part.entry.guests), part.entry.title) == (
        "Lex Fridman Podcast",
        {"Tomas", "Petra"},
        "",
    )


SUMMARY = """
    Podcast Episode Summary
    ⚡ Quick Takes
    Worth a listen.
    1-Sentence-Summary
    Ann Lee and Bo Day explore how soil lives, and what ploughing does to it.
    💡 Key Ideas
    -
    Life in the ground
    - Worms mix the layers.
    - Fungi carry sugar.
    -
    Farming
    - Ploughing halves the worms.
    🎓 Lessons Learnt
    - Leave the leaves: they feed the soil.
    All Key Ideas
    Key Points on Worms and Fungi
    - Worms breathe through their skin
    """


def test_machine_summary() -> None:
    name, reading = read(SUMMARY)
    entry = reading.parts[0].entry
    assert (name, reading.kind) == ("summary", "summary")
    assert (entry.guests, entry.show, entry.title) == (("Ann Lee", "Bo Day"), None, "Ann Lee and Bo Day")
    sections = dict(zip(texts(SUMMARY, reading.parts[0]), (u.section for u in reading.parts[0].units), strict=True))
    assert sections["Worms mix the layers."] == ("💡 Key Ideas", "Life in the ground")
    assert sections["Ploughing halves the worms."] == ("💡 Key Ideas", "Farming")
    assert sections["Leave the leaves: they feed the soil."] == ("🎓 Lessons Learnt",)
    assert sections["Worms breathe through their skin"] == ("All Key Ideas", "Key Points on Worms and Fungi")
    assert sections["Worth a listen."] == ("⚡ Quick Takes",)


CAPTIONS = "# Soil\n**Garden Radio:** [May 6, 2023](https://youtu.be/xyz)\n" + "".join(
    f"*  {line}\n"
    for line in [
        "Welcome to the radio. Today we look into the ground, and we",
        "start with the worms, which are the oldest gardeners there are.",
        "They eat what falls down, they dig, and they mix the layers of",
        "the soil more thoroughly than any machine. A hectare holds tons of them.",
        "Then there are the fungi. They carry sugar from tree to tree, and",
        "nobody knew that before somebody followed a marked atom around.",
    ]
    * 3
)


def test_caption_transcript() -> None:
    name, reading = read(CAPTIONS)
    entry = reading.parts[0].entry
    assert (name, reading.kind) == ("captions", "transcript")
    assert (entry.show, entry.title, entry.date) == ("Garden Radio", "Soil", "2023-05-06")
    assert entry.urls == ("https://youtu.be/xyz",)
    spoken = [CAPTIONS[u.start : u.end] for u in reading.parts[0].units[1:]]
    assert all(not text.startswith("*") and text.endswith((".", "and", "of", "we")) for text in spoken)
    assert all(200 <= len(text) <= 520 for text in spoken[:-1])
    assert "\n".join(f"*  {text}" for text in spoken) == CAPTIONS.split("\n", 2)[2].rstrip()


def test_bullets_are_no_captions() -> None:
    text = "".join(f"* a thought number {n} that has no full stop\n" for n in range(30))
    assert read(text)[0] == "outline"


@pytest.mark.parametrize(
    "line",
    ["{}: {}", "**{}:** {}", "{} (00:12:49): {}", "[00:12:49] {}: {}", "{} 00:12:49\n{}", "{}: 00:12:49\n\n{}"],
)
def test_dialogue(line: str) -> None:
    said = [
        "Welcome back, and good to have you.",
        "Thank you, " + "it is a long story. " * 20,
        "Why?",
        "Bread is slow.",
    ]
    text = "The Long Table, episode 7: Bread\n\nGuest: Karl Vogt\n\n" + "\n\n".join(
        line.format(name, words) for name, words in zip(["Ines Moreau", "Karl Vogt"] * 4, said * 2, strict=True)
    )
    name, reading = read(text)
    entry, units = reading.parts[0].entry, reading.parts[0].units
    assert (name, reading.kind) == ("dialogue", "transcript")
    assert (entry.show, entry.title, entry.guests) == ("The Long Table", "Bread", ("Karl Vogt",))
    long = next(unit for unit in units if "long story" in text[unit.start : unit.end])
    assert long.speaker == "Karl Vogt"
    assert long.seconds == (769 if "00:12:49" in line else None)
    assert sum(said[0] in text[unit.start : unit.end] for unit in units) == 2


def test_a_colon_alone_is_no_speaker() -> None:
    assert (
        read("Worms: many.\nFungi: more.\nSoil: alive.\nLeaves: stay.\nRain: rare.\nSun: strong.\nWind: none.\n")[0]
        == "plain"
    )


def test_running_text_is_told_from_a_list() -> None:
    assert not runs_on(["a short one", "another", "a third", "a fourth"])
    assert not runs_on(["Thoughts that stand alone on their own line", "And they begin with capitals all the time"] * 4)


SHAPES = """---|# Head|## Sub|- bullet|  • nested|*  caption line that goes|(1: 30) stamped|Ann Lee: words|**Bold**
Ann Lee on Dwarkesh (9/10)|https://youtu.be/abc|title: x|```|> quote|1. one|-|Key takeaways|Summary|Conclusion
Date: 2024-05-05|<br>|[x]: https://a.b|Ann 00:12:49"""
LINE = st.one_of(
    st.text(st.characters(codec=None, categories=None), max_size=60),
    st.sampled_from([*re.split(r"[|\n]", SHAPES), "\ufeff", "\x00", "\r"]),
)


@settings(max_examples=300)
@given(st.lists(LINE, max_size=40).map("\n".join), st.sampled_from(READERS))
def test_no_text_breaks_a_reader(text: str, reader: object) -> None:
    source = Source.of("any.txt", text)
    for chosen in {reader_for(source), READERS[-1]}:
        reading = chosen.read(source)
        ends = [unit for part in reading.parts for unit in part.units]
        assert reading.parts
        for unit in ends:
            assert 0 <= unit.start <= unit.end <= len(text)
            assert 1 <= unit.line_start <= unit.line_end <= len(source.lines)
        assert all(a.end <= b.start for a, b in pairwise(ends))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "word ",
        "http://a",
        "[",
        "(1:",
        "A ",
        "A. ",
        "<a ",
        "**",
        "- ",
        "Ann Lee, ",
        "1:10:00-",
        "# ",
        "\\[",
        "Ann says ",
        ": ",
        "1/2 ",
    ],
)
def test_a_huge_line_of_anything_is_read_quickly(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    start = time.process_time()
    read("Title\n\n" + text + "\n\n- end")
    assert time.process_time() - start < 5


def test_blocks_know_their_lines() -> None:
    source = Source.of("x.md", "# A\n\n- b\n  more\n\nc\nd\n")
    found = [(b.kind, b.line_start, b.line_end, source.text[b.start : b.end]) for b in blocks(source, source.lines)]
    assert found == [
        ("heading", 1, 1, "A"),
        ("bullet", 3, 4, "b\n  more"),
        ("paragraph", 6, 6, "c"),
        ("paragraph", 7, 7, "d"),
    ]
