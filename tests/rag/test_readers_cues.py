"""Captions: WebVTT after https://www.w3.org/TR/webvtt1/, SubRip after https://docs.fileformat.com/video/srt/."""

from __future__ import annotations

import pytest

from rag.reading.readers import Part, Reading, Source, reader_for
from rag.reading.text import readable, repair
from tests.rag.reader_samples import SRT, VTT, VTT_BARE


def read(text: str, file: str = "x.vtt") -> Reading:
    source = Source.of(file, text)
    reader = reader_for(source)
    assert reader.name == "cues"
    return reader.read(source)


def shown(text: str, part: Part) -> list[tuple[str | None, int | None, int | None, str]]:
    return [(u.speaker, u.seconds, u.seconds_end, readable(text[u.start : u.end])) for u in part.units]


def test_srt_with_speakers_in_the_text() -> None:
    reading = read(SRT, "radio41.srt")
    assert reading.kind == "transcript"
    assert shown(SRT, reading.parts[0]) == [
        (
            "Ines Moreau",
            1,
            9,
            "Ines Moreau: Welcome to Paper Tape Radio, the podcast about old machines. "
            "This is episode 41, recorded January 15th, 2026.",
        ),
        ("Karl Vogt", 10, 15, "Karl Vogt: Thank you for having me."),
        ("Ines Moreau", 15, 19, "Ines Moreau: So, what is a rope memory?"),
        ("Karl Vogt", 75, 79, "Karl Vogt: Wires through rings. And patience."),
    ]


def test_what_is_said_of_the_episode_in_the_first_minute() -> None:
    found = read(SRT, "radio41.srt").parts[0].entry
    assert (found.number, found.date, found.origin("number")) == ("41", "2026-01-15", "words")
    assert found.show is None
    assert read(SRT, "paper-tape-radio/41.srt").parts[0].entry.show == "Paper Tape Radio"


def test_webvtt_with_voices() -> None:
    part = read(VTT).parts[0]
    assert shown(VTT, part) == [
        (None, None, None, "The rope memory"),
        (None, None, None, "Corrected by hand"),
        ("Ines Moreau", 0, 5, "You thread a wire, and the wire is the program."),
        ("Karl Vogt", 5, 3616, "One ring, one bit. And it survives the power cut."),
    ]
    assert part.entry.title == "The rope memory"


def test_windows_close_at_sentences() -> None:
    units = read(VTT_BARE).parts[0].units
    said = [readable(VTT_BARE[u.start : u.end]) for u in units]
    assert len(said) > 1
    assert all(text.endswith(".") for text in said)
    assert all(200 < len(text) < 460 for text in said[:-1])
    assert "-->" not in " ".join(said)
    assert " ".join(said).count("Rope memory is made by hand") == 4


def test_nobody_is_called_unknown() -> None:
    text = "".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{who}: words and more words here.\n\n"
        for n, who in enumerate(["Unknown", "Ann Lee"] * 3)
    )
    assert {unit.speaker for unit in read(text).parts[0].units} == {None, "Ann Lee"}


def test_times_that_go_backwards_are_told_with_their_line() -> None:
    text = "".join(f"{n}\n00:00:{n},000 --> 00:00:{n},900\nWords.\n\n" for n in (10, 11, 12, 13, 14)).replace(
        "00:00:11", "00:00:01"
    )
    assert [(w.line, "backwards" in w.reason) for w in read(text).warnings] == [(7, True)]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends(end: str) -> None:
    text = SRT.replace("\n", end)
    said = [readable(text[u.start : u.end]) for u in read(text).parts[0].units]
    assert said[-1] == "Karl Vogt: Wires through rings. And patience."
    assert len(said) == 4


def test_a_caption_that_is_a_number_is_kept() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nHow many?\n42\n\n00:03.000 --> 00:04.000\nSo many.\n"
    assert "42" in " ".join(readable(text[u.start : u.end]) for u in read(text).parts[0].units)


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.869 align:start position:0%
 
salt<00:00:00.480><c> slows</c><00:00:00.640><c> the</c><00:00:00.880><c> yeast</c>

00:00:02.869 --> 00:00:02.879 align:start position:0%
salt slows the yeast
 

00:00:02.879 --> 00:00:05.190 align:start position:0%
salt slows the yeast
and<00:00:03.120><c> two</c><00:00:03.360><c> percent</c><00:00:03.600><c> is</c>

00:00:05.190 --> 00:00:05.200 align:start position:0%
and two percent is
 

00:00:05.200 --> 00:00:07.000 align:start position:0%
and two percent is
the<00:00:05.400><c> usual</c><00:00:05.900><c> amount</c>

00:00:07.010 --> 00:00:09.000
yeah

00:00:09.010 --> 00:00:11.000
yeah
"""
"""As YouTube writes its automatic captions (seen in what yt-dlp saves; its issue 1734 describes the repeats): each
caption shows the line before again, and one of 10 ms carries it over."""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_captions_that_roll_are_read_once(end: str) -> None:
    """Every line was read twice or three times. Who says a word twice is still heard twice."""
    text = ROLLING.replace("\n", end)
    reading = read(text)
    units = reading.parts[0].units
    said = [readable(text[u.start : u.end]) for u in units]
    assert said == ["salt slows the yeast and two percent is the usual amount yeah yeah"]
    assert (units[0].line_start, units[0].line_end, units[0].seconds) == (7, 29, 0)
    assert reading.warnings == ()


def test_what_is_shown_of_rolling_captions_leads_back_to_its_place() -> None:
    unit = read(ROLLING).parts[0].units[0]
    raw = ROLLING[unit.start : unit.end]
    shown = repair(raw)
    at = shown.text.index("two percent is the usual")
    start, end = shown.text_to_raw[at], shown.text_to_raw[at + len("two percent is the usual") - 1] + 1
    assert raw[start:].startswith("two</c>")
    assert raw[:end].endswith("usual")
    assert readable(raw[start:end]).startswith("two percent is the usual")
