"""Bodies of requests, and responses as Discord makes them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.integration.discord_faults import Refusal


async def read_body(request: web.Request) -> Any:
    """The body of a request; of one with files, which are put under `_files`, its JSON part."""
    if request.content_type != "multipart/form-data":
        return await request.json()
    parts = await request.post()
    body = json.loads(str(parts["payload_json"]))
    files = {p.filename: p.file.read() for p in parts.values() if isinstance(p, web.FileField)}
    return {**body, "_files": files}


def json_response(value: Any, *, status: int = 200) -> web.Response:
    """A value as JSON."""
    body = json.dumps(value).encode()  # aiohttp's own json_response adds a charset, which discord.py does not take
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


def refused(refusal: Refusal) -> web.Response:
    """What a refusal looks like."""
    if isinstance(refusal.body, str):
        return web.Response(text=refusal.body, status=refusal.status, content_type="text/html")
    response = json_response(refusal.body, status=refusal.status)
    response.headers.update(refusal.headers)
    return response
