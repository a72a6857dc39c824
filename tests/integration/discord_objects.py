"""What the local Discord is made of: one server with a channel and a thread, people, the bot, and what they see.

Objects as Discord's API describes them, as far as the bot looks at them. Knows nothing of sockets.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DISCORD_EPOCH_MS = 1_420_070_400_000
VIEW, SEND, EMBED, HISTORY, SEND_IN_THREADS = 1 << 10, 1 << 11, 1 << 14, 1 << 16, 1 << 38
NEEDED = VIEW | SEND | EMBED | HISTORY | SEND_IN_THREADS

_counter = itertools.count()

Json = dict[str, Any]


def snowflake(seconds_ago: float = 0.0) -> str:
    """An id as Discord makes them: the time in its upper bits."""
    milliseconds = int((time.time() - seconds_ago) * 1000) - DISCORD_EPOCH_MS
    return str(milliseconds << 22 | next(_counter) & 0xFFF)


@dataclass(kw_only=True)
class Conversation:
    """What one person sees after one command, mention or press: `shown` has every state of the reply, oldest first.

    `form` is the form that a press has opened, `ephemeral` whether only that person sees the reply, `offered` what they
    could choose while they typed. `below` is what was pressed, and `stays` whether the reply changes that. `event` is
    what the bot was sent, `seconds_ago` how much too late.
    """

    id: str
    user: str = ""
    channel: str = ""
    form: Json = field(default_factory=dict)
    ephemeral: bool = False
    offered: list[Json] = field(default_factory=list)
    below: Conversation | None = None
    stays: bool = False
    token: str = ""
    event: tuple[str, Json] = ("", {})
    seconds_ago: float = 0.0
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

    def custom_id(self, action: str) -> str:
        """Of the button shown last that does this."""
        rows = self.shown[-1].get("components") or []
        ids: list[str] = [button["custom_id"] for row in rows for button in row["components"]]
        return next(each for each in ids if f":{action}:" in each)

    def contents(self) -> list[str]:
        """The plain text of every state, oldest first."""
        return [str(state.get("content") or "") for state in self.shown]


class ChannelId(str):
    """A channel, as an option of a command."""


class RoleId(str):
    """A role, as an option of a command."""


def given_options(options: Mapping[str, str | bool | int]) -> list[Json]:
    """The options of a command as Discord sends them."""
    types = {str: 3, int: 4, bool: 5, ChannelId: 7, RoleId: 8, FileId: 11}
    return [{"name": key.rstrip("_"), "type": types[type(value)], "value": value} for key, value in options.items()]


class FileId(str):
    """A file that is sent, as an option of a command."""


class World:
    """The ids and objects of one local Discord."""

    def __init__(self) -> None:
        self.application_id = snowflake()
        self.bot_id = self.application_id
        self.guild_id = snowflake()
        self.channel_id = snowflake()
        self.thread_id = snowflake()
        self.user_id = snowflake()
        self.role_id = snowflake()
        self.shards = 1  # how many connections it recommends
        self.granted = NEEDED  # permissions of the bot, as of everybody
        self.permissions: dict[str, int] = {}  # of people in the server, by their ids
        self.roles: dict[str, list[str]] = {}  # of people in the server, by their ids
        self.gone: set[str] = set()  # people who have left the servers, and servers that the bot has left
        self.locales: dict[str, str] = {}  # what people have their Discord in, by their ids
        self.server_locale = "en-US"  # what Discord says of a server that has set nothing
        self.team: Json | None = None  # that owns the bot
        self._direct: dict[str, str] = {}  # direct channels by their user
        self._elsewhere: dict[str, str] = {}  # other servers by a channel of theirs
        self.files: dict[str, tuple[str, bytes | None, int]] = {}  # that are sent: name, content, size as told
        self.base = ""

    @property
    def gateway(self) -> str:
        return f"{self.base.replace('http', 'ws')}/gateway"

    def direct_channel(self, user: str = "") -> str:
        """The channel of direct messages between the bot and somebody."""
        return self._direct.setdefault(user or self.user_id, snowflake())

    def _shown(self, talk: Conversation) -> Json:
        """The bot's message as it stands."""
        state = talk.shown[-1]
        channel = talk.channel or self.channel_id
        message = self._message(talk.message_id, state.get("content") or "", author=self._bot(), channel=channel)
        embeds = [{"type": "rich", **embed} for embed in state.get("embeds") or []]
        return message | {"embeds": embeds, "components": state.get("components") or []}

    def _bot(self) -> Json:
        return {**self._person(), "id": self.bot_id, "username": "footnote", "bot": True}

    def _person(self, user: str = "") -> Json:
        named = {"username": "ann", "global_name": "Ann", "discriminator": "0", "avatar": None}
        return {"id": user or self.user_id, **named, "public_flags": 0, "flags": 0}

    def _application(self) -> Json:
        plain = {"description": "", "icon": None, "bot_public": True, "bot_require_code_grant": False}
        named = {"id": self.application_id, "name": "footnote", "owner": self._person()}
        return {**named, "verify_key": "0", "flags": 0, "team": self.team, **plain}

    def _gateway_bot(self) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway, "shards": self.shards, "session_start_limit": limit}

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
        named |= {"preferred_locale": self.server_locale}
        inside = {"channels": [self._channel()], "threads": [self._thread()], "roles": self._roles()}
        bot = {**self._member(self.bot_id), "user": self._bot()}
        return {**named, **empty, **inside, "members": [bot], "large": False}

    def _roles(self) -> list[Json]:
        plain: Json = {"color": 0, "colors": {"primary_color": 0}, "hoist": False, "managed": False, "flags": 0}
        plain |= {"mentionable": False, "position": 0}
        granted = {self.guild_id: str(self.granted)}
        names = self._role_names().items()
        return [{"id": id_, "name": name, "permissions": granted.get(id_, "0"), **plain} for id_, name in names]

    def _role_names(self) -> Json:
        return {self.guild_id: "@everyone", self.role_id: "listeners"}

    def _resolved(self, given: list[Json]) -> Json:
        """What the options of a command name, as Discord sends it with them."""
        channels = [
            self._thread() if o["value"] == self.thread_id else self._channel() for o in given if o["type"] == 7
        ]
        roles = [role for o in given if o["type"] == 8 for role in self._roles() if role["id"] == o["value"]]
        return {
            "attachments": {o["value"]: self._attachment(o["value"]) for o in given if o["type"] == 11},
            "channels": {each["id"]: {**each, "permissions": "0"} for each in channels},
            "roles": {each["id"]: each for each in roles},
        }

    def file(self, name: str, data: bytes | None, *, size: int | None = None) -> FileId:
        """A file that somebody sends with a command, of a size that may be told wrongly; None is never handed out."""
        sent = FileId(snowflake())
        self.files[sent] = (name, data, len(data or b"") if size is None else size)
        return sent

    def _attachment(self, file: str) -> Json:
        name, _, size = self.files[file]
        url = f"{self.base}/files/{file}"
        return {"id": file, "filename": name, "size": size, "url": url, "proxy_url": url, "ephemeral": True}

    def other_server(self) -> str:
        """A channel of another server that the bot is in."""
        channel = snowflake()
        self._elsewhere[channel] = snowflake()
        return channel

    def _member(self, user: str) -> Json:
        return {"roles": self.roles.get(user, []), "joined_at": _now(), "flags": 0, "deaf": False, "mute": False}

    def _channel(self) -> Json:
        return {"id": self.channel_id, "type": 0, "name": "general", "position": 0, "permission_overwrites": []}

    def _thread(self) -> Json:
        state = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": _now(), "locked": False}
        named = {"id": self.thread_id, "type": 11, "name": "bees", "owner_id": self.user_id, "guild_id": self.guild_id}
        return {**named, "parent_id": self.channel_id, "thread_metadata": state, "message_count": 1, "member_count": 1}

    def _where(self, talk: Conversation) -> Json:
        """The server, channel and person of an interaction."""
        person = self._person(talk.user)
        if talk.channel in self._direct.values():
            channel = {"id": talk.channel, "type": 1, "recipients": [person]}
            return {"channel_id": talk.channel, "channel": channel, "user": person, "context": 1}
        permissions = str(self.permissions.get(talk.user, 0))
        server = self._elsewhere.get(talk.channel, self.guild_id)
        channel = self._thread() if talk.channel == self.thread_id else {**self._channel(), "id": talk.channel}
        return {
            "guild_id": server,
            "channel_id": talk.channel,
            "channel": {**channel, "guild_id": server},
            "member": {**self._member(talk.user), "user": person, "permissions": permissions},
            "context": 0,
        }

    def _interaction(self, talk: Conversation, data: Json, kind: int) -> Json:
        return {
            "id": talk.id,
            "application_id": self.application_id,
            "type": kind,
            "token": talk.token,
            "version": 1,
            **self._where(talk),
            "data": data,
            "app_permissions": str(self.granted),
            "locale": self.locales.get(talk.user, "en-GB"),
            "guild_locale": self.server_locale,
            "entitlements": [],
            "authorizing_integration_owners": {"0": self.guild_id},
            "attachment_size_limit": 10_485_760,
        }

    def _message(self, message_id: str, content: str, *, author: Json, channel: str = "") -> Json:
        lists: Json = {key: [] for key in ("mentions", "mention_roles", "attachments", "embeds", "components")}
        plain = {"edited_timestamp": None, "tts": False, "mention_everyone": False, "pinned": False}
        named = {"id": message_id, "channel_id": channel or self.channel_id, "author": author, "content": content}
        return {**named, **lists, **plain, "timestamp": _now(), "type": 0, "flags": 0}


def _now() -> str:
    return datetime.now(UTC).isoformat()
