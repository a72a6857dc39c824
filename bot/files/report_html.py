"""A report as a page that stands alone and prints well."""

from __future__ import annotations

from bot.files.report import EPISODES, MODEL_WROTE, Report, opening
from bot.pages import page


def html(report: Report) -> str:
    """The page."""
    return page(
        "report.html.j2",
        title=report.topic,
        report=report,
        says=opening(report),
        model_wrote=MODEL_WROTE,
        episodes=EPISODES,
    )
