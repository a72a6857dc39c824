"""Where the settings want the vectors of the index: in its own folder, or on a Chroma server.

Loads Chroma only where one is named.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.settings import Settings
from rag import holdings
from rag.build import VECTORS, current_build
from rag.errors import IndexProblem
from rag.phrase import Phrase

if TYPE_CHECKING:
    from rag.chroma import Server

log = logging.getLogger(__name__)

MOVED = Phrase("The vectors of the index go to {now}; they were in {before}.")
ON_A_SERVER = Phrase("Chroma at {address}")
HERE = Phrase("the data folder")


def server_of(settings: Settings) -> Server | None:
    """The Chroma server that the settings name; None: there is none, and vectors stay here. Asks it nothing."""
    if not settings.chroma:
        return None
    from rag.chroma import Server

    return Server(address=settings.chroma, token=settings.chroma_token.get_secret_value())


def tidy(settings: Settings) -> None:
    """Remove what is left on any server of builds that are gone; `settings`: of all notes. What fails has time."""
    try:
        holdings.sweep(settings.data, server_of(settings))
    except (OSError, IndexProblem) as error:
        log.warning("what is left on a Chroma server stays for now: %s", error)


def moved(settings: Settings) -> str:
    """What to tell the owner where the vectors are not where the settings want them; "" where they are."""
    from rag.store import elsewhere

    try:
        place = elsewhere(current_build(settings.data) / VECTORS)
    except IndexProblem:
        return ""
    before = place.address if place else ""
    return "" if before == settings.chroma else MOVED.format(now=_named(settings.chroma), before=_named(before))


def _named(address: str) -> str:
    return ON_A_SERVER.format(address=address) if address else HERE
