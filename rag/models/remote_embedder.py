"""An embedder behind an OpenAI-compatible endpoint: llama-server, vLLM, Ollama, or somebody else's machine.

Its vectors are made unit vectors here. Knows nothing of notes; whatever it says that is no vector is `EndpointAway`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from rag.errors import EndpointAway
from rag.types import FloatArray

AT_ONCE = 64  # texts of one request
ATTEMPTS = 3
QUESTION_SECONDS = 10.0  # somebody waits for the vector of a question
BACKOFF_SECONDS = 0.3
REMEDY = "Start it, or name another FOOTNOTE_EMBEDDER."
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


def is_endpoint(wanted: str) -> bool:
    """Whether an embedder is named by an address and not by a name or a path."""
    return wanted.startswith(("http://", "https://"))


def endpoint_fingerprint(address: str) -> str:
    """What vectors of an endpoint are known by: they must not be mixed with those of another one or another model."""
    return hashlib.sha256(address.encode()).hexdigest()


class RemoteEmbedder:
    """An `Embedder` over `/embeddings`."""

    def __init__(self, address: str, *, api_key: str = "", timeout_seconds: float = 60.0) -> None:
        """Asks for one vector, to learn how long they are.

        Args:
            address: http(s) address with the model's name behind a `#`; `/v1` is added where there is no path.
            api_key: sent as a bearer token, never shown.
            timeout_seconds: how long an answer may take.

        Raises:
            EndpointAway: the address names no model, or nothing usable answers there.
        """
        self._address = address
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise EndpointAway("The embedder's address cannot be read.", remedy=REMEDY) from error
        self._model = url.fragment
        if not self._model:
            raise EndpointAway(
                f"The embedder's address {_plain(url)} names no model.",
                remedy="Put its name behind a #, such as http://localhost:8080/v1#bge-m3",
            )
        self._url = url.copy_with(path=(url.path.rstrip("/") or "/v1") + "/embeddings", fragment=None)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout_seconds
        self._client = httpx.Client(headers=headers, trust_env=False)
        try:
            self._dimension = int(self._vectors(["one"], QUESTION_SECONDS).shape[1])
        except EndpointAway:
            self._client.close()
            raise

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def fingerprint(self) -> str:
        return endpoint_fingerprint(self._address)

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        """Unit vectors, shape (len(texts), dimension). Raises EndpointAway."""
        seconds = min(QUESTION_SECONDS, self._timeout) if questions else self._timeout
        parts = [self._vectors(texts[start : start + AT_ONCE], seconds) for start in range(0, len(texts), AT_ONCE)]
        if any(part.shape[1] != self._dimension for part in parts):
            raise EndpointAway(f"{self} gives vectors of another length than before.", remedy=REMEDY)
        return np.vstack(parts) if parts else np.zeros((0, self._dimension), dtype=np.float32)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def __str__(self) -> str:
        return f"The embedder {self._model} at {_plain(self._url)}"

    def _vectors(self, texts: Sequence[str], seconds: float) -> FloatArray:
        """What it makes of a few texts, unit vectors, shape (len(texts), whatever it gives)."""
        reply = self._asked({"model": self._model, "input": list(texts), "encoding_format": "float"}, seconds)
        try:
            listed = sorted(reply.json()["data"], key=lambda entry: int(entry["index"]))
            vectors: FloatArray = np.asarray([entry["embedding"] for entry in listed], dtype=np.float32)
        except (ValueError, KeyError, TypeError) as error:
            raise EndpointAway(f"{self} answers with something that is no vectors.", remedy=REMEDY) from error
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise EndpointAway(f"{self} does not answer with one vector a text.", remedy=REMEDY)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def _asked(self, body: dict[str, Any], seconds: float) -> httpx.Response:
        why = ""
        for attempt in range(ATTEMPTS):
            time.sleep(BACKOFF_SECONDS * attempt)
            try:
                reply = self._client.post(self._url, json=body, timeout=seconds)
            except httpx.HTTPError as error:
                why = f"cannot be reached ({type(error).__name__})"
                continue
            if reply.is_success:
                return reply
            why = f"answers with status {reply.status_code}"
            if reply.status_code not in _RETRIED:
                break
        raise EndpointAway(f"{self} {why}.", remedy=REMEDY)


def _plain(url: httpx.URL) -> str:
    """An address without a user name or password."""
    return str(url.copy_with(userinfo=b"", fragment=None))
