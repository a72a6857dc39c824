"""One streamed chat completion: HTTP in a thread of its own, server-sent events to text.

The one who reads can give up at any moment, whatever the server does: the connection is then cut, so that the server
notices, too. Knows the wire format of OpenAI-compatible servers and not what to do about their failures.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import httpx

from rag.errors import Interrupted
from rag.protocols import Cancelled

POLL_SECONDS = 0.02
LONGEST_LINE = 1 << 20
LONGEST_REFUSAL = 1 << 16
WAITING = 256  # pieces of text that may wait for their reader
_EVENT, _END = b"data:", b"[DONE]"
_CUT = "stopped in the middle of its answer"
_MUTE = "ends before it has begun; is the prompt too long for it?"  # some servers say nothing more of that
_BROKEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class Unusable(Exception):
    """What comes back is no model's text. The message goes on after the endpoint's name."""


class Broken(Unusable):
    """The connection failed; another attempt may do better."""


class Refused(Exception):
    """Another status than 200, with what the server says about it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"says {status}")
        self.status = status
        self.text = text


class TooLate(Interrupted):
    """The deadline has passed."""


class Watch:
    """Looks out for the user's giving up, and for the deadline."""

    def __init__(self, cancelled: Cancelled | None, deadline: float | None) -> None:
        """`deadline` by `time.monotonic()`."""
        self._cancelled = cancelled
        self._deadline = deadline

    def check(self) -> None:
        """Raises Interrupted, which is TooLate past the deadline."""
        if self._cancelled and self._cancelled():
            raise Interrupted("Cancelled.")
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise TooLate("The time for it is over.")

    def wait(self, seconds: float) -> None:
        """Raises Interrupted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            time.sleep(POLL_SECONDS)


class Connections:
    """Those of one client, which can be cut at any moment, whatever is waited for on them."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._cut = threading.Event()

    @property
    def are_cut(self) -> bool:
        return self._cut.is_set()

    def cut(self) -> None:
        """Cut all there are, and whatever is connected from now on."""
        self._cut.set()
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """For a request's extensions: httpx tells of each step; only this way the connection can be had."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self.are_cut:
                self.cut()


class StreamedCall:
    """A request under way."""

    def __init__(self, client: httpx.Client, url: str, body: dict[str, Any]) -> None:
        """Send it. The client is closed in the end."""
        self._client, self._url, self._body = client, url, body
        self._items: queue.Queue[str | Exception | None] = queue.Queue(WAITING)
        self._connections = Connections()
        threading.Thread(target=self._run, name="endpoint", daemon=True).start()

    def texts(self, watch: Watch, silence_seconds: float) -> Iterator[str]:
        """The answer's text as it comes.

        Raises:
            Interrupted: says `watch`.
            Refused, Broken, Unusable: says the server; Unusable also if it is silent for so long.
        """
        heard = time.monotonic()
        while True:
            watch.check()
            try:
                item = self._items.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if time.monotonic() - heard > silence_seconds:
                    raise Unusable(f"has said nothing for {silence_seconds:g} seconds") from None
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
            heard = time.monotonic()

    def abandon(self) -> None:
        """Cut the connection. Nothing happens if the answer is complete."""
        self._connections.cut()

    def _run(self) -> None:
        extensions = {"trace": self._connections.trace}
        try:
            with (
                self._client,
                self._client.stream("POST", self._url, json=self._body, extensions=extensions) as response,
            ):
                _check(response)
                for text in completion(response.iter_bytes(), asked=self._body["model"]):
                    self._put(text)
            self._put(None)
        except _BROKEN as error:
            self._put(Broken(_reason(error)))
        except httpx.HTTPError as error:
            self._put(Unusable(_reason(error)))
        except Exception as error:
            self._put(error)

    def _put(self, item: str | Exception | None) -> None:
        while not self._connections.are_cut:
            with suppress(queue.Full):
                self._items.put(item, timeout=POLL_SECONDS)
                return


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return "cannot be reached"
    if isinstance(error, httpx.TimeoutException):
        return "takes too long"
    return (
        _CUT if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError)) else "does not speak HTTP as it should"
    )


def _check(response: httpx.Response) -> None:
    """Raises Refused or Unusable unless a stream of events follows."""
    if response.status_code != httpx.codes.OK:
        raise Refused(response.status_code, _beginning(response))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if kind != "text/event-stream":
        raise Unusable(
            f"answers with {kind[:60] or 'no content type'}, not with a model's words; is the address right?"
        )


def _beginning(response: httpx.Response) -> str:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LONGEST_REFUSAL:
            break
    return body.decode("utf-8", "replace")


def completion(chunks: Iterable[bytes], *, asked: str) -> Iterator[str]:
    """The text in the events of a chat completion of the model `asked`.

    Raises:
        Unusable: an event is none, another model answers, or the end is missing.
    """
    begun = ended = False
    try:
        for event in _events(chunks):
            _check_event(event, asked)
            begun = True
            for choice in event.get("choices") or ():
                ended = ended or choice.get("finish_reason") is not None
                if text := (choice.get("delta") or {}).get("content"):
                    yield str(text)
    except _Done:
        ended = True
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Unusable("sends something that is no model's text") from error
    if not ended:
        raise Unusable(_CUT if begun else _MUTE)


class _Done(Exception):
    """The end was announced."""


def _events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in _lines(chunks):
        if line.startswith(_EVENT):
            data = line[len(_EVENT) :].strip()
            if data == _END:
                raise _Done
            yield json.loads(data.decode("utf-8", "replace"))


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines as events have them: JSON may hold the characters that `str.splitlines` also takes for line ends."""
    held = b""
    for chunk in chunks:
        *lines, held = (held + chunk).split(b"\n")
        if len(held) > LONGEST_LINE:
            raise Unusable("sends a line without end")
        yield from lines
    yield held


def _check_event(event: dict[str, Any], asked: str) -> None:
    if event.get("error"):
        raise Unusable("reports an error of its own")
    answering = str(event.get("model") or asked)
    if not _alike(answering, asked):
        raise Unusable(f"answers with the model {answering[:80]}, not with {asked}; set FOOTNOTE_WRITER__MODEL")


def _alike(one: str, other: str) -> bool:
    """Whether two names may mean one model: servers put a folder before it, or a date behind it."""
    a, b = (name.lower().rsplit("/", 1)[-1].removesuffix(".gguf") for name in (one, other))
    return a in b or b in a
