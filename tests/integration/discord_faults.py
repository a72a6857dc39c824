"""What can be ordered to go wrong at the local Discord, and how its answers look then.

As Discord and what stands before it answer, as far as the library looks at that. Knows nothing of sockets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

ALWAYS = math.inf

UNKNOWN_CHANNEL, UNKNOWN_MEMBER, UNKNOWN_MESSAGE = 10003, 10007, 10008
UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION = 10015, 10062
ACKNOWLEDGED = 40060
MISSING_ACCESS, NO_DIRECT_MESSAGES, MISSING_PERMISSIONS = 50001, 50007, 50013
INVALID_TOKEN, ARCHIVED, LOCKED, NO_HISTORY = 50027, 50083, 160005, 160002

_MESSAGES = {
    UNKNOWN_MEMBER: (404, "Unknown Member"),
    UNKNOWN_CHANNEL: (404, "Unknown Channel"),
    UNKNOWN_MESSAGE: (404, "Unknown Message"),
    UNKNOWN_WEBHOOK: (404, "Unknown Webhook"),
    UNKNOWN_INTERACTION: (404, "Unknown interaction"),
    ACKNOWLEDGED: (400, "Interaction has already been acknowledged."),
    MISSING_ACCESS: (403, "Missing Access"),
    NO_DIRECT_MESSAGES: (403, "Cannot send messages to this user"),
    MISSING_PERMISSIONS: (403, "Missing Permissions"),
    INVALID_TOKEN: (401, "Invalid Webhook Token"),
    ARCHIVED: (400, "Thread is archived"),
    LOCKED: (403, "Thread is locked"),
    NO_HISTORY: (400, "Cannot reply without permission to read message history"),
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is answered instead of doing what was asked; a page of text where `body` is a string."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(kw_only=True)
class Fault:
    """The next `times` requests whose path contains `path` are refused.

    Attributes:
        done: all the same what was asked is done, and only the answer is lost.
    """

    method: str
    path: str
    refusal: Refusal
    times: float = 1
    done: bool = False


def coded(code: int) -> Refusal:
    """One of Discord's own error codes."""
    status, message = _MESSAGES[code]
    return Refusal(status=status, body={"message": message, "code": code})


def broken(status: int) -> Refusal:
    """Discord is out of order."""
    return Refusal(status=status, body={"message": "broken", "code": 0})


def limited(seconds: float = 0.2, *, everywhere: bool = False) -> Refusal:
    """Too many requests of a kind, or altogether; it says how long to wait."""
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}
    said = (("Via", "1.1 local"), ("Retry-After", str(math.ceil(seconds))))
    return Refusal(status=429, body=body, headers=(*said, ("X-RateLimit-Global", "true")) if everywhere else said)


def turned_away() -> Refusal:
    """Too many requests, says what stands before Discord: a page, and no word of how long to wait."""
    return Refusal(status=429, body="<html><title>Access denied</title>error code: 1015</html>")


def refusal_of(status: int) -> Refusal:
    """The usual refusal with an HTTP status, or with one of Discord's own codes."""
    if status > 599:
        return coded(status)
    return limited() if status == 429 else broken(status)
