"""The seams of the pipeline: what an embedder, a language model and an assistant can be asked for.

An implementation is chosen where the program starts; every step knows only what stands here. Models are owned by
one thread, and whatever they are given is untrusted text that never becomes a control token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.types import Answer, Earlier, Episode, FloatArray, NotCovered, TopicSummary


class Cancelled(Protocol):
    """Asked between steps, and by the model while it computes: has the user given up?"""

    def __call__(self) -> bool: ...


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dimension(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """sha256 of the model file: vectors of two fingerprints must never be mixed."""
        ...

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Unit-length vectors, shape (len(texts), dimension)."""
        ...


class Ranker(Protocol):
    """A language model, as far as ranking needs it."""

    def log_likelihoods(self, prefix: str, contexts: Sequence[str], continuation: str) -> list[float]:
        """Mean log P(token) of `continuation` after `prefix + context`, one value a context, in nats."""
        ...


@dataclass(frozen=True, kw_only=True)
class Message:
    """One turn of a prompt, in the roles every chat template knows."""

    role: Literal["system", "user", "assistant"]
    text: str


class Generator(Protocol):
    """A language model that writes, in this process or behind an endpoint."""

    @property
    def name(self) -> str:
        """What the owner calls it."""
        ...

    @property
    def fingerprint(self) -> str:
        """What its measured abilities are stored under: the sha256 of its weights, or endpoint and model."""
        ...

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and text may have together."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, the template's own included."""
        ...

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> Iterator[str]:
        """Text as it is written, in pieces that are whole characters.

        Args:
            messages: what stays the same from one call to the next comes first, since a prefix is computed once.
            max_tokens: how much is written at most.
            cancelled: asked while the prompt is computed, too.
            deadline: by `time.monotonic()`, in seconds.

        Raises:
            Interrupted: cancelled, or past the deadline.
            ContextTooLong: the prompt and `max_tokens` do not fit.
            EndpointAway: nothing usable answers behind the endpoint.
        """
        ...


class Assistant(Protocol):
    """What every face talks to. Synchronous; one thread owns it (see bot/worker.py)."""

    def ask(
        self, question: str, *, history: Sequence[Earlier] = (), cancelled: Cancelled | None = None
    ) -> Answer | NotCovered:
        """Answer from the notes. `history`: earlier questions of the conversation, oldest first."""
        ...

    def topic(self, topic: str, *, cancelled: Cancelled | None = None) -> TopicSummary | NotCovered:
        """What all episodes say about `topic`."""
        ...

    def episodes(self) -> Sequence[Episode]:
        """Every episode in the notes, in the order of show and date."""
        ...

    def reload(self) -> None:
        """Serve the newest index from now on. Whatever it raises, the one before still serves."""
        ...

    def close(self) -> None:
        """Free the models and the index."""
        ...
