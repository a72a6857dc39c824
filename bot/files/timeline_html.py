"""A topic over time as a page of its own: strips whose marks lead to the quotes, and these to the minutes.

Knows nothing of files.
"""

from __future__ import annotations

from bot.files.timeline_chart import NO_MINUTES, OVER_TIME, WITHOUT_MINUTE, Chart, Strip, has_untimed, summary
from bot.language import _
from bot.pages import page
from rag.phrase import Phrase
from rag.types import Citation

EACH_MARK = Phrase("Each mark is a mention and leads to the quote below, each minute to the recording.")
LISTEN = Phrase("listen")


def html(drawn: Chart) -> str:
    """The page."""
    return page(
        "timeline.html.j2",
        title=_(OVER_TIME).format(topic=drawn.topic),
        chart=drawn,
        summary=summary(drawn),
        untimed=has_untimed(drawn),
        cited=_cited,
        each_mark=EACH_MARK,
        listen=LISTEN,
        no_minutes=NO_MINUTES,
        without_minute=WITHOUT_MINUTE,
    )


def _cited(strip: Strip) -> list[Citation]:
    return [*(mark.citation for mark in strip.marks), *strip.untimed]
