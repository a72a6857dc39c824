"""What Discord says of a bot's token, in single requests: who it is, where it is, whether the gateway answers.

Without the library that the bot runs on, so that asking is quick. Never repeats a token, neither in a sentence nor in a
log line.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from bot.settings import DiscordSettings
from bot.version import installed
from rag.errors import FootnoteError
from rag.phrase import Phrase

SECONDS = 10.0
PERMISSIONS = 0x4000014C00  # see channels, send messages, also in threads, embed links, read the history
MAY_READ = 1 << 18 | 1 << 19  # flags of an application with the Message Content intent, granted or limited
ADMINISTRATOR = 1 << 3
PORTAL = "https://discord.com/developers/applications"
HELLO = 10  # opcode of the gateway's first frame

DISCORD_AWAY = Phrase("Discord cannot be reached ({why}).")
GATEWAY_AWAY = Phrase("The gateway cannot be reached ({why}).")


class TokenRefused(FootnoteError):
    """Discord does not know the token."""


class DiscordAway(FootnoteError):
    """Discord cannot be reached, or does not answer as it should."""


@dataclass(frozen=True, kw_only=True)
class Guild:
    """A server that the bot is in; `permissions` are the bot's there, before those of single channels."""

    id: int
    name: str
    permissions: int


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose token it is.

    Attributes:
        application: id of the application, which invitations name.
        name: the bot's.
        reads_messages: whether the Message Content intent is on in the portal.
        skew: seconds by which this machine's clock is ahead of Discord's; None where Discord did not say.
    """

    application: int
    name: str
    reads_messages: bool
    skew: float | None


def identify(settings: DiscordSettings) -> Identity:
    """Whose the token of the settings is. Raises TokenRefused, DiscordAway."""
    with _asking(settings) as client:
        user = client.get("/users/@me")
        skew = _skew(user)
        _check(user)
        application = client.get("/oauth2/applications/@me")
        _check(application)
        said = application.json()
        return Identity(
            application=int(said["id"]),
            name=str(user.json()["username"]),
            reads_messages=bool(int(said.get("flags", 0)) & MAY_READ),
            skew=skew,
        )


def guilds(settings: DiscordSettings) -> tuple[Guild, ...]:
    """The servers that the bot is in, 200 at most. Raises TokenRefused, DiscordAway."""
    with _asking(settings) as client:
        response = client.get("/users/@me/guilds")
        _check(response)
        return tuple(
            Guild(id=int(guild["id"]), name=str(guild["name"]), permissions=int(guild.get("permissions", 0)))
            for guild in response.json()
        )


def gateway_answers(settings: DiscordSettings) -> None:
    """Opens a connection to the gateway and waits for its first frame. Raises DiscordAway."""
    import aiohttp

    async def hello() -> Any:  # noqa: ANN401  # as it comes
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.ws_connect(settings.gateway, params={"v": "10", "encoding": "json"}) as socket,
        ):
            return await socket.receive_json(timeout=SECONDS)

    try:
        if asyncio.run(hello())["op"] != HELLO:
            raise ValueError
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _away(type(error).__name__, GATEWAY_AWAY) from error
    except (ValueError, TypeError, KeyError) as error:
        raise _away(Phrase("it does not speak as it should"), GATEWAY_AWAY) from error


def invitation(application: int) -> str:
    """The address at which somebody adds the bot to their server, with the least it needs."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&scope=bot+applications.commands&permissions={PERMISSIONS}"
    )


def lacking(guild: Guild) -> bool:
    """Whether the bot lacks something there that it needs."""
    return not guild.permissions & ADMINISTRATOR and guild.permissions & PERMISSIONS != PERMISSIONS


@contextmanager
def _asking(settings: DiscordSettings) -> Iterator[httpx.Client]:
    headers = {
        "Authorization": f"Bot {settings.token.get_secret_value()}",
        "User-Agent": f"DiscordBot (footnote, {installed(otherwise='0')})",
    }
    try:
        with httpx.Client(base_url=settings.api_base, headers=headers, timeout=SECONDS) as client:
            yield client
    except (httpx.HTTPError, UnicodeEncodeError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, UnicodeEncodeError):  # a header takes ASCII only
            raise _refused() from None
        raise _away(type(error).__name__) from None  # what is chained may quote the headers


def _check(response: httpx.Response) -> None:
    if response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise _refused()
    if not response.is_success:
        raise _away(Phrase("it answers with status {status}").format(status=str(response.status_code)))


def _refused() -> TokenRefused:
    return TokenRefused(
        Phrase("Discord does not accept this token."),
        remedy=Phrase("Press Reset Token under Bot at {portal}, and copy the new one whole.").format(portal=PORTAL),
    )


def _away(why: str, said: Phrase = DISCORD_AWAY) -> DiscordAway:
    return DiscordAway(
        said.format(why=why),
        remedy=Phrase("Check the network, and https://discordstatus.com; the token may well be right."),
    )


def _skew(response: httpx.Response) -> float | None:
    try:
        return time.time() - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None
