"""A model hub on the loopback: its API, redirects to a second server that holds the bytes, and how both misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WEIGHTS = b"GGUF" + bytes(range(256)) * 2048  # half a MiB
OLD, NEW = "a" * 40, "b" * 40
REPO, FILE = "owner/model-GGUF", "model-Q4_K_M.gguf"


@dataclass
class Hub:
    """What the hub holds, and how it misbehaves; records what it was asked.

    Attributes:
        commits: commit -> its files, by name.
        branches: branch -> commit.
        gated: the files are given out only with a token in `let_in`.
        said: sha256 that the API tells of a file, where that is not the truth.
        refusals: (status, headers) of the next API requests, in order.
        blob_refusals: the same of the next requests for bytes.
        cut_after: bytes after which the next responses with bytes break off.
        spoil: bytes are sent that are not those of the file.
        html: the API answers with a web page.
        asked: (server, path, headers) of every request.
        repo: the only repository there is.
    """

    commits: dict[str, dict[str, bytes]] = field(default_factory=lambda: {OLD: {FILE: WEIGHTS, "README.md": b"hello"}})
    branches: dict[str, str] = field(default_factory=lambda: {"main": OLD})
    gated: bool = False
    let_in: frozenset[str] = frozenset({"hf_good"})
    said: dict[str, str] = field(default_factory=dict)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    blob_refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    spoil: bool = False
    html: bool = False
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    repo: str = REPO
    url: str = ""
    blobs: str = ""

    def requests(self, server: str) -> list[str]:
        """Paths that were asked of `api`, `resolve` or `blob`."""
        return [path for kind, path, _ in self.asked if kind == server]

    def sent(self, server: str, header: str) -> list[str | None]:
        """A header of every request to one server."""
        return [headers.get(header.lower()) for kind, _, headers in self.asked if kind == server]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def record(self, kind: str) -> None:
        self.hub.asked.append((kind, self.path, {name.lower(): value for name, value in self.headers.items()}))

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, code: str = "") -> None:
        self.reply(status, b'{"error": "no"}', {"X-Error-Code": code} if code else {})


class _Api(_Handler):
    """`/api/models/REPO/revision/REV` and `/REPO/resolve/REV/FILE`, as huggingface.co has them."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        api = parts.path.startswith("/api/")
        self.record("api" if api else "resolve")
        if self.hub.refusals:
            status, headers = self.hub.refusals.pop(0)
            self.reply(status, b"", headers)
        elif api:
            self.describe(parts.path.removeprefix("/api/models/"), parse_qs(parts.query))
        else:
            self.redirect(parts.path.lstrip("/"))

    def describe(self, path: str, query: dict[str, list[str]]) -> None:
        repo, _, revision = path.partition("/revision/")
        commit = self.hub.branches.get(revision, revision)
        if self.hub.html:
            self.reply(200, b"<html>Log in to the hotel's network</html>", {"Content-Type": "text/html"})
        elif repo != self.hub.repo:
            self.refuse(401, "RepoNotFound")
        elif commit not in self.hub.commits:
            self.refuse(404, "RevisionNotFound")
        else:
            assert query == {"blobs": ["true"]}
            self.reply(200, json.dumps(self.model(commit)).encode(), {"Content-Type": "application/json"})

    def model(self, commit: str) -> dict[str, Any]:
        files = self.hub.commits[commit]
        siblings = [self.sibling(name, body) for name, body in files.items()]
        return {"id": self.hub.repo, "sha": commit, "siblings": siblings, "cardData": {"license": "apache-2.0"}}

    def sibling(self, name: str, body: bytes) -> dict[str, Any]:
        told: dict[str, Any] = {"rfilename": name, "size": len(body), "blobId": "0" * 40}
        if name.endswith(".gguf"):
            sha256 = self.hub.said.get(name, hashlib.sha256(body).hexdigest())
            told["lfs"] = {"sha256": sha256, "size": len(body), "pointerSize": 135}
        return told

    def redirect(self, path: str) -> None:
        repo, _, rest = path.partition("/resolve/")
        commit, _, name = rest.partition("/")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.hub.gated and token not in self.hub.let_in:
            self.refuse(403 if token else 401, "GatedRepo")
        elif repo != self.hub.repo or name not in self.hub.commits.get(commit, {}):
            self.refuse(404, "EntryNotFound")
        else:
            digest = hashlib.sha256(self.hub.commits[commit][name]).hexdigest()
            moved = {"Location": f"{self.hub.blobs}/{commit}/{name}", "X-Linked-Etag": f'"{digest}"'}
            self.reply(302, b"", {**moved, "X-Repo-Commit": commit})


class _Blobs(_Handler):
    """The bytes, with ranges; another host than the hub's."""

    def do_GET(self) -> None:
        self.record("blob")
        if self.hub.blob_refusals:
            status, headers = self.hub.blob_refusals.pop(0)
            self.reply(status, b"", headers)
            return
        commit, _, name = self.path.lstrip("/").partition("/")
        body = self.hub.commits[commit][name]
        if self.hub.spoil:
            body = bytes(len(body))
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=")[:-1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = start + self.hub.cut_after.pop(0) if self.hub.cut_after else len(body)
        self.wfile.write(body[start:end])


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub on two ports of the loopback; `hub.url` is what HF_ENDPOINT wants."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (kind,), {"hub": hub})) for kind in (_Api, _Blobs)]
    threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}) for server in servers]
    for thread in threads:
        thread.start()
    hub.url, hub.blobs = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield hub
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
