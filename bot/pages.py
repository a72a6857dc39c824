"""HTML pages that stand alone: no script, nothing fetched, readable on a light ground, a dark one and on paper.

What a page says itself is in the language that is spoken. All text from outside is escaped by the template engine;
links are those that `wording.safe_url` lets through.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from bot import wording
from bot.language import _, spoken
from rag.types import Citation

if TYPE_CHECKING:
    from jinja2 import Environment

TITLE_LIMIT = 160  # characters of a quote that is shown when one points at its mark


def page(template: str, **values: Any) -> str:  # noqa: ANN401
    """The page that a template of `bot/templates` makes of these values."""
    return _environment().get_template(template).render(**values)


def shortened(text: str, limit: int = TITLE_LIMIT) -> str:
    """The beginning of a text, on one line."""
    plain = wording.clean(text)
    return plain if len(plain) <= limit else f"{plain[: limit - 1].rstrip()}…"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # takes a tenth of a second

    made = Environment(
        loader=PackageLoader("bot", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "_": _,
        "clean": wording.clean,
        "minute": wording.minute,
        "percent": lambda share: f"{100 * share:.2f}%",
        "language": lambda: spoken().replace("_", "-"),
        "place": wording.place,
        "quoted": wording.quoted,
        "shortened": shortened,
        "source": wording.source,
        "url": _url,
    }
    return made


def _url(citation: Citation) -> str:
    return wording.safe_url(citation.url) or ""
