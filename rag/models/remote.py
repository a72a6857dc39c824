"""A language model behind an OpenAI-compatible endpoint: llama-server, vLLM, Ollama, or somebody else's machine.

Decides when to try again, when to leave it alone, and what to say about it. Knows nothing of notes. What a server says
is as little trusted as what a model says: anything unusable becomes `EndpointAway`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx

from rag.errors import ContextTooLong, EndpointAway
from rag.models.modeltext import defused, said
from rag.models.streamed import Broken, Refused, StreamedCall, TooLate, Unusable, Watch
from rag.protocols import Cancelled, Message

ATTEMPTS = 3
BACKOFF_SECONDS = 0.3
COOL_DOWN_SECONDS = 15.0
"""For so long after it failed an endpoint is not asked again: questions that wait in line must not wait for it, too."""
SILENT = 0.5
"""It counts as failed, too, if its reader's time is over before it wrote a word in so much of the time it has."""
ASKING_SECONDS = 5.0
"""How long it may take to connect, or to list the models."""
BYTES_PER_TOKEN = 3  # fewer than vocabularies need for prose, so the estimate is high
TOKENS_PER_MESSAGE = 8
REMEDY = "Start it, or mend FOOTNOTE_WRITER__ENDPOINT; meanwhile answers are the notes' own words."
LONGEST_TOKEN = 40  # characters
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_WRONG = frozenset({400, 422})
_NO_REASONING = {"chat_template_kwargs": {"enable_thinking": False}}


class RemoteGenerator:
    """A `Generator` over `/v1/chat/completions`, streamed."""

    def __init__(
        self,
        endpoint: str,
        *,
        model: str = "",
        api_key: str = "",
        timeout_seconds: float = 60.0,
        context_tokens: int = 4096,
        temperature: float = 0.0,
    ) -> None:
        """Asks nothing yet.

        Args:
            endpoint: http(s) address, perhaps with user name and password; `/v1` is added where there is no path.
            model: its name for the model; empty: the first one that it lists.
            api_key: sent as a bearer token, never shown.
            timeout_seconds: how long it may say nothing.
            context_tokens: room for prompt and text together; endpoints do not tell.
            temperature: 0 for the likeliest word each time.

        Raises:
            EndpointAway: the address is none.
        """
        try:
            url = httpx.URL(endpoint)
        except httpx.InvalidURL as error:
            raise EndpointAway("The endpoint's address cannot be read.", remedy=REMEDY) from error
        path = url.path.rstrip("/").removesuffix("/chat/completions")
        self._base = url.copy_with(path=path or "/v1", query=None, fragment=None, userinfo=b"")  # httpx logs addresses
        # httpx sends only one of the two
        self._auth = (url.username, url.password) if url.userinfo and not api_key else None
        self._wanted = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout_seconds
        self._context_tokens = context_tokens
        self._temperature = temperature
        self._extras: dict[str, Any] = dict(_NO_REASONING)
        self._asleep_until = 0.0
        self._trouble = ""

    @property
    def address(self) -> str:
        """Where it is, without a user name or password."""
        return str(self._base)

    @property
    def name(self) -> str:
        """The model, as its owner or the endpoint calls it."""
        return self._wanted or f"the model at {self._base.host}"

    @property
    def fingerprint(self) -> str:
        """Endpoint and model. Raises EndpointAway where the endpoint has to be asked for the model, and is away."""
        return f"{self.address} {self._model()}"

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and text may have together, as set."""
        return self._context_tokens

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """An estimate, rather high: endpoints have no common way to count."""
        size = sum(len(message.text.encode("utf-8", "replace")) for message in messages)
        return size // BYTES_PER_TOKEN + TOKENS_PER_MESSAGE * (len(messages) + 1)

    def models(self) -> list[str]:
        """The models it lists; asking is also how to find out whether it is there. Raises EndpointAway."""
        try:
            with self._client(ASKING_SECONDS) as client:
                response = client.get(f"{self._base}/models")
            listed = [str(entry["id"]) for entry in response.raise_for_status().json()["data"]]
        except httpx.HTTPStatusError as error:
            raise self._asleep(_status(error.response.status_code)) from error
        except httpx.HTTPError as error:
            raise self._asleep("cannot be reached") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._asleep("does not list its models; is the address right?") from error
        self._asleep_until = 0.0
        return listed

    def _model(self) -> str:
        if not self._wanted:
            self._wanted = next(iter(self.models()), "")
            if not self._wanted:
                raise self._asleep("serves no model")
        return self._wanted

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> Iterator[str]:
        """Text as it is written. See `Generator.generate`.

        Raises:
            Interrupted: cancelled, or past the deadline.
            ContextTooLong: the estimate of the prompt and `max_tokens` do not fit, or the server says so.
            EndpointAway: it cannot be reached, is too slow, or what it says is no model's text.
        """
        size = self.count_tokens(messages)
        if size + max_tokens > self._context_tokens:
            raise ContextTooLong(
                f"The prompt has about {size:,} tokens and up to {max_tokens:,} are to be written, "
                f"but there is room for {self._context_tokens:,}.",
                remedy="Set a higher FOOTNOTE_CONTEXT_TOKENS, if the endpoint has room.",
            )
        texts = self._written(messages, max_tokens, Watch(cancelled, deadline))
        return said(_at_most(max_tokens * LONGEST_TOKEN, texts))

    def _written(self, messages: Sequence[Message], max_tokens: int, watch: Watch) -> Iterator[str]:
        """Attempts, until one begins to write."""
        if time.monotonic() < self._asleep_until:
            raise self._away(self._trouble)
        started = time.monotonic()
        for attempt in range(1, ATTEMPTS + 1):
            begun = False
            try:
                for text in self._attempt(messages, max_tokens, watch):
                    begun = True
                    yield text
                return
            except Broken as error:
                if begun or attempt == ATTEMPTS:
                    raise self._asleep(str(error)) from error
            except Unusable as error:
                raise self._asleep(str(error)) from error
            except TooLate:  # who waits for it may have less time than it may be silent
                waited = time.monotonic() - started
                if not begun and waited >= SILENT * self._timeout:
                    self._asleep(f"has said nothing for {waited:.0f} seconds")
                raise
            watch.wait(BACKOFF_SECONDS * attempt)

    def _attempt(self, messages: Sequence[Message], max_tokens: int, watch: Watch) -> Iterator[str]:
        """One request's texts. Raises Broken where another may do better."""
        body = {
            "model": self._model(),
            "messages": [{"role": message.role, "content": defused(message.text.strip())} for message in messages],
            "max_tokens": max_tokens,
            "temperature": self._temperature,
            "stream": True,
            **self._extras,
        }
        watch.check()
        call = StreamedCall(self._client(self._timeout + ASKING_SECONDS), f"{self._base}/chat/completions", body)
        try:
            yield from call.texts(watch, self._timeout)
        except Refused as refused:
            raise self._meaning(refused) from refused
        finally:
            call.abandon()

    def _meaning(self, refused: Refused) -> Exception:
        """What a refusal means. Some servers take no fields that they do not know, so those are left out first."""
        if refused.status in _WRONG and self._extras:
            self._extras = {}
            return Broken("refuses the request")
        if refused.status in _WRONG and "context" in refused.text.lower():
            return ContextTooLong(
                f"The prompt is too long for {self.address}.", remedy="Lower FOOTNOTE_CONTEXT_TOKENS."
            )
        return (Broken if refused.status in _RETRIED else Unusable)(_status(refused.status))

    def _client(self, seconds: float) -> httpx.Client:
        timeout = httpx.Timeout(seconds, connect=min(ASKING_SECONDS, seconds))
        return httpx.Client(headers=self._headers, auth=self._auth, timeout=timeout)

    def _asleep(self, trouble: str) -> EndpointAway:
        """Leave it alone for a while."""
        self._trouble, self._asleep_until = trouble, time.monotonic() + COOL_DOWN_SECONDS
        return self._away(trouble)

    def _away(self, trouble: str) -> EndpointAway:
        return EndpointAway(f"The endpoint {self.address} {trouble}.", remedy=REMEDY)


def _status(status: int) -> str:
    hint = {401: "; is FOOTNOTE_WRITER__API_KEY right?", 404: "; are FOOTNOTE_WRITER__MODEL and the address right?"}
    return f"says {status}{hint.get(401 if status == 403 else status, '')}"


def _at_most(characters: int, texts: Iterable[str]) -> Iterator[str]:
    """`texts` until there are so many characters: not every server heeds `max_tokens`."""
    for text in texts:
        yield text[:characters]
        characters -= len(text)
        if characters <= 0:
            return
