"""A topic over time as it is drawn: in a terminal, as a picture, as a page."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from bot.files import fonts, timeline_png
from bot.files.timeline_chart import Chart, chart, summary, ticks
from bot.files.timeline_html import html
from bot.language import speaking
from bot.terminal.render_text import plain
from bot.terminal.timeline_text import bars_of, lines
from rag.map_types import EpisodeMentions, Timeline
from rag.types import Citation
from tests.bot.samples import BREAD, HEAT, LOAF, TIMELINE, VENUS

HOSTILE = '<script>alert(1)</script> "quoted" \u202egnp & [x](javascript:alert(1)) ' * 5


def told(*minutes: int | None, seconds: int | None = 3600) -> Chart:
    """A chart of one episode with mentions at these minutes."""
    citations = tuple(
        replace(HEAT, n=n, seconds=None if at is None else 60 * at, url=f"https://example.org/{n}")
        for n, at in enumerate(minutes, start=1)
    )
    numbers = tuple(range(1, len(citations) + 1))
    mentions = EpisodeMentions(episode=VENUS, mentions=numbers, seconds=seconds)
    return chart(Timeline(topic="heat", searched="heat", episodes=(mentions,), citations=citations))


def test_marks_stand_at_their_share_of_the_longest_episode() -> None:
    drawn = chart(replace(TIMELINE, episodes=TIMELINE.episodes[::-1]))
    assert [strip.title for strip in drawn.strips] == ["Ines Carvalho", "Venus"]
    assert drawn.strips[1].marks[0].at == 4050 / 5400
    assert [c.n for c in drawn.strips[0].untimed] == [2]
    assert (drawn.strips[0].length, drawn.strips[1].length) == (0.0, 1.0)
    assert summary(drawn) == "2 mentions in 2 episodes"


def test_only_the_fullest_episodes_are_drawn_in_their_order() -> None:
    many = [
        EpisodeMentions(episode=replace(VENUS, id=str(n), title=f"E{n}"), mentions=(1,) * n, seconds=60)
        for n in range(1, 6)
    ]
    drawn = chart(replace(TIMELINE, episodes=tuple(many)), most=2)
    assert [strip.title for strip in drawn.strips] == ["E4", "E5"]
    assert drawn.more == 3


@pytest.mark.parametrize("seconds", [1, 59, 600, 3_600, 11_220, 90_000, 900_000])
def test_an_axis_has_a_few_round_minutes(seconds: int) -> None:
    marks = ticks(seconds)
    assert 1 <= len(marks) <= 9
    assert marks[0] == (0.0, "0:00")
    assert all(0 <= at <= 1 for at, _ in marks)
    assert ticks(0) == ()


# In a terminal


def test_the_bar_is_the_higher_the_more_is_said_then() -> None:
    bars = bars_of(told(0, 0, 0, 30).strips[0], 10)
    assert bars == "█────▃────"


def test_nothing_is_drawn_where_the_episode_is_over() -> None:
    mentions = (
        EpisodeMentions(episode=VENUS, mentions=(1,), seconds=5400),
        EpisodeMentions(episode=LOAF, mentions=(2,), seconds=2700),
    )
    drawn = chart(replace(TIMELINE, episodes=mentions, citations=(HEAT, replace(BREAD, seconds=0))))
    assert bars_of(drawn.strips[1], 8) == "▃───    "


@pytest.mark.parametrize("width", [20, 60, 100, 200])
def test_lines_fit_into_the_terminal(width: int) -> None:
    long = replace(VENUS, title="A very long title of an episode that no terminal has room for, not even a wide one")
    mentions = replace(TIMELINE.episodes[0], episode=long)
    printed = plain(lines(chart(replace(TIMELINE, episodes=(mentions,))), width=width)).splitlines()
    assert all(len(line) <= max(width, 70) for line in printed)
    assert "…" in printed[2]


def test_a_terminal_shows_dates_counts_and_minutes() -> None:
    printed = plain(lines(chart(TIMELINE), width=100))
    assert printed.startswith("“heat” over time: 2 mentions in 2 episodes\n\n10 Sep 2023  Venus")
    assert "no minutes in the notes" in printed
    assert "1:00:00" in printed


def test_what_has_no_minute_is_not_counted_as_if_it_had_one() -> None:
    """An episode with minutes whose only mention had none showed an empty strip and a plain 1."""
    assert told(None).strips[0].counts == ("", "+1")
    assert told(3, None, None).strips[0].counts == ("1", "+2")
    assert told(3).strips[0].counts == ("1", "")
    assert told(None, None, seconds=None).strips[0].counts == ("2", "")
    assert plain(lines(told(None), width=80)).splitlines()[-2].endswith("─  +1")


def test_minutes_on_the_axis_never_touch() -> None:
    axis = plain(lines(told(1, seconds=36_000), width=60)).splitlines()[-1]
    assert all(re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", each) for each in axis.split())


# As a picture


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("dark", [False, True])
def test_a_mention_is_drawn_at_its_minute_and_nowhere_else(dark: bool) -> None:
    colours = timeline_png.DARK if dark else timeline_png.LIGHT
    picture = opened(timeline_png.draw(told(30), dark=dark))
    row = [picture.getpixel((x, timeline_png.HEAD + timeline_png.ROW // 2 - 2)) for x in range(picture.width)]
    marked = [x for x, colour in enumerate(row) if colour == colours.mark]
    middle = (timeline_png.TRACK_LEFT + timeline_png.TRACK_RIGHT) / 2
    assert len(marked) == timeline_png.MARK + 1
    assert abs(sum(marked) / len(marked) - middle) <= timeline_png.MARK
    assert picture.getpixel((2, 2)) == colours.ground


def brightness(colour: tuple[int, int, int]) -> float:
    """Relative luminance, 0 to 1, as the guidelines for accessible pages have it."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [timeline_png.LIGHT, timeline_png.DARK])
def test_what_is_written_can_be_read(colours: timeline_png.Palette) -> None:
    def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
        light, dark = sorted((brightness(one), brightness(other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    assert contrast(colours.text, colours.ground) >= 7
    assert contrast(colours.quiet, colours.ground) >= 4.5
    assert contrast(colours.mark, colours.track) >= 3


@pytest.mark.parametrize("text", ["Venus", "Ines Carvalho " * 20, HOSTILE, "Größe und Łódź", "日本語の話", ""])
def test_whatever_is_written_fits(text: str) -> None:
    font = timeline_png.font_for(text, timeline_png.NAME)
    shown = timeline_png.fitting(font, timeline_png.writable(font, text), 300)
    assert font.getlength(shown) <= 300


def test_without_a_font_of_this_machine_accents_fall_off() -> None:
    font = ImageFont.load_default(20)
    assert timeline_png.writable(font, "Größe “x” – 日") == "Gro?e “x” - ?"


def test_a_picture_of_hostile_names_is_drawn(tmp_path: Path) -> None:
    episode = replace(VENUS, title=HOSTILE, show=HOSTILE)
    drawn = chart(
        replace(TIMELINE, topic=HOSTILE, searched=HOSTILE, episodes=(replace(TIMELINE.episodes[0], episode=episode),))
    )
    assert opened(timeline_png.draw(drawn)).width == timeline_png.WIDTH


def test_fonts_are_files_that_are_there() -> None:
    assert all(path.is_file() for path in fonts.found())


# As a page


class Page(HTMLParser):
    """Elements with their attributes, and all text outside of styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.said.append(data)

    @property
    def links(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.elements if tag == "a"]


def test_each_mark_leads_to_its_quote_and_that_to_its_minute() -> None:
    page = Page(html(chart(TIMELINE)))
    assert "#c1" in page.links
    assert HEAT.url in page.links
    ids = {str(attrs.get("id")) for _, attrs in page.elements}
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= ids


def test_the_page_speaks_the_language_that_is_spoken() -> None:
    """It was in English, whatever was spoken."""
    with speaking("de"):
        text = html(chart(TIMELINE))
    assert '<html lang="de">' in text
    assert "<h1>„heat“ im Lauf der Zeit</h1>" in text
    assert "2 Erwähnungen in 2 Folgen. Jeder Strich ist eine Erwähnung" in text
    assert "„The surface is at 464 °C.“" in text, "what is quoted stays as it is"
    said = " ".join(Page(text).said)
    assert [english for english in ("mark", "over time", "no minutes", "listen", "line ") if english in said] == []


def test_the_page_stands_alone() -> None:
    page = Page(html(chart(TIMELINE)))
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.elements}
    assert all(link.startswith(("#", "https://")) for link in page.links)


def test_hostile_text_stays_text_on_the_page() -> None:
    hostile: Citation = replace(HEAT, display=HOSTILE, note_file=HOSTILE, url="javascript:alert(1)")
    episode = replace(VENUS, title=HOSTILE, show=HOSTILE)
    drawn = chart(
        Timeline(
            topic=HOSTILE,
            searched=HOSTILE,
            episodes=(replace(TIMELINE.episodes[0], episode=episode),),
            citations=(hostile,),
        )
    )
    page = Page(html(drawn))
    assert "script" not in {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert page.links == ["#c1"]
    assert "<script>" in " ".join(page.said)
