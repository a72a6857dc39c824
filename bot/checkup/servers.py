"""Do the servers answer that the settings name, beside Discord."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial

from bot.answering.vectors import server_of
from bot.checkup import Check, Examine
from bot.settings import Settings
from rag import holdings
from rag.chroma import Server
from rag.errors import EndpointAway
from rag.models.remote_ranker import RemoteRanker
from rag.phrase import Phrase

CHROMA, LEFT, RANKER = Phrase("Chroma"), Phrase("left on Chroma"), Phrase("ranker")


def checks(settings: Settings) -> list[tuple[str, Examine]]:
    """Each that is named."""
    server = server_of(settings)
    return [
        *([(CHROMA, partial(chroma, server))] if server else []),
        *([(LEFT, partial(left_over, settings))] if (settings.data / holdings.FOLDER).is_dir() else []),
        *([(RANKER, partial(ranker, settings))] if settings.ranker else []),
    ]


def chroma(server: Server) -> Check:
    """Whether vectors can be kept there. Raises StoreAway."""
    started = time.monotonic()
    version = server.version()
    took = round(1000 * (time.monotonic() - started))
    said = Phrase("The server at {address} is of version {version} and answers within {n} ms.")
    return Check(name=CHROMA, outcome="ok", what=said.format(address=server.address, version=version, n=took))


def left_over(settings: Settings) -> Check:
    """Whether a server still holds what no index needs. Asks no server. Raises OSError, IndexCorrupt."""
    left = holdings.unneeded(settings.data)
    if not left:
        return Check(name=LEFT, outcome="ok", what=Phrase("Every collection that was made there is needed."))
    what = Phrase("Collections that no index needs any longer may be left at {addresses}.")
    remedy = Phrase(
        "Run: footnote index. If that server is gone for good, or this folder is a copy of another one, delete the "
        "files in {folder} that name it."
    )
    return Check(
        name=LEFT,
        outcome="look",
        what=what.format(addresses=", ".join(sorted({each.address for each in left}))),
        remedy=remedy.format(folder=str(settings.data / holdings.FOLDER)),
    )


def ranker(settings: Settings) -> Check:
    """Whether what was found can be put in order there; without that questions are answered all the same."""
    key = settings.ranker_key.get_secret_value()
    with closing(RemoteRanker(settings.ranker, api_key=key)) as opened:
        started = time.monotonic()
        try:
            opened.check()
        except EndpointAway as error:
            return Check(name=RANKER, outcome="look", what=error.message, remedy=error.remedy)
        took = round(1000 * (time.monotonic() - started))
    return Check(name=RANKER, outcome="ok", what=Phrase("It puts a passage in order within {n} ms.").format(n=took))
