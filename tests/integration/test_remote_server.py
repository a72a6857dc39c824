"""The starter model behind llama-cpp-python's own server, in a process of its own: what people run, not a stand-in."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from rag.errors import EndpointAway, Interrupted
from rag.models.catalog import Role
from rag.models.llama import LlamaEmbedder
from rag.models.remote import RemoteGenerator
from rag.models.remote_embedder import RemoteEmbedder
from rag.protocols import Message
from tests.conftest import model_file
from tests.rag.scripted_server import closed_port

NEEDED = ("fastapi", "sse_starlette", "starlette_context", "uvicorn")
START_SECONDS = 60
QUESTION = (Message(role="user", text="Name three colours."),)
pytestmark = pytest.mark.models


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"llama-cpp-python's server needs {', '.join(missing)}; run: make dev")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process."""
    with running("rank/write", "--n_ctx", "1024") as started:
        yield started


@contextmanager
def running(role: Role, *options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The starter model for a role behind the server, while the block runs."""
    port = closed_port()
    common = ["--n_threads", "2", "--model_alias", "starter", "--port", str(port)]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model_file(role)), *common, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _ready(f"http://127.0.0.1:{port}", process), process
    finally:
        process.kill()
        process.wait()


def _ready(address: str, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            RemoteGenerator(address).models()
            return address
        except EndpointAway:
            time.sleep(0.2)
    pytest.fail(f"The server did not start within {START_SECONDS} seconds.")


def test_a_context_smaller_than_was_set_is_told(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    """This server ends the stream without a word; llama-server and vLLM answer 400."""
    generator = RemoteGenerator(server[0], context_tokens=8192)
    with pytest.raises(EndpointAway, match="is the prompt too long"):
        list(generator.generate([Message(role="user", text="tide " * 1_500)], max_tokens=4))


def test_a_real_server_writes_stops_and_can_go_away(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, process = server
    generator = RemoteGenerator(address)
    assert generator.models() == ["starter"]
    pieces = list(generator.generate(QUESTION, max_tokens=24))
    assert len(pieces) > 5
    assert "".join(pieces).strip()
    assert generator.fingerprint == f"{address}/v1 starter"

    cancel = threading.Event()
    story = generator.generate(
        [Message(role="user", text="Tell a long story.")], max_tokens=500, cancelled=cancel.is_set
    )
    next(story)
    cancel.set()
    with pytest.raises(Interrupted):
        list(story)
    assert list(generator.generate(QUESTION, max_tokens=4, deadline=time.monotonic() + 20))

    process.kill()
    process.wait()
    with pytest.raises(EndpointAway, match="cannot be reached"):
        list(generator.generate(QUESTION, max_tokens=4))


def test_a_real_server_embeds_as_the_model_does_here(embedder: LlamaEmbedder) -> None:
    texts = ["The surface of Venus is hot.", "Rye bread wants a long rest.", "x"]
    with running("embed", "--embedding", "True") as (address, process):
        there = RemoteEmbedder(f"{address}/v1#starter")
        assert np.abs(there.embed(texts) - embedder.embed(texts)).max() < 0.02
        process.kill()
        process.wait()
        with pytest.raises(EndpointAway, match="cannot be reached"):
            there.embed(texts)
        there.close()
