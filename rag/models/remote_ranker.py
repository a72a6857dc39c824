"""A language model that ranks behind llama.cpp's own server (llama-server), perhaps on another machine.

Such a server tells how likely its model found what it *wrote*, and not what it was given to read. So the model is made
to write the question: a grammar leaves it nothing but the question's own tokens, one after the other, and the
likelihoods that come back are those it had before the grammar had its say. With the same file as here they are the
numbers of `LlamaGenerator`, and weigh as much.

A server that is away, slow or of another kind costs the order and no answer: it is left alone for a while, the log says
so once, and it is used again as soon as it can be. Knows nothing of notes.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import httpx

from rag.errors import EndpointAway
from rag.models.modeltext import RANK_TOKENS, defused
from rag.models.streamed import POLL_SECONDS, Connections, Refused, TooLate, Unusable, Watch
from rag.phrase import Phrase
from rag.protocols import Cancelled

log = logging.getLogger(__name__)
T = TypeVar("T")

AT_ONCE = 5  # requests; the server computes them together as far as it has slots
LONGEST_SECONDS = 10.0  # for all of them, where nobody says otherwise
COOL_DOWN_SECONDS = 15.0
"""For so long after it failed it is not asked again: questions that wait in line must not wait for it, too."""
LONGEST_REPLY = 1 << 20  # bytes
REMEDY = Phrase("Start it, or mend FOOTNOTE_RANKER; meanwhile what was found keeps the order of the search.")
AWAY = Phrase("The ranker {name} at {address} {trouble}.")
SAMPLE = ("Notes: The sea follows the moon.\nQuestion:", " What does the sea follow?")
OTHER_KIND = Phrase("does not answer as llama-server does, which alone can rank")
UNREACHED, LATE, REFUSES = Phrase("cannot be reached"), Phrase("takes too long"), Phrase("says {status}{hint}")
_MEANINGLESS = (LookupError, TypeError, ValueError, ArithmeticError)
_TOKENIZE = "/tokenize"
_TOKENIZE_OTHERWISE = "/extras/tokenize"  # of llama-cpp-python's server, which takes prompts as text alone
_WRONG_KEY, _WRONG_ADDRESS = Phrase("; is FOOTNOTE_RANKER_KEY right?"), Phrase("; is it llama-server?")
_HINTS = {401: _WRONG_KEY, 403: _WRONG_KEY, 404: _WRONG_ADDRESS}


class _WroteOtherwise(Unusable):
    """It wrote something else than the question, which need not happen with the next one."""


class _Call:
    """What one question needs to ask: threads and connections of its own, so that giving up one holds up no other."""

    def __init__(self, client: httpx.Client, until: float) -> None:
        """`client` is closed in the end; `until`: when nobody waits any longer, by `time.monotonic()`."""
        self._client, self._until, self._connections = client, until, Connections()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ranker")

    def start(self, work: Callable[..., T], *given: Any) -> Future[T]:  # noqa: ANN401
        """Have something done in a thread."""
        return self._pool.submit(work, self, *given)

    def end(self) -> None:
        """Hang up, whatever is under way: the server stops computing. Waits for nothing."""
        self._connections.cut()
        self._pool.shutdown(wait=False, cancel_futures=True)
        threading.Thread(target=self._close, name="ranker", daemon=True).start()

    def _close(self) -> None:
        self._pool.shutdown()
        self._client.close()

    def reply(self, url: str, body: dict[str, Any]) -> Any:  # noqa: ANN401
        """What the server replies, as JSON. Raises Refused, Unusable, TooLate."""
        left = max(POLL_SECONDS, self._until - time.monotonic())
        extensions = {"trace": self._connections.trace}
        try:
            with self._client.stream("POST", url, json=body, timeout=left, extensions=extensions) as response:
                text = _read(response, self._until)
        except httpx.TimeoutException as error:
            raise TooLate("The time for it is over.") from error
        except httpx.HTTPError as error:
            raise Unusable(UNREACHED) from error
        if response.status_code != httpx.codes.OK:
            raise Refused(response.status_code, text)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unusable(OTHER_KIND) from error


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What one question asks of the server.

    Attributes:
        prefix: what stands before every passage, as text and as tokens.
        text: whose likelihood is wanted, as text and as tokens.
    """

    prefix: str
    prefix_tokens: tuple[int, ...]
    text: str
    tokens: tuple[int, ...]


class RemoteRanker:
    """A `Ranker` over `/tokenize` and `/v1/completions`."""

    def __init__(self, address: str, *, api_key: str = "") -> None:
        """Asks nothing yet.

        Args:
            address: http(s) address with the model's name behind a `#`; `/v1` is added where there is no path.
            api_key: sent as a bearer token, never shown.

        Raises:
            EndpointAway: the address is none, or names no model.
        """
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise EndpointAway(Phrase("The ranker's address cannot be read."), remedy=REMEDY) from error
        if not url.fragment:
            raise EndpointAway(
                Phrase("The ranker's address names no model."),
                remedy=Phrase("Put its name behind a #, such as http://localhost:8080/v1#smollm2"),
            )
        self.name = url.fragment
        path = url.path.rstrip("/") or "/v1"
        self._base = str(url.copy_with(path=path, query=None, fragment=None, userinfo=b""))  # httpx logs addresses
        self._new_client = partial(
            httpx.Client,
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            auth=(url.username, url.password) if url.userinfo and not api_key else None,
            verify=httpx.create_ssl_context(trust_env=False),  # which takes a moment
            trust_env=False,
        )
        self._tokenize = _TOKENIZE
        self._asleep_until = 0.0
        self._trouble = ""

    @property
    def fingerprint(self) -> str:
        """Address and model."""
        return f"{self._base} {self.name}"

    def log_likelihoods(
        self,
        prefix: str,
        contexts: Sequence[str],
        continuation: str,
        *,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> list[float]:
        """Mean log P(token), in nats, of `continuation` after `prefix + context`. See `Ranker.log_likelihoods`.

        Of `continuation` the first 128 tokens count.
        """
        now = time.monotonic()
        until = now + LONGEST_SECONDS if deadline is None else deadline
        if now < self._asleep_until or now >= until:
            return []
        values: list[float] = []
        trouble: Unusable | None = None
        call, watch = _Call(self._new_client(), until), Watch(cancelled, until)
        try:
            asked = _awaited(call.start(self._begun, _sendable(prefix), _sendable(continuation)), watch)
            for future in [call.start(self._value, asked, _sendable(context)) for context in contexts]:
                values.append(_awaited(future, watch))
        except TooLate:
            trouble = None if values else Unusable(LATE)
        except Unusable as error:
            trouble = error
        finally:
            call.end()
        self._note(trouble)
        return values

    def _begun(self, call: _Call, prefix: str, text: str) -> _Asked:
        """What all passages have in common."""
        tokens, start = self._tokens(call, text), self._tokens(call, "")
        if tokens[: len(start)] == start:  # some servers have every text begin as a prompt does
            tokens = tokens[len(start) :]
        if not tokens:
            raise Unusable(OTHER_KIND)
        return _Asked(
            prefix=prefix,
            prefix_tokens=tuple(self._tokens(call, prefix, begins=True)),
            text=text,
            tokens=tuple(tokens[:RANK_TOKENS]),
        )

    def _tokens(self, call: _Call, text: str, *, begins: bool = False) -> list[int]:
        """The tokens of a text; `begins`: with those that every prompt begins with."""
        body = {"model": self.name, "content": text, "input": text, "add_special": begins, "parse_special": False}
        root = self._base.removesuffix("/v1")
        try:
            reply = call.reply(root + self._tokenize, body)
        except Refused as refused:
            if refused.status != httpx.codes.NOT_FOUND or self._tokenize == _TOKENIZE_OTHERWISE:
                raise
            reply = call.reply(root + _TOKENIZE_OTHERWISE, body)
            self._tokenize = _TOKENIZE_OTHERWISE
        try:
            return [int(token) for token in reply["tokens"]]
        except _MEANINGLESS as error:
            raise Unusable(OTHER_KIND) from error

    def _prompt(self, call: _Call, asked: _Asked, context: str) -> str | list[int]:
        """Prefix and context, as tokens where the server takes them: then they are cut apart as a model here does."""
        if self._tokenize == _TOKENIZE_OTHERWISE:
            return asked.prefix + context
        return [*asked.prefix_tokens, *self._tokens(call, context)]

    def _value(self, call: _Call, asked: _Asked, context: str) -> float:
        """Mean log P(token) of the text behind prefix and context."""
        body = {
            "model": self.name,
            "prompt": self._prompt(call, asked, context),
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in asked.tokens),
            "max_tokens": len(asked.tokens),
            "temperature": 0,
            "logprobs": 1,
        }
        reply = call.reply(f"{self._base}/completions", body)
        try:
            choice = reply["choices"][0]
            values, written = _log_probabilities(choice["logprobs"]), str(choice["text"])
            mean = math.fsum(values) / len(values)
        except _MEANINGLESS as error:
            raise Unusable(OTHER_KIND) from error
        if len(values) != len(asked.tokens) or not math.isfinite(mean):
            raise Unusable(OTHER_KIND)
        if not _is_beginning(written, asked.text):
            raise _WroteOtherwise(OTHER_KIND)
        return mean

    def _note(self, failed: Unusable | None) -> None:
        """Leave it alone for a while if there is trouble that stays, and tell of a change."""
        trouble = failed.args[0] if failed else ""
        if failed and not isinstance(failed, _WroteOtherwise):
            self._asleep_until = time.monotonic() + COOL_DOWN_SECONDS
        if trouble and trouble != self._trouble:
            log.warning("%s", self._away(trouble))
        if self._trouble and not trouble:
            log.warning("The ranker %s at %s orders again.", self.name, self._base)
        self._trouble = trouble

    def _away(self, trouble: str) -> EndpointAway:
        return EndpointAway(AWAY.format(name=self.name, address=self._base, trouble=trouble), remedy=REMEDY)

    def check(self) -> None:
        """Have it rank something, however lately it failed. Raises EndpointAway."""
        self._asleep_until = 0.0
        context, text = SAMPLE
        if not self.log_likelihoods("", [context], text):
            raise self._away(self._trouble)

    def close(self) -> None:
        """Nothing is held between two questions."""


def _awaited(future: Future[T], watch: Watch) -> T:
    """Its result. Raises Interrupted where `watch` says so first, Unusable for a refusal."""
    while True:
        watch.check()
        try:
            return future.result(POLL_SECONDS)
        except TimeoutError:
            continue
        except Refused as refused:
            raise Unusable(REFUSES.format(status=refused.status, hint=_HINTS.get(refused.status, ""))) from refused


def _read(response: httpx.Response, until: float) -> str:
    """The body, within the limits of length and time. Raises Unusable, TooLate."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LONGEST_REPLY:
            raise Unusable(OTHER_KIND)
        if time.monotonic() > until:
            raise TooLate("The time for it is over.")
    return body.decode("utf-8", "replace")


def _log_probabilities(told: dict[str, Any]) -> list[float]:
    """Of each token that was written: as completions have them, or as chats have them, which llama-server takes."""
    values = told["token_logprobs"] if "token_logprobs" in told else [each["logprob"] for each in told["content"]]
    return [float(value) for value in values]


def _sendable(text: str) -> str:
    """A text without control marks, and without what is no character: half of one, typed in a terminal."""
    return defused(text).encode("utf-8", "replace").decode()


def _is_beginning(written: str, text: str) -> bool:
    """Whether `written` is where `text` begins; a character that was cut through at its end may be broken."""
    begun = _plain(written).rstrip("\N{REPLACEMENT CHARACTER}")
    return bool(begun) and _plain(text).startswith(begun)


def _plain(text: str) -> str:
    """As those models see a text that do not tell all spellings of it apart."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
