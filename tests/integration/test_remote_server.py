"""The starter model behind a real server in a process of its own: what people run, not a stand-in.

llama-cpp-python's server is one of the packages for developers; llama-server is used too where there is one.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx
import numpy as np
import pytest

from rag import rank
from rag.errors import EndpointAway, Interrupted
from rag.models.catalog import Role
from rag.models.llama import LlamaEmbedder, LlamaGenerator
from rag.models.remote import RemoteGenerator
from rag.models.remote_embedder import RemoteEmbedder
from rag.models.remote_ranker import COOL_DOWN_SECONDS, RemoteRanker
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
    """The starter model for a role behind llama-cpp-python's server, while the block runs."""
    common = ["--n_threads", "2", "--model_alias", "starter"]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model_file(role)), *common, *options]
    with started(command) as server:
        yield server


@contextmanager
def started(command: Sequence[str], port: int = 0) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address and the process of a server that takes `--port`, while the block runs; 0 for any that is free."""
    port = port or closed_port()
    command = [*command, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _ready(f"http://127.0.0.1:{port}", process), process
    finally:
        process.kill()
        process.wait()


def _ready(address: str, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/v1/models").status_code in (httpx.codes.OK, httpx.codes.UNAUTHORIZED):
                return address
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


PASSAGES = ("The surface of Venus is hot.", "Rye bread wants a long rest.", "Bees dance to tell where clover is.")
ASKED = " Why do bees dance?"
TOLERANCE = 0.15  # nats; with another build of llama.cpp, or texts computed together, other kernels round otherwise


def passages_ranked(there: RemoteRanker, prefix: str) -> list[float]:
    contexts = [rank.context(passage) for passage in PASSAGES]
    return there.log_likelihoods(prefix, contexts, ASKED, deadline=time.monotonic() + START_SECONDS)


def test_a_real_server_ranks_as_the_model_does_here(
    generator: LlamaGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    """That server sorts its vocabulary for each token it tells of: a second a passage, so no examples here."""
    here = generator.log_likelihoods("", [rank.context(passage) for passage in PASSAGES], ASKED)
    with running("rank/write", "--n_ctx", "512") as (address, process):
        there = RemoteRanker(f"{address}/v1#starter")
        assert passages_ranked(there, "") == pytest.approx(here, abs=TOLERANCE)
        process.kill()
        process.wait()
        with caplog.at_level(logging.WARNING):
            assert passages_ranked(there, "") == []
        there.close()
    assert "cannot be reached" in caplog.text


def test_llama_server_ranks_as_the_model_does_here_and_is_used_again_when_it_is_back(generator: LlamaGenerator) -> None:
    binary = shutil.which("llama-server")
    if binary is None:
        pytest.skip("there is no llama-server in the PATH")
    model = str(model_file("rank/write"))
    command = [binary, "--model", model, "--threads", "2", "--ctx-size", "4096", "--api-key", "k"]
    contexts = [rank.context(passage) for passage in PASSAGES]
    here, port = generator.log_likelihoods(rank.PREFIX, contexts, ASKED), closed_port()
    there = RemoteRanker(f"http://127.0.0.1:{port}/v1#starter", api_key="k")
    with started(command, port):
        assert passages_ranked(there, rank.PREFIX) == pytest.approx(here, abs=TOLERANCE)
    assert passages_ranked(there, rank.PREFIX) == []
    with started(command, port):
        assert passages_ranked(there, rank.PREFIX) == []  # it is left alone for a while
        there._asleep_until -= COOL_DOWN_SECONDS
        assert passages_ranked(there, rank.PREFIX) == pytest.approx(here, abs=TOLERANCE)
    there.close()
