"""A causal model that ranks by likelihood, and writes. Both with one set of weights in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import llama_cpp
import numpy as np

from rag.errors import ContextTooLong, Interrupted
from rag.models.llama.chat import Chat
from rag.models.llama.context import Context, Model
from rag.models.llama.writing import WritingContext
from rag.models.memory import EngineOptions
from rag.models.modeltext import RANK_TOKENS, characters, said
from rag.models.threads import measure_threads
from rag.protocols import Cancelled, Message

RANK_CONTEXT = 2048
SAMPLE = "The moon pulls on the sea, and the tides follow it around the earth. " * 3
SAMPLE_WRITTEN = 8


class LlamaGenerator:
    """A `Ranker` and a `Generator` over any causal GGUF model.

    What ranking needs is set up when something is first ranked, and what writing needs when something is first
    written: a model that does only one of the two does not pay for the other.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 0,
        n_ctx: int = RANK_CONTEXT,
        options: EngineOptions | None = None,
        temperature: float = 0.0,
    ) -> None:
        """Load `path`, to rank texts of up to `n_ctx` tokens, a multiple of 256, and to write as `options` say.

        Raises:
            ModelMissing, ModelCorrupt: there is no file, or llama.cpp cannot load it.
        """
        self._options = options or EngineOptions()
        self._threads = threads
        self._temperature = temperature
        self._chat: Chat | None = None
        self._writer: WritingContext | None = None
        self._prefix: list[int] = []
        self._n_ctx = n_ctx
        self._ranking: Context | None = None
        self._model = Model(path, self._options)

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        return self._model.path.stem

    @property
    def fingerprint(self) -> str:
        """sha256 of the file."""
        return self._model.fingerprint

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and text may have together: as set, but no more than the model was trained for."""
        return min(self._options.context_tokens, self._model.n_trained)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, the template's own included."""
        return len(self._prompt(messages))

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        self._chat = self._chat or Chat(self._model)
        return self._chat.tokens(messages)

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> Iterator[str]:
        """Text as it is written, until the model ends it, goes round in circles, or has written `max_tokens`.

        One text at a time: who begins another gives up the one before.

        Raises:
            Interrupted: cancelled, or past the deadline.
            ContextTooLong: the prompt and `max_tokens` do not fit; nothing has been computed then.
        """
        prompt = self._prompt(messages)
        if len(prompt) + max_tokens > self.context_tokens:
            raise ContextTooLong(
                f"The prompt has {len(prompt):,} tokens and up to {max_tokens:,} are to be written, "
                f"but {self.name} has room for {self.context_tokens:,}.",
                remedy="Set a higher FOOTNOTE_CONTEXT_TOKENS.",
            )
        pieces = self._ready_writer().pieces(prompt, max_tokens, cancelled=cancelled, deadline=deadline)
        return said(characters(pieces))

    def _ready_writer(self) -> WritingContext:
        if self._writer is None:
            self._writer = WritingContext(
                self._model,
                n_ctx=self.context_tokens,
                threads=self._threads,
                kv_type=self._options.kv_type,
                temperature=self._temperature,
            )
        return self._writer

    @property
    def _context(self) -> Context:
        """What ranking computes in."""
        if self._ranking is None:
            self._ranking = Context(
                self._model,
                threads=self._threads,
                n_ctx=self._n_ctx,
                n_batch=self._n_ctx,
                n_seq=2,
                kv_type=self._options.kv_type,
            )
        return self._ranking

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

        `prefix` stays in the KV cache from one call to the next. Of `continuation` the first 128 tokens count;
        of a context, as many as have room. The first context has its value however late it is; no other is begun
        after the deadline.
        """
        self._keep_prefix(prefix)
        target = self._model.tokenize(continuation, add_special=False)[:RANK_TOKENS]
        values: list[float] = []
        for context in contexts:
            if cancelled and cancelled():
                raise Interrupted("Cancelled.")
            if values and deadline is not None and time.monotonic() > deadline:
                break
            values.append(self._log_likelihood(context, target))
        return values

    def _keep_prefix(self, prefix: str) -> None:
        tokens = self._model.tokenize(prefix, add_special=True)
        if tokens == self._prefix:
            return
        self._prefix = []
        llama_cpp.llama_memory_clear(self._context.memory, True)
        self._context.decode((t, i, 0, i == len(tokens) - 1) for i, t in enumerate(tokens))
        self._prefix = tokens

    def _log_likelihood(self, context: str, target: Sequence[int]) -> float:
        start = len(self._prefix)
        room = self._context.n_ctx - start - len(target)
        body = self._model.tokenize(context, add_special=False)[:room] + list(target)
        first = len(body) - len(target) - 1  # the logits of token i speak of token i + 1
        llama_cpp.llama_memory_seq_cp(self._context.memory, 0, 1, 0, start)
        try:
            self._context.decode((t, start + i, 1, first <= i < len(body) - 1) for i, t in enumerate(body))
            return float(np.mean([self._log_probability(first + k, t) for k, t in enumerate(target)]))
        finally:
            llama_cpp.llama_memory_seq_rm(self._context.memory, 1, -1, -1)

    def _log_probability(self, row: int, token: int) -> float:
        pointer = llama_cpp.llama_get_logits_ith(self._context.handle, row)
        logits = np.ctypeslib.as_array(pointer, shape=(self._model.n_vocab,))
        top = logits.max()
        return float(logits[token] - top - np.log(np.exp(logits - top).sum()))

    def best_threads(self) -> int:
        """The number of threads with which this model reads and writes soonest on this machine."""
        tokens = self._model.tokenize(SAMPLE, add_special=True)

        def work(threads: int) -> None:
            self._context.use_threads(threads)
            llama_cpp.llama_memory_clear(self._context.memory, True)
            self._prefix = []
            self._context.append(tokens)
            for token in tokens[:SAMPLE_WRITTEN]:
                self._context.append([token])

        return measure_threads(work)

    def close(self) -> None:
        """Free the weights and whatever computes with them."""
        if self._writer:
            self._writer.close()
        if self._ranking:
            self._ranking.close()
        self._model.close()
