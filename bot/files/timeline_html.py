"""A topic over time as a page of its own: strips whose marks lead to the quotes, and these to the minutes.

Knows nothing of files.
"""

from __future__ import annotations

from bot.files.timeline_chart import Chart, Strip, has_untimed, summary
from bot.pages import page
from rag.types import Citation


def html(drawn: Chart) -> str:
    """The page."""
    return page(
        "timeline.html.j2",
        title=f"“{drawn.topic}” over time",
        chart=drawn,
        summary=summary(drawn),
        untimed=has_untimed(drawn),
        cited=_cited,
    )


def _cited(strip: Strip) -> list[Citation]:
    return [*(mark.citation for mark in strip.marks), *strip.untimed]
