"""Three pictures of a measurement, as SVG: risk and coverage, reliability, hits by kind.

Drawn with pygal, which is pure Python and draws SVG alone; matplotlib would bring a rasteriser and a font stack for
three simple charts. It is imported here only when a picture is wanted. Greys and two hues that read on white
and on black alike; no script, no link, no date, so that the same figures give the same file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import FootnoteError

Json = Mapping[str, Any]
_GREY = "#808080"
_GUIDE = "#8884"
_BLUE, _ORANGE = "#2b7bba", "#d9822b"
_SOLID = {"stroke_style": {"width": 2}}
_DASHED = {"stroke_style": {"width": 1, "dasharray": "4,4"}, "show_dots": False}
_PLAIN = {
    "width": 640,
    "js": (),
    "legend_at_bottom": True,
    "truncate_legend": -1,
    "disable_xml_declaration": True,
    "show_dots": True,
    "dots_size": 3,
}
_ROW_HEIGHT = 46


class ChartsMissing(FootnoteError):
    """The library that draws the pictures is not installed."""


def charts(figures: Json) -> dict[str, str]:
    """Name -> SVG, in the order of a report. Raises ChartsMissing."""
    drawn = {
        "risk-coverage": _risk_coverage(figures),
        "reliability": _reliability(figures["reliability"]),
        "hits-by-kind": _hits(figures["hit_by_kind"]),
    }
    return {name: _svg(name, chart) for name, chart in drawn.items()}


def library() -> Any:  # noqa: ANN401  # pygal has no types
    """What draws the pictures. Raises ChartsMissing; ask before a long measurement, not after it."""
    try:
        import pygal
    except ImportError as error:
        raise ChartsMissing("Reports need pygal, which draws their pictures.", remedy="pip install pygal") from error
    # its finder, for maps, is of a kind that Python warns of at every later import; the others are needed
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]
    return pygal


def _style(*colours: str) -> Any:  # noqa: ANN401
    from pygal.style import Style

    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=_GREY,
        foreground_strong=_GREY,
        foreground_subtle=_GREY,
        value_colors=("#ffffff",) * 2,
        guide_stroke_color=_GUIDE,
        major_guide_stroke_color=_GUIDE,
        colors=colours,
        opacity="1",
        font_family="sans-serif",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=14,
        value_font_size=12,
    )


def _risk_coverage(figures: Json) -> Any:  # noqa: ANN401
    chart = library().XY(
        style=_style(_BLUE, _ORANGE, _GREY), height=400, range=(0, 1), xrange=(0, 0.5),
        x_title="share of the others that is answered", y_title="share answered", **_PLAIN,
    )  # fmt: skip
    chart.add("without their passage", _points(figures["deletion"]["risk_coverage"], "risk", "answered"), **_SOLID)
    chart.add("written ones", _points(figures["risk_coverage"], "risk", "answered"), **_SOLID)
    chart.add("chance", [(0, 0), (0.5, 0.5)], **_DASHED)
    return chart


def _reliability(groups: Sequence[Json]) -> Any:  # noqa: ANN401
    chart = library().XY(
        style=_style(_BLUE, _GREY), height=400, range=(0, 1), xrange=(0, 1), x_title="p(answerable) as estimated",
        y_title="share that is answerable", **_PLAIN,
    )  # fmt: skip
    chart.add("questions, in groups of equal size", _points(groups, "p", "share"), **_SOLID)
    chart.add("as it should be", [(0, 0), (1, 1)], **_DASHED)
    return chart


def _hits(kinds: Json) -> Any:  # noqa: ANN401
    chart = library().HorizontalBar(
        style=_style(_BLUE, _ORANGE), height=110 + _ROW_HEIGHT * max(1, len(kinds)), range=(0, 1), print_values=True,
        value_formatter=lambda value: f"{value:.2f}", **_PLAIN,
    )  # fmt: skip
    rows = list(kinds.items())[::-1]  # pygal draws from the bottom
    chart.x_labels = [f"{kind or 'all'} ({row['n']})" for kind, row in rows]
    for name in ("@1", "@5"):
        chart.add(f"hit{name}", [row[name] for _, row in rows])
    return chart


def _points(rows: Sequence[Json], x: str, y: str) -> list[tuple[float, float]]:
    return [(row[x], row[y]) for row in rows if row[y] is not None]


def _svg(name: str, chart: Any) -> str:  # noqa: ANN401
    chart.uuid = name
    return re.sub(r"<!--.*?-->|<script.*?</script>", "", chart.render(is_unicode=True), flags=re.DOTALL)
