from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from bot.answering.chosen import chosen_model, embedder_fingerprint, open_embedder
from bot.settings import Settings
from rag.errors import EndpointAway
from rag.models.remote_embedder import AT_ONCE, RemoteEmbedder
from tests.rag.scripted_server import Handler, closed_port, serving

VECTORS = {"one": [3.0, 4.0], "two": [0.0, 2.0]}


def vectors(handler: Handler) -> None:
    """A vector a text, not of unit length and in another order, as some servers do."""
    texts = handler.endpoint.asked[-1]["input"]
    data = [{"index": n, "embedding": VECTORS.get(text, [1.0, 0.0])} for n, text in enumerate(texts)]
    handler.send(200, "application/json", json.dumps({"data": data[::-1]}))


def says(status: int, body: Any, kind: str = "application/json") -> Callable[[Handler], None]:
    return lambda handler: handler.send(status, kind, body if isinstance(body, str) else json.dumps(body))


def test_vectors_come_back_in_order_and_of_unit_length() -> None:
    with serving(vectors) as server:
        embedder = RemoteEmbedder(f"{server.url}#bge", api_key="k3y")
        found = embedder.embed(["two", "one"])
        assert np.allclose(found, np.array([[0, 1], [0.6, 0.8]]))
        assert (embedder.dimension, embedder.embed([]).shape) == (2, (0, 2))
        assert server.asked[-1]["model"] == "bge"
        assert server.headers["Authorization"] == "Bearer k3y"
        embedder.close()


def test_many_texts_are_asked_for_in_parts() -> None:
    with serving(vectors) as server:
        embedder = RemoteEmbedder(f"{server.url}#bge")
        assert embedder.embed(["x"] * (AT_ONCE + 1)).shape == (AT_ONCE + 1, 2)
        assert [len(body["input"]) for body in server.asked] == [1, AT_ONCE, 1]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (says(500, {}), "status 500"),
        (says(401, {}), "status 401"),
        (says(200, "<html>", "text/html"), "no vectors"),
        (says(200, {"data": []}), "one vector a text"),
        (says(200, {"data": [{"index": 0, "embedding": "abc"}]}), "no vectors"),
        (says(200, {"data": [{"index": 0, "embedding": [None]}]}), "one vector a text"),
        (says(200, {"data": [{"index": 0, "embedding": [[1.0]]}]}), "one vector a text"),
    ],
)
def test_whatever_is_no_vector_is_said(reply: Callable[[Handler], None], why: str) -> None:
    with serving(reply) as server, pytest.raises(EndpointAway, match=why):
        RemoteEmbedder(f"{server.url}#bge")


def test_vectors_of_another_length_are_never_mixed() -> None:
    with serving(vectors) as server:
        embedder = RemoteEmbedder(f"{server.url}#bge")
        server.reply = says(200, {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]})
        with pytest.raises(EndpointAway, match="another length"):
            embedder.embed(["one"])


def test_nobody_there_is_said_without_the_password() -> None:
    with pytest.raises(EndpointAway, match="cannot be reached") as caught:
        RemoteEmbedder(f"http://ann:s3cret@127.0.0.1:{closed_port()}/v1#bge")
    assert "s3cret" not in str(caught.value)


def test_an_address_without_a_model_is_told_how() -> None:
    with pytest.raises(EndpointAway, match=r"names no model\. Put its name behind a #"):
        RemoteEmbedder("http://127.0.0.1:1/v1")


def test_the_settings_choose_it_and_another_model_is_another_fingerprint(tmp_path: Path) -> None:
    with serving(vectors) as server:
        settings = Settings(embedder=f"{server.url}#bge", embedder_key=SecretStr("k3y"), data=tmp_path)
        assert chosen_model(settings, "embed").name == "bge"
        embedder = open_embedder(settings)
        assert embedder.fingerprint == embedder_fingerprint(settings)
        assert embedder.fingerprint != embedder_fingerprint(Settings(embedder=f"{server.url}#e5", data=tmp_path))
        assert server.headers["Authorization"] == "Bearer k3y"
        embedder.close()
