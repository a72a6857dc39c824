"""Asking servers, patiently: certificates, redirects, what their refusals mean, waiting as long as they ask for.

Knows nothing of models. A refusal becomes `Refused`, what is worth another attempt `Transient`.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import certifi
import httpx

from rag.errors import DownloadError

ATTEMPTS = 6
TIMEOUT_SECONDS = 30.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST_WAIT = 300.0  # seconds; a server that asks for more is asked another time
_RETRIED = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

Sleep = Callable[[float], None]
T = TypeVar("T")


class Transient(Exception):
    """Worth another attempt, after `wait` seconds at least."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Refused(DownloadError):
    """A server's no.

    Attributes:
        status: of the HTTP response.
        code: the header X-Error-Code, in which the model hub says why; "" elsewhere.
    """

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def client() -> httpx.Client:
    """Follows redirects, sends no credentials on to another host, and asks over TLS only, but on this machine."""
    return httpx.Client(
        follow_redirects=True,
        timeout=TIMEOUT_SECONDS,
        verify=_trusted(),
        event_hooks={"request": [_check_guarded]},  # called for every redirect, too
    )


def _check_guarded(request: httpx.Request) -> None:
    if request.url.scheme != "https" and request.url.host not in LOOPBACK:
        raise DownloadError(
            f"{request.url.host} would send over an open connection, where anybody could change it.",
            remedy="Name an address that begins with https:// in pip's settings or in HF_ENDPOINT.",
        )


@cache
def _trusted() -> ssl.SSLContext:
    """The system's certificates, and certifi's where the system has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def retried(step: Callable[[], T], *, done: Callable[[], int] = lambda: 0, sleep: Sleep = time.sleep) -> T:
    """What `step` returns, tried again while it fails transiently; `done` tells how far it has got.

    Raises:
        httpx.TransportError, Transient: it failed six times without getting further in between.
    """
    failures = 0
    while True:
        before = done()
        try:
            return step()
        except (httpx.TransportError, Transient) as error:
            failures = 0 if done() > before else failures + 1
            if failures == ATTEMPTS:
                raise
            asked = error.wait if isinstance(error, Transient) else 0.0
            sleep(max(0.5 * 2**failures, asked))


def check_status(response: httpx.Response) -> None:
    """Raises Transient, or Refused, unless the response is what was asked for."""
    if response.is_success:
        return
    host, reason = response.url.host, f"{response.status_code} {response.reason_phrase}"
    if response.is_server_error or response.status_code in _RETRIED:
        wait = _wanted_wait(response.headers.get("Retry-After", ""))
        if wait > LONGEST_WAIT:
            raise DownloadError(f"{host} says {reason} and asks to be left alone for {wait / 60:,.0f} minutes.")
        raise Transient(f"the server says {reason}", wait=wait)
    raise Refused(
        f"{host} does not give out {Path(response.url.path).name}: {reason}.",
        status=response.status_code,
        code=response.headers.get("X-Error-Code", ""),
    )


def _wanted_wait(header: str) -> float:
    """Seconds of a Retry-After header, which holds seconds or a date; 0 without one."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return 0.0
