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
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[2] / "../shared/discord/openapi.json"

TOKEN = "local.stand-in.token"
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15  # members, presences, message content
DISCORD_EPOCH_MS = 1_420_070_400_000
EMBEDS_TOTAL = 6000
TOKEN_SECONDS = 15 * 60

_counter = itertools.count()

Json = dict[str, Any]


def snowflake(seconds_ago: float = 0.0) -> str:
    """An id as Discord makes them: the time in its upper bits."""
    milliseconds = int((time.time() - seconds_ago) * 1000) - DISCORD_EPOCH_MS
    return str(milliseconds << 22 | next(_counter) & 0xFFF)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request the bot made, `at` in seconds of time.monotonic."""

    method: str
    path: str
    body: Any
    at: float


@dataclass(kw_only=True)
class Conversation:
    """What one person sees after one command or mention: `shown` has every state of the reply, oldest first."""

    id: str
    token: str = ""
    sent_at: float = 0.0
    acknowledged_at: float | None = None
    message_id: str = field(default_factory=snowflake)
    shown: list[Json] = field(default_factory=list)

    @property
    def seconds_to_acknowledge(self) -> float:
        assert self.acknowledged_at is not None, "never acknowledged"
        return self.acknowledged_at - self.sent_at

    @property
    def embed(self) -> Json:
        """The embed shown last."""
        embeds: list[Json] = self.shown[-1].get("embeds") or []
        return embeds[0] if embeds else {}

    @property
    def content(self) -> str:
        """The plain text shown last."""
        return str(self.shown[-1].get("content") or "")

    def contents(self) -> list[str]:
        """The plain text of every state, oldest first."""
        return [str(state.get("content") or "") for state in self.shown]


class Standin:
    """The server. Start it with `running_standin`."""

    def __init__(self) -> None:
        self.application_id = snowflake()
        self.bot_id = self.application_id
        self.guild_id = snowflake()
        self.channel_id = snowflake()
        self.user_id = snowflake()
        self.token = TOKEN
        self.refuse_with: int | None = None  # close code to answer IDENTIFY with
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.commands: list[Json] = []
        self.identified = 0
        self.resumed = 0
        self.intents = 0
        self._conversations: dict[str, Conversation] = {}
        self._faults: list[tuple[str, str, int]] = []
        self._changed = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._sequence = itertools.count(1)
        self._validate = _Validator(SCHEMA) if SCHEMA.exists() else None
        self.base = ""

    @property
    def api_base(self) -> str:
        return f"{self.base}/api/v10"

    @property
    def gateway(self) -> str:
        return f"{self.base.replace('http', 'ws')}/gateway"

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**20)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        return app

    # What a test does

    async def command(self, name: str, *, seconds_ago: float = 0.0, **options: str) -> Conversation:
        """Somebody uses a slash command."""
        talk = Conversation(id=snowflake(seconds_ago), token=f"token-{snowflake()}")
        self._conversations[talk.token] = talk
        listed = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        data = {"id": snowflake(), "name": name, "type": 1, "options": listed}
        talk.sent_at = time.monotonic()
        await self._dispatch("INTERACTION_CREATE", self._interaction(talk, data))
        return talk

    async def message(self, content: str, *, by_bot: bool = False) -> Conversation:
        """Somebody writes in the channel; its content reaches the bot only if it mentions it."""
        talk = Conversation(id=snowflake())
        self._conversations[talk.id] = talk
        mentioned = f"<@{self.bot_id}>" in content or f"<@!{self.bot_id}>" in content
        author = {**self._person(), "bot": by_bot}
        message = self._message(talk.id, content if mentioned else "", author=author)
        message |= {"guild_id": self.guild_id, "mentions": [self._bot()] if mentioned else []}
        talk.sent_at = time.monotonic()
        await self._dispatch("MESSAGE_CREATE", message)
        return talk

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
        body = await request.json() if request.can_read_body else None
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
            ("POST", r"/channels/(\d+)/messages", self._post_message),
            ("PATCH", r"/channels/\d+/messages/(\d+)", self._edit_message),
            ("POST", r"/channels/\d+/typing", lambda _: web.Response(status=204)),
        ]

    def _check(self, method: str, path: str, body: Any) -> None:
        if self._validate:
            self.violations += self._validate(method, path, body)
        embeds = body.get("embeds") or [] if isinstance(body, dict) else []
        total = sum(len(e.get("title", "")) + len(e.get("description", "")) for e in embeds)
        if total > EMBEDS_TOTAL:
            self.violations.append(f"{method} {path}: embeds of {total} characters")

    def _put_commands(self, body: Any, guild_id: str | None) -> web.Response:
        registered = {"application_id": self.application_id, "version": snowflake(), "guild_id": guild_id}
        self.commands = [{**command, **registered, "id": snowflake()} for command in body]
        return _json(self.commands)

    def _callback(self, body: Any, _id: str, token: str) -> web.Response:
        talk = self._conversations[token]
        if talk.acknowledged_at is not None:
            return _json({"message": "Interaction has already been acknowledged.", "code": 40060}, status=400)
        talk.acknowledged_at = time.monotonic()
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
        return self._show(talk, body)

    def _follow_up(self, body: Any, token: str) -> web.Response:
        return self._show(self._conversations[token], body)

    def _post_message(self, body: Any, _channel: str) -> web.Response:
        asked = (body.get("message_reference") or {}).get("message_id", "")
        talk = self._conversations.setdefault(str(asked), Conversation(id=str(asked)))
        return self._show(talk, body)

    def _edit_message(self, body: Any, message_id: str) -> web.Response:
        talk = next(t for t in self._conversations.values() if t.message_id == message_id)
        return self._show(talk, body)

    def _show(self, talk: Conversation, body: Json) -> web.Response:
        talk.shown.append(body)
        message = self._message(talk.message_id, body.get("content") or "", author=self._bot())
        return _json(message | {"embeds": body.get("embeds") or []})

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
        if self.refuse_with or self.intents & PRIVILEGED or data["token"] != self.token:
            await socket.close(code=self.refuse_with or (4014 if data["token"] == self.token else 4004))
            return
        await self._dispatch("READY", self._ready())
        await self._dispatch("GUILD_CREATE", self._guild())
        self.identified += 1

    async def _dispatch(self, event: str, data: Json) -> None:
        assert self._socket is not None, "the bot is not connected"
        await self._socket.send_json({"op": 0, "t": event, "s": next(self._sequence), "d": data})

    # Objects

    def _bot(self) -> Json:
        return {**self._person(), "id": self.bot_id, "username": "footnote", "bot": True}

    def _person(self) -> Json:
        named = {"username": "ann", "global_name": "Ann", "discriminator": "0", "avatar": None}
        return {"id": self.user_id, **named, "public_flags": 0, "flags": 0}

    def _application(self) -> Json:
        plain = {"description": "", "icon": None, "bot_public": True, "bot_require_code_grant": False}
        named = {"id": self.application_id, "name": "footnote", "owner": self._person()}
        return {**named, "verify_key": "0", "flags": 0, **plain}

    def _gateway_bot(self) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway, "shards": 1, "session_start_limit": limit}

    def _ready(self) -> Json:
        return {
            "v": 10,
            "user": self._bot(),
            "guilds": [{"id": self.guild_id, "unavailable": True}],
            "session_id": f"session-{snowflake()}",
            "resume_gateway_url": self.gateway,
            "application": {"id": self.application_id, "flags": 0},
        }

    def _guild(self) -> Json:
        empty: Json = {key: [] for key in ("roles", "emojis", "features", "stickers", "members", "threads")}
        empty |= {key: [] for key in ("voice_states", "presences", "stage_instances", "guild_scheduled_events")}
        named = {"id": self.guild_id, "name": "Home", "owner_id": self.user_id, "member_count": 2}
        return {**named, **empty, "channels": [self._channel()], "large": False}

    def _channel(self) -> Json:
        return {"id": self.channel_id, "type": 0, "name": "general", "position": 0, "permission_overwrites": []}

    def _interaction(self, talk: Conversation, data: Json) -> Json:
        member = {"user": self._person(), "roles": [], "joined_at": _now(), "permissions": "0", "flags": 0}
        return {
            "id": talk.id,
            "application_id": self.application_id,
            "type": 2,
            "token": talk.token,
            "version": 1,
            "guild_id": self.guild_id,
            "channel_id": self.channel_id,
            "channel": {**self._channel(), "guild_id": self.guild_id},
            "member": {**member, "deaf": False, "mute": False},
            "data": data,
            "app_permissions": "0",
            "locale": "en-GB",
            "guild_locale": "en-GB",
            "entitlements": [],
            "authorizing_integration_owners": {"0": self.guild_id},
            "context": 0,
            "attachment_size_limit": 10_485_760,
        }

    def _message(self, message_id: str, content: str, *, author: Json) -> Json:
        lists: Json = {key: [] for key in ("mentions", "mention_roles", "attachments", "embeds", "components")}
        plain = {"edited_timestamp": None, "tts": False, "mention_everyone": False, "pinned": False}
        named = {"id": message_id, "channel_id": self.channel_id, "author": author, "content": content}
        return {**named, **lists, **plain, "timestamp": _now(), "type": 0, "flags": 0}


class _Validator:
    """Checks request bodies against an OpenAPI 3.1 description."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))
        self._templates = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template)), template)
            for template in sorted(self._document["paths"], key=lambda t: t.count("{"))  # literal ones first
        ]
        self._validators: dict[tuple[str, str], Draft202012Validator] = {}

    def __call__(self, method: str, path: str, body: Any) -> list[str]:
        """One line for each thing that is wrong with the body."""
        template = next((t for pattern, t in self._templates if pattern.fullmatch(path)), None)
        operation = self._document["paths"].get(template, {}).get(method.lower())
        if template is None or operation is None:
            return [f"{method} {path}: no such route"]
        errors = self._validator(method, template, operation).iter_errors(body)
        return [f"{method} {template}: {error.json_path}: {error.message[:300]}" for error in errors]

    def _validator(self, method: str, template: str, operation: Json) -> Draft202012Validator:
        key = (method, template)
        if key not in self._validators:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(whole)
        return self._validators[key]


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


def _now() -> str:
    return datetime.now(UTC).isoformat()
