"""The gateway of the local Discord: greets, takes a session up or begins one, sends events, and can be told to fail.

Events since a connection was lost are delivered once its session is taken up, as Discord does. Knows nothing of REST.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable

from aiohttp import WSMsgType, web

from tests.integration.discord_objects import Json, World

TOKEN = "local.stand-in.token"
CONTENT = 1 << 15  # of messages
PRIVILEGED = 1 << 1 | 1 << 8 | CONTENT  # members, presences


class Gateway(World):
    """One connection at a time to the server that the bot is in; with more `shards` each of the others sees none.

    Attributes:
        refuse_with: close code to answer IDENTIFY with.
        privileged: intents that it refuses.
        hello_after: seconds from a connection to its first word.
        mute: it takes everything and says nothing.
        refuse_resume: no session is taken up again.
        refuse_sessions: so many IDENTIFYs are answered with "invalid session".
        connections, identified, resumed: how many there have been.
        intents: those asked for last.
        heartbeat_seconds: between two heartbeats that it asks for.
        heartbeats: when there have been some, in seconds of time.monotonic.
    """

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.refuse_with: int | None = None
        self.privileged = PRIVILEGED
        self.hello_after = 0.0
        self.mute = False
        self.refuse_resume = False
        self.refuse_sessions = 0
        self.connections = self.identified = self.resumed = 0
        self.intents = 0
        self.heartbeat_seconds = 41.25
        self.heartbeats: list[float] = []
        self._missed: list[Json] = []  # events since the connection was lost
        self._changed = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._transport: asyncio.Transport | None = None
        self._home: tuple[web.WebSocketResponse | None, asyncio.Transport | None] = (None, None)  # sees the server
        self._sequence = itertools.count(1)

    async def hang_up(self, code: int) -> None:
        """Close the gateway's connection."""
        assert self._socket is not None
        await self._socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """Tell the bot to take up its session over another connection."""
        assert self._socket is not None
        await self._socket.send_json({"op": 7, "d": None})

    def drop(self) -> None:
        """Lose the gateway's connection without a word."""
        assert self._transport is not None
        self._transport.abort()
        self._socket = None

    async def until(self, condition: Callable[[], object], *, seconds: float = 5.0) -> None:
        """Wait until something the bot does makes `condition` true."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket, self._transport = socket, request.transport
        self.connections += 1
        self._changed.set()
        await asyncio.sleep(self.hello_after)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": int(1000 * self.heartbeat_seconds)}})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._receive(socket, json.loads(frame.data))
        return socket

    async def _receive(self, socket: web.WebSocketResponse, frame: Json) -> None:
        if self.mute:
            return
        if frame["op"] == 1:
            self.heartbeats.append(time.monotonic())
            await socket.send_json({"op": 11})
        elif frame["op"] == 2:
            await self._identify(socket, frame["d"])
        elif frame["op"] == 6:
            await self._resume(socket)
        self._changed.set()

    async def _resume(self, socket: web.WebSocketResponse) -> None:
        if self.refuse_resume:
            self._missed.clear()
            await socket.send_json({"op": 9, "d": False})
            return
        self.resumed += 1
        missed, self._missed = self._missed, []
        for frame in missed:
            await socket.send_json(frame)
        await self._dispatch("RESUMED", {})

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.intents = data["intents"]
        if self.refuse_with or self.intents & self.privileged or data["token"] != self.token:
            await socket.close(code=self.refuse_with or (4014 if data["token"] == self.token else 4004))
            return
        if self.refuse_sessions:
            self.refuse_sessions -= 1
            await socket.send_json({"op": 9, "d": False})
            return
        which, of = data.get("shard", (0, 1))
        ready = {**self._ready(), "shard": [which, of]}
        if which:
            self._socket, self._transport = self._home
            await socket.send_json({"op": 0, "t": "READY", "s": 1, "d": {**ready, "guilds": []}})
        else:
            self._home = (self._socket, self._transport)
            await self._dispatch("READY", ready)
            await self._dispatch("GUILD_CREATE", self._guild())
        self.identified += 1

    async def _dispatch(self, event: str, data: Json) -> None:
        frame = {"op": 0, "t": event, "s": next(self._sequence), "d": data}
        if self._socket is None or self._socket.closed:
            self._missed.append(frame)  # is delivered once the bot takes up the session
        else:
            await self._socket.send_json(frame)
