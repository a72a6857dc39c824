"""What docs/security.md promises and no other test holds: secrets, files, connections, and what the code may not do."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bot.private import is_guarded
from rag.errors import DownloadError
from rag.models.web import client
from tests.integration.discord_standin import running_standin

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for top in ("bot", "rag") for path in (ROOT / top).rglob("*.py"))
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SECRET = "hush.hush.hush"
UNPICKLING = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "torch"}
EVALUATING = {"eval", "exec", "compile", "__import__"}
MAY_BE_IGNORED = {"S101", "S311", "S603", "S608"}


# What the document says


def test_every_line_of_the_threat_table_names_a_test_that_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)
    assert len(named) >= 25
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"def {test}\b", (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).exists() else "")
    ]
    assert missing == []
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| ") and "---" not in line]
    assert [row for row in rows if "tests/" not in row and "Held by" not in row] == []


# What the code may not do


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_unpickles_evaluates_or_uses_a_shell(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported & UNPICKLING == set()
    assert {call.func.id for call in calls(tree) if isinstance(call.func, ast.Name)} & EVALUATING == set()
    for call in calls(tree):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("shell", "False") == "False"
        assert given.get("allow_pickle", "False") == "False"
        assert given.get("verify", "True") != "False"
        assert ast.unparse(call.func) not in ("os.system", "os.popen", "yaml.load", "tempfile.mktemp")


def test_the_linter_looks_for_such_things_and_little_is_excused() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not any(code.startswith("S") for code in lint["ignore"])
    assert not any(pattern.startswith(("bot", "rag", "**")) for pattern in lint["per-file-ignores"])
    excused = {code for path in SOURCES for code in re.findall(r"noqa: (S\d+)", path.read_text(encoding="utf-8"))}
    assert excused <= MAY_BE_IGNORED


# Connections


@pytest.mark.parametrize(
    ("address", "guarded"),
    [
        ("https://discord.com/api/v10", True),
        ("wss://gateway.discord.gg/", True),
        ("http://127.0.0.1:8080", True),
        ("ws://[::1]:9/", True),
        ("http://discord.com/api/v10", False),
        ("http://127.0.0.1.example/", False),
        ("http://localhost@example/", False),
        ("ftp://example/", False),
    ],
)
def test_only_encrypted_or_local_addresses_are_guarded(address: str, guarded: bool) -> None:
    assert is_guarded(address) == guarded


def test_nothing_is_downloaded_over_an_open_connection() -> None:
    with client() as session, pytest.raises(DownloadError, match="open connection"):
        session.get("http://models.invalid/weights.gguf")


class Redirecting(BaseHTTPRequestHandler):
    """Sends everybody on to a host without TLS."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://models.invalid/weights.gguf")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


def test_nor_after_a_redirect_to_one() -> None:
    with HTTPServer(("127.0.0.1", 0), Redirecting) as server, client() as session:
        Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(DownloadError, match=r"models\.invalid would send over an open connection"):
            session.get(f"http://127.0.0.1:{server.server_port}/weights.gguf")


# Secrets


def footnote(*words: str, folder: Path, **environment: str) -> str:
    """Everything that a command prints with all logging on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")}
    settings = {"FOOTNOTE_LOG_LEVEL": "DEBUG", "FOOTNOTE_DISCORD__TOKEN": SECRET, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *words],
        cwd=folder,
        env={**kept, **settings, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", ["bot", "doctor"])
async def test_a_token_is_in_no_log_and_no_error(command: str, tmp_path: Path) -> None:
    """Neither where Discord refuses it nor where nobody is there, with all logging on."""
    async with running_standin() as standin:
        reach = {"FOOTNOTE_DISCORD__API_BASE": standin.api_base, "FOOTNOTE_DISCORD__GATEWAY": standin.gateway}
        refused = await asyncio.to_thread(lambda: footnote(command, folder=tmp_path, **reach))
        assert any("/users/@me" in request.path for request in standin.requests)
    alone = await asyncio.to_thread(lambda: footnote(command, folder=tmp_path, **reach))
    assert "accept" in refused
    assert "reach" in alone
    assert SECRET not in refused + alone


def test_nor_in_the_error_about_a_setting_beside_it(tmp_path: Path) -> None:
    said = footnote("doctor", folder=tmp_path, FOOTNOTE_DISCORD__GATEWAY="ws://example/", FOOTNOTE_THREADS="x")
    assert "FOOTNOTE_DISCORD__GATEWAY does not work" in said
    assert SECRET not in said


def test_no_command_takes_a_token_as_an_argument() -> None:
    """What stands on a command line is shown to everybody by `ps` and kept by the shell."""
    options = {option for path in SOURCES for option in re.findall(r'"(--[\w-]+)', path.read_text(encoding="utf-8"))}
    assert "--json" in options
    assert [option for option in options if re.search(r"token(?!-file)|key|secret|password", option)] == []
    said = subprocess.run(
        [sys.executable, "-m", "bot.cli", "init", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "--token-file" in said
    assert not re.search(r"--token\b(?!-file)", said)


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither")
def test_what_the_program_makes_is_private_and_it_leaves_no_core(tmp_path: Path) -> None:
    code = (
        "import os, resource; os.umask(0o022); from bot.private import keep_private; keep_private(); "
        "open('made', 'w').close(); os.mkdir('folder'); print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700
