"""The seams of the pipeline: what an embedder, a language model and an assistant can be asked for.

An implementation is chosen where the program starts; every step knows only what stands here. Models are owned by
one thread, and whatever they are given is untrusted text that never becomes a control token.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.map_types import Comparison, Digest, Subject, Timeline, TopicSummary
from rag.pipeline import Answers
from rag.types import Answer, Citation, Earlier, Episode, Filter, FloatArray, NotCovered, Overview, Sentence


class Cancelled(Protocol):
    """Asked between steps, and by the model while it computes: has the user given up?"""

    def __call__(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """A `Cancelled` that also tells until when somebody waits for the whole, by `time.monotonic()`."""

    cancelled: Cancelled
    until: float

    def __call__(self) -> bool:
        return self.cancelled()


def awaited_until(cancelled: Cancelled | None) -> float:
    """Until when somebody waits; for ever where nobody says."""
    return cancelled.until if isinstance(cancelled, GivenUp) else math.inf


Stage = Literal["search", "choose", "group", "write", "quote"]
OnEvidence = Callable[[Sequence[Citation]], None]
OnSentence = Callable[[Sentence, Sequence[Citation]], None]
OnStage = Callable[[Stage], None]


def unseen(_citations: Sequence[Citation]) -> None:
    """Nobody wants to see the evidence."""


def unheard(_sentence: Sentence, _citations: Sequence[Citation]) -> None:
    """Nobody wants to be told a sentence."""


def unstaged(_stage: Stage) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who wants to be told how an answer comes about; called on the thread that answers, so it must return at once.

    Attributes:
        on_evidence: what comes nearest, as soon as it is found and long before it is known whether that answers
            anything; once more, where a model writes, the spans that it gets to write from. They replace the former.
        on_sentence: each sentence that will be shown, once it is checked, with the citations that carry it. Their
            numbers are those of the finished answer.
        on_stage: what is begun of a topic's summary.
    """

    on_evidence: OnEvidence = unseen
    on_sentence: OnSentence = unheard
    on_stage: OnStage = unstaged


NOBODY = Watch()


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dimension(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """What vectors are known by, of the model file's sha256: those of two fingerprints must never be mixed."""
        ...

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        """Unit-length vectors, shape (len(texts), dimension); `questions` where the texts are to be searched for."""
        ...


class Ranker(Protocol):
    """A language model, as far as ranking needs it, in this process or behind a server."""

    def log_likelihoods(
        self,
        prefix: str,
        contexts: Sequence[str],
        continuation: str,
        *,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> list[float]:
        """Mean log P(token) of `continuation` after `prefix + context`, in nats: one value a context.

        Only for the first few contexts where the time, by `time.monotonic()`, is over before; for none of them where
        there is a server and it cannot be used, which costs an order and no answer.

        Raises Interrupted if cancelled.
        """
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


class Browsing(Protocol):
    """What can be looked up in the notes without a question. No language model is asked."""

    def overview(self) -> Overview:
        """What there is to ask about."""
        ...

    def around(self, passages: Sequence[str]) -> Sequence[Citation]:
        """The passages with these ids, whole, with what stands around them; those that are gone are left out."""
        ...

    def more(self, question: str, *, episode: str, without: Sequence[str]) -> Sequence[Citation]:
        """What comes nearest to a question in the episode with this id, the passages in `without` left out."""
        ...

    def outline(self, episode: str) -> Sequence[Citation]:
        """Passages that show what is said when in the episode with this id; only such as have a minute."""
        ...

    def quote(self, topic: str) -> Citation | None:
        """A passage about a topic, any where the topic is empty, not always the same; None where there is none."""
        ...

    def alike(self, questions: Sequence[str]) -> Sequence[Sequence[int]]:
        """The positions of the questions in groups that ask about the same; first in each is whom the rest resemble."""
        ...


class Surveying(Protocol):
    """The map of the notes. No language model is asked."""

    def subjects(self, *, cancelled: Cancelled | None = None) -> Sequence[Subject]:
        """The topics that the notes have, those with the most passages first."""
        ...

    def timeline(self, topic: str) -> Timeline | NotCovered:
        """When the episodes speak of a topic. Raises QuestionError where no word in it says anything."""
        ...

    def compare(self, one: str, other: str) -> Comparison | NotCovered:
        """Two topics, guests or episodes side by side; "guest:" in front says what a name is.

        Raises:
            QuestionError: both are the same, or one of them says nothing.
        """
        ...

    def digest(self, since: str, *, cancelled: Cancelled | None = None) -> Digest:
        """What the notes add that are of a day, ISO 8601, or newer."""
        ...


class Assistant(Protocol):
    """What every face talks to. Synchronous; one thread owns it (see bot/line/worker.py)."""

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Assistant:
        """The same over one collection alone: over the notes in the folder of this name directly below all notes.

        None: over all notes. `answers`: how readily to answer; None: as it was opened to. It shares the models and
        knows nothing of any other notes. `reload` and `close` of it are those of the whole: leave them to that.

        Raises:
            IndexMissing: at the first use, where there is no such collection or it has not been indexed yet.
        """
        ...

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        """Answer from the notes.

        Args:
            history: earlier questions of the conversation, oldest first.
            filters: what to keep to; see `rag.choices.choose` for their labels.
            watch: told how the answer comes about while it does.
        """
        ...

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        """What an answer to this rests on in the notes as they are now, by which it is known; no model is asked.

        It is that of an `Answer` to the same question as long as this would come out the same.
        """
        ...

    def topic(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        """What all episodes say about `topic`.

        Args:
            points: how many there are at most; None: as many as the topic itself asks for, else eight.
            watch: told how far it is.
        """
        ...

    def episodes(self) -> Sequence[Episode]:
        """Every episode in the notes, in the order of show and date."""
        ...

    def browse(self) -> Browsing:
        """What can be looked up without a question. Of the index as it is now: ask for it anew each time."""
        ...

    def survey(self) -> Surveying:
        """The map of the notes. Of the index as it is now: ask for it anew each time."""
        ...

    def reload(self) -> None:
        """Serve the newest index from now on. Whatever it raises, the one before still serves."""
        ...

    def close(self) -> None:
        """Free the models and the index."""
        ...
