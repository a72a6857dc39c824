"""A topic over time as a PNG, wide enough to be read in Discord, on a light ground or a dark one.

Knows nothing of Discord or of files.
"""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from bot import wording
from bot.files import fonts
from bot.files.timeline_chart import NO_MINUTES, OVER_TIME, WITHOUT_MINUTE, Chart, Strip, has_untimed, summary
from bot.language import _

WIDTH = 1200  # pixels; Discord shows half of that
MARGIN = 36
TRACK_LEFT, TRACK_RIGHT = 420, 1080
ROW = 62
TRACK = 26  # height of a strip
TITLE, NAME, SMALL = 34, 24, 20  # sizes of the writing
MARK = 5  # width of a mention
HEAD, FOOT = 120, 66
MOST = 16  # episodes; more are not read on a telephone

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of a picture."""

    ground: Colour
    text: Colour
    quiet: Colour
    track: Colour
    mark: Colour
    line: Colour


LIGHT = Palette(
    ground=(255, 255, 255),
    text=(28, 30, 34),
    quiet=(92, 98, 108),
    track=(232, 235, 240),
    mark=(31, 99, 196),
    line=(214, 218, 225),
)
DARK = Palette(
    ground=(36, 38, 43),
    text=(240, 241, 244),
    quiet=(168, 173, 183),
    track=(58, 61, 69),
    mark=(112, 176, 255),
    line=(70, 74, 83),
)


def draw(drawn: Chart, *, dark: bool = False) -> bytes:
    """The picture, as the bytes of a PNG file."""
    colours = DARK if dark else LIGHT
    image = Image.new("RGB", (WIDTH, HEAD + ROW * len(drawn.strips) + FOOT), colours.ground)
    canvas = Canvas(ImageDraw.Draw(image), colours)
    canvas.write(MARGIN, 28, _(OVER_TIME).format(topic=drawn.topic), size=TITLE, width=WIDTH - 2 * MARGIN)
    canvas.write(MARGIN, 74, summary(drawn), size=SMALL, width=WIDTH - 2 * MARGIN, quiet=True)
    bottom = HEAD + ROW * len(drawn.strips)
    _axis(canvas, drawn, bottom)
    for number, strip in enumerate(drawn.strips):
        _strip(canvas, strip, HEAD + ROW * number)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


class Canvas:
    """What is drawn on."""

    def __init__(self, pen: ImageDraw.ImageDraw, colours: Palette) -> None:
        self.pen = pen
        self.colours = colours

    def write(self, x: float, y: float, text: str, *, size: int, width: float, quiet: bool = False) -> float:
        """Write a line, cut so that it is no wider than `width`; returns how wide it is."""
        plain = wording.clean(text)
        font = font_for(plain, size)
        shown = fitting(font, writable(font, plain), width)
        self.pen.text((x, y), shown, font=font, fill=self.colours.quiet if quiet else self.colours.text)
        return font.getlength(shown)


def fitting(font: Font, text: str, width: float) -> str:
    """As much of a text as is no wider than `width` pixels, with "..." where some is missing."""
    if font.getlength(text) <= width:
        return text
    kept = text
    while kept and font.getlength(f"{kept.rstrip()}...") > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}..."


@cache
def _font(place: int, size: int) -> Font:
    """The font at a place of those that there are; behind the last the one that the library brings."""
    there = fonts.found()
    return ImageFont.truetype(there[place], size) if place < len(there) else ImageFont.load_default(size)


def font_for(text: str, size: int) -> Font:
    """The best font that can write all of a text; the best of all where none can."""
    places = range(len(fonts.found()) + 1)
    return _font(next((place for place in places if not missing(_font(place, size), text)), 0), size)


def missing(font: Font, text: str) -> set[str]:
    """The characters that a font has no shape for."""
    nothing = bytes(font.getmask("\U0010fffe"))
    return {c for c in set(text) if not c.isspace() and bytes(font.getmask(c)) == nothing}


def writable(font: Font, text: str) -> str:
    """A text without what a font cannot write: accents fall off, other characters become "?"."""
    absent = missing(font, text)
    return "".join(_plain(c) if c in absent else c for c in text)


def _plain(character: str) -> str:
    base = unicodedata.normalize("NFKD", {"“": '"', "”": '"', "–": "-", "—": "-", "’": "'"}.get(character, character))
    return base[0] if base[0].isascii() else "?"


def _strip(canvas: Canvas, strip: Strip, top: int) -> None:
    named = TRACK_LEFT - MARGIN - 24
    below = " · ".join(filter(None, (strip.date, strip.show)))
    canvas.write(MARGIN, top + (2 if below else 12), strip.title, size=NAME, width=named)
    if below:
        canvas.write(MARGIN, top + 32, below, size=SMALL, width=named, quiet=True)
    middle = top + ROW / 2 - 2
    wide = TRACK_RIGHT - TRACK_LEFT
    if strip.length:
        box = (TRACK_LEFT, middle - TRACK / 2, TRACK_LEFT + max(strip.length * wide, 8), middle + TRACK / 2)
        canvas.pen.rounded_rectangle(box, radius=6, fill=canvas.colours.track)
        for mark in strip.marks:
            x = TRACK_LEFT + mark.at * (wide - MARK)
            canvas.pen.rectangle((x, middle - TRACK / 2, x + MARK, middle + TRACK / 2), fill=canvas.colours.mark)
    else:
        canvas.pen.rectangle((TRACK_LEFT, middle - 14, TRACK_LEFT + 250, middle + 14), fill=canvas.colours.ground)
        canvas.write(TRACK_LEFT, middle - 12, _(NO_MINUTES), size=SMALL, width=wide, quiet=True)
    _count(canvas, strip, TRACK_RIGHT + 20, middle)


def _count(canvas: Canvas, strip: Strip, x: float, middle: float) -> None:
    """How often, and of that how often without a minute."""
    timed, untimed = strip.counts
    if timed:
        x += 6 + canvas.write(x, middle - 14, timed, size=NAME, width=WIDTH - x)
    if untimed:
        canvas.write(x, middle - 10, untimed, size=SMALL, width=WIDTH - x, quiet=True)


def _axis(canvas: Canvas, drawn: Chart, bottom: int) -> None:
    """Lines from top to bottom with their minutes, none of which touches another."""
    free = 0.0
    if has_untimed(drawn):
        canvas.write(MARGIN, bottom + 10, _(WITHOUT_MINUTE), size=SMALL, width=TRACK_LEFT - MARGIN - 60, quiet=True)
    for at, minute in drawn.ticks:
        x = TRACK_LEFT + at * (TRACK_RIGHT - TRACK_LEFT)
        canvas.pen.line((x, HEAD - 4, x, bottom), fill=canvas.colours.line, width=2)
        start = x - font_for(minute, SMALL).getlength(minute) / 2
        if start >= free:
            free = start + canvas.write(start, bottom + 10, minute, size=SMALL, width=160, quiet=True) + 16
