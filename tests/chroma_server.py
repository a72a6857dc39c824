"""A real Chroma server, in a process of its own on this machine, and one that says whatever a test wants it to."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

PROGRAM = shutil.which("chroma", path=str(Path(sys.executable).parent))
START_SECONDS = 30.0


class ChromaServer:
    """`chroma run` over a folder, at one port for as long as it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def runs(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Skips the test where there is none to start. Raises AssertionError where it does not come up."""
        if not PROGRAM:
            pytest.skip("there is no program called chroma beside this Python")
        command = [PROGRAM, "run", "--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self._port)]
        environment = {name: value for name, value in os.environ.items() if "CHROMA" not in name}
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(command, env=environment, stdin=null, stdout=null, stderr=null)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise AssertionError("the Chroma server did not come up")
            time.sleep(0.1)

    def stop(self) -> None:
        """As a power cut does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def names(self) -> set[str]:
        """Of all collections that it holds."""
        return {each["name"] for each in httpx.get(self._collections, trust_env=False).json()}

    def make(self, name: str) -> None:
        httpx.post(self._collections, json={"name": name}, trust_env=False).raise_for_status()

    def remove(self, name: str) -> None:
        httpx.delete(f"{self._collections}/{name}", trust_env=False).raise_for_status()

    @property
    def _collections(self) -> str:
        return f"{self.address}/api/v2/tenants/default_tenant/databases/default_database/collections"

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/api/v2/heartbeat", timeout=1, trust_env=False).is_success
        except httpx.TransportError:
            return False


@contextmanager
def running_chroma(folder: Path) -> Iterator[ChromaServer]:
    """A server that runs while the block does."""
    server = ChromaServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
    return port


@dataclass
class Gatekeeper:
    """What stands before a Chroma server: lets through who has the token, and keeps what they said.

    Attributes:
        behind: address of that server; "" where there is none, and `says` is what everybody gets.
        token: that is wanted; "" for none.
        says: (status, content type, body) in place of the server's answers.
        instead: given path and body, what this request gets in place of the server's answer, as in `says`; None: that.
        heard: every path and body that was sent.
        headers: of the last request.
    """

    behind: str = ""
    token: str = ""
    says: tuple[int, str, str] = (404, "text/html", "<h1>Not found</h1>")
    instead: Callable[[str, bytes], tuple[int, str, str] | None] = lambda _path, _body: None
    heard: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def gatekeeper(**what: object) -> Iterator[Gatekeeper]:
    """One that stands there while the block runs."""
    keeper = Gatekeeper(**what)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            keeper.heard.append(f"{self.path} {body.decode('utf-8', 'replace')}")
            keeper.headers = dict(self.headers)
            self._send(*self._answer(body))

        def _answer(self, body: bytes) -> tuple[int, str, str]:
            if keeper.token and self.headers.get("Authorization") != f"Bearer {keeper.token}":
                return 401, "application/json", json.dumps({"error": "unauthorized"})
            if not keeper.behind:
                return keeper.says
            if said := keeper.instead(self.path, body):
                return said
            headers = {"Content-Type": "application/json"}
            url = keeper.behind + self.path
            got = httpx.request(self.command, url, content=body, headers=headers, timeout=30, trust_env=False)
            return got.status_code, got.headers.get("Content-Type", ""), got.text

        def _send(self, status: int, kind: str, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_POST = do_DELETE = _handle

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as standing:
        standing.daemon_threads = True
        keeper.port = standing.server_address[1]
        thread = threading.Thread(target=standing.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield keeper
        finally:
            standing.shutdown()
            thread.join()
