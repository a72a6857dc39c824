"""An endpoint on this machine that says whatever a test wants it to, however wrong."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "starter"


@dataclass
class Endpoint:
    """What the server does and what it was asked.

    Attributes:
        reply: answers a completion; gets the handler.
        models: what it lists.
        asked: the body of every completion asked for.
        headers: those of the last request.
        cut: set once a client has cut its connection while `hold` waited.
    """

    reply: Callable[[Handler], None]
    models: tuple[str, ...] = (MODEL,)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cut: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


class Handler(BaseHTTPRequestHandler):
    """One connection. Closed after one reply, as it says.

    Attributes:
        body: what it asks for.
    """

    endpoint: Endpoint
    body: dict[str, Any]

    def do_GET(self) -> None:
        self.endpoint.headers = dict(self.headers)
        self.send(200, "application/json", json.dumps({"data": [{"id": name} for name in self.endpoint.models]}))

    def do_POST(self) -> None:
        self.endpoint.headers = dict(self.headers)
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.endpoint.asked.append(self.body)
        with suppress(OSError):  # a client that gives up is part of the play
            self.endpoint.reply(self)

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, kind: str, body: str | bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode() if isinstance(body, str) else body)
        self.wfile.flush()

    def stream(self, *texts: str, end: bool = True, model: str = MODEL) -> None:
        """A well-formed stream of these pieces; without `end` it breaks off."""
        self.send(200, "text/event-stream", "".join(event(text, model) for text in texts))
        if end:
            self.wfile.write(b"data: [DONE]\n\n")
            self.wfile.flush()

    def hold(self) -> None:
        """Say nothing until the client hangs up, for five seconds at most."""
        self.connection.settimeout(5)
        with suppress(TimeoutError):
            if self.connection.recv(1) == b"":
                self.endpoint.cut.set()


def event(text: str, model: str = MODEL) -> str:
    """A piece as servers send it, with every character as itself."""
    chunk = {"model": model, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


@contextmanager
def serving(reply: Callable[[Handler], None], **about: Any) -> Iterator[Endpoint]:
    """The endpoint, answering until the end of the block."""
    endpoint = Endpoint(reply=reply, **about)
    handler = type("Scripted", (Handler,), {"endpoint": endpoint})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    endpoint.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
