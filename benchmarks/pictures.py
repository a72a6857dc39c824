"""How an index grows, as SVG with logarithmic axes. Knows nothing of how it was measured.

Drawn with pygal as the pictures of the lab are, on white, because the page is read on light and dark; no script, no
date, so that the same figures give the same file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from benchmarks.sizes import Kind, Size
from rag.lab.charts import library

Value = Callable[[Size], float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a picture: what it is called, of which sizes, what of them; `aside` it is fainter than the others."""

    name: str
    value: Value
    kinds: tuple[Kind, ...]
    colour: str
    aside: bool = False


INDEX: tuple[Kind, ...] = ("index",)
STORE: tuple[Kind, ...] = ("store",)
BLUE, ORANGE, LIGHT_BLUE, LIGHT_ORANGE, GREY = "#2b7bba", "#d9822b", "#8fbfe0", "#edbd8b", "#888888"


def _both(value: Value) -> list[Line]:
    """One line for the index and one for the store alone."""
    return [
        Line(name="index", value=value, kinds=INDEX, colour=BLUE),
        Line(name="store alone", value=value, kinds=STORE, colour=ORANGE),
    ]


PICTURES: Mapping[str, tuple[str, Sequence[Line]]] = {
    "writing": ("Writing: seconds of the processor", _both(lambda size: size.written.processor_seconds)),
    "opening": ("Opening: seconds", _both(lambda size: size.searched.opening)),
    "search": (
        "A search, p95: milliseconds",
        [
            *_both(lambda size: size.searched.search.p95),
            Line(
                name="exact numpy, vectors only",
                value=lambda size: size.searched.exact.p95,
                kinds=("index", "store"),
                colour=GREY,
                aside=True,
            ),
        ],
    ),
    "memory": (
        "Memory after some hundred searches: MiB",
        [
            *_both(lambda size: size.searched.searched_mib),
            Line(
                name="index, no files", value=lambda s: s.searched.own_mib, kinds=INDEX, colour=LIGHT_BLUE, aside=True
            ),
            Line(
                name="store, no files", value=lambda s: s.searched.own_mib, kinds=STORE, colour=LIGHT_ORANGE, aside=True
            ),
        ],
    ),
    "disk": ("Disk: MiB", _both(lambda size: size.written.disk_mib)),
}
_INK, _GUIDE = "#333333", "#dddddd"
_DASHES = {"dasharray": "6,4"}
STEPS = (1, 3)  # of each power of ten, labelled


def _short(value: float) -> str:
    """3000000 as 3M, 0.003 as it is."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


_PLAIN = {
    "logarithmic": True,
    "width": 760,
    "height": 440,
    "dots_size": 4,
    "css": ("file://style.css", "file://graph.css", "inline:.line.reactive { stroke-width: 2.2 !important }"),
    "js": (),
    "legend_at_bottom": True,
    "truncate_legend": -1,
    "disable_xml_declaration": True,
    "value_formatter": _short,
    "x_value_formatter": _short,
}


def pictures(sizes: Sequence[Size]) -> dict[str, tuple[str, str]]:
    """Name -> title and SVG; none without sizes. Raises ChartsMissing."""
    if not sizes:
        return {}
    return {
        name: (title, svg(f"bench-{name}", _chart(title, lines, sizes))) for name, (title, lines) in PICTURES.items()
    }


def _chart(title: str, lines: Sequence[Line], sizes: Sequence[Size]) -> Any:  # noqa: ANN401  # pygal has no types
    drawn = [(line, points) for line in lines if (points := _points(line, sizes))]
    coloured = style([line.colour for line, _ in drawn])
    columns = 3 if len(drawn) == 3 else 2
    chart = library().XY(style=coloured, title=title, x_title="vectors", legend_at_bottom_columns=columns, **_PLAIN)
    chart.x_labels = list(_labels([x for _, points in drawn for x, _ in points]))
    chart.y_labels = list(_labels([y for _, points in drawn for _, y in points]))
    for line, points in drawn:
        chart.add(line.name, points, stroke_style=_DASHES if line.aside else {})
    return chart


def _points(line: Line, sizes: Sequence[Size]) -> list[tuple[float, float]]:
    return sorted((float(size.written.vectors), line.value(size)) for size in sizes if size.kind in line.kinds)


def _labels(values: Sequence[float]) -> Iterator[float]:
    """Round numbers from below the least to above the greatest, evenly spaced on a logarithmic axis."""
    low, high = min(values), max(values)
    marks = [step * 10.0**power for power, step in product(range(-6, 9), STEPS)]
    first = max(i for i, mark in enumerate(marks) if mark <= low)
    last = min(i for i, mark in enumerate(marks) if mark >= high)
    yield from marks[first : last + 1]


def style(colours: Sequence[str]) -> Any:  # noqa: ANN401
    """Lines in these colours on white."""
    from pygal.style import Style

    return Style(
        background="#ffffff",
        plot_background="#ffffff",
        foreground=_INK,
        foreground_strong=_INK,
        foreground_subtle=_INK,
        guide_stroke_color=_GUIDE,
        major_guide_stroke_color=_GUIDE,
        colors=tuple(colours),
        opacity="1",
        font_family="sans-serif",
        title_font_size=17,
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=14,
    )


def svg(name: str, chart: Any) -> str:  # noqa: ANN401
    """The chart as a file that is the same for the same figures; `name` is part of every id in it."""
    chart.uuid = name
    drawn: str = chart.render(is_unicode=True)
    return re.sub(r"<!--.*?-->|<script.*?</script>", "", drawn, flags=re.DOTALL) + "\n"
