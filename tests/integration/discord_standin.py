"""A small local Discord: the part of its REST API and gateway that the bot uses, over real sockets on loopback.

Every request body is checked against Discord's own description of its API where that file is at hand; what does
not fit is collected in `violations`. Faults can be ordered for single requests.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from tests.integration.discord_objects import ChannelId, Conversation, Json, RoleId, World, snowflake
from tests.integration.discord_schema import SCHEMA, Validator

TOKEN = "local.stand-in.token"
CONTENT = 1 << 15  # of messages
PRIVILEGED = 1 << 1 | 1 << 8 | CONTENT  # members, presences
EMBEDS_TOTAL = 6000
EPHEMERAL = 1 << 6


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request the bot made, `at` in seconds of time.monotonic."""

    method: str
    path: str
    body: Any
    at: float


class Standin(World):
    """The server. Start it with `running_standin`."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.refuse_with: int | None = None  # close code to answer IDENTIFY with
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.commands: list[Json] = []
        self.privileged = PRIVILEGED  # intents that it refuses
        self.identified = 0
        self.resumed = 0
        self.intents = 0
        self._conversations: dict[str, Conversation] = {}
        self._faults: list[tuple[str, str, int]] = []
        self._changed = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._sequence = itertools.count(1)
        self._validate = Validator(SCHEMA) if SCHEMA.exists() else None

    @property
    def api_base(self) -> str:
        return f"{self.base}/api/v10"

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**20)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        return app

    # What a test does

    async def command(
        self, name: str, /, *, seconds_ago: float = 0.0, user: str = "", channel: str = "", **options: str | bool | int
    ) -> Conversation:
        """Somebody uses a slash command, `channel` being where; as a `ChannelId` it is an option of that name."""
        command, _, under = name.partition(" ")
        about: dict[str, str] = {"channel": channel} if isinstance(channel, ChannelId) else {}
        given = _given({**options, **about})
        data = {"id": snowflake(), "name": command, "type": 1, "options": given}
        if under:
            data["options"] = [{"type": 1, "name": under, "options": given}]
        data["resolved"] = self._resolved(given)
        return await self._interact(2, data, seconds_ago=seconds_ago, user=user, channel="" if about else channel)

    async def message_menu(self, name: str, content: str, *, channel: str = "") -> Conversation:
        """Somebody opens the menu of somebody's message and chooses an application's command."""
        target = self._message(snowflake(), content, author=self._person(snowflake()), channel=channel)
        data = {"id": snowflake(), "name": name, "type": 3, "target_id": target["id"]}
        return await self._interact(2, data | {"resolved": {"messages": {target["id"]: target}}}, channel=channel)

    async def type_into(self, command: str, option: str, typed: str) -> list[Json]:
        """What is offered while somebody types into an option of a command."""
        options = [{"name": option, "type": 3, "value": typed, "focused": True}]
        talk = await self._interact(4, {"id": snowflake(), "name": command, "type": 1, "options": options})
        await self.until(lambda: talk.acknowledged_at)
        return talk.offered

    async def press(self, talk: Conversation, action: str, *, user: str = "", custom_id: str = "") -> Conversation:
        """Somebody presses a button below a reply, or sends a custom_id that stands below none."""
        data = {"custom_id": custom_id or talk.custom_id(action), "component_type": 2}
        return await self._interact(3, data, user=user, channel=talk.channel, below=talk)

    async def send_form(self, press: Conversation, talk: Conversation, **fields: str) -> Conversation:
        """Somebody fills in the form that their press has opened, and sends it."""
        rows = []
        for place, row in enumerate(press.form["components"], start=1):
            asked = row["component"]
            value = fields.get(asked["custom_id"], "")
            answer = {"values": [value]} if asked["type"] == 3 else {"value": value}
            field = {"type": asked["type"], "custom_id": asked["custom_id"], "id": 10 + place, **answer}
            rows.append({"type": 18, "id": place, "component": field})
        data = {"custom_id": press.form["custom_id"], "components": rows}
        return await self._interact(5, data, user=press.user, channel=talk.channel, below=talk)

    async def _interact(
        self,
        kind: int,
        data: Json,
        *,
        seconds_ago: float = 0.0,
        user: str = "",
        channel: str = "",
        below: Conversation | None = None,
    ) -> Conversation:
        talk = Conversation(id=snowflake(seconds_ago), token=f"token-{snowflake()}")
        talk.user, talk.channel, talk.below = user or self.user_id, channel or self.channel_id, below
        self._conversations[talk.token] = talk
        talk.sent_at = time.monotonic()
        interaction = self._interaction(talk, data, kind)
        if below:
            interaction["message"] = self._shown(below)
        await self._dispatch("INTERACTION_CREATE", interaction)
        return talk

    async def message(
        self,
        content: str,
        *,
        by_bot: bool = False,
        user: str = "",
        channel: str = "",
        reply_to: Conversation | None = None,
    ) -> Conversation:
        """Somebody writes in a channel; what they write reaches the bot only if it mentions it or is sent to it.

        A reply to one of the bot's messages notifies it, as Discord does unless one switches that off.
        """
        talk = Conversation(id=snowflake(), user=user or self.user_id, channel=channel or self.channel_id)
        self._conversations[talk.id] = talk
        typed = f"<@{self.bot_id}>" in content or f"<@!{self.bot_id}>" in content
        mentioned, direct = typed or reply_to is not None, talk.channel in self._direct.values()
        heard = content if mentioned or direct or self.intents & CONTENT else ""
        author = {**self._person(talk.user), "bot": by_bot}
        message = self._message(talk.id, heard, author=author, channel=talk.channel)
        message |= {"mentions": [self._bot()] if mentioned else []}
        message |= {} if direct else {"guild_id": self.guild_id, "member": self._member(talk.user)}
        if reply_to:
            message |= {"type": 19, "referenced_message": self._shown(reply_to)}
            message["message_reference"] = {"message_id": reply_to.message_id, "channel_id": talk.channel}
        talk.sent_at = time.monotonic()
        await self._dispatch("MESSAGE_CREATE", message)
        return talk

    def direct_messages(self, user: str = "") -> list[Json]:
        """What the bot has sent somebody unasked, oldest first."""
        return [request.body for request in self.made("POST", f"/channels/{self.direct_channel(user)}/messages")]

    def fail_once(self, method: str, path: str, status: int) -> None:
        """Answer the next request whose path contains `path` with an HTTP status, or one of Discord's own codes."""
        self._faults.append((method, path, status))

    async def hang_up(self, code: int) -> None:
        """Close the gateway's connection."""
        assert self._socket is not None
        await self._socket.close(code=code)

    async def until(self, condition: Callable[[], object], *, seconds: float = 5.0) -> None:
        """Wait until something the bot does makes `condition` true."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def told(self, talk: Conversation, *, seconds: float = 5.0) -> str:
        """Wait for a sentence in answer to a press, a form or a word; only who pressed may see it."""
        await self.until(lambda: talk.shown and talk.content, seconds=seconds)
        return talk.content

    async def answered(self, talk: Conversation, *, seconds: float = 5.0) -> Conversation:
        """Wait for an embed, or a sentence about a failure."""
        await self.until(lambda: talk.shown and (talk.embed or "⚠" in talk.content), seconds=seconds)
        return talk

    def made(self, method: str, path: str) -> list[Request]:
        """The requests the bot made whose path contains `path`."""
        return [r for r in self.requests if r.method == method and path in r.path]

    # REST

    async def _rest(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        body = await _read(request) if request.can_read_body else None
        self.requests.append(Request(method=request.method, path=path, body=body, at=time.monotonic()))
        try:
            return self._respond(request, path, body)
        finally:
            self._changed.set()

    def _respond(self, request: web.Request, path: str, body: Any) -> web.Response:
        carries_token = "/interactions/" in path or "/webhooks/" in path
        if not carries_token and request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, status=401)
        if fault := next((f for f in self._faults if f[0] == request.method and f[1] in path), None):
            self._faults.remove(fault)
            return _fault(fault[2])
        if body is not None:
            self._check(request.method, path, body)
        for method, pattern, handler in self._routes():
            if method == request.method and (match := re.fullmatch(pattern, path)):
                return handler(body, *match.groups())
        return _json({"message": "404: Not Found", "code": 0}, status=404)

    def _routes(self) -> list[tuple[str, str, Callable[..., web.Response]]]:
        return [
            ("GET", "/users/@me", lambda _: _json(self._bot())),
            ("GET", "/oauth2/applications/@me", lambda _: _json(self._application())),
            ("GET", "/gateway", lambda _: _json({"url": self.gateway})),
            ("GET", "/gateway/bot", lambda _: _json(self._gateway_bot())),
            ("GET", r"/applications/\d+(?:/guilds/\d+)?/commands", lambda _: _json(self.commands)),
            ("PUT", r"/applications/\d+(?:/guilds/(\d+))?/commands", self._put_commands),
            ("POST", r"/interactions/(\d+)/([^/]+)/callback", self._callback),
            ("PATCH", r"/webhooks/\d+/([^/]+)/messages/@original", self._edit_original),
            ("POST", r"/webhooks/\d+/([^/]+)", self._follow_up),
            ("POST", "/users/@me/channels", self._open_direct_channel),
            ("POST", r"/channels/(\d+)/messages", self._post_message),
            ("PATCH", r"/channels/\d+/messages/(\d+)", self._edit_message),
            ("POST", r"/channels/\d+/typing", lambda _: web.Response(status=204)),
        ]

    def _check(self, method: str, path: str, body: Any) -> None:
        if self._validate:
            described = {k: v for k, v in body.items() if k != "_files"} if isinstance(body, dict) else body
            self.violations += self._validate(method, path, described)
        embeds = body.get("embeds") or [] if isinstance(body, dict) else []
        total = sum(len(e.get("title", "")) + len(e.get("description", "")) for e in embeds)
        if total > EMBEDS_TOTAL:
            self.violations.append(f"{method} {path}: embeds of {total} characters")

    def _put_commands(self, body: Any, guild_id: str | None) -> web.Response:
        registered = {"application_id": self.application_id, "version": snowflake(), "guild_id": guild_id}
        self.commands = [{"description": "", **command, **registered, "id": snowflake()} for command in body]
        return _json(self.commands)

    def _callback(self, body: Any, _id: str, token: str) -> web.Response:
        talk = self._conversations[token]
        if talk.acknowledged_at is not None:
            return _json({"message": "Interaction has already been acknowledged.", "code": 40060}, status=400)
        talk.acknowledged_at = time.monotonic()
        answer = body.get("data") or {}
        talk.ephemeral = bool(answer.get("flags", 0) & EPHEMERAL)
        if body["type"] == 4:
            talk.shown.append(answer)
        if body["type"] == 8:
            talk.offered = answer["choices"]
        if body["type"] == 7 and talk.below:
            talk.below.shown.append(answer)
        talk.stays = body["type"] in (6, 7)
        if body["type"] == 9:
            talk.form = answer
        message = self._message(talk.message_id, "", author=self._bot())
        callback = {
            "interaction": {"id": talk.id, "type": 2, "response_message_id": talk.message_id},
            "resource": {"type": body["type"], "message": message},
        }
        return _json(callback)

    def _edit_original(self, body: Any, token: str) -> web.Response:
        talk = self._conversations[token]
        if talk.acknowledged_at is None:
            return _json({"message": "Unknown Webhook", "code": 10015}, status=404)
        return self._show(talk.below if talk.below and talk.stays else talk, body)

    def _follow_up(self, body: Any, token: str) -> web.Response:
        return self._show(self._conversations[token], body)

    def _open_direct_channel(self, body: Any) -> web.Response:
        user = str(body["recipient_id"])
        return _json({"id": self.direct_channel(user), "type": 1, "recipients": [self._person(user)]})

    def _post_message(self, body: Any, channel: str) -> web.Response:
        asked = str((body.get("message_reference") or {}).get("message_id") or snowflake())
        talk = self._conversations.setdefault(asked, Conversation(id=asked, channel=channel))
        return self._show(talk, body)

    def _edit_message(self, body: Any, message_id: str) -> web.Response:
        talk = next(t for t in self._conversations.values() if t.message_id == message_id)
        return self._show(talk, body)

    def _show(self, talk: Conversation, body: Json) -> web.Response:
        talk.shown.append(body)
        return _json(self._shown(talk))

    # Gateway

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket = socket
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._receive(socket, json.loads(frame.data))
        return socket

    async def _receive(self, socket: web.WebSocketResponse, frame: Json) -> None:
        if frame["op"] == 1:
            await socket.send_json({"op": 11})
        elif frame["op"] == 2:
            await self._identify(socket, frame["d"])
        elif frame["op"] == 6:
            self.resumed += 1
            await self._dispatch("RESUMED", {})
        self._changed.set()

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.intents = data["intents"]
        if self.refuse_with or self.intents & self.privileged or data["token"] != self.token:
            await socket.close(code=self.refuse_with or (4014 if data["token"] == self.token else 4004))
            return
        await self._dispatch("READY", self._ready())
        await self._dispatch("GUILD_CREATE", self._guild())
        self.identified += 1

    async def _dispatch(self, event: str, data: Json) -> None:
        assert self._socket is not None, "the bot is not connected"
        await self._socket.send_json({"op": 0, "t": event, "s": next(self._sequence), "d": data})


def _given(options: Mapping[str, str | bool | int]) -> list[Json]:
    """The options of a command as Discord sends them."""
    types = {str: 3, int: 4, bool: 5, ChannelId: 7, RoleId: 8}
    return [{"name": key.rstrip("_"), "type": types[type(value)], "value": value} for key, value in options.items()]


async def _read(request: web.Request) -> Any:
    """The body of a request; of one with files, which are put under `_files`, its JSON part."""
    if request.content_type != "multipart/form-data":
        return await request.json()
    parts = await request.post()
    body = json.loads(str(parts["payload_json"]))
    files = {p.filename: p.file.read() for p in parts.values() if isinstance(p, web.FileField)}
    return {**body, "_files": files}


@asynccontextmanager
async def running_standin(port: int = 0) -> AsyncIterator[Standin]:
    """A stand-in that listens on loopback while the block runs."""
    standin = Standin()
    runner = web.AppRunner(standin.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    standin.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield standin
    finally:
        await runner.cleanup()


def _json(value: Any, *, status: int = 200) -> web.Response:
    body = json.dumps(value).encode()  # aiohttp's own json_response adds a charset, which discord.py does not take
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


def _fault(status: int) -> web.Response:
    if status > 599:  # one of Discord's own error codes
        return _json({"message": "Unknown Webhook", "code": status}, status=404)
    if status != 429:
        return _json({"message": "broken", "code": 0}, status=status)
    response = _json({"message": "You are being rate limited.", "retry_after": 0.2, "global": False}, status=429)
    response.headers["Via"] = "1.1 local"
    return response
