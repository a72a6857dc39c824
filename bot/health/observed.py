"""Serves the figures and the health of the bot to this machine alone: `/metrics` and `/healthz` on 127.0.0.1.

Served by the bot's own event loop, so what hangs does not answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from bot.health.metrics import Metrics
from rag.errors import FootnoteError

HOST = "127.0.0.1"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class PortTaken(FootnoteError):
    """Nothing can be served at that port."""


@asynccontextmanager
async def observed(port: int, metrics: Metrics, health: Callable[[], Mapping[str, bool]]) -> AsyncIterator[None]:
    """Inside the block both are served.

    Args:
        health: what has to be well, by name; `/healthz` answers 503 unless all of it is.

    Raises:
        PortTaken: another program listens there.
    """

    async def figures(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": FORMAT})

    async def healthz(_request: web.Request) -> web.Response:
        found = dict(health())
        return web.json_response({"well": all(found.values()), **found}, status=200 if all(found.values()) else 503)

    app = web.Application()
    app.router.add_get("/metrics", figures)
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        await runner.cleanup()
        raise PortTaken(
            f"{HOST}:{port} cannot be listened on ({error.strerror}).", remedy="Set another FOOTNOTE_METRICS_PORT."
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()
