"""A small local Discord: the part of its REST API and gateway that the bot uses, over real sockets on loopback.

Every request body is checked against Discord's own description of its API where that file is at hand; what does
not fit is collected in `violations`. Faults of single requests and of the gateway can be ordered.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.integration.discord_faults import (
    ACKNOWLEDGED,
    INVALID_TOKEN,
    MISSING_ACCESS,
    UNKNOWN_CHANNEL,
    UNKNOWN_INTERACTION,
    UNKNOWN_MEMBER,
    UNKNOWN_WEBHOOK,
    Fault,
    Refusal,
    coded,
    refusal_of,
)
from tests.integration.discord_gateway import CONTENT, TOKEN, Gateway
from tests.integration.discord_http import json_response, read_body, refused
from tests.integration.discord_objects import ChannelId, Conversation, Json, given_options, snowflake
from tests.integration.discord_schema import official

__all__ = ["TOKEN", "Request", "Standin", "running_standin"]

EMBEDS_TOTAL = 6000
EPHEMERAL = 1 << 6
SECONDS_TO_ACKNOWLEDGE = 3.0
TOKEN_SECONDS = 15 * 60.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request the bot made, `at` in seconds of time.monotonic."""

    method: str
    path: str
    body: Any
    at: float


class Standin(Gateway):
    """The server. Start it with `running_standin`."""

    def __init__(self, *, checks: bool = True) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.commands: list[Json] = []
        self._conversations: dict[str, Conversation] = {}
        self.clock_ahead = 0.0  # seconds by which the bot's clock is ahead of Discord's
        self._faults: list[Fault] = []
        self._posted: dict[str, Conversation] = {}  # by channel and nonce
        self._validate = official() if checks else None

    @property
    def api_base(self) -> str:
        return f"{self.base}/api/v10"

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**20)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/files/{id}", self._hand_out)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        return app

    # What a test does

    async def command(
        self, name: str, /, *, seconds_ago: float = 0.0, user: str = "", channel: str = "", **options: str | bool | int
    ) -> Conversation:
        """Somebody uses a slash command, `channel` being where; as a `ChannelId` it is an option of that name."""
        command, _, under = name.partition(" ")
        about: dict[str, str] = {"channel": channel} if isinstance(channel, ChannelId) else {}
        given = given_options({**options, **about})
        data = {"id": snowflake(), "name": command, "type": 1, "options": given}
        data["options"] = _below(under, given)
        data["resolved"] = self._resolved(given)
        return await self._interact(2, data, seconds_ago=seconds_ago, user=user, channel="" if about else channel)

    async def message_menu(self, name: str, content: str, *, channel: str = "") -> Conversation:
        """Somebody opens the menu of somebody's message and chooses an application's command."""
        target = self._message(snowflake(), content, author=self._person(snowflake()), channel=channel)
        data = {"id": snowflake(), "name": name, "type": 3, "target_id": target["id"]}
        return await self._interact(2, data | {"resolved": {"messages": {target["id"]: target}}}, channel=channel)

    async def type_into(
        self, name: str, option: str, typed: str, *, user: str = "", channel: str = "", seconds: float = 5.0
    ) -> list[Json]:
        """What is offered while somebody types into an option of a command."""
        command, _, under = name.partition(" ")
        options = _below(under, [{"name": option, "type": 3, "value": typed, "focused": True}])
        data = {"id": snowflake(), "name": command, "type": 1, "options": options}
        talk = await self._interact(4, data, user=user, channel=channel)
        await self.until(lambda: talk.acknowledged_at, seconds=seconds)
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
        talk = Conversation(id=snowflake(seconds_ago + self.clock_ahead), token=f"token-{snowflake()}")
        talk.seconds_ago = seconds_ago
        talk.user, talk.channel, talk.below = user or self.user_id, channel or self.channel_id, below
        self._conversations[talk.token] = talk
        talk.sent_at = time.monotonic()
        interaction = self._interaction(talk, data, kind)
        if below:
            interaction["message"] = self._shown(below)
        talk.event = ("INTERACTION_CREATE", interaction)
        await self._dispatch(*talk.event)
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
        talk.event = ("MESSAGE_CREATE", message)
        await self._dispatch(*talk.event)
        return talk

    async def again(self, talk: Conversation) -> None:
        """Deliver a second time what somebody did."""
        await self._dispatch(*talk.event)

    def direct_messages(self, user: str = "") -> list[Json]:
        """What the bot has sent somebody unasked, oldest first."""
        return [request.body for request in self.made("POST", f"/channels/{self.direct_channel(user)}/messages")]

    def posted_in(self, channel: str) -> list[Conversation]:
        """The messages of the bot's own in a channel."""
        return [talk for talk in self._conversations.values() if talk.channel == channel and talk.shown]

    def fail_once(self, method: str, path: str, status: int) -> None:
        """Answer the next request whose path contains `path` with an HTTP status, or one of Discord's own codes."""
        self.fail(method, path, refusal_of(status))

    def fail(self, method: str, path: str, refusal: Refusal, *, times: float = 1, done: bool = False) -> Fault:
        """Refuse the next `times` requests whose path contains `path`; `done`: only the answer is lost."""
        self._faults.append(Fault(method=method, path=path, refusal=refusal, times=times, done=done))
        return self._faults[-1]

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

    async def _hand_out(self, request: web.Request) -> web.Response:
        """A file that somebody sent with a command."""
        data = self.files[request.match_info["id"]][1]
        return web.Response(status=404) if data is None else web.Response(body=data)

    # REST

    async def _rest(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        body = await read_body(request) if request.can_read_body else None
        self.requests.append(Request(method=request.method, path=path, body=body, at=time.monotonic()))
        try:
            return self._respond(request, path, body)
        finally:
            self._changed.set()

    def _respond(self, request: web.Request, path: str, body: Any) -> web.Response:
        carries_token = "/interactions/" in path or "/webhooks/" in path
        if not carries_token and request.headers.get("Authorization") != f"Bot {self.token}":
            return json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        waiting = (f for f in self._faults if f.times > 0 and f.method == request.method and f.path in path)
        if fault := next(waiting, None):
            fault.times -= 1
            if fault.done:
                self._carry_out(request.method, path, body)
            return refused(fault.refusal)
        if body is not None:
            self._check(request.method, path, body)
        return self._carry_out(request.method, path, body)

    def _carry_out(self, asked: str, path: str, body: Any) -> web.Response:
        for method, pattern, handler in self._routes():
            if method == asked and (match := re.fullmatch(pattern, path)):
                return handler(body, *match.groups())
        return json_response({"message": "404: Not Found", "code": 0}, status=404)

    def _routes(self) -> list[tuple[str, str, Callable[..., web.Response]]]:
        return [
            ("GET", "/users/@me", lambda _: json_response(self._bot())),
            ("GET", "/oauth2/applications/@me", lambda _: json_response(self._application())),
            ("GET", "/users/@me/guilds", lambda _: json_response([self._joined()])),
            ("GET", r"/guilds/(\d+)/members/(\d+)", self._get_member),
            ("GET", "/gateway", lambda _: json_response({"url": self.gateway})),
            ("GET", "/gateway/bot", lambda _: json_response(self._gateway_bot())),
            ("GET", r"/applications/\d+(?:/guilds/\d+)?/commands", lambda _: json_response(self.commands)),
            ("PUT", r"/applications/\d+(?:/guilds/(\d+))?/commands", self._put_commands),
            ("POST", r"/interactions/(\d+)/([^/]+)/callback", self._callback),
            ("PATCH", r"/webhooks/\d+/([^/]+)/messages/@original", self._edit_original),
            ("POST", r"/webhooks/\d+/([^/]+)", self._follow_up),
            ("POST", "/users/@me/channels", self._open_direct_channel),
            ("POST", r"/channels/(\d+)/messages", self._post_message),
            ("PATCH", r"/channels/(\d+)/messages/(\d+)", self._edit_message),
            ("POST", r"/channels/\d+/typing", lambda _: web.Response(status=204)),
        ]

    def _get_member(self, _body: Any, guild: str, user: str) -> web.Response:
        if guild in self.gone or user in self.gone:
            return refused(coded(MISSING_ACCESS if guild in self.gone else UNKNOWN_MEMBER))
        return json_response({**self._member(user), "user": self._person(user)})

    def _joined(self) -> Json:
        """The server as the bot lists those it is in."""
        return {"id": self.guild_id, "name": "Home", "owner": False, "permissions": str(self.granted), "features": []}

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
        return json_response(self.commands)

    def _callback(self, body: Any, _id: str, token: str) -> web.Response:
        talk = self._conversations[token]
        if talk.acknowledged_at is not None:
            return refused(coded(ACKNOWLEDGED))
        if talk.seconds_ago > SECONDS_TO_ACKNOWLEDGE:
            return refused(coded(UNKNOWN_INTERACTION))
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
        return json_response(callback)

    def _edit_original(self, body: Any, token: str) -> web.Response:
        talk = self._conversations[token]
        if talk.acknowledged_at is None:
            return refused(coded(UNKNOWN_WEBHOOK))
        if talk.seconds_ago > TOKEN_SECONDS:
            return refused(coded(INVALID_TOKEN))
        return self._show(talk.below if talk.below and talk.stays else talk, body)

    def _follow_up(self, body: Any, token: str) -> web.Response:
        return self._show(self._conversations[token], body)

    def _open_direct_channel(self, body: Any) -> web.Response:
        user = str(body["recipient_id"])
        return json_response({"id": self.direct_channel(user), "type": 1, "recipients": [self._person(user)]})

    def _post_message(self, body: Any, channel: str) -> web.Response:
        asked = str((body.get("message_reference") or {}).get("message_id") or snowflake())
        talk = self._conversations.setdefault(asked, Conversation(id=asked, channel=channel))
        nonce = f"{channel} {body['nonce']}" if body.get("enforce_nonce") else snowflake()
        if before := self._posted.get(nonce):
            return json_response(self._shown(before))
        self._posted[nonce] = talk
        return self._show(talk, body)

    def _edit_message(self, body: Any, channel: str, message_id: str) -> web.Response:
        found = (t for t in self._conversations.values() if t.message_id == message_id and t.channel == channel)
        talk = next(found, None)
        return self._show(talk, body) if talk else refused(coded(UNKNOWN_CHANNEL))

    def _show(self, talk: Conversation, body: Json) -> web.Response:
        talk.shown.append(body)
        return json_response(self._shown(talk))


def _below(under: str, given: list[Json]) -> list[Json]:
    """The options of a command that stands in a group, and that perhaps in another, as Discord nests them."""
    for depth, name in enumerate(reversed(under.split())):
        given = [{"type": 2 if depth else 1, "name": name, "options": given}]
    return given


@asynccontextmanager
async def running_standin(port: int = 0, *, checks: bool = True) -> AsyncIterator[Standin]:
    """A stand-in that listens on loopback while the block runs; without `checks` it costs less."""
    standin = Standin(checks=checks)
    runner = web.AppRunner(standin.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    standin.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield standin
    finally:
        await runner.cleanup()
